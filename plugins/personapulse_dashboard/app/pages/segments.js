// Customer segmentation: recency, frequency and monetary value, and who became another persona.

import { bars, faint, heat, layoutOf } from "../charts.js";
import { el } from "../element.js";
import { inWords, ratio } from "../format.js";
import { PEOPLE } from "../state.js";

const SCORES = [5, 4, 3, 2, 1];

export function segmentCards(context) {
  const { metric } = context;
  const sums = context.pick("buyers", PEOPLE).sums("buyers", "recency_days", "frequency", "monetary");
  const mean = (column) => ratio(sums[column], sums.buyers);
  return [
    { id: "buyers", label: "Buyers", value: sums.buyers, kind: "integer", help: metric("buyers_to_date"), detail: "with a paid order to date" },
    { id: "average_recency", label: "Average recency", value: mean("recency_days"), kind: "decimal", help: metric("average_recency_days"), detail: "days since the last paid order" },
    { id: "average_frequency", label: "Average frequency", value: mean("frequency"), kind: "decimal", help: metric("average_frequency"), detail: "paid orders per buyer" },
    { id: "average_monetary", label: "Average monetary value", value: mean("monetary"), kind: "cents", help: metric("average_monetary"), detail: "net revenue per buyer" },
  ];
}

function averages(id, title, column, kind, help) {
  return {
    id, title, narrows: PEOPLE, help,
    table(context) {
      const rows = context.pick("buyers", PEOPLE).by("persona", ["buyers", "recency_days", "frequency", "monetary"]);
      for (const row of rows) for (const name of ["recency_days", "frequency", "monetary"]) row[name] = ratio(row[name], row.buyers);
      rows.sort((a, b) => b[column] - a[column]);
      const all = { monetary: ["monetary", "Average monetary value", "cents"], frequency: ["frequency", "Average frequency", "decimal"], recency_days: ["recency_days", "Average recency, days", "decimal"] };
      return { columns: [["persona", "Persona", "text"], all[column], ...Object.values(all).filter(([name]) => name !== column), ["buyers", "Buyers", "integer"]].map(context.column), rows };
    },
    chart: ({ rows }, context) => bars(context.look, rows.map((row) => row.persona), rows.map((row) => row[column]), { kind, colours: rows.map((row) => context.colour(row.persona)) }),
  };
}

// The span chosen; else the month, where it has something to compare with.
function spanOf(context) {
  return context.state.span || (context.cube("movement").texts("span").includes("month") ? "month" : "day");
}

function spanControl(context) {
  const choose = (event) => context.set({ span: event.target.value });
  return el("select", { "aria-label": "Movement since", onchange: choose }, ["month", "day"].map((span) => el("option", { value: span, selected: spanOf(context) === span }, span === "month" ? "Since last month" : "Since yesterday")));
}

function moves(context) {
  const { persona } = context.state;
  const span = spanOf(context);
  return context.cube("movement").is("span", span).rows().filter((row) => row.from_persona !== row.to_persona && (!persona.length || persona.includes(row.from_persona) || persona.includes(row.to_persona)));
}

const NO_SPAN = "The earlier day has not been built by the same rules, so there is nothing to compare with. It comes with the next day (or month).";

export const segmentVisuals = [
  {
    id: "rfm", title: "Recency and worth", narrows: PEOPLE,
    help: "Buyers by score: recency from 1 (long ago) to 5 (just now), and the rounded-up mean of frequency and monetary value from 1 to 5. Each cell is named by the segment its buyers are in. Cut points are frozen for a calendar month.",
    table(context) {
      const cells = new Map(context.pick("buyers", PEOPLE).by(["r_score", "fm_score"], ["buyers", "monetary"]).map((row) => [`${row.r_score}-${row.fm_score}`, row]));
      const rows = context.cube("segments").rows().map((row) => ({ ...row, buyers: 0, monetary: 0, ...cells.get(`${row.r_score}-${row.fm_score}`), segment: row.segment }));
      const unscored = cells.get("null-null");
      const scored = rows.some((row) => row.buyers);
      return { columns: [["segment", "Segment", "text"], ["r_score", "Recency score", "integer"], ["fm_score", "Frequency and monetary score", "integer"], ["buyers", "Buyers", "integer"], ["monetary", "Net revenue", "cents"]].map(context.column), rows,
        note: unscored && scored ? `${context.write("integer", unscored.buyers)} buyers have no scores.` : "",
        empty: scored ? "" : unscored ? "Too little data for scores this month: they need 50 buyers and 30 days of history on the eve of the month." : "" };
    },
    chart({ rows }, { look, write }) {
      const at = (r, fm) => rows.find((row) => row.r_score === r && row.fm_score === fm) || { buyers: null, segment: "" };
      const across = [1, 2, 3, 4, 5];
      const grid = (make) => SCORES.map((fm) => across.map((r) => make(at(r, fm), r, fm)));
      const name = (text) => (look.narrow || text.length > 14 ? text.replace(" ", "<br>") : text);
      return heat(look, across.map((r) => `R ${r}`), SCORES.map((fm) => `FM ${fm}`), grid((cell) => cell.buyers), grid((cell) => `<b>${write("integer", cell.buyers)}</b>${look.narrow ? "" : `<br>${name(cell.segment)}`}`), {
        hover: grid((cell, r, fm) => `${cell.segment}<br>recency ${r}, frequency and monetary ${fm}<br>${write("integer", cell.buyers)} buyers, ${write("money", cell.monetary)}`), height: 380,
      });
    },
  },
  {
    id: "recency-monetary", title: "Monetary value against recency", isHeavy: true, narrows: PEOPLE,
    help: "Each buyer's net revenue and days since the last paid order. In a shop of more than 5,000 buyers they are counted in bins, and a point is as large as the bin has buyers.",
    table(context) {
      const cube = context.pick("recency_monetary", ["persona"]);
      const binned = context.cube("recency_monetary").texts("gender").includes("(all)");
      const rows = (binned ? cube : cube.only("gender", context.state.gender).only("age_group", context.state.age_group)).by(["persona", "recency_days", "monetary"], ["buyers"]);
      return { columns: [["persona", "Persona", "text"], ["recency_days", "Days since the last order", "integer"], ["monetary", "Net revenue", "cents"], ["buyers", "Buyers", "integer"]].map(context.column), rows, narrows: binned ? ["persona"] : PEOPLE, note: binned ? "Counted in bins." : "" };
    },
    chart({ rows }, context) {
      const { look } = context;
      const most = Math.max(...rows.map((row) => row.buyers));
      const personas = [...new Set(rows.map((row) => row.persona))].sort((a, b) => context.order(a) - context.order(b));
      return {
        data: personas.map((persona) => {
          const points = rows.filter((row) => row.persona === persona);
          return {
            type: "scatter", mode: "markers", name: persona, x: points.map((row) => row.recency_days), y: points.map((row) => Math.max(1, row.monetary)),
            text: points.map((row) => `${persona}<br>${context.write("integer", row.recency_days)} days, ${context.write("money", row.monetary)}<br>${context.write("integer", row.buyers)} buyer${row.buyers === 1 ? "" : "s"}`), hovertemplate: "%{text}<extra></extra>",
            marker: { color: faint(context.colour(persona), 0.75), size: points.map((row) => (most > 1 ? 5 + 20 * Math.sqrt(row.buyers / most) : 6)), line: { width: 0 } },
          };
        }),
        layout: layoutOf(look, { showlegend: true, legend: { orientation: "h", x: 0, y: look.narrow ? -0.3 : -0.2, yanchor: "top", font: { color: look.ink, size: 11 }, itemsizing: "constant" }, xaxis: { title: "Days since the last paid order", rangemode: "tozero", nticks: 8 }, yaxis: { type: "log", title: "Net revenue (log scale)", tickformat: "~s", nticks: 5, dtick: 1 }, margin: { l: 58, r: 8, t: 8, b: look.narrow ? 230 : 130 } }),
        height: look.narrow ? 520 : 400,
      };
    },
  },
  averages("average-monetary", "Average monetary value by persona", "monetary", "money", "Mean net revenue per buyer of the persona."),
  averages("average-frequency", "Average frequency by persona", "frequency", "decimal", "Mean number of paid orders per buyer of the persona."),
  {
    id: "movement", title: "Who became another persona", narrows: ["persona"], wide: true, hasSpan: true,
    help: "Customers whose persona differs from that on the earlier day: yesterday, or the last day of the month before. (new) were not known then.",
    control: spanControl,
    table(context) {
      const all = moves(context).sort((a, b) => b.customers - a.customers);
      const decided = new Map();
      for (const row of context.cube("movement_kinds").is("span", spanOf(context)).rows()) {
        const key = `${row.from_persona}|${row.to_persona}`;
        decided.set(key, { ...(decided.get(key) || {}), [row.kind]: ((decided.get(key) || {})[row.kind] || 0) + row.customers });
      }
      const rows = all.map((row) => ({ ...row, acted: 0, decayed: 0, rules: 0, ...decided.get(`${row.from_persona}|${row.to_persona}`) }));
      const stayed = context.cube("movement").is("span", spanOf(context)).rows();
      return { columns: [["from_persona", "Was", "text"], ["to_persona", "Is now", "text"], ["customers", "Customers", "integer"], ["share_of_from", "Of those who were", "percent"], ["acted", "Acted", "integer"], ["decayed", "Time passed", "integer"], ["rules", "Rules changed", "integer"]].map(context.column), rows, note: stayed.length ? `Compared with ${context.write("date", stayed[0].earlier_date)}.` : "", empty: stayed.length ? (rows.length ? "" : "Nobody became another persona.") : NO_SPAN };
    },
    chart({ rows }, context) {
      const { look } = context;
      const side = (key) => [...new Set(rows.map((row) => row[key]))].sort((a, b) => context.order(a) - context.order(b));
      const [left, right] = [side("from_persona"), side("to_persona")];
      return {
        data: [{
          type: "sankey", arrangement: "snap", valueformat: ",.0f", textfont: { color: look.ink, size: 12 },
          node: { label: [...left, ...right], color: [...left, ...right].map((persona) => context.colour(persona)), pad: 12, thickness: 14, line: { color: look.edge, width: 0.5 }, hovertemplate: "%{label}: %{value}<extra></extra>" },
          link: { source: rows.map((row) => left.indexOf(row.from_persona)), target: rows.map((row) => left.length + right.indexOf(row.to_persona)), value: rows.map((row) => row.customers), color: rows.map((row) => faint(context.colour(row.from_persona), 0.4)), customdata: rows.map((row) => `${row.from_persona} → ${row.to_persona}: ${context.write("integer", row.customers)}`), hovertemplate: "%{customdata}<extra></extra>" },
        }],
        layout: layoutOf(look, { margin: { l: 8, r: 8, t: 12, b: 12 } }),
        height: Math.max(260, Math.max(left.length, right.length) * 44),
      };
    },
  },
  {
    id: "segments", title: "Segments", narrows: PEOPLE,
    help: "Buyers by named segment; prospects have not bought yet.",
    table(context) {
      const rows = context.customers().by("segment", ["customers", "buyers", "paid_orders", "net_revenue", "recency_days"]).filter((row) => row.customers).sort((a, b) => b.net_revenue - a.net_revenue);
      for (const row of rows) row.recency_days = ratio(row.recency_days, row.buyers);
      return { columns: [["segment", "Segment", "text"], ["customers", "Customers", "integer"], ["net_revenue", "Net revenue", "cents"], ["paid_orders", "Paid orders", "integer"], ["recency_days", "Average recency, days", "decimal"]].map(context.column), rows };
    },
  },
  {
    id: "movement-reasons", title: "What decided the moves", narrows: ["persona"],
    help: "Which column of the profile turned the deciding rule, and whether the customer acted, time passed, or the rules were edited.",
    table(context) {
      const { persona } = context.state;
      const span = spanOf(context);
      const cube = context.cube("movement_kinds").is("span", span);
      const kept = new Map();
      for (const row of cube.rows()) {
        if (persona.length && !persona.includes(row.from_persona) && !persona.includes(row.to_persona)) continue;
        const key = `${row.kind}|${row.profile_column}`;
        const sums = kept.get(key) || { kind: { acted: "Acted", decayed: "Time passed", rules: "Rules changed" }[row.kind], column: row.profile_column ? inWords(row.profile_column) : "–", customers: 0 };
        sums.customers += row.customers;
        kept.set(key, sums);
      }
      const rows = [...kept.values()].sort((a, b) => b.customers - a.customers);
      return { columns: [["column", "What turned", "text"], ["kind", "How", "text"], ["customers", "Customers", "integer"]].map(context.column), rows, empty: rows.length ? "" : "Nobody became another persona." };
    },
  },
];

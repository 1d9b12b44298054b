// Behavioural insights: from the first view to an order that is kept.

import { bars, layoutOf, roomFor } from "../charts.js";
import { inWords, ratio } from "../format.js";

const STEPS = { view: "Viewed", add_to_cart: "Put into the cart", checkout: "Went to the checkout", placed: "Placed an order", paid: "Paid", kept: "Kept it" };
const NO_VIEWS = "This shop records no views, so there is no funnel. Deliver product_views to see one.";

// The funnel of what is chosen: personas add up, categories do not, so of several categories each is one more question.
function funnelRows(context, name, column) {
  const { persona, category } = context.state;
  const oneCategory = category.length === 1 ? category[0] : "(all)";
  const cube = context.cube(name).is("category", oneCategory).only("persona", persona.length ? persona : ["(all)"]);
  const rows = cube.by(["step", "step_no"], [column]).sort((a, b) => a.step_no - b.step_no);
  rows.forEach((row, n) => {
    row.label = STEPS[row.step] || inWords(row.step);
    row.of_first = ratio(row[column], rows[0][column]);
    row.of_previous = n ? ratio(row[column], rows[n - 1][column]) : null;
  });
  return rows;
}

function funnelNarrows(context) {
  return context.state.category.length > 1 ? ["persona"] : ["persona", "category"];
}

function funnelTable(context, name, column, label) {
  const rows = funnelRows(context, name, column);
  return {
    columns: [["label", "Step", "text"], [column, label, "integer"], ["of_first", "Of the first step", "percent"], ["of_previous", "Of the step before", "percent"]].map(context.column),
    rows, narrows: funnelNarrows(context), empty: rows.length ? "" : context.doc.shop.has_views ? "Nobody whose days have passed has looked at anything yet." : NO_VIEWS,
  };
}

function funnelChart(look, rows, column) {
  const texts = rows.map((row, n) => `<b>${look.write("integer", row[column])}</b>  ${look.write("percent", row.of_first)}${n ? ` of first · ${look.write("percent", row.of_previous)} of ${look.narrow ? "prev." : "previous"}` : ""}`);
  const most = rows[0][column] || 1;
  return {
    data: [{
      type: "bar", orientation: "h", y: rows.map((row) => row.label), x: rows.map((row) => row[column]),
      marker: { color: look.series[0], opacity: 0.9 }, text: texts, textposition: "none", hovertemplate: "%{y}: %{text}<extra></extra>",
    }],
    layout: layoutOf(look, {
      bargap: 0.56, margin: { l: 8, r: 8, t: 4, b: 4 },
      xaxis: { visible: false, range: [0, most * 1.02] },
      yaxis: { autorange: "reversed", visible: false, type: "category" },
      annotations: rows.map((row, n) => ({ x: 0, y: row.label, xanchor: "left", yanchor: "bottom", yshift: 14, showarrow: false, align: "left", text: `${row.label}: ${texts[n]}`, font: { size: look.narrow ? 11 : 13, color: look.ink } })),
    }),
    height: rows.length * 62 + 16,
  };
}

export function behaviourCards(context) {
  const { metric } = context;
  const reach = context.pick("reach", ["persona", "gender", "age_group"]).is("period_days", 28).is("category", reachCategory(context));
  const rows = funnelRows(context, "funnel", "users_by_any_path");
  const paid = rows.find((row) => row.step === "paid");
  const visits = funnelRows(context, "funnel_sessions", "sessions").find((row) => row.step === "checkout");
  return [
    { id: "viewers", label: "Viewers", value: context.doc.shop.has_views ? reach.sum("viewers") : null, kind: "integer", help: "Different customers who viewed a product in the last 28 days.", detail: "last 28 days" },
    { id: "recent_buyers", label: "Buyers", value: reach.sum("buyers"), kind: "integer", help: "Different customers with a paid order in the last 28 days.", detail: "last 28 days" },
    { id: "conversion", label: "Conversion", value: paid ? paid.of_first : null, kind: "percent", help: metric("conversion"), detail: `within ${context.doc.shop.conversion_days} days of the first view` },
    { id: "checkout_rate", label: "Visits that reach the checkout", value: visits ? visits.of_first : null, kind: "percent", help: metric("session_checkout_rate"), detail: visits ? "last 28 days" : "visits are not recorded" },
  ];
}

function reachCategory(context) {
  return context.state.category.length === 1 ? context.state.category[0] : "(all)";
}

export const behaviourVisuals = [
  {
    id: "funnel", title: "From the first view to a kept order", narrows: ["persona", "category"],
    help: "Customers who took each step after every recorded step before it, within the conversion days of their first view. Steps a shop does not record are absent.",
    table: (context) => funnelTable(context, "funnel", "users", "Customers"),
    chart: ({ rows }, { look }) => funnelChart(look, rows, "users"),
  },
  {
    id: "visits", title: "How far visits got", narrows: ["persona", "category"],
    help: "Visits of the last 28 days that took each step after every recorded step before it. Orders name no visit, so it ends at the checkout.",
    table: (context) => ({ ...funnelTable(context, "funnel_sessions", "sessions", "Visits"), ...(context.cube("funnel_sessions").size ? {} : { empty: "This shop's events name no visit (session_id), so visits cannot be counted." }) }),
    chart: ({ rows }, { look }) => funnelChart(look, rows, "sessions"),
  },
  {
    id: "conversion-by-persona", title: "Conversion by persona", narrows: ["persona", "category"],
    help: "Customers with a paid order within the conversion days of their first view / customers with a first view that far back, whatever they did in between.",
    table(context) {
      const category = context.state.category.length === 1 ? context.state.category[0] : "(all)";
      const cube = context.cube("funnel").is("category", category).only("persona", context.state.persona);
      const viewed = new Map(cube.is("step", "view").rows().map((row) => [row.persona, row.users]));
      const rows = cube.is("step", "paid").rows().filter((row) => row.persona !== "(all)" && viewed.get(row.persona))
        .map((row) => ({ persona: row.persona, viewers: viewed.get(row.persona), paid: row.users_by_any_path, conversion: row.share_by_any_path }))
        .sort((a, b) => b.conversion - a.conversion);
      return { columns: [["persona", "Persona", "text"], ["conversion", "Conversion", "percent"], ["viewers", "Viewed", "integer"], ["paid", "Paid", "integer"]].map(context.column), rows, narrows: funnelNarrows(context), empty: rows.length ? "" : NO_VIEWS };
    },
    chart: ({ rows }, context) => bars(context.look, rows.map((row) => row.persona), rows.map((row) => row.conversion), { kind: "percent", colours: rows.map((row) => context.colour(row.persona)) }),
  },
  {
    id: "reach", title: "Who looked and who bought, by category", narrows: ["persona", "gender", "age_group", "category"],
    help: "Different customers of the last 28 days. A customer of two categories counts in both.",
    table(context) {
      const rows = context.pick("reach", ["persona", "gender", "age_group", "category"]).is("period_days", 28).by("category", ["viewers", "buyers"]).filter((row) => row.category !== "(all)").sort((a, b) => b.viewers - a.viewers || b.buyers - a.buyers);
      for (const row of rows) row.share = ratio(row.buyers, row.viewers);
      return { columns: [["category", "Category", "text"], ["viewers", "Viewers", "integer"], ["buyers", "Buyers", "integer"], ["share", "Buyers per viewer", "percent"]].map(context.column), rows };
    },
    chart({ rows }, { look }) {
      const names = rows.map((row) => row.category);
      const series = [["Viewers", "viewers", look.series[0]], ["Buyers", "buyers", look.series[1]]];
      return {
        data: series.map(([name, key, colour]) => ({ type: "bar", orientation: "h", y: names, x: rows.map((row) => row[key]), name, marker: { color: colour }, text: rows.map((row) => look.write("integer", row[key])), textposition: "outside", cliponaxis: false, textfont: { color: look.ink, size: 11 }, hovertemplate: `%{y}, ${name}: %{text}<extra></extra>` })),
        layout: layoutOf(look, { barmode: "group", bargap: 0.25, showlegend: true, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal", font: { color: look.ink } }, xaxis: { visible: false, range: [0, Math.max(...rows.map((row) => Math.max(row.viewers, row.buyers))) * 1.18] }, yaxis: { autorange: "reversed", showgrid: false, tickfont: { color: look.ink }, ticklabelstandoff: 4 }, margin: { l: roomFor(names), r: 12, t: 32, b: 4 } }),
        height: Math.max(160, rows.length * 46 + 48),
      };
    },
  },
  {
    id: "viewed-products", title: "Most viewed products", wide: true, narrows: ["category"],
    help: "Views of the last 28 days, and how many different customers bought the product in them. Of the products that sell or come back most.",
    table(context) {
      const rows = context.pick("products", ["category"]).rows().filter((row) => row.recent_views).sort((a, b) => b.recent_views - a.recent_views).slice(0, 12)
        .map((row) => ({ ...row, buyers_per_viewer: ratio(row.recent_buyers, row.recent_viewers) }));
      return { columns: [["name", "Product", "text"], ["recent_views", "Views, 28 days", "integer"], ["category", "Category", "text"], ["recent_viewers", "Viewers", "integer"], ["recent_buyers", "Buyers", "integer"], ["buyers_per_viewer", "Buyers per viewer", "percent"]].map(context.column), rows, empty: rows.length ? "" : "No view of the last 28 days is on record." };
    },
    chart: ({ rows }, { look, category }) => bars(look, rows.map((row) => row.name), rows.map((row) => row.recent_views), { kind: "integer", colours: rows.map((row) => category(row.category)) }),
  },
];

// Executive summary: how the shop is doing, who its customers are, what is worth knowing, and how far to trust it.

import { bars, columns } from "../charts.js";
import { el } from "../element.js";
import { inWords, ratio } from "../format.js";
import { changeOf } from "../visual.js";

const AMOUNTS = ["paid_orders", "gross_revenue", "returns_amount", "net_revenue"];

export function summaryCards(context) {
  const { period, metric } = context;
  const people = context.customers();
  const now = context.days(period).sums(...AMOUNTS);
  const before = period.before && context.days(period.before).sums(...AMOUNTS);
  const than = (pick, more = {}) => before && changeOf(pick(now), pick(before), context.write, { length: period.length, ...more });
  const order = (sums) => ratio(sums.gross_revenue, sums.paid_orders);
  const peak = context.monthSums(["paid_orders"]).filter((row) => !row.is_all_before).sort((a, b) => b.paid_orders - a.paid_orders)[0];
  return [
    { id: "customers", label: "Customers", value: people.sum("customers"), kind: "integer", help: metric("customers"), detail: `${context.write("integer", people.sum("buyers"))} have bought` },
    { id: "net_revenue", label: "Net revenue", value: now.net_revenue, kind: "money", help: metric("net_revenue", "Summed over the period."), change: than((sums) => sums.net_revenue) },
    { id: "paid_orders", label: "Paid orders", value: now.paid_orders, kind: "integer", help: metric("paid_orders", "Summed over the period."), change: than((sums) => sums.paid_orders) },
    { id: "average_order_value", label: "Average order value", value: order(now), kind: "cents", help: "Gross revenue of the period / paid orders of the period.", change: than(order) },
    { id: "returns_amount", label: "Returns", value: now.returns_amount, kind: "money", help: metric("returns_amount", "Summed over the period."), change: than((sums) => sums.returns_amount, { lessIsBetter: true }) },
    { id: "return_rate", label: "Return rate", value: ratio(people.sum("returned_orders"), people.sum("paid_orders")), kind: "percent", help: metric("return_rate"), detail: "of all paid orders to date" },
    { id: "repeat_rate", label: "Repeat rate", value: ratio(people.sum("repeat_buyers"), people.sum("buyers")), kind: "percent", help: metric("repeat_rate"), detail: "of buyers bought again" },
    { id: "peak_month", label: "Peak order month", value: peak ? context.write("month", peak.month) : "–", kind: "text", help: "The month with the most paid orders among the last 24.", detail: peak ? `${context.write("integer", peak.paid_orders)} paid orders` : "" },
  ];
}

export const summaryVisuals = [
  {
    id: "revenue-by-day", title: "Net revenue and paid orders by day", wide: true, narrows: ["persona", "gender", "age_group", "category", "date"],
    help: "Gross revenue of the day's paid orders less what came back on the day. Of the last 92 days; the dates chosen are shown.",
    table(context) {
      const rows = context.days(context.period).by("on_day", ["paid_orders", "gross_revenue", "returns_amount", "net_revenue"]).sort((a, b) => (a.on_day < b.on_day ? -1 : 1));
      return {
        columns: [["on_day", "Day", "date"], ["net_revenue", "Net revenue", "cents"], ["paid_orders", "Paid orders", "integer"], ["gross_revenue", "Gross revenue", "cents"], ["returns_amount", "Returns", "cents"]].map(context.column),
        rows, narrows: context.daysNarrowedBy(),
      };
    },
    chart({ rows }, { look }) {
      return columns(look, rows.map((row) => row.on_day), [{ name: "Net revenue", values: rows.map((row) => row.net_revenue), colour: look.series[0] }], {
        kind: "money", type: "date", height: 300, line: { name: "Paid orders", values: rows.map((row) => row.paid_orders), colour: look.line2, kind: "integer" },
      });
    },
  },
  {
    id: "orders-by-month", title: "Paid orders and net revenue by month", narrows: ["persona", "gender", "age_group"],
    help: "Paid orders placed in the month; net revenue is their lines less the month's returns. The running month is not over. Months before the last 24 are left out.",
    table(context) {
      const running = context.doc.as_of_date.slice(0, 7);
      const rows = context.monthSums(["paid_orders", "buyers", "gross_revenue", "returns_amount", "net_revenue"]).filter((row) => !row.is_all_before)
        .map((row) => ({ ...row, over: row.month.slice(0, 7) < running ? "yes" : "not over" }));
      return { columns: [["month", "Month", "month"], ["paid_orders", "Paid orders", "integer"], ["net_revenue", "Net revenue", "cents"], ["buyers", "Buyers", "integer"], ["gross_revenue", "Gross revenue", "cents"], ["returns_amount", "Returns", "cents"], ["over", "Month is over", "text"]].map(context.column), rows };
    },
    chart({ rows }, { look, write }) {
      const names = rows.map((row) => `${write("month", row.month)}${row.over === "yes" ? "" : " *"}`);
      return columns(look, names, [{ name: "Paid orders", values: rows.map((row) => row.paid_orders), colour: look.series[0] }], {
        kind: "integer", height: 300, line: { name: "Net revenue", values: rows.map((row) => row.net_revenue), colour: look.line2, kind: "money" },
      });
    },
  },
  {
    id: "revenue-by-persona", title: "Net revenue by persona", narrows: ["persona", "gender", "age_group"],
    help: "What the customers of a persona bought less what they sent back, up to this day. A persona is the customer's on this day.",
    table(context) {
      const rows = context.customers().by("persona", ["customers", "buyers", "paid_orders", "gross_revenue", "returns_amount", "net_revenue"]).sort((a, b) => b.net_revenue - a.net_revenue);
      const all = rows.reduce((sum, row) => sum + row.customers, 0);
      for (const row of rows) row.share = ratio(row.customers, all);
      return { columns: [["persona", "Persona", "text"], ["net_revenue", "Net revenue", "cents"], ["customers", "Customers", "integer"], ["share", "Share of customers", "percent"], ["buyers", "Buyers", "integer"], ["paid_orders", "Paid orders", "integer"], ["gross_revenue", "Gross revenue", "cents"], ["returns_amount", "Returns", "cents"]].map(context.column), rows };
    },
    chart({ rows }, context) {
      return bars(context.look, rows.map((row) => row.persona), rows.map((row) => row.net_revenue), { kind: "money", colours: rows.map((row) => context.colour(row.persona)) });
    },
  },
  {
    id: "customers-by-persona", title: "Customers by persona", narrows: ["persona", "gender", "age_group"],
    help: "Everyone known up to this day has exactly one persona: the first rule they match.",
    table(context) {
      const rows = context.customers().by("persona", ["customers", "buyers"]).filter((row) => row.customers).sort((a, b) => b.customers - a.customers);
      const told = new Map(context.doc.personas.map((persona) => [persona.persona, persona]));
      for (const row of rows) {
        row.who = told.get(row.persona)?.description || "";
        row.action = told.get(row.persona)?.action || "";
      }
      return { columns: [["persona", "Persona", "text"], ["customers", "Customers", "integer"], ["buyers", "Buyers", "integer"], ["who", "Who they are", "text"], ["action", "What to do", "text"]].map(context.column), rows };
    },
    chart({ rows }, context) {
      return bars(context.look, rows.map((row) => row.persona), rows.map((row) => row.customers), { kind: "integer", colours: rows.map((row) => context.colour(row.persona)) });
    },
  },
  {
    id: "quality", title: "Data quality", narrows: [],
    help: "Checks of the day's data and marts. Findings of kind fail stop the day; of kind warn they are to be looked at.",
    table(context) {
      const rows = context.cube("checks").rows().filter((row) => row.finding_count > 0);
      const all = context.cube("checks").size;
      return { columns: [["description", "What was found", "text"], ["finding_count", "Times", "integer"], ["severity", "Kind", "text"], ["layer", "Layer", "text"], ["rule", "Check", "text"]].map(context.column), rows, empty: rows.length ? "" : all ? `All ${all} checks of the day passed.` : "No check of this day has been recorded.", note: rows.length ? `${all - rows.length} of ${all} checks found nothing.` : "" };
    },
  },
  {
    id: "insights", title: "What is worth knowing", wide: true, narrows: ["persona"],
    help: "Sentences computed from the marts; said only where they hold beyond chance after all tests of the day are taken into account.",
    table(context) {
      const rows = context.cube("insights").rows().filter((row) => row.status === "said" && (!context.state.persona.length || row.subject_type !== "persona" || context.state.persona.includes(row.subject)));
      const silent = context.cube("insights").rows().filter((row) => row.status !== "said").length;
      return {
        columns: [["sentence", "Insight", "text"], ["priority", "Priority", "text"], ["effect", "Effect", "decimal"], ["low", "Low", "decimal"], ["high", "High", "decimal"], ["unit", "Unit", "text"], ["adjusted_p_value", "p after all tests", "p"], ["sample_size", "Sample", "integer"], ["query", "Query", "text"]].map(context.column),
        rows, empty: rows.length ? "" : "Nothing yet that holds beyond chance.", note: silent ? `${silent} more questions were asked and have no answer beyond chance.` : "",
      };
    },
    html({ rows }, { write }) {
      return el("ol", { class: "insights" }, rows.map((row) => el("li", {},
        el("span", { class: `tag ${row.priority}` }, { act: "Act", watch: "Watch", know: "Know" }[row.priority]),
        el("p", {}, row.sentence),
        el("details", {}, el("summary", {}, "What it rests on"),
          el("p", {}, `${row.test ? `${inWords(row.test)}; ` : ""}p: ${write("p", row.adjusted_p_value)} after all tests of the day; sample ${write("integer", row.sample_size)}.`), el("pre", { tabindex: 0 }, row.query)))));
    },
  },
  {
    id: "freshness", title: "What came in", wide: true, narrows: [],
    help: "Files of the last 14 days: rows read, rows set aside because they break a rule, and whether the day was loaded.",
    table(context) {
      const days = context.cube("loads").by("source_day", ["row_count", "quarantined_count", "loaded_count", "updated_count"]);
      const states = new Map();
      for (const row of context.cube("loads").rows()) states.set(row.source_day, worse(states.get(row.source_day), row.state));
      const rows = days.map((row) => ({ ...row, state: states.get(row.source_day) }));
      const aside = context.cube("quarantine").rows();
      const note = aside.length ? `Set aside on this day: ${aside.slice(0, 4).map((row) => `${row.file}, ${inWords(row.rule).toLowerCase()}: ${row.row_count}`).join("; ")}.` : "No row of this day was set aside.";
      return { columns: [["source_day", "Day", "date"], ["state", "State", "text"], ["row_count", "Rows", "integer"], ["quarantined_count", "Set aside", "integer"], ["loaded_count", "New", "integer"], ["updated_count", "Changed", "integer"]].map(context.column), rows, note: rows.length ? note : "", empty: rows.length ? "" : "No load of the last 14 days is on record." };
    },
  },
];

function worse(one, other) {
  const order = ["refused", "staged", "loaded"];
  return one && order.indexOf(one) < order.indexOf(other) ? one : other;
}

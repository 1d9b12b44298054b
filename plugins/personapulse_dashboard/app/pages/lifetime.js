// Lifetime value: what customers have been worth, what they are expected to be, and how cohorts stay.

import { bars, heat, layoutOf, roomFor } from "../charts.js";
import { ratio } from "../format.js";
import { PEOPLE } from "../state.js";

const AGES = ["under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65+", "unknown"];
const NO_FORECAST = "No forecast: ";

function model(context) {
  return context.cube("ltv_model").rows()[0] || { status: "missing", reason: "the model of this day has not been built" };
}

export function lifetimeCards(context) {
  const { metric, write, state } = context;
  const worth = context.pick("lifetime_values", PEOPLE);
  const sums = worth.sums("buyers", "net_revenue", "monthly_value", "expected_value_12_months", "forecast_buyers");
  const personas = worth.by("persona", ["buyers", "net_revenue"]).map((row) => ({ ...row, ltv: row.net_revenue / row.buyers })).sort((a, b) => b.ltv - a.ltv);
  const fitted = model(context);
  const isEverybody = !PEOPLE.some((name) => state[name].length);
  const range = isEverybody && fitted.value_low_12_months !== null && fitted.value_low_12_months !== undefined ? `80 % interval ${write("short", fitted.value_low_12_months)} to ${write("short", fitted.value_high_12_months)}` : "gross revenue of the next 12 months";
  return [
    { id: "average_ltv", label: "Average lifetime value", value: ratio(sums.net_revenue, sums.buyers), kind: "cents", help: metric("average_historic_ltv"), detail: "net revenue per buyer so far" },
    { id: "top_ltv", label: "Top persona", value: personas.length ? personas[0].persona : "–", kind: "text", help: "The persona whose buyers have been worth most on average.", detail: personas.length ? `${write("cents", personas[0].ltv)} on average` : "" },
    { id: "monthly_value", label: "Average monthly value", value: ratio(sums.monthly_value, sums.buyers), kind: "cents", help: metric("average_monthly_value"), detail: "per buyer and month" },
    { id: "expected_value", label: "Expected in 12 months", value: sums.forecast_buyers ? sums.expected_value_12_months : null, kind: "money", help: "Gross revenue all buyers chosen are expected to bring in the 365 days after this day, by BG/NBD and Gamma-Gamma.", detail: sums.forecast_buyers ? range : `no forecast: ${fitted.reason || "no buyer chosen"}` },
  ];
}

export const lifetimeVisuals = [
  {
    id: "ltv-by-persona", title: "Lifetime value by persona", narrows: PEOPLE,
    help: "Net revenue per buyer so far, and the gross revenue a buyer is expected to bring in the next 12 months.",
    table(context) {
      const rows = context.pick("lifetime_values", PEOPLE).by("persona", ["buyers", "net_revenue", "monthly_value", "tenure_months", "expected_value_12_months", "forecast_buyers", "alive"]);
      for (const row of rows) {
        row.ltv = ratio(row.net_revenue, row.buyers);
        row.expected = ratio(row.expected_value_12_months, row.forecast_buyers);
        row.monthly = ratio(row.monthly_value, row.buyers);
        row.tenure = ratio(row.tenure_months, row.buyers);
        row.alive_share = ratio(row.alive, row.forecast_buyers);
      }
      rows.sort((a, b) => b.ltv - a.ltv);
      const fitted = model(context);
      return { columns: [["persona", "Persona", "text"], ["ltv", "So far, per buyer", "cents"], ["expected", "Next 12 months, per buyer", "cents"], ["monthly", "Monthly value", "cents"], ["tenure", "Tenure, months", "decimal"], ["alive_share", "Still alive", "percent"], ["buyers", "Buyers", "integer"]].map(context.column), rows, note: fitted.status === "fitted" ? "" : `${NO_FORECAST}${fitted.reason}.` };
    },
    chart({ rows }, context) {
      const forecast = rows.some((row) => row.expected !== null);
      return bars(context.look, rows.map((row) => row.persona), rows.map((row) => row.ltv), { kind: "money", colours: rows.map((row) => context.colour(row.persona)), second: forecast ? { firstName: "So far", name: "next 12 months", values: rows.map((row) => row.expected) } : null });
    },
  },
  {
    id: "ltv-by-age", title: "Lifetime value by persona and age group", narrows: PEOPLE,
    help: "Net revenue per buyer so far. Fewer than five buyers are not shown.",
    table(context) {
      const rows = context.pick("lifetime_values", PEOPLE).by(["persona", "age_group"], ["buyers", "net_revenue"]).map((row) => ({ ...row, ltv: row.buyers < 5 ? null : row.net_revenue / row.buyers }))
        .sort((a, b) => context.order(a.persona) - context.order(b.persona) || AGES.indexOf(a.age_group) - AGES.indexOf(b.age_group));
      return { columns: [["persona", "Persona", "text"], ["age_group", "Age group", "text"], ["ltv", "Lifetime value", "cents"], ["buyers", "Buyers", "integer"]].map(context.column), rows };
    },
    chart({ rows }, { look, write, order }) {
      const personas = [...new Set(rows.map((row) => row.persona))].sort((a, b) => order(a) - order(b));
      const ages = AGES.filter((age) => rows.some((row) => row.age_group === age));
      const grid = (make) => personas.map((persona) => ages.map((age) => make(rows.find((row) => row.persona === persona && row.age_group === age), persona, age)));
      return heat(look, ages, personas, grid((row) => (row ? row.ltv : null)), grid((row) => (row && row.ltv !== null ? write(look.narrow ? "count" : "short", row.ltv) : "")), { hover: grid((row, persona, age) => `${persona}, ${age}<br>${row ? `${write("cents", row.ltv)}, ${write("integer", row.buyers)} buyers` : "nobody"}`), height: Math.max(180, personas.length * 36 + 40) });
    },
  },
  {
    id: "monthly-value", title: "Monthly value by persona", narrows: PEOPLE,
    help: "Mean over the buyers of net revenue per month since their first paid order; a tenure below one month counts as one.",
    table(context) {
      const rows = context.pick("lifetime_values", PEOPLE).by("persona", ["buyers", "monthly_value", "tenure_months"]).map((row) => ({ ...row, monthly: ratio(row.monthly_value, row.buyers), tenure: ratio(row.tenure_months, row.buyers) })).sort((a, b) => b.monthly - a.monthly);
      return { columns: [["persona", "Persona", "text"], ["monthly", "Monthly value", "cents"], ["tenure", "Tenure, months", "decimal"], ["buyers", "Buyers", "integer"]].map(context.column), rows };
    },
    chart: ({ rows }, context) => bars(context.look, rows.map((row) => row.persona), rows.map((row) => row.monthly), { kind: "cents", colours: rows.map((row) => context.colour(row.persona)) }),
  },
  {
    id: "spread", title: "How worth spreads within a persona", narrows: ["persona"],
    help: "Net revenue per buyer: half of the buyers lie in the box, eight in ten between the whiskers, the line is the middle one.",
    table(context) {
      const rows = context.pick("worth_spread", ["persona"]).rows().sort((a, b) => b.middle - a.middle);
      return { columns: [["persona", "Persona", "text"], ["low", "Lowest tenth below", "cents"], ["lower_quartile", "Lowest quarter below", "cents"], ["middle", "Middle", "cents"], ["upper_quartile", "Highest quarter above", "cents"], ["high", "Highest tenth above", "cents"], ["buyers", "Buyers", "integer"]].map(context.column), rows };
    },
    chart({ rows }, context) {
      const { look } = context;
      return {
        data: rows.map((row) => ({ type: "box", orientation: "h", name: row.persona, y: [row.persona], q1: [row.lower_quartile], median: [row.middle], q3: [row.upper_quartile], lowerfence: [row.low], upperfence: [row.high], fillcolor: context.colour(row.persona), line: { color: look.ink, width: 1.2 }, hoverinfo: "x", width: 0.55 })),
        layout: layoutOf(look, { xaxis: { tickformat: "~s", nticks: 6, title: `Net revenue per buyer, ${context.doc.shop.currency}` }, yaxis: { autorange: "reversed", showgrid: false, type: "category", tickfont: { color: look.ink }, ticklabelstandoff: 4 }, margin: { l: roomFor(rows.map((row) => row.persona)), r: 12, t: 4, b: 44 } }),
        height: Math.max(180, rows.length * 36 + 56),
      };
    },
  },
  {
    id: "cohorts", title: "Who comes back, month after month", wide: true, narrows: [],
    help: "Customers who first paid in the same month, and the share of them with a paid order in each month after. The running month is not over and is marked *.",
    table(context) {
      const rows = context.cube("cohorts").rows().sort((a, b) => (a.cohort_month === b.cohort_month ? a.months_since - b.months_since : a.cohort_month < b.cohort_month ? -1 : 1));
      const first = [...new Set(rows.map((row) => row.cohort_month))].slice(-13);
      return { columns: [["cohort_month", "First paid in", "month"], ["months_since", "Months since", "integer"], ["retention", "Bought again", "percent"], ["customers", "Customers", "integer"], ["buyers", "Buyers", "integer"], ["net_revenue", "Net revenue", "cents"], ["net_revenue_per_customer_to_date", "Net revenue per customer so far", "cents"], ["is_complete", "Month is over", "text"]].map(context.column), rows: rows.filter((row) => first.includes(row.cohort_month)).map((row) => ({ ...row, is_complete: row.is_complete ? "yes" : "not over" })), empty: rows.length ? "" : "Nobody has paid yet." };
    },
    chart({ rows }, { look, write }) {
      const months = [...new Set(rows.map((row) => row.cohort_month))];
      const after = Array.from({ length: Math.max(...rows.map((row) => row.months_since)) + 1 }, (_, n) => n).slice(0, look.narrow ? 7 : 13);
      const size = (month) => rows.find((row) => row.cohort_month === month).customers;
      const grid = (make) => months.map((month) => after.map((n) => make(rows.find((row) => row.cohort_month === month && row.months_since === n))));
      const later = rows.filter((row) => row.months_since > 0).map((row) => row.retention);
      return heat(look, after.map((n) => (look.narrow ? `+${n}` : n === 0 ? "first month" : `+${n}`)), months.map((month) => `${write("month", month)} (${write("count", size(month))})`), grid((row) => (row ? row.retention : null)), grid((row) => (row ? `${Math.round(row.retention * 100)}%${row.is_complete === "yes" ? "" : "*"}` : "")), {
        hover: grid((row) => (row ? `${write("month", row.cohort_month)}, ${row.months_since} months after<br>${write("integer", row.buyers)} of ${write("integer", row.customers)} bought<br>${write("cents", row.net_revenue_per_customer_to_date)} per customer so far` : "")),
        height: Math.max(150, months.length * 32 + 48), most: Math.max(0.05, ...later) * 1.15,
      });
    },
  },
  {
    id: "backtest", title: "How well the forecast would have done", narrows: [],
    help: "Orders and revenue of the last days as they were, and as the model and two simple answers would have foretold them from what was known before.",
    table(context) {
      const names = { bg_nbd_gamma_gamma: "The model", naive_rate: "Everyone goes on as before", all_zero: "Nobody buys again" };
      const rows = context.cube("ltv_backtest").rows().map((row) => ({ ...row, method: names[row.method] || row.method, measure: { purchases: "Paid orders", revenue: "Gross revenue" }[row.measure] || row.measure }));
      return { columns: [["measure", "Measure", "text"], ["method", "Answer", "text"], ["predicted", "Foretold", "decimal"], ["actual", "Came", "decimal"], ["total_error", "Error in all", "percent"], ["rmse", "Error per buyer (RMSE)", "decimal"], ["correlation", "Correlation", "decimal"], ["horizon_days", "Days", "integer"]].map(context.column), rows, empty: rows.length ? "" : "No forecast has been tried on days that have passed yet." };
    },
  },
  {
    id: "worth-in-words", title: "In words", narrows: [],
    help: "Insights of the day that speak of worth or of coming back.",
    table(context) {
      const rows = context.cube("insights").rows().filter((row) => row.status === "said" && /worth|value|revenue|order|retention|cohort/i.test(`${row.kind} ${row.sentence}`));
      return { columns: [["sentence", "Insight", "text"], ["adjusted_p_value", "p after all tests", "p"]].map(context.column), rows, empty: rows.length ? "" : "Nothing yet that holds beyond chance." };
    },
  },
];

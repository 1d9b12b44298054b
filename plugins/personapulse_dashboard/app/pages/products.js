// Products and returns: what sells, and what comes back.

import { bars, columns } from "../charts.js";
import { inWords, ratio } from "../format.js";

function returnsOf(context, dimension, chosen) {
  return context.cube("returns").is("dimension", dimension).only("value", chosen).rows();
}

export function productCards(context) {
  const { metric } = context;
  const { category, persona } = context.state;
  const sums = context.days(context.period).sums("gross_revenue", "returns_amount");
  // of one thing chosen the rate is its own; several personas add up, several categories share orders and do not
  const rows = persona.length && !category.length ? returnsOf(context, "persona", persona) : category.length === 1 && !persona.length ? returnsOf(context, "category", category) : returnsOf(context, "all", []);
  const total = (column) => rows.reduce((sum, row) => sum + (row[column] || 0), 0);
  const best = context.pick("products", ["category"]).rows()[0];
  return [
    { id: "gross_revenue", label: "Gross revenue", value: sums.gross_revenue, kind: "money", help: metric("gross_revenue", "Summed over the period."), detail: "in the period" },
    { id: "returns_of_period", label: "Returns", value: sums.returns_amount, kind: "money", help: metric("returns_amount", "Summed over the period."), detail: "in the period" },
    { id: "matured_return_rate", label: "Matured return rate", value: ratio(total("matured_returned_orders"), total("matured_orders")), kind: "percent", help: metric("matured_return_rate"), detail: `orders older than ${context.doc.shop.return_window_days} days` },
    { id: "best_product", label: "Best-selling product", value: best ? best.name : "–", kind: "text", help: "Most gross revenue up to this day.", detail: best ? context.write("money", best.gross_revenue) : "" },
  ];
}

function rateVisual(id, title, dimension, slicer, paint) {
  return {
    id, title, narrows: [slicer],
    help: "Paid orders of which something came back / paid orders, by order date. Matured: only orders older than the return window, so that young orders, which may still come back, do not lower it.",
    table(context) {
      const rows = returnsOf(context, dimension, context.state[slicer]).filter((row) => row.paid_orders).sort((a, b) => (b.matured_return_rate ?? b.return_rate) - (a.matured_return_rate ?? a.return_rate));
      return { columns: [["value", inWords(dimension), "text"], ["matured_return_rate", "Matured return rate", "percent"], ["return_rate", "Return rate", "percent"], ["paid_orders", "Paid orders", "integer"], ["returned_orders", "Came back", "integer"], ["returns_amount", "Returns", "cents"]].map(context.column), rows };
    },
    chart: ({ rows }, context) => bars(context.look, rows.map((row) => row.value), rows.map((row) => row.matured_return_rate ?? row.return_rate), { kind: "percent", colours: rows.map((row) => paint(context, row.value)) }),
  };
}

export const productVisuals = [
  {
    id: "revenue-by-category", title: "Revenue and returns by category", wide: true, narrows: ["persona", "category", "date"],
    help: "Lines of the period's paid orders that are of the category, and what came back of it in the period.",
    table(context) {
      const rows = context.daysByCategory(context.period).by("category", ["gross_revenue", "returns_amount", "net_revenue", "paid_orders"]).sort((a, b) => b.gross_revenue - a.gross_revenue);
      for (const row of rows) row.share_back = ratio(row.returns_amount, row.gross_revenue);
      return { columns: [["category", "Category", "text"], ["gross_revenue", "Gross revenue", "cents"], ["returns_amount", "Returns", "cents"], ["net_revenue", "Net revenue", "cents"], ["share_back", "Returns of revenue", "percent"], ["paid_orders", "Paid orders", "integer"]].map(context.column), rows };
    },
    chart({ rows }, { look }) {
      return columns(look, rows.map((row) => row.category), [
        { name: "Gross revenue", values: rows.map((row) => row.gross_revenue), colour: look.series[0] },
        { name: "Returns", values: rows.map((row) => row.returns_amount), colour: look.series[1] },
      ], { kind: "money", height: 300 });
    },
  },
  rateVisual("return-rate-by-category", "Return rate by category", "category", "category", (context, value) => context.category(value)),
  rateVisual("return-rate-by-persona", "Return rate by persona", "persona", "persona", (context, value) => context.colour(value)),
  {
    id: "return-reasons", title: "Why things come back", narrows: [],
    help: "Returns on record up to this day, by the reason customers gave.",
    table(context) {
      const rows = returnsOf(context, "reason", []).sort((a, b) => b.returns - a.returns);
      return { columns: [["value", "Reason", "text"], ["returns", "Returns", "integer"], ["returns_amount", "Worth", "cents"]].map(context.column), rows, empty: rows.length ? "" : "No return is on record yet." };
    },
    chart: ({ rows }, { look }) => bars(look, rows.map((row) => inWords(row.value)), rows.map((row) => row.returns), { kind: "integer", colours: look.series[0] }),
  },
  {
    id: "products-by-returns", title: "Products that come back most", narrows: ["category"],
    help: "Worth of what came back of the product up to this day.",
    table(context) {
      const rows = context.pick("products", ["category"]).rows().filter((row) => row.returns_amount > 0).sort((a, b) => b.returns_amount - a.returns_amount).slice(0, 12);
      for (const row of rows) row.return_rate = ratio(row.returned_orders, row.paid_orders);
      return { columns: [["name", "Product", "text"], ["returns_amount", "Returns", "cents"], ["category", "Category", "text"], ["return_rate", "Return rate", "percent"], ["returned_orders", "Orders that came back", "integer"], ["paid_orders", "Paid orders", "integer"]].map(context.column), rows, empty: rows.length ? "" : "No return is on record yet." };
    },
    chart: ({ rows }, { look, category }) => bars(look, rows.map((row) => row.name), rows.map((row) => row.returns_amount), { kind: "money", colours: rows.map((row) => category(row.category)) }),
  },
  {
    id: "products", title: "Products", narrows: ["category"], wide: true,
    help: "The products that brought in or sent back most up to this day.",
    table(context) {
      const rows = context.pick("products", ["category"]).rows();
      for (const row of rows) row.return_rate = ratio(row.returned_orders, row.paid_orders);
      return { columns: [["name", "Product", "text"], ["category", "Category", "text"], ["gross_revenue", "Gross revenue", "cents"], ["returns_amount", "Returns", "cents"], ["net_revenue", "Net revenue", "cents"], ["paid_orders", "Paid orders", "integer"], ["units", "Units", "integer"], ["return_rate", "Return rate", "percent"], ["recent_views", "Views, 28 days", "integer"]].map(context.column), rows };
    },
  },
];

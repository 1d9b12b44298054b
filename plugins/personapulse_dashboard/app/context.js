// Everything a visual may ask for: the day's cubes narrowed by what is chosen, words, colours and numbers as people read them.

import { Cube } from "./cube.js";
import { addDays, daysBetween, formatter } from "./format.js";
import { PEOPLE, periodOf } from "./state.js";

export function contextOf(doc, state, set) {
  const format = formatter(doc.shop);
  const period = periodOf(state, doc.as_of_date, addDays, daysBetween);
  const order = new Map([...doc.personas.map(({ persona }, n) => [persona, n]), ["(all)", -2], ["(new)", -1], ["(gone)", 98], ["(not told)", 99]]);
  const categories = doc.tables.days.texts.category || [];
  const named = categories.filter((name) => !name.startsWith("(")).sort();
  const look = lookOf(doc, format);
  const cube = (name) => new Cube(doc.tables[name]);
  const pick = (name, slicers) => slicers.reduce((left, slicer) => left.only(slicer, state[slicer]), cube(name));
  const byPeople = () => state.gender.length > 0 || state.age_group.length > 0;
  const context = {
    doc, state, set, period, look, cube, pick, write: format.write, narrow: look.narrow, categories: named,
    customers: () => pick("customers", PEOPLE),
    // Of days there are two cubes, one by category and one by gender and age group: an order has no single category.
    days: ({ from, to }) => (byPeople()
      ? pick("days_people", PEOPLE)
      : state.category.length ? pick("days", ["persona", "category"]) : pick("days", ["persona"]).is("category", "(all)")).between("on_day", from, to),
    daysNarrowedBy: () => (byPeople() ? [...PEOPLE, "date"] : ["persona", "category", "date"]),
    daysByCategory: ({ from, to }) => {
      const chosen = pick("days", ["persona", "category"]).between("on_day", from, to);
      const all = chosen.texts("category").indexOf("(all)");
      return chosen.where("category", (value) => value !== all);
    },
    monthSums: (columns) => pick("months", PEOPLE).by(["month", "is_all_before"], columns).sort((a, b) => (a.month < b.month ? -1 : 1)),
    colour: (persona) => doc.colours.personas[persona] || doc.colours.unnamed,
    category: (name) => doc.colours.series[Math.max(0, named.indexOf(name)) % doc.colours.series.length],
    order: (persona) => (order.has(persona) ? order.get(persona) : 97),
    metric: (name, more = "") => [doc.metrics[name]?.definition, doc.metrics[name]?.details, more].filter(Boolean).join(" "),
    column: ([key, label, kind]) => ({ key, label, kind, help: meaningOf(doc, key) }),
  };
  return context;
}

// What the dictionary pages say of a column, whichever page has it first.
function meaningOf(doc, key) {
  return Object.values(doc.meanings).map((page) => page[key]).find(Boolean) || doc.metrics[key]?.definition || null;
}

function lookOf(doc, format) {
  const theme = document.documentElement.dataset.theme === "dark" ? "dark" : "light";
  const colours = doc.colours[theme];
  return {
    ...colours, theme, scale: doc.colours.scale[theme], series: doc.colours.series, line2: theme === "dark" ? "#F0B657" : "#A33E00",
    edge: theme === "dark" ? "rgba(234,240,247,0.35)" : "rgba(23,32,46,0.25)", separators: format.separators, write: format.write, narrow: window.innerWidth < 700,
  };
}

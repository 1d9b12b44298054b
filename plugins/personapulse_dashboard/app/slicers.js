// The slicers: what the figures are narrowed to. Lists of boxes to tick, and two dates.

import { el } from "./element.js";
import { addDays } from "./format.js";
import { PERIODS, SLICERS, isNarrowed } from "./state.js";

const LABELS = { persona: "Persona", gender: "Gender", age_group: "Age group", category: "Category" };
const AGE_ORDER = ["under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65+", "unknown"];

export function choicesOf(context) {
  const { doc } = context;
  const texts = (table, column) => (doc.tables[table].texts[column] || []).filter((text) => text !== "(all)");
  return {
    persona: [...texts("customers", "persona")].sort((a, b) => context.order(a) - context.order(b)),
    gender: [...texts("customers", "gender")].sort(),
    age_group: [...texts("customers", "age_group")].sort((a, b) => AGE_ORDER.indexOf(a) - AGE_ORDER.indexOf(b)),
    category: [...new Set([...texts("days", "category"), ...texts("reach", "category")])].sort(),
  };
}

// Built anew only when the day changes, so that a list stays open and keeps the keyboard while it is ticked.
export class Slicers {
  constructor(place) {
    this.place = place;
    this.day = null;
    document.addEventListener("click", (event) => this.close(event.target));
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const open = place.querySelector("details.list[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
    });
  }

  close(except) {
    for (const open of this.place.querySelectorAll("details.list[open]")) if (!open.contains(except)) open.open = false;
  }

  update(context) {
    this.context = context;
    const choices = choicesOf(context);
    const key = JSON.stringify([context.doc.as_of_date, choices]);
    if (this.key !== key) {
      this.key = key;
      this.build(choices);
    }
    this.mark();
  }

  build(choices) {
    this.lists = Object.fromEntries(SLICERS.map((name) => [name, this.list(name, choices[name])]));
    const date = (name) => el("input", { type: "date", "aria-label": name === "from" ? "From" : "To", min: this.context.period.first, max: this.context.doc.as_of_date, "data-slicer": name, onchange: (event) => event.target.value && this.context.set({ [name]: event.target.value }) });
    this.dates = { from: date("from"), to: date("to") };
    this.periods = PERIODS.map((days) => el("button", { type: "button", class: "quiet", "data-period": days, onclick: () => this.context.set({ from: addDays(this.context.doc.as_of_date, 1 - days), to: this.context.doc.as_of_date }) }, `${days} days`));
    this.reset = el("button", { type: "button", class: "quiet reset", onclick: () => this.context.set({ ...Object.fromEntries(SLICERS.map((name) => [name, []])), from: null, to: null }) }, "Clear all");
    this.place.replaceChildren(...SLICERS.map((name) => this.lists[name].details),
      el("fieldset", { class: "dates" }, el("legend", {}, "Dates"), this.dates.from, el("span", { "aria-hidden": "true" }, "–"), this.dates.to, ...this.periods), this.reset);
  }

  list(name, choices) {
    const boxes = choices.map((choice) => el("input", { type: "checkbox", value: choice, "data-slicer": name, onchange: () => this.context.set({ [name]: boxes.filter((box) => box.checked).map((box) => box.value) }) }));
    const said = el("span", { class: "said" }, "all");
    const swatch = (choice) => (name === "persona" ? el("span", { class: "swatch", style: `background:${this.context.colour(choice)}`, "aria-hidden": "true" }) : null);
    const details = el("details", { class: "list" }, el("summary", { "data-list": name }, `${LABELS[name]}: `, said),
      el("div", { class: "choices", role: "group", "aria-label": LABELS[name] }, choices.map((choice, n) => el("label", {}, boxes[n], swatch(choice), choice))));
    details.hidden = choices.length === 0;
    return { details, boxes, said };
  }

  mark() {
    const { state, period } = this.context;
    for (const name of SLICERS) {
      const { details, boxes, said } = this.lists[name];
      for (const box of boxes) box.checked = state[name].includes(box.value);
      said.textContent = state[name].length === 0 ? "all" : state[name].length === 1 ? state[name][0] : `${state[name].length} chosen`;
      details.classList.toggle("chosen", state[name].length > 0);
    }
    this.dates.from.value = period.from;
    this.dates.to.value = period.to;
    for (const button of this.periods) button.setAttribute("aria-pressed", String(period.to === this.context.doc.as_of_date && period.length === Number(button.dataset.period)));
    this.reset.disabled = !isNarrowed(state);
  }
}

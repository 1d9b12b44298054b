// The dashboard: reads where it is and what is chosen from the address, gets the day's document, and shows a page of it.

import { contextOf } from "./context.js";
import { Problem, source } from "./data.js";
import { el, save, slug } from "./element.js";
import { formatter } from "./format.js";
import { behaviourCards, behaviourVisuals } from "./pages/behaviour.js";
import { intentCards, intentVisuals } from "./pages/intent.js";
import { lifetimeCards, lifetimeVisuals } from "./pages/lifetime.js";
import { productCards, productVisuals } from "./pages/products.js";
import { segmentCards, segmentVisuals } from "./pages/segments.js";
import { summaryCards, summaryVisuals } from "./pages/summary.js";
import { Slicers } from "./slicers.js";
import { readState, writeState } from "./state.js";
import { noticesFor, nothingYet, stateOf } from "./states.js";
import { Visual, card } from "./visual.js";
import { workbook } from "./xlsx.js";

const PAGES = [
  ["summary", "Executive Summary", summaryCards, summaryVisuals],
  ["behaviour", "Behavioral Insights", behaviourCards, behaviourVisuals],
  ["products", "Product & Returns", productCards, productVisuals],
  ["segments", "Customer Segmentation (RFM)", segmentCards, segmentVisuals],
  ["lifetime", "Lifetime Value", lifetimeCards, lifetimeVisuals],
  ["intent", "Buyer Intent", intentCards, intentVisuals],
];

const BUDGET = 60; // milliseconds of drawing before people see the first of it
const from = source();
const at = (id) => document.getElementById(id);
let state = readState(window.location.hash);
let index = null;
let doc = null;
let shown = { page: null, day: null, visuals: [] };
let slicers = null;
let waiting = null;

async function start() {
  try {
    index = await from.days();
    if (!index.days.length) {
      at("subtitle").textContent = "Nothing to show yet";
      at("main").replaceChildren(nothingYet(index));
      return;
    }
    await open();
  } catch (error) {
    broken(error);
  }
}

async function open() {
  const newest = index.days[index.days.length - 1];
  const day = state.day || newest;
  if (!index.days.includes(day)) {
    doc = null;
    tools();
    at("main").replaceChildren(stateOf(`${day} is not among the days kept.`, `Kept are ${index.days.length} days, ${index.days[0]} to ${newest}. Choose one above, or backfill ${day} with ingest_shop_data.`));
    return;
  }
  const asked = day;
  const got = await from.document(day);
  if ((state.day || newest) !== asked) return; // another day was chosen meanwhile
  doc = got;
  tools();
  render();
  document.documentElement.dataset.ready = doc.as_of_date;
}

function broken(error) {
  const told = error instanceof Problem ? error : new Problem("The figures cannot be shown.", String(error && error.message));
  if (!(error instanceof Problem)) console.error(error);
  at("subtitle").textContent = "";
  at("main").replaceChildren(stateOf(told.message, told.remedy, told.link));
}

function set(changes) {
  state = { ...state, ...changes };
  window.history.pushState(null, "", writeState(state, index.days[index.days.length - 1]));
  render();
}

function render() {
  const began = performance.now();
  const context = contextOf(doc, state, set);
  const page = PAGES.find(([name]) => name === state.page) || PAGES[0];
  header(context, page);
  slicers ||= new Slicers(at("slicers"));
  slicers.update(context);
  const key = `${page[0]} ${context.look.narrow} ${context.look.theme} ${doc.as_of_date} ${state.span}`;
  if (shown.key !== key) lay(page, context, key);
  const cards = page[2](context);
  shown.cards.style.setProperty("--count", cards.length === 8 ? 4 : cards.length);
  shown.cards.replaceChildren(...cards.map((one) => card(one, context.write)));
  for (const visual of shown.visuals) visual.pending = true;
  drawSeen(context);
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => drawRest(context), 30);
  at("main").dataset.took = String(performance.now() - began);
}

// What is in view first, within this task; the rest one by one when there is time.
function drawSeen(context) {
  const height = window.innerHeight;
  const seen = shown.visuals.map((visual) => [visual, visual.card.getBoundingClientRect()]).filter(([, box]) => box.top < height && box.bottom > 0);
  const until = performance.now() + BUDGET;
  for (const [visual] of seen) {
    if (visual.spec.isHeavy) continue; // thousands of points
    draw(visual, context);
    if (performance.now() > until) return; // the others follow after the frame
  }
}

function drawRest(context) {
  if (isWaiting && !window.Plotly) return;
  const next = shown.visuals.find((visual) => visual.pending);
  if (!next) {
    performance.mark("drawn");
    at("main").dataset.drawn = context.doc.as_of_date;
    return;
  }
  draw(next, context);
  waiting = window.setTimeout(() => drawRest(context), 0);
}

function draw(visual, context) {
  visual.pending = visual.spec.chart && !visual.showsTable && !window.Plotly;
  visual.update(context);
  if (visual.pending) waitForPlotly();
}

// The chart library is large: the key figures and tables are there before it is asked for.
let isWaiting = false;
function waitForPlotly() {
  if (isWaiting) return;
  isWaiting = true;
  performance.mark("figures");
  const script = el("script", { src: document.body.dataset.charts, onload: render, onerror: () => broken(new Problem("The chart library cannot be loaded.", "plotly.min.js belongs beside this page; write the folder again, or reload.")) });
  window.setTimeout(() => document.head.append(script), 0);
}

function lay(page, context, key) {
  const wasPage = shown.page;
  delete at("main").dataset.drawn;
  for (const visual of shown.visuals) visual.purge();
  const visuals = page[3].map((spec) => new Visual({ ...spec, control: spec.control ? spec.control(context) : null }));
  const cards = el("div", { class: "cards" });
  shown = { page: page[0], key, visuals, cards };
  at("main").replaceChildren(el("h2", { class: "hidden" }, page[1]), cards, el("div", { class: "visuals" }, visuals.map((visual) => visual.card)));
  if (wasPage && wasPage !== page[0]) window.scrollTo(0, 0);
}

function header(context, page) {
  const { write } = context;
  document.title = `${page[1]} · ${doc.shop.name}`;
  at("shop").textContent = doc.shop.name;
  const { period } = context;
  at("subtitle").textContent = `as of ${write("date", doc.as_of_date)} · period ${write("date", period.from)} to ${write("date", period.to)} · ${doc.shop.currency}`;
  at("pages").replaceChildren(...PAGES.map(([name, title]) => el("a", { href: writeState({ ...state, page: name }, index.days[index.days.length - 1]), "aria-current": name === page[0] ? "page" : null }, title)));
  at("notices").replaceChildren(...noticesFor(index, doc, write));
  const summary = from.kind === "folder" ? el("a", { href: "summary.html" }, "One page to print") : null;
  at("footer").replaceChildren(el("p", {}, `PersonaPulse ${doc.version}. Days run from midnight to midnight in ${doc.shop.time_zone}. Sums of groups only: nobody is named here. `, summary));
}

function tools() {
  const newest = index.days[index.days.length - 1];
  const write = doc ? formatter(doc.shop).write : (kind, day) => day;
  const day = state.day && index.days.includes(state.day) ? state.day : newest;
  const pick = el("select", { id: "day", "aria-label": "Day looked at", onchange: (event) => go({ day: event.target.value === newest ? null : event.target.value }) },
    [...index.days].reverse().map((one) => el("option", { value: one, selected: one === day }, `${write("date", one)}${one === newest ? " (newest)" : ""}`)));
  const theme = el("button", { type: "button", class: "quiet", id: "theme", onclick: flipTheme }, document.documentElement.dataset.theme === "dark" ? "Light" : "Dark");
  at("tools").replaceChildren(el("label", { class: "day" }, "Day ", pick), el("button", { type: "button", id: "excel", class: "quiet", onclick: saveWorkbook }, "Excel"), theme);
}

function go(changes) {
  state = { ...state, ...changes };
  window.history.pushState(null, "", writeState(state, index.days[index.days.length - 1]));
  open().catch(broken);
}

function flipTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try { window.localStorage.setItem("personapulse-theme", theme); } catch { /* kept for this visit only */ }
  tools();
  render();
}

function saveWorkbook() {
  const page = PAGES.find(([name]) => name === state.page) || PAGES[0];
  const context = contextOf(doc, state, set);
  const figures = page[2](context).map((one) => ({ label: one.label, value: typeof one.value === "number" ? one.value : one.value ?? "", shown: typeof one.value === "string" ? one.value : context.write(one.kind, one.value), help: one.help }));
  const chosen = [["Shop", doc.shop.name], ["As of", doc.as_of_date], ["Period", `${context.period.from} to ${context.period.to}`], ...["persona", "gender", "age_group", "category"].filter((name) => state[name].length).map((name) => [name, state[name].join(", ")])];
  const text = (key, label) => ({ key, label, kind: "text" });
  const sheets = [{ name: "Key figures", title: `${page[1]}: ${chosen.map(([name, value]) => `${name} ${value}`).join(" · ")}`, columns: [text("label", "Figure"), { key: "value", label: "Value", kind: "decimal" }, text("shown", "As shown"), text("help", "Meaning")], rows: figures }];
  for (const { spec } of shown.visuals) {
    const table = spec.table(context);
    if (!table.empty && table.rows.length) sheets.push({ name: spec.title, title: `${spec.title}. ${spec.help}`, columns: table.columns, rows: table.rows });
  }
  save(`${slug(page[1])}-${doc.as_of_date}.xlsx`, workbook(sheets, doc.shop.currency));
}

window.addEventListener("hashchange", arrive);
window.addEventListener("popstate", arrive);
function arrive() {
  if (!window.location.hash.includes("=")) return; // the link to the figures
  const was = state.day;
  state = readState(window.location.hash);
  if (index && (was !== state.day || !doc)) open().catch(broken);
  else if (doc) render();
}

let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width || !doc) return;
  width = window.innerWidth;
  window.requestAnimationFrame(() => { shown.key = null; render(); });
});

start();

// Buyer intent: who is likely to buy next, which model says so, and how far it may be believed.

import { bars, columns, layoutOf } from "../charts.js";
import { inWords, ratio } from "../format.js";
import { PEOPLE } from "../state.js";

const NO_SCORES = "No model has been promoted for this day, so nobody is scored. Train one with the dag train_intent_model; the gate's reasons stand below.";

function champion(context) {
  return context.cube("champion").rows()[0] || null;
}

export function intentCards(context) {
  const { write } = context;
  const sums = context.pick("intent_bands", PEOPLE).sums("customers", "expected_buyers", "likely_buyers");
  const serving = champion(context);
  const judged = context.cube("models").rows();
  const live = context.cube("live").rows()[0];
  const horizon = serving ? serving.horizon_days : context.doc.shop.intent_horizon_days;
  const trained = serving && judged.find((row) => row.model_version === serving.model_version);
  return [
    { id: "expected_buyers", label: "Expected buyers", value: sums.customers ? sums.expected_buyers : null, kind: "integer", help: `Sum of the customers' probabilities of at least one paid order in the next ${horizon} days.`, detail: `in the next ${horizon} days` },
    { id: "scored", label: "Customers scored", value: sums.customers, kind: "integer", help: "Customers with a probability on this day.", detail: sums.customers ? `${write("percent", sums.expected_buyers / sums.customers)} of them expected to buy` : "no model yet" },
    { id: "likely", label: "More likely than not", value: sums.customers ? sums.likely_buyers : null, kind: "integer", help: "Customers with a probability above a half.", detail: "probability above a half" },
    { id: "accuracy", label: "Accuracy", value: live && live.accuracy !== null ? live.accuracy : trained ? trained.accuracy : null, kind: "percent", help: "Share of customers called right: in use where days have passed since, else on the hold-out nobody learned from.", detail: live && live.accuracy !== null ? `in use; majority ${write("percent", live.majority)}` : trained ? `on the hold-out of ${write("date", trained.hold_out)}` : "no model yet" },
    { id: "gate", label: "Gate", value: judged.length ? (judged[0].passed ? "passed" : "refused") : "–", kind: "text", help: "What the newest training's gate decided.", detail: judged.length ? `on ${write("date", judged[0].decided_for)}` : "nothing has been trained yet" },
  ];
}

export const intentVisuals = [
  {
    id: "bands", title: "Score bands by persona", narrows: PEOPLE,
    help: "Tenths of the day's customers by probability, 10 the most likely; equal probabilities share a band. Colours are personas.",
    table(context) {
      const rows = context.pick("intent_bands", PEOPLE).by(["band", "persona"], ["customers", "expected_buyers"]).sort((a, b) => a.band - b.band || context.order(a.persona) - context.order(b.persona));
      for (const row of rows) row.mean = ratio(row.expected_buyers, row.customers);
      return { columns: [["band", "Band", "integer"], ["persona", "Persona", "text"], ["customers", "Customers", "integer"], ["mean", "Mean probability", "percent"], ["expected_buyers", "Expected buyers", "decimal"]].map(context.column), rows, empty: context.cube("intent_bands").size ? "" : NO_SCORES };
    },
    chart({ rows }, context) {
      const bands = Array.from({ length: 10 }, (_, n) => n + 1);
      const personas = [...new Set(rows.map((row) => row.persona))].sort((a, b) => context.order(a) - context.order(b));
      const shape = columns(context.look, bands.map(String), personas.map((persona) => ({ name: persona, colour: context.colour(persona), values: bands.map((band) => rows.find((row) => row.band === band && row.persona === persona)?.customers || 0) })), { kind: "integer", stacked: true, height: 360, title: "Customers" });
      shape.layout.legend = { orientation: "h", x: 0, y: context.look.narrow ? -0.3 : -0.18, yanchor: "top", font: { color: context.look.ink, size: 11 }, traceorder: "normal" };
      shape.layout.margin = { l: 60, r: 8, t: 8, b: context.look.narrow ? 270 : 120 };
      if (context.look.narrow) Object.assign(shape, { height: 520 });
      shape.layout.xaxis.title = { text: "Band: 1 least likely, 10 most likely", font: { size: 12, color: context.look.quiet }, standoff: 6 };
      return shape;
    },
  },
  {
    id: "expected-by-persona", title: "Expected buyers by persona", narrows: PEOPLE,
    help: "Summed probabilities of the persona's customers; the share is the mean probability.",
    table(context) {
      const rows = context.pick("intent_bands", PEOPLE).by("persona", ["customers", "expected_buyers", "likely_buyers"]).sort((a, b) => b.expected_buyers - a.expected_buyers);
      for (const row of rows) row.mean = ratio(row.expected_buyers, row.customers);
      return { columns: [["persona", "Persona", "text"], ["expected_buyers", "Expected buyers", "decimal"], ["mean", "Mean probability", "percent"], ["customers", "Customers", "integer"], ["likely_buyers", "More likely than not", "integer"]].map(context.column), rows, empty: context.cube("intent_bands").size ? "" : NO_SCORES };
    },
    chart: ({ rows }, context) => bars(context.look, rows.map((row) => row.persona), rows.map((row) => row.expected_buyers), { kind: "integer", colours: rows.map((row) => context.colour(row.persona)), labels: rows.map((row) => `${context.write("integer", row.expected_buyers)} (${context.write("percent", row.mean)})`) }),
  },
  {
    id: "reasons", title: "What speaks for or against buying", narrows: ["persona"],
    help: "The first reason of each customer: what speaks most for buying of those more likely than usual, what speaks most against it of the others. Bands 9 and 10 are the most likely fifth.",
    table(context) {
      const cube = context.pick("intent_reasons", ["persona"]);
      const top = new Map(cube.where("band", (band) => band >= 9).by("reason", ["customers"]).map((row) => [row.reason, row.customers]));
      const rows = cube.by("reason", ["customers"]).map((row) => ({ ...row, top: top.get(row.reason) || 0 })).sort((a, b) => b.customers - a.customers);
      return { columns: [["reason", "First reason", "text"], ["customers", "Customers", "integer"], ["top", "Of bands 9 and 10", "integer"]].map(context.column), rows: rows.slice(0, 14), empty: context.cube("intent_reasons").size ? "" : NO_SCORES };
    },
    chart: ({ rows }, { look }) => bars(look, rows.slice(0, 10).map((row) => row.reason), rows.slice(0, 10).map((row) => row.customers), { kind: "integer", colours: look.series[0] }),
  },
  {
    id: "accuracy-history", title: "Accuracy of each training", narrows: [],
    help: "Accuracy on the hold-out nobody learned from, with its 95 % interval. Filled: the gate passed it; open: refused.",
    table(context) {
      const rows = context.cube("models").rows().filter((row) => row.accuracy !== null).reverse().map((row) => ({ ...row, passed: row.passed ? "passed" : "refused" }));
      return { columns: [["decided_for", "Judged for", "date"], ["accuracy", "Accuracy", "percent"], ["accuracy_low", "Low", "percent"], ["accuracy_high", "High", "percent"], ["passed", "Gate", "text"], ["model_version", "Model", "text"]].map(context.column), rows, empty: rows.length ? "" : "Nothing has been trained yet." };
    },
    chart({ rows }, { look, write }) {
      const names = rows.map((row) => write("date", row.decided_for));
      return {
        data: [{
          type: "scatter", mode: "lines+markers+text", x: names, y: rows.map((row) => row.accuracy), line: { color: look.series[0], width: 2 }, text: rows.map((row) => `${write("percent", row.accuracy)} ${row.passed}`), textposition: "top center", textfont: { color: look.ink },
          marker: { size: 11, color: look.series[0], symbol: rows.map((row) => (row.passed === "passed" ? "circle" : "circle-open")), line: { width: 2 } }, hovertemplate: "%{x}: %{text}<extra></extra>", cliponaxis: false,
          error_y: { type: "data", symmetric: false, array: rows.map((row) => row.accuracy_high - row.accuracy), arrayminus: rows.map((row) => row.accuracy - row.accuracy_low), color: look.quiet, thickness: 1.2 },
        }],
        layout: layoutOf(look, { yaxis: { tickformat: ".0%", nticks: 6 }, xaxis: { type: "category", range: [-0.6, names.length - 0.4] }, margin: { l: 52, r: 16, t: 28, b: 28 } }),
        height: 300,
      };
    },
  },
  {
    id: "gate-history", title: "Models and what the gate said", wide: true, narrows: [],
    help: "Every training up to this day: its hold-out accuracy, the gate's decision with the reasons, and whether it was promoted.",
    table(context) {
      const serving = champion(context);
      const rows = context.cube("models").rows().map((row) => ({
        decided_for: row.decided_for, model_version: row.model_version, passed: row.passed ? "passed" : "refused", accuracy: row.accuracy, accuracy_low: row.accuracy_low, accuracy_high: row.accuracy_high,
        served: serving && serving.model_version === row.model_version ? "serves this day" : row.promotion ? `promoted (${row.promotion})` : "", reasons: listOf(row.reasons).join(" "), rows_trained: row.rows_trained, hold_out: row.hold_out,
      }));
      return { columns: [["decided_for", "Judged for", "date"], ["passed", "Gate", "text"], ["accuracy", "Accuracy", "percent"], ["accuracy_low", "Low", "percent"], ["accuracy_high", "High", "percent"], ["served", "Use", "text"], ["reasons", "Reasons", "text"], ["model_version", "Model", "text"], ["hold_out", "Hold-out", "date"], ["rows_trained", "Rows trained on", "integer"]].map(context.column), rows, empty: rows.length ? "" : "Nothing has been trained yet. The dag train_intent_model runs weekly; start it by hand to have one now." };
    },
  },
  {
    id: "criteria", title: "What the newest model had to show", wide: true, narrows: [],
    help: "Each criterion of the gate with the measured value and its limit. A missing measurement is refused.",
    table(context) {
      const newest = context.cube("models").rows()[0];
      const rows = newest ? listOf(newest.criteria).map((one) => ({ name: inWords(String(one.name)), passed: one.passed ? "yes" : "no", value: plain(one.value), limit: plain(one.limit), why: one.why || "" })) : [];
      return { columns: [["name", "Criterion", "text"], ["passed", "Held", "text"], ["value", "Measured", "text"], ["limit", "Limit", "text"], ["why", "Why it is asked", "text"]].map(context.column), rows, empty: rows.length ? "" : "Nothing has been judged yet." };
    },
  },
  {
    id: "live", title: "How the model has done in use", wide: true, narrows: [],
    help: "Days whose horizon has passed: accuracy with its 95 % interval against calling everybody what most were.",
    table(context) {
      const rows = context.cube("live").rows().reverse();
      return { columns: [["served_on", "Scored on", "date"], ["accuracy", "Accuracy", "percent"], ["accuracy_low", "Low", "percent"], ["accuracy_high", "High", "percent"], ["majority", "Majority", "percent"], ["pr_auc", "PR-AUC", "precise"], ["brier", "Brier", "precise"], ["base_rate", "Bought", "percent"], ["customers", "Customers", "integer"]].map(context.column), rows, empty: rows.length ? "" : "No scored day lies so far back that its horizon has passed." };
    },
    chart({ rows }, { look }) {
      const days = rows.map((row) => row.served_on);
      const line = (name, key, colour, dash) => ({ type: "scatter", mode: "lines+markers", x: days, y: rows.map((row) => row[key]), name, line: { color: colour, width: 2, dash }, text: rows.map((row) => look.write("percent", row[key])), hovertemplate: `%{x}, ${name}: %{text}<extra></extra>` });
      const accuracy = line("Accuracy", "accuracy", look.series[0], "solid");
      accuracy.error_y = { type: "data", symmetric: false, array: rows.map((row) => row.accuracy_high - row.accuracy), arrayminus: rows.map((row) => row.accuracy - row.accuracy_low), color: look.series[0], thickness: 1 };
      return { data: [accuracy, line("Majority", "majority", look.quiet, "dot")], layout: layoutOf(look, { showlegend: true, yaxis: { tickformat: ".0%", nticks: 6 }, xaxis: { type: "date", nticks: look.narrow ? 4 : 8 }, margin: { l: 52, r: 8, t: 36, b: 40 } }), height: 280 };
    },
  },
];

function listOf(value) {
  return Array.isArray(value) ? value : [];
}

function plain(value) {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(3);
  return value === null || value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

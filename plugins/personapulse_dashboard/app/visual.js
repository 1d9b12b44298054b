// One visual: a card with its title, its meaning, a chart and the same numbers as a table, and both to take away.

import { el, save, slug } from "./element.js";

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, scrollZoom: false };
const TOO_MANY = 500; // rows of a table on the page; the CSV has them all

export class Visual {
  constructor(spec) {
    this.spec = spec;
    this.showsTable = !spec.chart;
    this.drawn = false;
    this.build();
  }

  build() {
    const { spec } = this;
    this.body = el("div", { class: "body" });
    this.note = el("p", { class: "note" });
    this.toggle = spec.chart && el("button", { type: "button", class: "quiet", "aria-pressed": "false", onclick: () => this.flip() }, "Table");
    this.png = spec.chart && el("button", { type: "button", class: "quiet", onclick: () => this.saveChart() }, "PNG");
    const help = el("details", { class: "help" }, el("summary", { title: spec.help, "aria-label": `What ${spec.title} means` }, "?"), el("p", {}, spec.help));
    this.card = el("section", { class: `visual ${spec.wide ? "wide" : ""}`, id: `v-${spec.id}`, "aria-labelledby": `t-${spec.id}` },
      el("header", {}, el("h2", { id: `t-${spec.id}`, title: spec.help }, spec.title), help,
        el("div", { class: "actions" }, spec.control || null, this.toggle, el("button", { type: "button", class: "quiet", onclick: () => this.saveTable() }, "CSV"), this.png)),
      this.body, this.note);
  }

  // The numbers first, then what is drawn of them. Returns whether there is a chart to draw.
  update(context) {
    this.context = context;
    this.table = this.spec.table(context);
    const empty = this.table.empty || (this.table.rows.length ? "" : "Nothing to show for what is chosen.");
    for (const button of this.card.querySelectorAll(".actions button")) button.disabled = Boolean(empty);
    this.note.textContent = [this.table.note, this.notNarrowed()].filter(Boolean).join(" ");
    if (empty) {
      this.body.replaceChildren(el("p", { class: "state" }, empty));
      this.purge();
    } else if (this.showsTable) {
      this.purge();
      this.body.replaceChildren(this.spec.html ? this.spec.html(this.table, context) : this.asTable());
    } else this.draw();
  }

  notNarrowed() {
    const names = { persona: "persona", gender: "gender", age_group: "age group", category: "category", date: "dates" };
    const { state } = this.context;
    const can = this.table.narrows || this.spec.narrows || [];
    const active = Object.keys(names).filter((name) => (name === "date" ? state.from || state.to : state[name].length));
    const ignored = active.filter((name) => !can.includes(name)).map((name) => names[name]);
    return ignored.length ? `Not narrowed by ${ignored.join(" and ")}.` : "";
  }

  draw() {
    if (!window.Plotly) return;
    const width = this.body.clientWidth;
    if (!width) return;
    const { data, layout, height } = this.spec.chart(this.table, this.context);
    if (!this.plot) {
      this.plot = el("div", { class: "plot", role: "img" });
      this.body.replaceChildren(this.plot);
    }
    this.plot.style.height = `${height}px`;
    this.plot.setAttribute("aria-label", `${this.spec.title}. ${this.inShort()}`);
    window.Plotly.react(this.plot, data, { ...layout, width, height, autosize: false }, CONFIG);
  }

  inShort() {
    const { columns, rows } = this.table;
    const said = rows.slice(0, 12).map((row) => columns.slice(0, 3).map(({ key, kind }) => this.context.write(kind, row[key])).join(": "));
    return `${said.join("; ")}${rows.length > 12 ? "; and more, see the table" : ""}.`;
  }

  asTable() {
    const { columns, rows } = this.table;
    const numeric = (kind) => !["text", "date", "month"].includes(kind);
    return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${this.spec.title}, table` },
      el("table", {}, el("thead", {}, el("tr", {}, columns.map(({ label, kind, help }) => el("th", { scope: "col", title: help, class: numeric(kind) ? "number" : "" }, label)))),
        el("tbody", {}, rows.slice(0, TOO_MANY).map((row) => el("tr", {}, columns.map(({ key, kind }, n) => el(n ? "td" : "th", {
          class: numeric(kind) ? "number" : "", scope: n ? null : "row",
          "data-value": typeof row[key] === "number" ? row[key] : null,
        }, this.context.write(kind, row[key]))))))));
  }

  flip() {
    this.showsTable = !this.showsTable;
    this.toggle.setAttribute("aria-pressed", String(this.showsTable));
    this.toggle.textContent = this.showsTable ? "Chart" : "Table";
    this.png.hidden = this.showsTable;
    this.update(this.context);
  }

  purge() {
    if (this.plot && window.Plotly) window.Plotly.purge(this.plot);
    this.plot = null;
  }

  saveTable() {
    const { columns, rows } = this.table;
    const field = (value) => {
      const text = value === null || value === undefined ? "" : String(value);
      // what begins like a formula is text to a spreadsheet only behind an apostrophe
      const safe = typeof value === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
      return /[",\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
    };
    const lines = [columns.map(({ label }) => field(label)), ...rows.map((row) => columns.map(({ key }) => field(row[key])))];
    save(`${this.fileName()}.csv`, `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`, "text/csv;charset=utf-8");
  }

  async saveChart() {
    if (!this.plot) return;
    const look = this.context.look;
    const shown = this.plot.layout;
    const title = { text: `${this.spec.title}, ${this.context.doc.as_of_date}`, x: 0.01, xanchor: "left", font: { size: 15, color: look.ink } };
    const layout = { ...shown, paper_bgcolor: look.surface, title, margin: { ...shown.margin, t: (shown.margin.t || 0) + 48 } };
    const url = await window.Plotly.toImage({ data: this.plot.data, layout }, { format: "png", width: shown.width, height: shown.height + 48, scale: 2 });
    save(`${this.fileName()}.png`, await (await fetchable(url)), "image/png");
  }

  fileName() {
    return `${slug(this.spec.title)}-${this.context.doc.as_of_date}`;
  }
}

// A data URL as bytes, without asking the network (the page may not).
async function fetchable(url) {
  const bytes = Uint8Array.from(atob(url.split(",")[1]), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}

// A key figure, with its change against the period before.
export function card({ id, label, value, kind, help, change = null, detail = "" }, write) {
  return el("div", { class: "card", title: help, "data-card": id, "data-value": typeof value === "number" ? value : null },
    el("span", { class: "label" }, label),
    el("strong", {}, typeof value === "string" ? value : write(kind, value)),
    change ? el("span", { class: `change ${change.tone}` }, change.text) : null,
    detail ? el("span", { class: "detail" }, detail) : null,
    el("span", { class: "hidden" }, help));
}

export function changeOf(now, before, write, { lessIsBetter = false, isShare = false, length = 0 } = {}) {
  if (typeof now !== "number" || typeof before !== "number") return null;
  if (!isShare && !before) return null;
  const moved = isShare ? now - before : now / before - 1;
  const sign = moved > 0 ? "▲" : moved < 0 ? "▼" : "●";
  const size = isShare ? `${(Math.abs(moved) * 100).toFixed(1)} points` : write("percent", Math.abs(moved));
  const tone = Math.abs(moved) < 0.0005 ? "same" : (moved > 0) !== lessIsBetter ? "good" : "bad";
  return { tone, text: `${sign} ${size} against the ${length} days before` };
}

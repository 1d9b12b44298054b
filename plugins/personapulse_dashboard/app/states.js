// What is missing or broken, and what to do about it.

import { el } from "./element.js";
import { daysBetween } from "./format.js";

const STALE_DAYS = 2;

export function stateOf(title, remedy, link = "") {
  return el("div", { class: "state big", role: "alert" }, el("h2", {}, title), el("p", {}, remedy), link ? el("p", {}, el("a", { href: link }, "Go there")) : null);
}

export function nothingYet(index) {
  const refused = index.refused || [];
  if (refused.length) return stateOf(`${refused[0]} was refused, and no day has been published yet.`, "Mend the file its ingest_shop_data run names, then clear that run in Airflow. docs/runbook.md says how.");
  if (index.newest_loaded) return stateOf("Days have come in, but none has been published yet.", "Watch publish_dashboards in Airflow; if it failed, its log says why and docs/runbook.md what to do.");
  return stateOf("No day has been published yet.", "Run personapulse up, or backfill ingest_shop_data in Airflow: Dags, ingest_shop_data, Trigger, Backfill.");
}

// Above the figures: a newer day that failed or is under way, an old day, a model that is not there.
export function noticesFor(index, doc, write) {
  const notices = [];
  const day = doc.as_of_date;
  const newest = index.days[index.days.length - 1];
  const failed = (index.refused || []).filter((one) => one > newest);
  if (failed.length) notices.push(["bad", `${write("date", failed[failed.length - 1])} was refused: its files broke too many rules, so the figures end on ${write("date", newest)}. Mend the files and clear its ingest_shop_data run.`]);
  const behind = index.newest_loaded && index.newest_loaded > newest ? index.newest_loaded : null;
  if (behind) notices.push(["warn", `${write("date", behind)} has come in but is not published. Is build_segments or publish_dashboards still running, or has it failed?`]);
  if (day !== newest) notices.push(["info", `You are looking at ${write("date", day)}; the newest day is ${write("date", newest)}.`]);
  else if (index.today && daysBetween(day, index.today) > STALE_DAYS) notices.push(["warn", `The figures end on ${write("date", day)}, ${write("integer", daysBetween(day, index.today))} days ago. If the shop is open, look at ingest_shop_data in Airflow.`]);
  const checks = failures(doc);
  if (checks.length) notices.push(["bad", `${checks.length} check${checks.length === 1 ? "" : "s"} of this day failed: ${checks.slice(0, 2).join("; ")}. The figures may be wrong.`]);
  return notices.map(([tone, text]) => el("p", { class: `notice ${tone}` }, text));
}

function failures(doc) {
  const { columns, texts, rows } = doc.tables.checks;
  const found = [];
  for (let row = 0; row < rows; row += 1) {
    if (columns.finding_count[row] > 0 && texts.severity[columns.severity[row]] === "fail") found.push(texts.description[columns.description[row]]);
  }
  return found;
}

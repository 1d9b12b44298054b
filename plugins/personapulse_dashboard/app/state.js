// What is looked at: page, day and slicers. It stands in the address, so that a link says it all.

export const PEOPLE = ["persona", "gender", "age_group"];
export const SLICERS = ["persona", "gender", "age_group", "category"];
export const PERIODS = [7, 28, 92];
const DEFAULT_PERIOD = 28;

export function readState(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = { page: given.get("page") || "summary", day: given.get("day") || null };
  for (const name of SLICERS) state[name] = given.getAll(name);
  state.from = dayOrNull(given.get("from"));
  state.to = dayOrNull(given.get("to"));
  state.span = ["day", "month"].includes(given.get("span")) ? given.get("span") : null;
  return state;
}

export function writeState(state, newest) {
  const said = new URLSearchParams();
  said.set("page", state.page);
  if (state.day && state.day !== newest) said.set("day", state.day);
  for (const name of SLICERS) for (const value of state[name]) said.append(name, value);
  if (state.from) said.set("from", state.from);
  if (state.to) said.set("to", state.to);
  if (state.span) said.set("span", state.span);
  return `#${said}`;
}

function dayOrNull(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text || "") ? text : null;
}

// First and last day of the chosen period, and of the one before it that is as long; null where no days are kept of it.
export function periodOf(state, asOf, addDays, daysBetween) {
  const first = addDays(asOf, -91);
  const clamp = (day) => (day < first ? first : day > asOf ? asOf : day);
  const to = clamp(state.to || asOf);
  let from = clamp(state.from || addDays(to, 1 - DEFAULT_PERIOD));
  if (from > to) from = to;
  const length = daysBetween(from, to) + 1;
  const before = { from: addDays(from, -length), to: addDays(from, -1) };
  return { from, to, length, before: before.from >= first ? before : null, first };
}

export function isNarrowed(state) {
  return SLICERS.some((name) => state[name].length) || Boolean(state.from || state.to);
}

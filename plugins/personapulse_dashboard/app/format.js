// How numbers are written: in the shop's locale and currency.

const MISSING = "–";

export function formatter(shop) {
  const locale = supported(shop.locale);
  const number = (options) => new Intl.NumberFormat(locale, options);
  const money = { style: "currency", currency: shop.currency, currencyDisplay: "narrowSymbol" };
  const kinds = {
    integer: number({ maximumFractionDigits: 0 }),
    decimal: number({ minimumFractionDigits: 1, maximumFractionDigits: 2 }),
    precise: number({ minimumFractionDigits: 3, maximumFractionDigits: 3 }),
    money: number({ ...money, maximumFractionDigits: 0 }),
    cents: number(money),
    percent: number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    short: number({ ...money, notation: "compact", maximumFractionDigits: 1 }),
    count: number({ notation: "compact", maximumFractionDigits: 1 }),
  };
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" });
  const write = (kind, value) => {
    if (kind === "p" && value !== null && value !== undefined) return value < 0.001 ? "< 0.001" : kinds.precise.format(value);
    if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
    if (kind === "date") return day.format(new Date(`${value}T00:00Z`));
    if (kind === "month") return month.format(new Date(`${value}T00:00Z`));
    return kinds[kind] ? kinds[kind].format(value === 0 ? 0 : value) : String(value);
  };
  return { write, locale, separators: separatorsOf(kinds.decimal) };
}

// Plotly wants the decimal point and the sign between thousands as two letters.
function separatorsOf(number) {
  const parts = Object.fromEntries(number.formatToParts(-12345.6).map((part) => [part.type, part.value]));
  return (parts.decimal || ".") + (parts.group || "\u202f");
}

function supported(locale) {
  try {
    return Intl.NumberFormat.supportedLocalesOf([locale]).length ? locale : "en-GB";
  } catch {
    return "en-GB";
  }
}

export function addDays(day, count) {
  const moved = new Date(`${day}T00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + count);
  return moved.toISOString().slice(0, 10);
}

export function daysBetween(first, last) {
  return Math.round((new Date(`${last}T00:00Z`) - new Date(`${first}T00:00Z`)) / 86400000);
}

export function inWords(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function ratio(above, below) {
  return below ? above / below : null;
}

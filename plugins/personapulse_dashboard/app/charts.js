// Shapes of charts: what Plotly is given, in the colours and numbers of the page.

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

export function layoutOf(look, more = {}) {
  const axis = {
    gridcolor: look.line, zerolinecolor: look.line, linecolor: look.line, tickcolor: look.line, automargin: false,
    tickfont: { color: look.quiet, size: 12 }, title: { font: { color: look.quiet, size: 12 }, standoff: 8 }, fixedrange: true,
  };
  const { xaxis, yaxis, yaxis2, ...rest } = more;
  const layout = {
    font: { family: FONT, size: 12, color: look.ink },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 8, r: 12, t: 8, b: 8 }, separators: look.separators, showlegend: false, dragmode: false, hovermode: "closest",
    hoverlabel: { bgcolor: look.surface, bordercolor: look.line, font: { family: FONT, color: look.ink, size: 12 } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: look.ink, size: 12 } },
    xaxis: merge(axis, xaxis), yaxis: merge(axis, yaxis), ...rest,
  };
  if (yaxis2) layout.yaxis2 = merge(axis, yaxis2);
  return layout;
}

function merge(base, more = {}) {
  const title = typeof more.title === "string" ? { ...base.title, text: more.title } : base.title;
  return { ...base, ...more, title };
}

// Room for labels, measured here: letting Plotly find it draws every chart twice.
const ruler = document.createElement("canvas").getContext("2d");
export function roomFor(texts) {
  ruler.font = `12px ${FONT}`;
  const lines = texts.flatMap((text) => String(text).replace(/<\/?b>/g, "").split("<br>"));
  return Math.ceil(Math.max(0, ...lines.map((line) => ruler.measureText(line).width))) + 14;
}

const D3 = { integer: ",.0f", money: ",.0f", cents: ",.2f", percent: ".0%", decimal: ",.2f" };

export function tickFormat(kind) {
  return D3[kind] || "";
}

// Bars from the left, the first on top, with their values written beside them.
export function bars(look, names, values, { kind, colours, second = null, height = null, labels = null }) {
  const folded = names.map((name) => fold(name, look.narrow ? 18 : 34));
  const written = labels || values.map((value) => look.write(kind, value));
  const trace = {
    type: "bar", orientation: "h", y: folded, x: values, text: written, textposition: "outside", cliponaxis: false,
    marker: { color: colours, line: { color: look.edge, width: 1 } }, hovertemplate: "%{y}: %{text}<extra></extra>",
    textfont: { color: look.ink },
  };
  const data = [trace];
  if (second) {
    trace.textposition = "none";
    trace.name = second.firstName;
    data.push({
      type: "bar", orientation: "h", y: folded, x: second.values, name: second.name, text: second.values.map((value) => look.write(kind, value)),
      textposition: "none", hovertemplate: `%{y}, ${second.name}: %{text}<extra></extra>`,
      marker: { color: colours, opacity: 0.45, line: { color: look.edge, width: 1 }, pattern: { shape: "/", fgcolor: look.ink, size: 5, solidity: 0.15 } },
    });
  }
  const most = Math.max(0, ...values.map((value, n) => (value || 0) + (second ? second.values[n] || 0 : 0)));
  const least = Math.min(0, ...values.map((value) => value || 0));
  return {
    data,
    layout: layoutOf(look, {
      barmode: "stack", bargap: 0.28, showlegend: Boolean(second),
      xaxis: { range: [least * 1.2, most * (second ? 1.05 : labels ? 1.5 : look.narrow ? 1.35 : 1.22) || 1], tickformat: tickFormat(kind), nticks: 6, showticklabels: Boolean(second), showgrid: Boolean(second), ticks: "", showline: false, zeroline: true },
      yaxis: { autorange: "reversed", ticks: "", tickfont: { color: look.ink, size: 12 }, showgrid: false, type: "category", ticklabelstandoff: 4 },
      margin: { l: roomFor(folded), r: 16, t: second ? 32 : 4, b: second ? 26 : 4 },
    }),
    height: height || Math.max(130, names.length * 30 + (second ? 70 : 16)),
  };
}

// Columns over time or over groups; each series is { name, values, colour, written, pattern }.
export function columns(look, names, series, { kind, stacked = false, height = 280, type = "category", title = "", line = null }) {
  const data = series.map((one) => ({
    type: "bar", x: names, y: one.values, name: one.name, marker: {
      color: one.colour, line: { color: look.edge, width: series.length > 1 && stacked ? 0.5 : 0 },
      ...(one.pattern ? { pattern: { shape: one.pattern, fgcolor: look.surface, size: 6, solidity: 0.25 } } : {}),
    },
    text: one.values.map((value) => look.write(kind, value)), textposition: "none",
    hovertemplate: `%{x}, ${one.name}: %{text}<extra></extra>`,
  }));
  if (line) {
    data.push({
      type: "scatter", mode: "lines+markers", x: names, y: line.values, name: line.name, yaxis: "y2",
      line: { color: line.colour, width: 2 }, marker: { size: 5 }, text: line.values.map((value) => look.write(line.kind, value)),
      hovertemplate: `%{x}, ${line.name}: %{text}<extra></extra>`,
    });
  }
  return {
    data,
    layout: layoutOf(look, {
      barmode: stacked ? "relative" : "group", bargap: names.length > 40 ? 0.1 : 0.25, showlegend: series.length > 1 || Boolean(line),
      xaxis: { type, tickangle: look.narrow ? -45 : "auto", showgrid: false, nticks: look.narrow ? 5 : 14 },
      yaxis: { tickformat: tickFormat(kind), title, nticks: 6, rangemode: "tozero" },
      ...(line ? { yaxis2: { overlaying: "y", side: "right", tickmode: "auto", showgrid: false, rangemode: "tozero", tickformat: line.kind === "money" ? "~s" : tickFormat(line.kind), title: line.name, nticks: 6 } } : {}),
      margin: { l: title ? 66 : 56, r: line ? 62 : 8, t: series.length > 1 || line ? 36 : 8, b: type === "date" ? (look.narrow ? 58 : 40) : look.narrow ? 64 : 28 },
    }),
    height,
  };
}

// A map of numbers: rows from the top, shades from few to many, each cell with its text.
export function heat(look, xs, ys, values, texts, { hover, height, most = null }) {
  const top = most || Math.max(...values.flat().filter((value) => value !== null), 0) || 1;
  const cells = ys.flatMap((_, y) => xs.map((__, x) => [x, y])).filter(([x, y]) => texts[y][x] && values[y][x] !== null);
  const scale = look.scale.map((colour, n) => [n / (look.scale.length - 1), colour]);
  return {
    data: [{
      type: "heatmap", x: xs, y: ys, z: values, zmin: 0, zmax: top, colorscale: scale, showscale: false, xgap: 2, ygap: 2,
      hovertext: hover, hovertemplate: "%{hovertext}<extra></extra>", hoverongaps: false,
    }, {
      type: "scatter", mode: "text", hoverinfo: "skip", cliponaxis: false,
      x: cells.map(([x]) => xs[x]), y: cells.map(([, y]) => ys[y]), text: cells.map(([x, y]) => texts[y][x]),
      textfont: { size: look.narrow ? 9 : 11, color: cells.map(([x, y]) => inkOn(look, values[y][x] / top)) },
    }],
    layout: layoutOf(look, {
      xaxis: { type: "category", side: "top", showgrid: false, ticks: "", tickangle: look.narrow ? -60 : 0, range: [-0.5, xs.length - 0.5] },
      yaxis: { type: "category", range: [ys.length - 0.5, -0.5], showgrid: false, ticks: "" },
      margin: { l: roomFor(ys), r: 8, t: look.narrow ? 62 : 26, b: 4 },
    }),
    height,
  };
}

// Black or white, whichever reads better on a shade.
function inkOn(look, share) {
  const place = Math.max(0, Math.min(1, share)) * (look.scale.length - 1);
  const [below, above] = [look.scale[Math.floor(place)], look.scale[Math.ceil(place)]].map(rgb);
  const [red, green, blue] = below.map((part, n) => {
    const value = (part + (above[n] - part) * (place - Math.floor(place))) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 ? "#ffffff" : "#000000";
}

function rgb(colour) {
  return [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
}

// Long names on two lines, and longer ones cut: the table has them whole.
function fold(name, width) {
  if (name.length <= width) return name;
  const place = name.lastIndexOf(" ", width);
  const cut = place > 8 ? place : width;
  const rest = name.slice(cut).trim();
  return `${name.slice(0, cut)}<br>${rest.length > width ? `${rest.slice(0, width - 1)}…` : rest}`;
}

export function faint(colour, opacity) {
  return `rgba(${rgb(colour).join(",")},${opacity})`;
}

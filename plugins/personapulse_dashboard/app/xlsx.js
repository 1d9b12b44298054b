// A formatted Excel workbook, written byte by byte: Office Open XML parts in an uncompressed ZIP.

const STYLES = { text: 0, integer: 3, decimal: 4, precise: 5, p: 5, money: 6, cents: 6, percent: 7, date: 0, month: 0 };
const HEAD = 1;
const TITLE = 2;
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships";

// Sheets are { name, title, columns: [{ key, label, kind }], rows }.
export function workbook(sheets, currency) {
  const names = unique(sheets.map((sheet) => sheet.name));
  const parts = {
    "[Content_Types].xml": contentTypes(sheets.length),
    "_rels/.rels": relations([["rId1", "officeDocument", "xl/workbook.xml"]]),
    "xl/workbook.xml": `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${names
      .map((name, n) => `<sheet name="${escape(name)}" sheetId="${n + 1}" r:id="rId${n + 1}"/>`)
      .join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relations([
      ...names.map((_, n) => [`rId${n + 1}`, "worksheet", `worksheets/sheet${n + 1}.xml`]),
      [`rId${names.length + 1}`, "styles", "styles.xml"],
    ]),
    "xl/styles.xml": styles(currency),
  };
  sheets.forEach((sheet, n) => { parts[`xl/worksheets/sheet${n + 1}.xml`] = worksheet(sheet); });
  return new Blob([zip(parts)], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
}

function worksheet({ title, columns, rows }) {
  const cells = (values, row) => `<row r="${row}">${values.join("")}</row>`;
  const text = (place, row, value, style) =>
    `<c r="${letter(place)}${row}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escape(value)}</t></is></c>`;
  const body = rows.map((values, n) =>
    cells(columns.map(({ key, kind }, place) => {
      const value = values[key];
      if (value === null || value === undefined || value === "") return "";
      return typeof value === "number"
        ? `<c r="${letter(place)}${n + 4}" s="${STYLES[kind] || 0}"><v>${value}</v></c>`
        : text(place, n + 4, value, 0);
    }), n + 4));
  const widths = columns.map(({ key, label }, place) => {
    const longest = Math.max(label.length, ...rows.slice(0, 200).map((values) => String(values[key] ?? "").slice(0, 60).length));
    return `<col min="${place + 1}" max="${place + 1}" width="${Math.min(60, longest + 3)}" customWidth="1"/>`;
  });
  const last = `${letter(columns.length - 1)}${rows.length + 3}`;
  return `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="3" topLeftCell="A4" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths.join("")}</cols><sheetData>${cells([text(0, 1, title, TITLE)], 1)}${cells(
    columns.map(({ label }, place) => text(place, 3, label, HEAD)), 3)}${body.join("")}</sheetData><autoFilter ref="A3:${last}"/></worksheet>`;
}

function styles(currency) {
  const money = escape(`#,##0.00\\ "${currency}"`);
  const cell = (format, font = 0, fill = 0) =>
    `<xf numFmtId="${format}" fontId="${font}" fillId="${fill}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>`;
  return `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="${money}"/><numFmt numFmtId="165" formatCode="0.000"/></numFmts><fonts count="3"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font><font><b/><sz val="14"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FF1D5FA8"/></patternFill></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8">${cell(0)}${cell(0, 1, 2)}${cell(0, 2)}${cell(3)}${cell(4)}${cell(165)}${cell(164)}${cell(10)}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;
}

function contentTypes(count) {
  const part = (name, kind) => `<Override PartName="/xl/${name}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${kind}+xml"/>`;
  const sheets = Array.from({ length: count }, (_, n) => part(`worksheets/sheet${n + 1}`, "worksheet")).join("");
  return `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${part("workbook", "sheet.main")}${part("styles", "styles")}${sheets}</Types>`;
}

function relations(all) {
  return `${XML}<Relationships xmlns="${PACKAGE}">${all.map(([id, type, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`).join("")}</Relationships>`;
}

// Excel allows 31 letters, none of []:*?/\, and no name twice.
function unique(names) {
  const taken = new Set();
  return names.map((name) => {
    const plain = name.replace(/[[\]:*?/\\]/g, " ").slice(0, 31);
    let free = plain;
    for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${plain.slice(0, 28)} ${n}`;
    taken.add(free.toLowerCase());
    return free;
  });
}

function letter(place) {
  return place < 26 ? String.fromCharCode(65 + place) : letter(Math.floor(place / 26) - 1) + letter(place % 26);
}

function escape(value) {
  // eslint-disable-next-line no-control-regex
  return String(value).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

const CRC = Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function zip(parts) {
  const files = Object.entries(parts).map(([name, text]) => {
    const content = new TextEncoder().encode(text);
    let crc = 0xffffffff;
    for (const byte of content) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    return { name: new TextEncoder().encode(name), content, crc: (crc ^ 0xffffffff) >>> 0 };
  });
  const pieces = [];
  const entries = [];
  let offset = 0;
  for (const { name, content, crc } of files) {
    const common = [20, 0, 0, 0, 0x21, crc, content.length, content.length, name.length, 0];
    const header = record([0x04034b50], common);
    entries.push(record([0x02014b50], [20, ...common], [0, 0, 0, 0, offset]), name);
    pieces.push(header, name, content);
    offset += header.length + name.length + content.length;
  }
  const size = entries.reduce((sum, entry) => sum + entry.length, 0);
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, files.length, true);
  view.setUint16(10, files.length, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return concatenate([...pieces, ...entries, end]);
}

// The signature, the fields both kinds of header share, and what the directory has besides.
function record(signature, fields, rest = []) {
  const shorts = fields.slice(0, fields.length - 5);
  const [crc, packed, plain, name, extra] = fields.slice(-5);
  const bytes = new Uint8Array(4 + shorts.length * 2 + 16 + (rest.length ? 14 : 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature[0], true);
  shorts.forEach((value, n) => view.setUint16(4 + n * 2, value, true));
  let at = 4 + shorts.length * 2;
  for (const value of [crc, packed, plain]) { view.setUint32(at, value, true); at += 4; }
  for (const value of [name, extra]) { view.setUint16(at, value, true); at += 2; }
  if (rest.length) {
    for (const value of rest.slice(0, 3)) { view.setUint16(at, value, true); at += 2; }
    view.setUint32(at, rest[3], true);
    view.setUint32(at + 4, rest[4], true);
  }
  return bytes;
}

function concatenate(pieces) {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) { all.set(piece, at); at += piece.length; }
  return all;
}

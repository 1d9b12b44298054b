"""Draw the report's pages as SVG: every visual in its place, with its title, its fields and the look of its kind.

No figures: Power BI alone can draw those. What a sketch shows is what is where, and in which colours.
"""

import textwrap
from collections.abc import Iterator
from functools import cache
from html import escape

from personapulse.colours import load_colours
from personapulse.powerbi.report.painting import persona_field
from personapulse.powerbi.report.reading import Box, Json, Page, Report, Visual, literal

FONT = "'Segoe UI', 'DejaVu Sans', system-ui, sans-serif"
PADDING = 12.0
SHAPE = (0.93, 0.78, 0.7, 0.58, 0.5, 0.41, 0.3, 0.22, 0.14, 0.08)  # how long the bars of a drawing are
WAVE = (0.35, 0.4, 0.38, 0.52, 0.6, 0.5, 0.66, 0.72, 0.61, 0.8, 0.86, 0.78)


@cache
def _colours() -> Json:
    return load_colours()


def sketch(report: Report, page: Page) -> str:
    """Return the page as one SVG document; the same page gives the same text."""
    ink = _colours()["light"]
    width, height = page.box.width, page.box.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" font-family="{FONT}">',
        f"<title>{escape(page.title)}</title>",
        f'<rect width="{width:g}" height="{height:g}" fill="{ink["page"]}"/>',
    ]
    for visual in page.visuals:
        parts += _visual(visual, report, page)
    return "\n".join([*parts, "</svg>", ""])


def _visual(visual: Visual, report: Report, page: Page) -> Iterator[str]:
    ink, box = _colours()["light"], visual.box
    yield f"<g><title>{escape(visual.alt_text or visual.name)}</title>"
    if visual.type == "textbox":
        yield from _text_box(visual)
    elif visual.type == "pageNavigator":
        yield from _navigator(box, report, page)
    else:
        if literal(visual.container("background").get("show")) != "false":
            yield _rectangle(box, ink["surface"], ink["line"])
        yield from _content(visual)
    yield "</g>"


def _content(visual: Visual) -> Iterator[str]:
    ink, box = _colours()["light"], visual.box
    if visual.type == "slicer":
        yield from _slicer(visual)
        return
    if visual.type == "cardVisual":
        yield from _cards(visual)
        return
    y = box.y + 12
    if visual.title:
        y += 12
        yield _text(box.x + PADDING, y, visual.title, 14, ink["ink"], bold=True)
    subtitle = literal(visual.container("subTitle").get("text"))
    if subtitle:
        y += 17
        yield _text(box.x + PADDING, y, subtitle, 11.5, ink["quiet"])
    fields = _fields(visual)
    lines = textwrap.wrap(fields, max(20, int((box.width - 2 * PADDING) / 5.6)))[:2]
    for line_no, line in enumerate(reversed(lines)):
        yield _text(box.x + PADDING, box.bottom - 9 - 13 * line_no, line, 10, ink["quiet"])
    y += 12
    inside = Box(box.x + PADDING, y, box.width - 2 * PADDING, max(10.0, box.bottom - y - 14 * len(lines) - 10))
    yield from DRAWINGS.get(visual.type, _nothing)(visual, inside)


def _fields(visual: Visual) -> str:
    return " · ".join(
        f"{role}: {', '.join(shown.field.name for shown in projections)}" for role, projections in visual.roles.items()
    )


def _bars(visual: Visual, box: Box) -> Iterator[str]:
    ink = _colours()["light"]
    colours = _series(visual, 8)
    names = list(_colours()["personas"]) if persona_field(visual) is not None else []
    step = box.height / len(colours)
    start = 0.42 if box.width < 300 else 0.3
    for number, colour in enumerate(colours):
        y = box.y + number * step
        if names:
            size = min(11.0, 0.8 * step)
            yield _text(
                box.x, y + step / 2 + size / 3, names[number], size, ink["quiet"], fits=(start - 0.02) * box.width
            )
        else:
            yield _rectangle(Box(box.x, y + 0.3 * step, 0.22 * box.width, 0.3 * step), ink["line"])
        length = (0.98 - start) * box.width * SHAPE[number]
        yield _rectangle(Box(box.x + start * box.width, y + 0.14 * step, length, 0.7 * step), colour)
        if "Series" in visual.roles:
            second = Box(box.x + start * box.width + 0.6 * length, y + 0.14 * step, 0.4 * length, 0.7 * step)
            yield _rectangle(second, _colours()["series"][1])


def _columns(visual: Visual, box: Box) -> Iterator[str]:
    colours = _series(visual, 5)
    step = box.width / 10
    for number in range(10):
        top = box.bottom
        for part, colour in enumerate(colours):
            height = box.height * 0.19 * (0.55 + 0.4 * ((number * 3 + part * 7) % 10) / 10)
            top -= height
            yield _rectangle(Box(box.x + number * step + 0.12 * step, top, 0.76 * step, height), colour)


def _lines(visual: Visual, box: Box) -> Iterator[str]:
    ink = _colours()
    for level in range(4):
        y = box.y + box.height * level / 3
        yield f'<path d="M{box.x:g} {y:g}H{box.right:g}" stroke="{ink["light"]["line"]}"/>'
    for number in range(len(visual.roles.get("Y", [0]))):
        points = [
            (box.x + box.width * place / (len(WAVE) - 1), box.bottom - box.height * value * (1 - 0.2 * number))
            for place, value in enumerate(WAVE)
        ]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        yield f'<path d="M{path}" fill="none" stroke="{ink["series"][number]}" stroke-width="2.5"/>'


def _points(visual: Visual, box: Box) -> Iterator[str]:
    colours, seed = _series(visual, 10), 1
    for number in range(160):
        seed = seed * 48271 % 2147483647  # the same points every time
        x = (seed % 1009 / 1009) ** 1.5
        y = (seed // 1009 % 997 / 997) ** 2.2 * (1 - 0.6 * x)
        yield (
            f'<circle cx="{box.x + 6 + x * (box.width - 12):.1f}" cy="{box.bottom - 6 - y * (box.height - 12):.1f}"'
            f' r="4" fill="{colours[number % len(colours)]}" fill-opacity=".8"/>'
        )


def _funnel(visual: Visual, box: Box) -> Iterator[str]:
    step = box.height / 6
    for number, colour in enumerate(_series(visual, 6)):
        width = box.width * (0.95, 0.7, 0.52, 0.4, 0.36, 0.31)[number]
        place = Box(box.x + (box.width - width) / 2, box.y + number * step + 3, width, step - 6)
        yield _rectangle(place, colour)


def _table(visual: Visual, box: Box) -> Iterator[str]:
    ink = _colours()["light"]
    shown = _labels(visual, "Values")
    first = 0.45 if len(shown) > 1 else 1.0
    widths = [first, *((1 - first) / max(1, len(shown) - 1) for _ in shown[1:])]
    step = 22.0
    yield _rectangle(Box(box.x, box.y, box.width, step), ink["page"])
    x = box.x
    for label, width in zip(shown, widths, strict=True):
        yield _text(x + 4, box.y + 15, label, 11, ink["ink"], bold=True, fits=width * box.width - 6)
        for row in range(1, int(box.height // step)):
            y = box.y + row * step
            length = width * box.width * (0.55 + 0.35 * SHAPE[(row * 3) % 10])
            yield _rectangle(Box(x + 4, y + 7, length - 8, 8), ink["line"])
        x += width * box.width


def _matrix(visual: Visual, box: Box) -> Iterator[str]:
    ink = _colours()
    scale = ink["scale"]["light"][:3]
    rows = 9 if visual.roles["Rows"][0].field.name == "Persona" else 5
    columns = 8 if rows == 9 else 5
    height, width = box.height / (rows + 1), box.width / (columns + 1.5)
    for row in range(rows + 1):
        yield _rectangle(Box(box.x, box.y + row * height, 1.5 * width - 2, height - 2), ink["light"]["page"])
        for column in range(columns):
            place = Box(box.x + (column + 1.5) * width, box.y + row * height, width - 2, height - 2)
            shade = scale[(row * 2 + column * 3) % 7 // 3] if row else ink["light"]["page"]
            yield _rectangle(place, shade)


def _nothing(visual: Visual, box: Box) -> Iterator[str]:
    yield _text(box.x, box.y + 20, visual.type, 12, _colours()["light"]["quiet"])


DRAWINGS = {
    "barChart": _bars,
    "clusteredBarChart": _bars,
    "clusteredColumnChart": _columns,
    "columnChart": _columns,
    "lineChart": _lines,
    "scatterChart": _points,
    "funnel": _funnel,
    "multiRowCard": _table,
    "tableEx": _table,
    "pivotTable": _matrix,
}


def _cards(visual: Visual) -> Iterator[str]:
    ink, box = _colours()["light"], visual.box
    entries = _labels(visual, "Data")
    tiles = next(
        (
            int(str(literal(entry["properties"]["maxTiles"])).rstrip("L"))
            for entry in visual.definition.get("objects", {}).get("layout", [])
            if "maxTiles" in entry["properties"]
        ),
        len(entries),
    )
    subtitle = literal(visual.container("subTitle").get("text"))
    if subtitle:
        yield _text(box.x + PADDING, box.y + 18, subtitle, 11.5, ink["quiet"])
    above = 16.0 if subtitle else 0.0
    width, height = box.width / tiles, (box.height - above) / -(-len(entries) // tiles)
    for number, label in enumerate(entries):
        x = box.x + number % tiles * width + PADDING
        y = box.y + above + number // tiles * height + height / 2
        small = box.height < 80
        yield _text(x, y + (14 if small else 2), "—", 14 if small else 24, ink["ink"], bold=True)
        yield _text(x, y - 4 if small else y + 24, label, 12, ink["quiet"], fits=width - 16)


def _labels(visual: Visual, role: str) -> list[str]:
    """Return what the fields of a role are called on the page."""
    entries = visual.definition["query"]["queryState"][role]["projections"]
    return [str(entry.get("displayName", entry["nativeQueryRef"])) for entry in entries]


def _slicer(visual: Visual) -> Iterator[str]:
    ink, box = _colours()["light"], visual.box
    header = visual.definition["objects"]["header"][0]["properties"]
    yield _text(box.x + PADDING, box.y + 22, str(literal(header["text"])), 12, ink["quiet"])
    place = Box(box.x + PADDING, box.y + 34, box.width - 2 * PADDING, 28)
    yield _rectangle(place, ink["surface"], ink["line"])
    is_range = literal(visual.definition["objects"]["data"][0]["properties"]["mode"]) == "Between"
    yield _text(place.x + 8, place.y + 19, "from … to …" if is_range else "All", 12, ink["ink"])
    if not is_range:
        yield _text(place.right - 20, place.y + 18, "▾", 12, ink["quiet"])


def _navigator(box: Box, report: Report, page: Page) -> Iterator[str]:
    ink = _colours()["light"]
    pages = [shown for shown in report.pages if not shown.is_tooltip]
    width = (box.width - 8 * (len(pages) - 1)) / len(pages)
    for number, shown in enumerate(pages):
        is_here = shown.name == page.name
        place = Box(box.x + number * (width + 8), box.y, width, box.height)
        yield _rectangle(place, ink["accent"] if is_here else ink["surface"], ink["line"])
        colour = ink["surface"] if is_here else ink["ink"]
        yield _text(place.x + width / 2, place.y + 23, shown.title, 12, colour, anchor="middle")


def _text_box(visual: Visual) -> Iterator[str]:
    ink, box = _colours()["light"], visual.box
    runs = visual.definition["objects"]["general"][0]["properties"]["paragraphs"][0]["textRuns"]
    yield f'<text x="{box.x:g}" y="{box.y + 31:g}" fill="{ink["ink"]}" xml:space="preserve">'
    for run in runs:
        style = run.get("textStyle", {})
        size = float(str(style.get("fontSize", "11pt")).removesuffix("pt")) * 4 / 3
        weight = ' font-weight="600"' if style.get("fontWeight") == "bold" else ""
        yield f'<tspan font-size="{size:.1f}"{weight}>{escape(run["value"])}</tspan>'
    yield "</text>"


def _series(visual: Visual, count: int) -> list[str]:
    """Return the colours of what is drawn: the personas', or the first of the theme."""
    colours = _colours()
    if persona_field(visual) is not None:
        return list(colours["personas"].values())[:count]
    return [colours["series"][0]] * count


def _rectangle(box: Box, fill: str, stroke: str | None = None) -> str:
    edge = f' stroke="{stroke}" rx="6"' if stroke else ' rx="2"'
    return (
        f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{max(0.0, box.width):.1f}"'
        f' height="{max(0.0, box.height):.1f}" fill="{fill}"{edge}/>'
    )


def _text(
    x: float, y: float, said: str, size: float, fill: str, *, bold: bool = False, anchor: str = "start", fits: float = 0
) -> str:
    if fits and len(said) * size * 0.58 > fits:
        said = said[: max(1, int(fits / (size * 0.58)) - 1)] + "…"
    weight = ' font-weight="600"' if bold else ""
    end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}"{weight}{end}>{escape(said)}</text>'

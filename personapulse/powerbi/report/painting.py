"""Paint the report with the colours of `include/colours.yaml`: the theme, and one colour per persona in every visual.

Everything else in these files is left as it was found, whoever wrote it.
"""

import copy
from pathlib import Path
from typing import Any

from personapulse.colours import load_colours
from personapulse.powerbi.report.reading import Field, Json, Report, Visual, read_json, read_report, write_json

PERSONA = "Persona"  # the column by which a visual tells personas apart, whatever table it is in
THEME = {  # the theme's names for colours, and where they stand in include/colours.yaml
    "foreground": ("light", "ink"),
    "foregroundNeutralSecondary": ("light", "quiet"),
    "foregroundNeutralTertiary": ("light", "line"),
    "background": ("light", "surface"),
    "backgroundLight": ("light", "page"),
    "backgroundNeutral": ("light", "line"),
    "tableAccent": ("light", "accent"),
    "hyperlink": ("light", "accent"),
    "visitedHyperlink": ("light", "accent"),
    "good": ("light", "good"),
    "neutral": ("light", "warn"),
    "bad": ("light", "bad"),
    "minimum": ("scale", "light", 0),
    "center": ("scale", "light", 1),
    "maximum": ("scale", "light", 2),
    "null": ("light", "surface"),
}


def paint(folder: Path) -> list[Path]:
    """Paint the report in `folder` and return the files that changed; none if it had these colours before."""
    report, colours = read_report(folder), load_colours()
    theme = read_json(report.theme_path)
    wanted = {report.theme_path: (theme, painted_theme(theme, colours))}
    for page in report.pages:
        for visual in page.visuals:
            wanted[visual.path] = (visual.document, painted_visual(visual, colours))
    changed = [path for path, (before, after) in wanted.items() if before != after]
    for path in changed:
        write_json(path, wanted[path][1])
    return changed


def unpainted(report: Report) -> list[str]:
    """Return the files whose colours are not those of `include/colours.yaml`, relative to the report."""
    colours = load_colours()
    found = []
    theme = read_json(report.theme_path)
    if theme != painted_theme(theme, colours):
        found.append(report.theme_path)
    for page in report.pages:
        found += [visual.path for visual in page.visuals if visual.document != painted_visual(visual, colours)]
    return [path.relative_to(report.folder).as_posix() for path in found]


def painted_theme(theme: Json, colours: Json) -> Json:
    """Return the theme with the house's colours under the theme's names for them."""
    texts = {name: style | {"color": colours["light"]["ink"]} for name, style in theme.get("textClasses", {}).items()}
    named = {name: _at(colours, where) for name, where in THEME.items()}
    return theme | {"dataColors": colours["series"]} | named | {"textClasses": texts}


def painted_visual(visual: Visual, colours: Json) -> Json:
    """Return the visual's file with each persona in its colour, and heat maps in the house's scale."""
    document = copy.deepcopy(visual.document)
    personas = persona_field(visual)
    if personas is not None:
        formatting = document["visual"].setdefault("objects", {})
        kept = [entry for entry in formatting.get("dataPoint", []) if personas not in _compared(entry)]
        formatting["dataPoint"] = [
            *kept,
            *(_in_colour(personas, persona, colour) for persona, colour in colours["personas"].items()),
        ]
    for gradient in _gradients(document):
        gradient["min"]["color"] = _hex(colours["scale"]["light"][0])
        gradient["max"]["color"] = _hex(colours["scale"]["light"][2])
    return document


def persona_field(visual: Visual) -> Field | None:
    """Return the column by which a chart colours personas; None if it does not tell them apart by colour."""
    series = visual.roles.get("Series") or visual.roles.get("Category") or []
    if visual.type in {"slicer", "pivotTable", "tableEx", "lineChart"} and "Series" not in visual.roles:
        return None
    return next((shown.field for shown in series if shown.field.name == PERSONA), None)


def _in_colour(field: Field, persona: str, colour: str) -> Json:
    is_persona = {
        "ComparisonKind": 0,
        "Left": {"Column": {"Expression": {"SourceRef": {"Entity": field.entity}}, "Property": field.name}},
        "Right": {"Literal": {"Value": f"'{persona.replace(chr(39), chr(39) * 2)}'"}},
    }
    return {
        "properties": {"fill": {"solid": {"color": {"expr": _hex(colour)}}}},
        "selector": {"data": [{"scopeId": {"Comparison": is_persona}}]},
    }


def _compared(entry: Json) -> set[Field]:
    """Return the columns whose value a formatting entry picks."""
    found = set()
    for scope in (entry.get("selector") or {}).get("data", []):
        column = ((scope.get("scopeId") or {}).get("Comparison") or {}).get("Left", {}).get("Column")
        if column:
            found.add(Field("Column", column["Expression"]["SourceRef"]["Entity"], column["Property"]))
    return found


def _gradients(node: Any) -> list[Json]:
    if isinstance(node, list):
        return [found for entry in node for found in _gradients(entry)]
    if not isinstance(node, dict):
        return []
    found = [node["linearGradient2"]] if "linearGradient2" in node else []
    return found + [inner for value in node.values() for inner in _gradients(value)]


def _hex(colour: str) -> Json:
    return {"Literal": {"Value": f"'{colour}'"}}


def _at(colours: Any, where: tuple[str | int, ...]) -> str:
    for key in where:
        colours = colours[key]
    return str(colours)

"""What must hold between a report and the model it reads, and what Power BI would only say when the report is opened.

Microsoft's JSON schemas check the shape of the files; they take any visual type, any role and any name of a field. A
visual with a misspelt measure opens as a grey box. These rules say so before, with file and name.
"""

import difflib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from personapulse.powerbi.report.model import Model
from personapulse.powerbi.report.reading import Field, Json, Page, Projection, Report, Visual, fields_in, literal

NUMBERS = frozenset({"int64", "double", "decimal"})
ONE_SERIES = ("Series",)  # with a field in this role, Y takes one measure


@cache
def catalogue() -> Json:
    """Visual types with their roles and formatting, as Microsoft's own catalogue lists them (`source` in the file)."""
    found: Json = json.loads(Path(__file__).with_name("visuals.json").read_text(encoding="utf-8"))
    return found


def broken_promises(report: Report, model: Model) -> list[str]:
    """Return what does not hold, one sentence each, beginning with the file; empty if all holds."""
    found = list(_unknown_fields(report, model))
    for page in report.pages:
        for visual in page.visuals:
            where = _where(report, visual.path)
            if visual.type not in catalogue()["visuals"]:
                found.append(
                    f"{where}: {visual.type!r} is no visual type this report may use"
                    f"{_nearest(visual.type, catalogue()['visuals'])}."
                )
                continue
            promises = (_roles, _references, _formatting)
            found += [f"{where}: {what}" for promise in promises for what in promise(visual, model)]
            found += [f"{where}: {what}" for what in _tooltip(visual, report.pages)]
    return found


def _unknown_fields(report: Report, model: Model) -> Iterator[str]:
    documents: list[tuple[Path, Any]] = [(report.folder / "definition" / "report.json", report.document)]
    for page in report.pages:
        documents.append((page.path, page.document))
        documents += [(visual.path, visual.document) for visual in page.visuals]
    for path, document in documents:
        for field in sorted(set(fields_in(document)), key=str):
            if field.name not in model.of_kind(field):
                yield f"{_where(report, path)}: the model has no {_what_is_missing(field, model)}."


def _what_is_missing(field: Field, model: Model) -> str:
    if field.entity not in model.columns:
        return f"table {field.entity!r}{_nearest(field.entity, model.columns)}"
    kind = {"Column": "column", "Measure": "measure", "HierarchyLevel": "level of a hierarchy"}[field.kind]
    return f"{kind} {field}{_nearest(field.name, model.of_kind(field))}"


def _roles(visual: Visual, model: Model) -> Iterator[str]:
    known = catalogue()["visuals"][visual.type]["roles"]
    for role, projections in visual.roles.items():
        if role not in known:
            yield f"a {visual.type} has no role {role!r}{_nearest(role, known)}."
            continue
        for shown in projections:
            yield from _misfit(role, known[role], shown, model)
    for role, needs in known.items():
        if needs["needed"] and not visual.roles.get(role):
            yield f"a {visual.type} shows nothing without a field in its role {role!r}."
    if any(visual.roles.get(role) for role in ONE_SERIES) and len(visual.roles.get("Y", [])) > 1:
        yield "with a field in the role 'Series' only one measure can be shown in 'Y'."


def _misfit(role: str, takes: Json, shown: Projection, model: Model) -> Iterator[str]:
    is_measure = shown.field.kind == "Measure"
    if str(shown.field) in model.hidden:
        yield f"{shown.field} is hidden; show a measure, or the column of the table that filters by it."
    if shown.is_summed:
        yield f"{shown.field} is summed up by the visual; show a measure of the model, which says what may be summed."
    elif takes["takes"] == "groups" and is_measure:
        yield f"the role {role!r} groups by a column, and {shown.field} is a measure."
    elif takes["takes"] == "measures" and not is_measure:
        yield f"the role {role!r} takes a measure, and {shown.field} is none."
    elif takes["numeric"]:
        data_type = _data_type(shown.field, model)
        if data_type not in NUMBERS:
            yield f"the role {role!r} takes numbers, and {shown.field} is of type {data_type}."


def _data_type(field: Field, model: Model) -> str:
    if field.kind == "Measure":
        return "string" if str(field) in model.texts else "double"
    return model.columns.get(field.entity, {}).get(field.name, "unknown")


def _references(visual: Visual, model: Model) -> Iterator[str]:  # noqa: ARG001
    shown = [entry for projections in visual.roles.values() for entry in projections]
    for entry in shown:
        expected = f"{entry.field.entity}.{entry.field.name}"
        if entry.reference != expected and not entry.is_summed:
            yield f"{entry.field} is referred to as {entry.reference!r}; write queryRef {expected!r}."
    names = {entry.reference for entry in shown}
    for selected in _selected(visual.document):
        if selected not in names:
            yield f"formatting speaks of {selected!r}, which the visual does not show{_nearest(selected, names)}."
    for order in ((visual.definition.get("query") or {}).get("sortDefinition") or {}).get("sort", []):
        for field in fields_in(order):
            if field not in {entry.field for entry in shown}:
                yield f"it is sorted by {field}, which it does not show."


def _selected(node: Any) -> Iterator[str]:
    """Yield the references by which formatting picks one field."""
    if isinstance(node, list):
        for entry in node:
            yield from _selected(entry)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "selector" and isinstance(value, dict) and "metadata" in value:
                yield str(value["metadata"])
            yield from _selected(value)


def _formatting(visual: Visual, model: Model) -> Iterator[str]:  # noqa: ARG001
    kind = catalogue()["visuals"][visual.type]
    for part, known in (("objects", kind["objects"]), ("visualContainerObjects", catalogue()["containers"])):
        for name, entries in (visual.definition.get(part) or {}).items():
            if name not in known:
                yield f"a {visual.type} has no formatting {name!r}{_nearest(name, known)}."
                continue
            for entry in entries:
                yield from _settings(name, entry["properties"], known[name])
                state = (entry.get("selector") or {}).get("id")
                states = kind["states"].get(name, [])
                if part == "objects" and state is not None and state not in states:
                    yield f"{name} has no state {state!r}{_nearest(state, states)}."


def misplaced_settings(kind: str, name: str, settings: Iterable[str]) -> Iterator[str]:
    """Yield what a theme sets for a visual type (or `*`, all) that no such visual has; pages have no catalogue."""
    if kind == "page":
        return
    everywhere = catalogue()["containers"].get(name, {})
    known = (
        everywhere
        if kind == "*"
        else everywhere | catalogue()["visuals"].get(kind, {"objects": {}})["objects"].get(name, {})
    )
    if kind not in {"*", *catalogue()["visuals"]}:
        yield f"{kind!r} is no visual type this report may use{_nearest(kind, catalogue()['visuals'])}."
    elif not known:
        yield f"there is no formatting {name!r}."
    for setting in settings if known else ():
        if setting not in known:
            yield f"{name} has no setting {setting!r}{_nearest(setting, known)}."


def _settings(name: str, properties: Json, known: Json) -> Iterator[str]:
    for setting, value in properties.items():
        if setting not in known:
            yield f"{name} has no setting {setting!r}{_nearest(setting, known)}."
            continue
        written = ((value.get("expr") or {}).get("Literal") or {}).get("Value") if isinstance(value, dict) else None
        if isinstance(written, str) and not _fits(written, literal(value), known[setting]):
            yield f"{name}.{setting} cannot be {written}; it takes {known[setting]}."


def _fits(written: str, bare: str | None, takes: Any) -> bool:
    """Whether a literal is of the type its setting takes; what has no simple type fits always."""
    if isinstance(takes, list):
        return bare in {str(choice) for choice in takes} or written.rstrip("DL") in {str(choice) for choice in takes}
    is_text = written.startswith("'")
    if takes == "bool":
        return written in {"true", "false"}
    if takes in {"numeric", "integer"}:
        return not is_text and written[-1] in "DL" and written[:-1].lstrip("-").replace(".", "", 1).isdigit()
    return is_text if takes == "text" else True


def _tooltip(visual: Visual, pages: Iterable[Page]) -> Iterator[str]:
    section = literal(visual.container("visualTooltip").get("section"))
    tooltips = [page.name for page in pages if page.is_tooltip]
    if section is not None and section not in tooltips:
        yield f"its tooltip is the page {section!r}, which is no tooltip page{_nearest(section, tooltips)}."


def _where(report: Report, path: Path) -> str:
    return path.relative_to(report.folder.parent).as_posix()


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint at the name that was probably meant, or nothing."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""

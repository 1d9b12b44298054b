"""Which slicers of a page narrow which of its visuals.

A slicer narrows a measure if a table the measure adds up is on the many side of the slicer's table. One that does not
is no error to Power BI: the figure stays, whatever is chosen. So a visual that a slicer leaves alone has to say so.
"""

from collections.abc import Iterator

from personapulse.powerbi.report.model import Model
from personapulse.powerbi.report.reading import Page, Report, Visual, literal

_HINT = "not by "


def silent_slicers(report: Report, model: Model) -> list[str]:
    """Return what a reader would be misled by, one sentence each; empty if every visual says what narrows it."""
    return [
        f"{page.name}/{visual.name}: {what}"
        for page in report.pages
        if not page.is_tooltip
        for visual in page.visuals
        if visual.roles and visual.type != "slicer"
        for what in _silence(page, visual, model)
    ]


def _silence(page: Page, visual: Visual, model: Model) -> Iterator[str]:
    shown = [entry.field for projections in visual.roles.values() for entry in projections]
    measures = [field for field in shown if field.kind == "Measure"] or shown
    hint = literal(visual.container("subTitle").get("text")) or ""
    said = _listed(hint)
    for table, header in _slicers(page):
        reached = {model.narrows(table, field) for field in measures} - {None}
        if reached and not all(reached) and header.lower() not in said:
            yield f"the slicer {header} does not narrow it; say so in its subtitle ({_HINT}{header.lower()})."
        if all(reached) and header.lower() in said:
            yield f"its subtitle says {_HINT}{header.lower()}, and that slicer does narrow it."


def _listed(hint: str) -> set[str]:
    """Return the headers of the slicers a subtitle says do nothing, in lower case."""
    _, _, names = hint.lower().partition(_HINT)
    return {name.strip() for name in names.split(",")} - {""}


def _slicers(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the table and the header of each slicer."""
    for visual in page.visuals:
        if visual.type == "slicer":
            header = visual.definition["objects"]["header"][0]["properties"]
            yield visual.roles["Values"][0].field.entity, str(literal(header["text"]))

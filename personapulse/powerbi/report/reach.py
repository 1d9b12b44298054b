"""Which slicers of a page narrow which of its visuals.

A slicer narrows a measure if a table the measure adds up is on the many side of the slicer's table. One that does not
is no error to Power BI: the figure stays, whatever is chosen. So a visual that a slicer leaves alone has to say so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from personapulse.powerbi.report.reading import Field, Page, Report, Visual, literal

_TABLE = re.compile(r"'((?:[^']|'')+)'\s*\[|\b([A-Za-z_]\w*)\[")
_ROWS = re.compile(r"\b(?:COUNTROWS|VALUES|FILTER|TOPN|SUMMARIZE)\(\s*(?:\d+\s*,\s*)?'((?:[^']|'')+)'\s*[,)]")
_MEASURE = re.compile(r"(?<![\w'])\[([^\]]+)\]")
_HINT = "not by "


@dataclass(frozen=True)
class Joins:
    """How the model hangs together.

    Parameters
    ----------
    one_sides : mapping of str to set of str
        The tables that narrow a table, by that table.
    dax : mapping of str to str
        What each measure is, by its name.
    """

    one_sides: Mapping[str, set[str]]
    dax: Mapping[str, str]

    def tables(self, measure: str) -> set[str]:
        """Return the tables a measure reads, itself or through the measures it is made of."""
        text = self.dax.get(measure, "")
        found = {(quoted or plain).replace("''", "'") for quoted, plain in _TABLE.findall(text)} | set(
            _ROWS.findall(text)
        )
        for inner in set(_MEASURE.findall(text)) & set(self.dax) - {measure}:
            found |= self.tables(inner)
        return found

    def narrows(self, table: str, field: Field) -> bool | None:
        """Whether a choice in `table` narrows what `field` shows; None where nothing at all would."""
        read = self.tables(field.name) if field.kind == "Measure" else {field.entity}
        hung = {one for many in read for one in self.one_sides.get(many, set())}
        if not hung and not any(one in read for ones in self.one_sides.values() for one in ones):
            return None
        return table in hung | read


def silent_slicers(report: Report, joins: Joins) -> list[str]:
    """Return what a reader would be misled by, one sentence each; empty if every visual says what narrows it."""
    return [
        f"{page.name}/{visual.name}: {what}"
        for page in report.pages
        if not page.is_tooltip
        for visual in page.visuals
        if visual.roles and visual.type != "slicer"
        for what in _silence(page, visual, joins)
    ]


def _silence(page: Page, visual: Visual, joins: Joins) -> Iterator[str]:
    shown = [entry.field for projections in visual.roles.values() for entry in projections]
    measures = [field for field in shown if field.kind == "Measure"] or shown
    hint = literal(visual.container("subTitle").get("text")) or ""
    said = _listed(hint)
    for table, header in _slicers(page):
        reached = {joins.narrows(table, field) for field in measures} - {None}
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

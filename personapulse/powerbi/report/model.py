"""What a semantic model offers to a report, read from its TMDL."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.powerbi import tmdl
from personapulse.powerbi.report.reading import Field

_TABLE = re.compile(r"'((?:[^']|'')+)'\s*\[|\b([A-Za-z_]\w*)\[")
_ROWS = re.compile(r"\b(?:COUNTROWS|VALUES|FILTER|TOPN|SUMMARIZE)\(\s*(?:\d+\s*,\s*)?'((?:[^']|'')+)'\s*[,)]")
_MEASURE = re.compile(r"(?<![\w'])\[([^\]]+)\]")


@dataclass(frozen=True)
class Model:
    """The names of a semantic model, and how it hangs together.

    Parameters
    ----------
    columns : mapping of str to mapping of str to str
        Data type by column, by table; types as TMDL writes them (string, int64, double, decimal, dateTime, boolean).
    measures : mapping of str to mapping of str to str
        DAX by measure, by the table that holds it.
    levels : mapping of str to collection of str
        Levels of hierarchies by table, each `hierarchy.level`.
    one_sides : mapping of str to set of str
        The tables whose filters narrow a table, by that table.
    hidden : collection of str
        Columns that are not for people, each `Table[Column]`.
    texts : collection of str
        Measures that are no numbers, each `Table[Measure]`: those without a format of numbers or days.
    """

    columns: Mapping[str, Mapping[str, str]]
    measures: Mapping[str, Mapping[str, str]]
    levels: Mapping[str, Collection[str]]
    one_sides: Mapping[str, set[str]]
    hidden: Collection[str]
    texts: Collection[str]

    def of_kind(self, field: Field) -> Collection[str]:
        """Names of the field's kind in the field's table; empty where the model has no such table."""
        offered: dict[str, Mapping[str, Collection[str]]] = {
            "Column": self.columns,
            "Measure": self.measures,
            "HierarchyLevel": self.levels,
        }
        return offered[field.kind].get(field.entity, ())

    def narrows(self, table: str, field: Field) -> bool | None:
        """Whether a choice in `table` narrows what `field` shows; None where no choice anywhere would."""
        read = self._tables(field.name) if field.kind == "Measure" else {field.entity}
        narrowing = {one for many in read for one in self.one_sides.get(many, set())}
        if not narrowing and not read & {one for ones in self.one_sides.values() for one in ones}:
            return None
        return table in narrowing | read

    def _tables(self, measure: str) -> set[str]:
        """Return the tables a measure reads, itself or through the measures it is made of."""
        dax = {name: text for measures in self.measures.values() for name, text in measures.items()}
        found: set[str] = set()
        asked, open_ = {measure}, [measure]
        while open_:
            text = dax.get(open_.pop(), "")
            found |= {(quoted or plain).replace("''", "'") for quoted, plain in _TABLE.findall(text)}
            found |= set(_ROWS.findall(text))
            inner = (set(_MEASURE.findall(text)) & set(dax)) - asked
            asked |= inner
            open_ += inner
        return found


def read_model(folder: Path) -> Model:
    """Read tables, columns, measures, hierarchies and relationships of `folder`, a `<name>.SemanticModel`.

    Raises
    ------
    PersonaPulseError
        If there is no table, or a file is no TMDL; the message names it.
    """
    files = sorted((folder / "definition" / "tables").glob("*.tmdl"))
    if not files:
        raise PersonaPulseError(f"{folder} has no tables; `make powerbi` writes them.")
    tables = [node for file in files for node in _nodes(file) if node.keyword == "table"]
    one_sides: dict[str, set[str]] = {}
    for relationship in _nodes(folder / "definition" / "relationships.tmdl"):
        many, one = (_table_of(relationship.property(side) or "") for side in ("fromColumn", "toColumn"))
        one_sides.setdefault(many, set()).add(one)
    return Model(
        columns={
            table.name: {column.name: column.property("dataType") or "unknown" for column in table.all("column")}
            for table in tables
        },
        measures={
            table.name: {measure.name: measure.expression or "" for measure in table.all("measure")} for table in tables
        },
        levels={table.name: set(_levels(table)) for table in tables},
        one_sides=one_sides,
        hidden={
            f"{table.name}[{column.name}]"
            for table in tables
            for column in table.all("column")
            if column.property("isHidden") == "true"
        },
        texts={
            f"{table.name}[{measure.name}]"
            for table in tables
            for measure in table.all("measure")
            if measure.property("formatString") is None
        },
    )


def _nodes(file: Path) -> tuple[tmdl.Node, ...]:
    return tmdl.read(file.read_text(encoding="utf-8"), str(file))


def _levels(table: tmdl.Node) -> Iterator[str]:
    for hierarchy in table.all("hierarchy"):
        for level in hierarchy.all("level"):
            yield f"{hierarchy.name}.{level.name}"


def _table_of(column: str) -> str:
    """Return the table of `Table.Column`, in quotes or not.

    Examples
    --------
    >>> _table_of("'Age groups'.'Age group'"), _table_of("Customers.Persona")
    ('Age groups', 'Customers')
    """
    if column.startswith("'"):
        return column[1:].split("'.", 1)[0].replace("''", "'")
    return column.split(".", 1)[0]

"""What the Power BI model is to hold, as `include/powerbi.yaml` and `include/metrics.yaml` say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from personapulse.errors import PersonaPulseError
from personapulse.metrics import Catalogue, Metric, load_metrics
from personapulse.paths import INCLUDE, SQL

POWERBI_FILE = INCLUDE / "powerbi.yaml"
MEASURES = "Measures"  # the table that holds every measure


@dataclass(frozen=True)
class Kind:
    """What a column holds: its types in TMDL and in M, how it is added up and written."""

    data_type: str
    m_type: str
    summarize_by: str
    format: str
    sql_types: tuple[str, ...]


KINDS = {
    "key": Kind("string", "type text", "none", "", ("text",)),
    "text": Kind("string", "type text", "none", "", ("text",)),
    "order": Kind("int64", "Int64.Type", "none", "0", ("bigint", "integer", "smallint")),
    "whole": Kind("int64", "Int64.Type", "none", "0", ("bigint", "integer", "smallint")),
    "count": Kind("int64", "Int64.Type", "sum", "#,0", ("bigint", "integer", "smallint")),
    "money": Kind("decimal", "Currency.Type", "sum", "#,0.00", ("numeric(19,4)",)),
    "share": Kind("double", "type number", "none", "0.0%", ("double precision",)),
    "number": Kind("double", "type number", "none", "#,0.00", ("double precision",)),
    "date": Kind("dateTime", "type date", "none", "yyyy-mm-dd", ("date",)),
    "flag": Kind("boolean", "type logical", "none", "", ("boolean",)),
}


@dataclass(frozen=True)
class Column:
    """A column people read, and the view's column it is imported from."""

    name: str
    source: str
    kind: Kind
    description: str
    is_hidden: bool = False
    is_key: bool = False
    sort_by: str | None = None


@dataclass(frozen=True)
class Table:
    """A table people read, and the view of the schema `reporting` it is imported from."""

    name: str
    view: str
    description: str
    columns: tuple[Column, ...]
    hierarchies: Mapping[str, tuple[str, ...]]
    is_date_table: bool = False
    is_incremental: bool = False

    def column(self, name: str) -> Column:
        """Return a column by the name people read."""
        return next(column for column in self.columns if column.name == name)

    @property
    def key(self) -> Column | None:
        """The column that is different in every row, if one is."""
        return next((column for column in self.columns if column.is_key), None)


@dataclass(frozen=True)
class Relationship:
    """A filter of the one side's key narrows the many side."""

    from_table: str
    from_column: str
    to_table: str
    to_column: str


@dataclass(frozen=True)
class Measure:
    """What is measured: in DAX, and in SQL the same.

    Parameters
    ----------
    key : str
        Stays when the name changes: the metric's, or the key in `include/powerbi.yaml`.
    sql : str
        Its twin over the views, for one newest day; of a metric empty, for the metric is the twin.
    """

    key: str
    name: str
    dax: str
    folder: str
    format: str
    description: str
    sql: str = ""
    metric: Metric | None = None


@dataclass(frozen=True)
class Design:
    """All of the model."""

    name: str
    culture: str
    description: str
    parameters: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, str]
    store: tuple[int, str]
    refresh: tuple[int, str]
    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...]
    measures: tuple[Measure, ...]

    def table(self, name: str) -> Table:
        """Return a table by the name people read."""
        return next(table for table in self.tables if table.name == name)

    @property
    def one_sides(self) -> set[str]:
        """Tables that filter others."""
        return {one.to_table for one in self.relationships}


def load_design(file: Path | None = None, catalogue: Catalogue | None = None) -> Design:
    """Read the design of the model.

    Raises
    ------
    PersonaPulseError
        If a table, column, kind or explanation that is named is not there; the message names the place.
    """
    given = yaml.safe_load((file or POWERBI_FILE).read_text(encoding="utf-8"))
    tables = tuple(_table(name, body) for name, body in given["tables"].items())
    by_name = {table.name: table for table in tables}
    store, refresh = given["incremental"]["store"], given["incremental"]["refresh"]
    return Design(
        name=given["model"]["name"],
        culture=given["model"]["culture"],
        description=given["model"]["description"],
        parameters=given["parameters"],
        roles=given["roles"],
        store=(store[0], store[1]),
        refresh=(refresh[0], refresh[1]),
        tables=tables,
        relationships=tuple(
            _relationship(by_name, many, column, one)
            for many, sides in given["relationships"].items()
            for column, one in sides.items()
        ),
        measures=(*_metrics(catalogue or load_metrics()), *_measures(given.get("measures", {}))),
    )


def _table(name: str, body: Mapping[str, Any]) -> Table:
    where = f"powerbi.yaml: table {name}"
    page: dict[str, Any] = _page(body["mart"], where) if "mart" in body else {"description": "", "columns": {}}
    words = page["columns"] | body.get("describe", {})
    sort = body.get("sort", {})
    return Table(
        name=name,
        view=body["view"],
        description=body.get("description") or page["description"],
        columns=tuple(
            _column(column, given, words, where, is_key=column == body.get("key"), sort_by=sort.get(column))
            for column, given in body["columns"].items()
        ),
        hierarchies={label: tuple(levels) for label, levels in body.get("hierarchies", {}).items()},
        is_date_table=body.get("is_date_table", False),
        is_incremental=not body.get("newest_only", True),
    )


def _column(
    name: str, given: list[str], words: Mapping[str, str], where: str, *, is_key: bool, sort_by: str | None
) -> Column:
    source, kind, *flags = given
    if kind not in KINDS:
        raise PersonaPulseError(f"{where}: column {name}: no kind is called {kind!r}. Known are {', '.join(KINDS)}.")
    if source not in words:
        raise PersonaPulseError(f"{where}: column {name}: nothing explains {source!r}; add it to describe.")
    return Column(
        name=name,
        source=source,
        kind=KINDS[kind],
        description=" ".join(words[source].split()),
        is_hidden="hidden" in flags or kind in {"key", "order"},
        is_key=is_key,
        sort_by=sort_by,
    )


def _page(mart: str, where: str) -> dict[str, Any]:
    file = SQL / "marts" / f"{mart}.yml"
    if not file.exists():
        raise PersonaPulseError(f"{where}: no mart is called {mart!r}.")
    page: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return page


def _relationship(tables: Mapping[str, Table], many: str, column: str, one: str) -> Relationship:
    where = f"powerbi.yaml: relationship {many}[{column}] -> {one}"
    if many not in tables or one not in tables:
        raise PersonaPulseError(f"{where}: no such table.")
    if column not in {known.name for known in tables[many].columns}:
        raise PersonaPulseError(f"{where}: {many} has no such column.")
    key = tables[one].key
    if key is None:
        raise PersonaPulseError(f"{where}: {one} has no key.")
    return Relationship(many, column, one, key.name)


def _metrics(catalogue: Catalogue) -> tuple[Measure, ...]:
    return tuple(
        Measure(
            key=metric.name,
            name=metric.label,
            dax=metric.dax,
            folder=metric.group,
            format=format_string(metric.format, metric.digits),
            description=metric.definition,
            metric=metric,
        )
        for metric in catalogue.metrics.values()
        if metric.dax
    )


def _measures(given: Mapping[str, Mapping[str, str]]) -> tuple[Measure, ...]:
    return tuple(
        Measure(
            key=key,
            name=body["name"],
            dax=body["dax"].strip(),
            folder=body["folder"],
            format=format_string(*_format(body["format"])),
            description=" ".join(body["description"].split()),
            sql=body["sql"].strip(),
        )
        for key, body in given.items()
    )


def _format(text: str) -> tuple[str, int]:
    kind, _, digits = text.partition(" ")
    return kind, int(digits or 0)


def format_string(kind: str, digits: int) -> str:
    """Return how Power BI writes a number of a metric's format; empty for texts.

    Examples
    --------
    >>> format_string("integer", 0), format_string("percent", 1), format_string("decimal", 2)
    ('#,0', '0.0%', '#,0.00')
    """
    fraction = "." + "0" * digits if digits else ""
    return {
        "integer": "#,0",
        "money": "#,0.00",
        "percent": f"0{fraction}%",
        "decimal": f"#,0{fraction}",
        "date": "yyyy-mm-dd",
        "text": "",
    }[kind]

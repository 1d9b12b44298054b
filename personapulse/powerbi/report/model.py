"""The names a report may use, read from the model's TMDL."""

from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.powerbi import tmdl
from personapulse.powerbi.report.contract import ModelFields
from personapulse.powerbi.report.reach import Joins


def model_fields(folder: Path) -> ModelFields:
    """Read tables, columns, measures and hierarchies of `folder`, a `<name>.SemanticModel`.

    Raises
    ------
    PersonaPulseError
        If there is no table, or a file is no TMDL; the message names it.
    """
    files = sorted((folder / "definition" / "tables").glob("*.tmdl"))
    if not files:
        raise PersonaPulseError(f"{folder} has no tables; `make powerbi` writes them.")
    tables = [
        table
        for file in files
        for table in tmdl.read(file.read_text(encoding="utf-8"), str(file))
        if table.keyword == "table"
    ]
    return ModelFields(
        columns={
            table.name: {column.name: column.property("dataType") or "unknown" for column in table.all("column")}
            for table in tables
        },
        measures={table.name: {measure.name for measure in table.all("measure")} for table in tables},
        levels={
            table.name: {
                f"{hierarchy.name}.{level.name}"
                for hierarchy in table.all("hierarchy")
                for level in hierarchy.all("level")
            }
            for table in tables
        },
    )


def joins(folder: Path) -> Joins:
    """Read what narrows what, and what measures are made of, of `folder`, a `<name>.SemanticModel`."""
    relationships = folder / "definition" / "relationships.tmdl"
    one_sides: dict[str, set[str]] = {}
    for relationship in tmdl.read(relationships.read_text(encoding="utf-8"), str(relationships)):
        many, one = (_table_of(relationship.property(side) or "") for side in ("fromColumn", "toColumn"))
        one_sides.setdefault(many, set()).add(one)
    dax = {
        measure.name: measure.expression or ""
        for file in sorted((folder / "definition" / "tables").glob("*.tmdl"))
        for table in tmdl.read(file.read_text(encoding="utf-8"), str(file))
        for measure in table.all("measure")
    }
    return Joins(one_sides, dax)


def _table_of(column: str) -> str:
    """Return the table of `Table.Column`, either in quotes or not.

    Examples
    --------
    >>> _table_of("'Age groups'.'Age group'"), _table_of("Customers.Persona")
    ('Age groups', 'Customers')
    """
    if column.startswith("'"):
        return column[1:].split("'.", 1)[0].replace("''", "'")
    return column.split(".", 1)[0]

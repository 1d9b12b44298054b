"""The names a report may use, read from the model's TMDL."""

from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.powerbi import tmdl
from personapulse.powerbi.report.contract import ModelFields


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

"""The Power BI project's files, as they should read."""

import json
import uuid
from collections.abc import Iterable

from personapulse.powerbi.design import MEASURES, Column, Design, Measure, Relationship, Table
from personapulse.powerbi.tmdl import Node, Property, quoted, write

SCHEMAS = "https://developer.microsoft.com/json-schemas/fabric"
COMPATIBILITY = "1567"
SCHEMA = "reporting"  # of the warehouse; views made for this model
# Days that are in no shop's past or future: Desktop loads everything, the service puts its own limits in their place.
RANGE = {"RangeStart": "#datetime(2000, 1, 1, 0, 0, 0)", "RangeEnd": "#datetime(2100, 1, 1, 0, 0, 0)"}
_NAMES = uuid.UUID("6f0d0f5a-8a65-5c0c-9c53-4f1f3a6a7e10")  # of this model's identities; never change it


def identity(*path: str) -> str:
    """Return the same identity for the same object for ever: of what it is made of, not of what it is called."""
    return str(uuid.uuid5(_NAMES, "/".join(path)))


def documents(design: Design) -> dict[str, str]:
    """Return every file of the project that is generated, by its path below `powerbi/`."""
    model = f"{design.name}.SemanticModel"
    definition = f"{model}/definition"
    files = {
        f"{design.name}.pbip": _json(_project(design)),
        f"{model}/.platform": _json(_platform(design)),
        f"{model}/definition.pbism": _json(_semantic_model()),
        f"{definition}/database.tmdl": write([_database()]),
        f"{definition}/model.tmdl": write(_model(design)),
        f"{definition}/expressions.tmdl": write(_parameters(design)),
        f"{definition}/relationships.tmdl": write(_relationship(one) for one in design.relationships),
        f"{definition}/cultures/{design.culture}.tmdl": write([_culture(design)]),
    }
    for name, description in design.roles.items():
        files[f"{definition}/roles/{name}.tmdl"] = write([_role(name, description)])
    for table in design.tables:
        files[f"{definition}/tables/{table.name}.tmdl"] = write([_table(design, table)])
    return files


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _project(design: Design) -> dict[str, object]:
    return {
        "$schema": f"{SCHEMAS}/pbip/pbipProperties/1.0.0/schema.json",
        "version": "1.0",
        "artifacts": [{"report": {"path": f"{design.name}.Report"}}],
        "settings": {"enableAutoRecovery": True},
    }


def _platform(design: Design) -> dict[str, object]:
    return {
        "$schema": f"{SCHEMAS}/gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": "SemanticModel", "displayName": design.name, "description": design.description},
        "config": {"version": "2.0", "logicalId": identity("item", "SemanticModel")},
    }


def _semantic_model() -> dict[str, object]:
    return {
        "$schema": f"{SCHEMAS}/item/semanticModel/definitionProperties/1.0.0/schema.json",
        "version": "4.2",
        "settings": {},
    }


def _database() -> Node:
    return Node("database", properties=(Property("compatibilityLevel", COMPATIBILITY),))


def _annotation(name: str, value: str) -> Node:
    return Node("annotation", name, value)


def _model(design: Design) -> list[Node]:
    order = [*design.parameters, *RANGE, *(table.name for table in design.tables)]
    return [
        Node(
            "model",
            "Model",
            description=design.description,
            properties=(
                Property("culture", design.culture),
                Property("defaultPowerBIDataSourceVersion", "powerBI_V3"),
                Property("sourceQueryCulture", design.culture),
            ),
            children=(
                Node(
                    "dataAccessOptions", properties=(Property("legacyRedirects"), Property("returnErrorValuesAsNull"))
                ),
            ),
        ),
        _annotation("PBI_QueryOrder", json.dumps(order, separators=(",", ":"))),
        _annotation("__PBI_TimeIntelligenceEnabled", "0"),
        *(Node("ref table", table.name) for table in design.tables),
        *(Node("ref role", name) for name in design.roles),
        Node("ref cultureInfo", design.culture),
    ]


def _culture(design: Design) -> Node:
    words = json.dumps({"Version": "1.0.0", "Language": design.culture, "DynamicImprovement": "HighConfidence"})
    return Node(
        "cultureInfo",
        design.culture,
        children=(Node("linguisticMetadata", expression=words, properties=(Property("contentType", "json"),)),),
    )


def _parameters(design: Design) -> Iterable[Node]:
    for name, given in design.parameters.items():
        yield _parameter(name, '"' + given["default"].replace('"', '""') + '"', "Text", given["description"])
    yield _parameter("RangeStart", RANGE["RangeStart"], "DateTime", "First moment of the days that are read.")
    yield _parameter("RangeEnd", RANGE["RangeEnd"], "DateTime", "First moment after the days that are read.")


def _parameter(name: str, value: str, kind: str, description: str) -> Node:
    return Node(
        "expression",
        name,
        f'{value} meta [IsParameterQuery=true, Type="{kind}", IsParameterQueryRequired=true]',
        description,
        (Property("lineageTag", identity("expression", name)),),
        (_annotation("PBI_NavigationStepName", "Navigation"), _annotation("PBI_ResultType", kind)),
    )


def _role(name: str, description: str) -> Node:
    return Node(
        "role",
        name,
        description=description,
        properties=(Property("modelPermission", "read"),),
        children=(_annotation("PBI_Id", identity("role", name).replace("-", "")),),
    )


def _relationship(one: Relationship) -> Node:
    return Node(
        "relationship",
        identity("relationship", one.from_table, one.from_column, one.to_table, one.to_column),
        properties=(
            Property("fromColumn", f"{quoted(one.from_table)}.{quoted(one.from_column)}"),
            Property("toColumn", f"{quoted(one.to_table)}.{quoted(one.to_column)}"),
        ),
    )


def _table(design: Design, table: Table) -> Node:
    return Node(
        "table",
        table.name,
        description=table.description,
        properties=(
            Property("lineageTag", identity("table", table.view)),
            *([Property("dataCategory", "Time")] if table.is_date_table else []),
        ),
        children=(
            *([_refresh_policy(design, table)] if table.is_incremental else []),
            *(_measure(measure) for measure in design.measures if table.name == MEASURES),
            *(_column(table, column, is_one_side=table.name in design.one_sides) for column in table.columns),
            *(_hierarchy(table, name, levels) for name, levels in table.hierarchies.items()),
            _partition(table),
            _annotation("PBI_NavigationStepName", "Navigation"),
            _annotation("PBI_ResultType", "Table"),
        ),
    )


def _measure(measure: Measure) -> Node:
    return Node(
        "measure",
        measure.name,
        measure.dax,
        measure.description,
        (
            *([Property("formatString", measure.format)] if measure.format else []),
            Property("displayFolder", measure.folder),
            Property("lineageTag", identity("measure", measure.key)),
        ),
    )


def _column(table: Table, column: Column, *, is_one_side: bool) -> Node:
    return Node(
        "column",
        column.name,
        description=column.description,
        properties=(
            Property("dataType", column.kind.data_type),
            *([Property("isHidden")] if column.is_hidden else []),
            *([Property("isKey")] if column.is_key and is_one_side else []),
            *([Property("formatString", column.kind.format)] if column.kind.format else []),
            Property("lineageTag", identity("column", table.view, column.source)),
            Property("summarizeBy", column.kind.summarize_by),
            Property("sourceColumn", column.source),
            *([Property("sortByColumn", quoted(column.sort_by))] if column.sort_by else []),
        ),
        children=(
            _annotation("SummarizationSetBy", "User"),
            *([_annotation("UnderlyingDateTimeDataType", "Date")] if column.kind.data_type == "dateTime" else []),
        ),
    )


def _hierarchy(table: Table, name: str, levels: tuple[str, ...]) -> Node:
    return Node(
        "hierarchy",
        name,
        properties=(Property("lineageTag", identity("hierarchy", table.view, name)),),
        children=tuple(
            Node(
                "level",
                level,
                properties=(
                    Property("lineageTag", identity("level", table.view, name, table.column(level).source)),
                    Property("column", quoted(level)),
                ),
            )
            for level in levels
        ),
    )


def _partition(table: Table) -> Node:
    return Node(
        "partition",
        table.name,
        "m",
        properties=(Property("mode", "import"), Property("source", query(table), is_expression=True)),
    )


def _refresh_policy(design: Design, table: Table) -> Node:
    return Node(
        "refreshPolicy",
        properties=(
            Property("policyType", "basic"),
            Property("rollingWindowGranularity", design.store[1]),
            Property("rollingWindowPeriods", str(design.store[0])),
            Property("incrementalGranularity", design.refresh[1]),
            Property("incrementalPeriods", str(design.refresh[0])),
            Property("sourceExpression", query(table), is_expression=True),
        ),
    )


def query(table: Table) -> str:
    """Return the M that reads a table: every step but the last is done by PostgreSQL."""
    names = ", ".join(f'"{column.source}"' for column in table.columns)
    types = ", ".join(f'{{"{column.source}", {column.kind.m_type}}}' for column in table.columns)
    days = (
        "    Days = Table.SelectRows(View, each [as_of_date] >= Date.From(RangeStart)"
        " and [as_of_date] < Date.From(RangeEnd)),\n"
        if table.is_incremental
        else ""
    )
    return (
        "let\n"
        "    Source = PostgreSQL.Database(Server, Database),\n"
        f'    View = Source{{[Schema = "{SCHEMA}", Item = "{table.view}"]}}[Data],\n'
        f"{days}"
        f"    Columns = Table.SelectColumns({'Days' if days else 'View'}, {{{names}}}),\n"
        f"    Typed = Table.TransformColumnTypes(Columns, {{{types}}})\n"
        "in\n"
        "    Typed"
    )

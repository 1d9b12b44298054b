"""The objects and properties of TMDL that the model may hold; anything else is a misspelling until it is added here.

Names and places follow the tabular object model (learn.microsoft.com, "TMDL overview"), as Power BI Desktop writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TEXT, FLAG, WHOLE, EXPRESSION, NAME, PATH, GUID = "text", "flag", "whole", "expression", "name", "path", "guid"
Asked = str | tuple[str, ...]  # a kind of value, or the values that are allowed

DATA_TYPES = ("string", "int64", "double", "decimal", "dateTime", "boolean")
_GRANULARITIES = ("day", "month", "quarter", "year")


@dataclass(frozen=True)
class ObjectKind:
    """What an object of a type may be made of.

    Parameters
    ----------
    parents : tuple of str
        Types it may stand in; empty is the top of a document.
    properties : mapping of str to str or tuple of str
        Properties it may have, and of what.
    required : tuple of str
        Properties it must have.
    is_named : bool
        Whether it has a name.
    expression : str
        Whether it has something behind an equals sign: `never`, `may` or `must`.
    """

    parents: tuple[str, ...]
    properties: Mapping[str, Asked] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    is_named: bool = True
    expression: str = "never"


_EVERYWHERE = (
    "",
    "model",
    "table",
    "column",
    "measure",
    "hierarchy",
    "level",
    "partition",
    "role",
    "expression",
    "relationship",
)

OBJECTS: Mapping[str, ObjectKind] = {
    "database": ObjectKind(("",), {"compatibilityLevel": WHOLE}, ("compatibilityLevel",), is_named=False),
    "model": ObjectKind(
        ("",),
        {
            "culture": TEXT,
            "defaultPowerBIDataSourceVersion": ("powerBI_V3",),
            "sourceQueryCulture": TEXT,
            "discourageImplicitMeasures": FLAG,
        },
        ("culture", "defaultPowerBIDataSourceVersion"),
    ),
    "dataAccessOptions": ObjectKind(
        ("model",), {"legacyRedirects": FLAG, "returnErrorValuesAsNull": FLAG}, is_named=False
    ),
    "ref table": ObjectKind(("",)),
    "ref role": ObjectKind(("",)),
    "ref cultureInfo": ObjectKind(("",)),
    "table": ObjectKind(
        ("",),
        {"lineageTag": GUID, "dataCategory": ("Time", "Regular"), "isHidden": FLAG},
        ("lineageTag",),
    ),
    "column": ObjectKind(
        ("table",),
        {
            "dataType": DATA_TYPES,
            "isHidden": FLAG,
            "isKey": FLAG,
            "formatString": TEXT,
            "displayFolder": TEXT,
            "dataCategory": TEXT,
            "lineageTag": GUID,
            "summarizeBy": ("none", "sum", "average", "min", "max", "count", "distinctCount"),
            "sourceColumn": TEXT,
            "sortByColumn": NAME,
        },
        ("dataType", "lineageTag", "summarizeBy", "sourceColumn"),
    ),
    "measure": ObjectKind(
        ("table",),
        {"formatString": TEXT, "displayFolder": TEXT, "isHidden": FLAG, "lineageTag": GUID},
        ("lineageTag",),
        expression="must",
    ),
    "hierarchy": ObjectKind(("table",), {"lineageTag": GUID, "isHidden": FLAG}, ("lineageTag",)),
    "level": ObjectKind(("hierarchy",), {"lineageTag": GUID, "column": NAME}, ("lineageTag", "column")),
    "partition": ObjectKind(
        ("table",),
        {"mode": ("import",), "source": EXPRESSION},
        ("mode", "source"),
        expression="must",
    ),
    "refreshPolicy": ObjectKind(
        ("table",),
        {
            "policyType": ("basic",),
            "rollingWindowGranularity": _GRANULARITIES,
            "rollingWindowPeriods": WHOLE,
            "incrementalGranularity": _GRANULARITIES,
            "incrementalPeriods": WHOLE,
            "incrementalPeriodsOffset": WHOLE,
            "pollingExpression": EXPRESSION,
            "sourceExpression": EXPRESSION,
        },
        (
            "rollingWindowGranularity",
            "rollingWindowPeriods",
            "incrementalGranularity",
            "incrementalPeriods",
            "sourceExpression",
        ),
        is_named=False,
    ),
    "relationship": ObjectKind(
        ("",),
        {
            "fromColumn": PATH,
            "toColumn": PATH,
            "isActive": FLAG,
            "crossFilteringBehavior": ("oneDirection", "bothDirections", "automatic"),
            "fromCardinality": ("many", "one"),
            "toCardinality": ("one", "many"),
        },
        ("fromColumn", "toColumn"),
    ),
    "role": ObjectKind(("",), {"modelPermission": ("read",)}, ("modelPermission",)),
    "tablePermission": ObjectKind(("role",), expression="may"),
    "expression": ObjectKind(("",), {"lineageTag": GUID, "queryGroup": TEXT}, ("lineageTag",), expression="must"),
    "cultureInfo": ObjectKind(("",)),
    "linguisticMetadata": ObjectKind(
        ("cultureInfo",), {"contentType": ("json", "xml")}, is_named=False, expression="must"
    ),
    "annotation": ObjectKind(_EVERYWHERE, expression="must"),
    "changedProperty": ObjectKind(("table", "column", "measure"), is_named=False, expression="must"),
}

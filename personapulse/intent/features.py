"""Which features there are, and how people call them: the dictionary of `include/sql/features/customers.sql`."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

import yaml

from personapulse.paths import SQL

PAGE = SQL / "features" / "customers.yml"
Kind = Literal["number", "category"]
_TEXTS = ("category", "slice")

# read from the page when they are first asked for
FEATURES: tuple["Feature", ...]
SLICES: tuple[str, ...]


@dataclass(frozen=True)
class Feature:
    """What a model is told of a customer.

    Parameters
    ----------
    name : str
        Column of `ml.features` and of a snapshot frame.
    kind : str
        `number` (NaN where nothing is known) or `category` (text).
    label : str
        Noun phrase people read, such as "days since the last paid order".
    more, less : str
        What people say of a customer whose value is above, and below, what is usual: "has not bought for long", "bought
        a short while ago". They tell what is so, not whether it makes a purchase likelier. Of a category both are the
        same, with `{value}` for the customer's.
    missing : str
        What people say where there is no value; empty where there always is, or none for any customer.
    """

    name: str
    kind: Kind
    label: str
    more: str
    less: str
    missing: str = ""


@cache
def _page() -> dict[str, Any]:
    page: dict[str, Any] = yaml.safe_load(PAGE.read_text(encoding="utf-8"))
    return page


def _kinds() -> dict[str, str]:
    """Kind of every column that says something of a customer."""
    return {name: told.get("kind", "number") for name, told in _page()["columns"].items() if "label" in told}


@cache
def _features() -> tuple[Feature, ...]:
    columns = _page()["columns"]
    return tuple(
        Feature(
            name,
            cast(Kind, kind),  # a test looks at the page
            columns[name]["label"],
            columns[name]["more"],
            columns[name].get("less", columns[name]["more"]),
            columns[name].get("missing", ""),
        )
        for name, kind in _kinds().items()
        if kind != "slice"
    )


def __getattr__(name: str) -> Any:
    """Read the page when `FEATURES` (in the order of the table) or `SLICES` is asked for, not when we are imported."""
    if name == "FEATURES":
        return _features()
    if name == "SLICES":
        return tuple(_page()["slices"])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def numbers() -> tuple[str, ...]:
    """Name the columns of `ml.features` that hold numbers, in the table's order."""
    return tuple(name for name, kind in _kinds().items() if kind == "number")


def texts() -> tuple[str, ...]:
    """Name the columns of `ml.features` that hold texts of few values, in the table's order."""
    return tuple(name for name, kind in _kinds().items() if kind in _TEXTS)

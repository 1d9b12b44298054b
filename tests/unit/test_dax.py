"""The evaluator that stands in for Power BI computes DAX as its definition says, on tables a reader can add up."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.sql.dax import Model
from tests.sql.dax_syntax import UnknownDaxError

PEOPLE = [{"Name": "ann", "Order": 1}, {"Name": "bob", "Order": 2}, {"Name": "cid", "Order": 3}]
SALES = [
    {"Who": "ann", "On": datetime.date(2026, 3, 1), "Amount": 10, "Rate": 0.5},
    {"Who": "ann", "On": datetime.date(2026, 3, 2), "Amount": 5, "Rate": None},
    {"Who": "bob", "On": datetime.date(2026, 3, 2), "Amount": 1, "Rate": 1.0},
]
MODEL = Model(
    {"People": PEOPLE, "Sales": SALES},
    {("Sales", "Who"): ("People", "Name")},
    {"Sold": "SUM('Sales'[Amount])", "Best": "MAXX(VALUES('People'[Name]), [Sold])"},
)
ANN, BOB, CID = ({("People", "Name"): name} for name in ("ann", "bob", "cid"))


@pytest.mark.parametrize(
    ("dax", "filters", "value"),
    [
        ("SUM('Sales'[Amount])", {}, 16),
        ("SUM('Sales'[Amount])", ANN, 15),
        ("SUM('Sales'[Amount])", CID, None),
        ("COUNTROWS('Sales')", CID, None),
        ("COUNTROWS('People')", {("Sales", "Who"): "ann"}, 3),  # the many side does not filter the one side
        ("AVERAGE('Sales'[Rate])", {}, 0.75),
        ("DIVIDE([Sold], COUNTROWS('Sales'))", ANN, Decimal("7.5")),
        ("DIVIDE([Sold], COUNTROWS('Sales'))", CID, None),
        ("[Sold] - 1", BOB, 0),
        ("[Sold] + [Sold]", CID, None),
        ("CALCULATE([Sold], 'People'[Name] = \"bob\")", ANN, 1),
        ("CALCULATE([Sold], KEEPFILTERS('People'[Name] = \"bob\"))", ANN, None),
        ("CALCULATE([Sold], 'People'[Name] <> \"bob\")", {}, 15),
        ("CALCULATE([Sold], REMOVEFILTERS('People'))", ANN, 16),
        ("CALCULATE([Sold], REMOVEFILTERS('People'), 'People'[Order] = 2)", ANN, 1),
        ("CALCULATE([Sold], 'People'[Order] = 2)", ANN, None),  # another column's filter stays
        ("VAR Last = MAX('Sales'[On]) RETURN CALCULATE([Sold], 'Sales'[On] = Last)", {}, 6),
        ("VAR Last = MAX('Sales'[On]) RETURN CALCULATE([Sold], 'Sales'[On] = Last)", CID, None),
        ("VAR All = [Sold] RETURN CALCULATE(All, 'People'[Name] = \"bob\")", {}, 16),  # a variable is a value
        ("IF(ISFILTERED('People'[Name]), [Sold], 0 - [Sold])", ANN, 15),
        ("IF(ISFILTERED('People'[Name]), [Sold], 0 - [Sold])", {("People", "Order"): 1}, -15),
        ("[Best]", {}, 15),
        ("MAXX(TOPN(1, 'Sales', 'Sales'[Amount], ASC), 'Sales'[Who])", {}, "bob"),
        ("MAXX(TOPN(1, VALUES('Sales'[On]), COUNTROWS('Sales'), DESC), 'Sales'[On])", {}, datetime.date(2026, 3, 2)),
        ("FORMAT(MAX('Sales'[On]), \"mmm yyyy\")", {}, "Mar 2026"),
        ('IF(ISBLANK([Sold]), "none", "some")', CID, "none"),
    ],
)
def test_dax_means_what_its_definition_says(dax: str, filters: dict[Any, Any], value: Any) -> None:
    assert MODEL.evaluate(dax, filters) == value


@pytest.mark.parametrize(
    "dax",
    [
        "SUMX('Sales', 'Sales'[Amount])",
        "SUM('Sales'[Amount]) * 2",
        "SUM('Sales'[Amount]",
        "SUM('Sales'[Amount]) 2",
        "'Sales'[Amount]",
        "CALCULATE([Sold], 'Sales')",
        "CALCULATE([Sold], 1 = 1)",
        "FORMAT(MAX('Sales'[On]), \"dddd\")",
        "TOPN(1, 'Sales', 'Sales'[Amount])",
        "unheard",
        "SUM(1)",
        "[Sold] = SUM('Sales'[Rate]) - SUM('Sales'[Rate]) && TRUE()",
    ],
)
def test_what_the_evaluator_does_not_know_it_refuses(dax: str) -> None:
    with pytest.raises((UnknownDaxError, TypeError)):
        MODEL.evaluate(dax)

"""Measures over rows in which no two columns are alike, for what a quiet shop would not tell apart."""

import datetime
from typing import Any

import pytest

from personapulse.powerbi import load_design
from tests.sql.dax import Model

DESIGN = load_design()


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def rows(table: str, *given: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of a table: what is not given is a number of the column's own, another in every row."""
    columns = [column.name for column in DESIGN.table(table).columns]
    assert {name for row in given for name in row} <= set(columns)
    return [
        {name: row.get(name, 1000 * place + 7**n) for n, name in enumerate(columns)} | row
        for place, row in enumerate(given)
    ]


def of(table: str, *given: dict[str, Any]) -> Model:
    tables = {one.name: [] for one in DESIGN.tables} | {table: rows(table, *given)}
    measures = {measure.name: measure.dax for measure in DESIGN.measures}
    relationships = {(one.from_table, one.from_column): (one.to_table, one.to_column) for one in DESIGN.relationships}
    return Model(tables, relationships, measures)


KEY_FIGURES = of(
    "Key figures", {"As of": day("2026-03-01")}, {"As of": day("2026-03-03")}, {"As of": day("2026-03-02")}
)
FIRST, NEWEST, SECOND = KEY_FIGURES.tables["Key figures"]


@pytest.mark.parametrize(
    ("measure", "column"),
    [
        ("New users", "New users"),
        ("Orders", "Orders"),
        ("Paid orders", "Paid orders"),
        ("Gross revenue", "Gross revenue"),
        ("Returns", "Returns"),
        ("Net revenue", "Net revenue"),
    ],
)
def test_what_happened_on_days_adds_up_over_them(measure: str, column: str) -> None:
    assert KEY_FIGURES.value(measure) == FIRST[column] + NEWEST[column] + SECOND[column]
    assert KEY_FIGURES.value(measure, {("Key figures", "As of"): SECOND["As of"]}) == SECOND[column]


@pytest.mark.parametrize(("measure", "column"), [("Buyers", "Buyers"), ("Users", "Users to date")])
def test_what_does_not_add_up_is_that_of_the_last_day(measure: str, column: str) -> None:
    """Whoever buys on two days is one buyer: a sum would count two."""
    assert KEY_FIGURES.value(measure) == NEWEST[column]


def test_retention_is_of_cohorts_whose_next_month_is_over() -> None:
    cohorts = of(
        "Cohorts",
        {"Months since": 0, "Complete": True, "Customers": 100, "Buyers": 100},
        {"Months since": 1, "Complete": True, "Customers": 100, "Buyers": 20},
        {"Months since": 1, "Complete": True, "Customers": 300, "Buyers": 40},
        {"Months since": 1, "Complete": False, "Customers": 500, "Buyers": 9},
        {"Months since": 2, "Complete": True, "Customers": 100, "Buyers": 11},
    )
    assert cohorts.value("Retention in the month after") * 400 == 60


def test_months_before_the_last_24_are_in_no_month() -> None:
    months = of(
        "Months",
        {"Month": day("2024-02-01"), "All before": True},
        {"Month": day("2024-03-01"), "All before": False, "Paid orders": 5},
        {"Month": day("2024-04-01"), "All before": False, "Paid orders": 7},
        {"Month": day("2024-05-01"), "All before": False, "Paid orders": 7},
    )
    _, *shown = months.tables["Months"]
    for measure, column in {
        "Orders by month": "Paid orders",
        "Revenue by month": "Gross revenue",
        "Returns by month": "Returns",
        "Net revenue by month": "Net revenue",
    }.items():
        assert months.value(measure) == sum(row[column] for row in shown), measure
    assert months.value("Peak order month") == "May 2024"
    assert months.value("Orders in peak month") == 7


@pytest.mark.parametrize(
    ("measure", "table", "column"),
    [
        ("Orders (92 days)", "Sales", "Paid orders"),
        ("Revenue (92 days)", "Sales", "Gross revenue"),
        ("Returns (92 days)", "Sales", "Returns"),
        ("Net revenue (92 days)", "Sales", "Net revenue"),
        ("Returned orders (92 days)", "Sales", "Returned orders"),
        ("Funnel customers", "Funnel", "Customers"),
        ("Funnel customers by any path", "Funnel", "Customers by any path"),
    ],
)
def test_a_choice_of_categories_reads_the_rows_of_categories(measure: str, table: str, column: str) -> None:
    whole = of(table, {}, {})
    assert whole.value(measure) == sum(row[column] for row in whole.tables[table])
    split = of(f"{table} by category", {"Category": "Desk"}, {"Category": "Desk"}, {"Category": "Toys"})
    split.tables["Categories"].extend(rows("Categories", {"Category": "Desk"}, {"Category": "Toys"}))  # type: ignore[attr-defined]
    desk = split.tables[f"{table} by category"][:2]
    assert split.value(measure, {("Categories", "Category"): "Desk"}) == sum(row[column] for row in desk)
    assert split.value(measure) is None


def test_rates_of_categories_are_of_orders() -> None:
    returns = of(
        "Returns by category", {"Paid orders": 40, "Returned orders": 3}, {"Paid orders": 60, "Returned orders": 7}
    )
    assert returns.value("Category return rate") * 100 == 10


def test_models_are_counted_and_the_highest_floor_is_shown() -> None:
    gate = of(
        "Gate decisions",
        {"Passed": 1, "Accuracy floor": 0.8},
        {"Passed": 0, "Accuracy floor": 0.9},
        {"Passed": 1, "Accuracy floor": 0.8},
    )
    assert (gate.value("Models judged"), gate.value("Models passed"), gate.value("Accuracy floor")) == (3, 2, 0.9)


def test_accuracy_is_of_customers_not_of_days() -> None:
    served = of(
        "Model accuracy",
        {"Customers": 100, "Right": 90.0, "Majority right": 60.0},
        {"Customers": 300, "Right": 210.0, "Majority right": 240.0},
    )
    assert (served.value("Accuracy while serving"), served.value("Accuracy of the majority")) == (0.75, 0.75)
    assert served.value("Accuracy while serving", {("Model accuracy", "Customers"): 100}) == 0.9
    assert served.value("Accuracy of the majority", {("Model accuracy", "Customers"): 100}) == 0.6

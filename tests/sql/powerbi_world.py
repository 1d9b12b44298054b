"""What Power BI would show, beside the warehouse it comes from; how the two are compared."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
import pytest

from personapulse.powerbi import load_design
from personapulse.powerbi.design import Measure

from . import sample_shop
from .conftest import Shop
from .dax import Column, Model
from .four_customers import DAY, FEBRUARY, MARCH, fill
from .powerbi_rows import imported, serve
from .sample_shop import LAST, for_the_moment

DESIGN = load_design()
PERSONA: Column = ("Personas", "Persona")
# of one day, told by nothing but the day; of cohorts, which are of months
NOT_BY_PERSONA = {
    "users", "buyers", "orders", "paid_orders", "gross_revenue", "returns_amount", "net_revenue", "users_to_date",
    "retention_the_month_after",
}  # fmt: skip
MONEY_KEPT = 5e-5  # Power BI keeps four digits of an amount


class World(NamedTuple):
    connection: psycopg.Connection[Any]
    rows: Model


@pytest.fixture(scope="module")
def world(sample: psycopg.Connection[Any]) -> Iterator[World]:
    """The sample shop on its newest day, a model that serves, and all that Power BI imports of it."""
    with for_the_moment(sample):
        sample_shop.build(sample, LAST)
        serve(sample, LAST)
        yield World(sample, imported(sample, DESIGN))


@pytest.fixture
def small(shop: Shop) -> World:
    """Four customers, one of whom nobody told, and returns of nobody."""
    fill(shop, {"2026-02-27": FEBRUARY, DAY: MARCH})
    shop.build(DAY)
    return World(shop.warehouse, imported(shop.warehouse, DESIGN))


def one(connection: psycopg.Connection[Any], query: str, **values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def is_same(dax: Any, sql: Any, measure: Measure | None = None) -> bool:
    """BLANK is what SQL calls null, or counts as 0."""
    if dax is None or sql is None or isinstance(sql, str):
        return (dax or None) == (sql or None)
    allowed = MONEY_KEPT if measure is None or measure.format == "#,0.00" else 0.0
    return abs(float(dax) - float(sql)) <= allowed + 1e-9 * max(1.0, abs(float(sql)))


def cube(world: World, name: str, wanted: str, **where: Any) -> Any:
    conditions = " and ".join(f"{column} = %({column})s" for column in where)
    query = f"select {wanted} from marts.dashboard_cube_{name} where as_of_date = %(as_of_date)s and {conditions}"
    return one(world.connection, query, as_of_date=LAST, **where)


def check_rows(world: World) -> None:
    """Keys are keys, every row finds its one side, and what is shown in the order of a column has one place in it."""
    check_order(world.rows)
    for table in DESIGN.tables:
        if table.key:
            keys = [row[table.key.name] for row in world.rows.tables[table.name]]
            assert None not in keys, table.name
            assert len(keys) == len(set(keys)), table.name
    for (many, column), (one_side, key) in world.rows.relationships.items():
        known = {row[key] for row in world.rows.tables[one_side]}
        assert {row[column] for row in world.rows.tables[many]} - known == set(), f"{many}[{column}]"


def check_order(rows: Model) -> None:
    """A column is shown in the order of another: each of its values must have one place."""
    for table in DESIGN.tables:
        for column in table.columns:
            if column.sort_by:
                places = {(row[column.name], row[column.sort_by]) for row in rows.tables[table.name]}
                assert len(places) == len({name for name, _ in places}), f"{table.name}[{column.name}]"

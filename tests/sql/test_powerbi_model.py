"""The Power BI model against the warehouse: its columns are there, its keys are keys, its measures are the marts'."""

import datetime
from typing import Any

import psycopg
import pytest

from personapulse import marts
from personapulse.metrics import answer
from personapulse.powerbi.design import Measure, Table

from .conftest import Shop, date
from .dax import Column
from .four_customers import DAY
from .powerbi_rows import imported
from .powerbi_world import DESIGN, NOT_BY_PERSONA, PERSONA, World, check_rows, cube, is_same, one, small, world
from .sample_shop import LAST, SOURCE, for_the_moment

__all__ = ["small", "world"]  # fixtures

EVE = LAST - datetime.timedelta(1)
# ---------------------------------------------------------------- columns and keys


@pytest.mark.parametrize("table", DESIGN.tables, ids=lambda table: table.name)
def test_every_column_is_in_its_view_and_of_a_fitting_type(world: World, table: Table) -> None:
    types = dict(
        world.connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            (f"reporting.{table.view}",),
        ).fetchall()
    )
    unfit = {
        column.source: types.get(column.source)
        for column in table.columns
        if types.get(column.source) not in column.kind.sql_types
    }
    assert unfit == {}
    assert not table.is_incremental or types["as_of_date"] == "date"


def test_keys_are_keys_and_every_row_finds_its_one_side(world: World) -> None:
    check_rows(world)
    assert [name for name, rows in world.rows.tables.items() if not rows] == []


def test_keys_are_keys_of_a_shop_that_tells_little(small: World) -> None:
    check_rows(small)
    assert "(not told)" in {row["Persona"] for row in small.rows.tables["Personas"]}


def test_a_shop_without_a_built_day_is_empty_not_broken(warehouse: psycopg.Connection[Any]) -> None:
    rows = imported(warehouse, DESIGN)
    listed = {"Segments", "Age groups", "Measures"}
    assert {name for name, found in rows.tables.items() if found} == listed
    assert rows.tables["Measures"] == [{"Newest day": None}]
    empty = {measure.name: rows.value(measure.name) for measure in DESIGN.measures}
    assert {name for name, value in empty.items() if value not in {None, ""}} == set()


def test_steps_and_segments_are_in_the_order_people_expect(world: World) -> None:
    steps = sorted(world.rows.tables["Funnel steps"], key=lambda row: row["Step order"])
    assert [row["Step"] for row in steps] == ["Viewed", "Added to cart", "Checked out", "Ordered", "Paid", "Kept"]
    segments = sorted(world.rows.tables["Segments"], key=lambda row: row["Segment order"])
    names = [row["Segment"] for row in segments]
    assert (names[0], names[10], names[-3:]) == (
        "Champions",
        "Lost",
        ["insufficient data", "Prospects", "(not told)"],
    )


def test_the_calendar_is_of_whole_years(world: World) -> None:
    days = [row["Date"] for row in world.rows.tables["Date"]]
    assert (min(days), max(days), len(days)) == (date("2026-01-01"), date("2026-12-31"), 365)
    sunday = next(row for row in world.rows.tables["Date"] if row["Date"] == date("2026-03-01"))
    assert sunday == {
        "Date": date("2026-03-01"),
        "Year": 2026,
        "Quarter": "2026 Q1",
        "Month": "Mar 2026",
        "Month start": date("2026-03-01"),
        "Week start": date("2026-02-23"),
        "Weekday": "Sunday",
        "Weekday order": 7,
    }


# ---------------------------------------------------------------- measures


@pytest.mark.parametrize("measure", [m for m in DESIGN.measures if m.metric], ids=lambda measure: measure.key)
def test_a_metric_is_the_same_in_dax(world: World, measure: Measure) -> None:
    assert measure.metric
    names = [row["Persona"] for row in world.rows.tables["Personas"]]
    for persona in (None, *names[:3]) if measure.metric.takes_persona else (None,):
        if persona and measure.key in NOT_BY_PERSONA:
            continue
        if not persona and measure.metric.needs_persona:
            continue
        filters = {PERSONA: persona} if persona else {}
        if measure.key in NOT_BY_PERSONA:
            filters["Date", "Date"] = LAST
        told = answer(world.connection, measure.metric, LAST, SOURCE.settings, persona=persona).value
        assert is_same(world.rows.value(measure.name, filters), told, measure), persona


@pytest.mark.parametrize("measure", [m for m in DESIGN.measures if m.sql], ids=lambda measure: measure.key)
def test_a_measure_is_its_twin_in_sql(world: World, measure: Measure) -> None:
    told = one(world.connection, measure.sql, as_of_date=LAST)
    assert told is not None
    assert is_same(world.rows.value(measure.name), told, measure)


def test_metrics_are_the_same_of_four_customers(small: World, shop: Shop) -> None:
    """A refunded order, returns of nobody, a customer nobody told: where sums go wrong first."""
    for measure in DESIGN.measures:
        if measure.metric and not measure.metric.needs_persona:
            filters: dict[Column, Any] = {("Date", "Date"): date(DAY)} if measure.key in NOT_BY_PERSONA else {}
            filters |= {("Date", "Date"): date(DAY)} if measure.metric.group == "One day" else {}
            filters = {} if measure.key == "retention_the_month_after" else filters
            told = answer(small.connection, measure.metric, date(DAY), shop.source.settings).value
            assert is_same(small.rows.value(measure.name, filters), told, measure), measure.name


def test_one_day_is_any_day_in_view_and_to_date_is_the_last_of_it(world: World) -> None:
    day: dict[Column, Any] = {("Date", "Date"): EVE}
    for measure, column in {
        "Paid orders": "paid_orders",
        "Gross revenue": "gross_revenue",
        "Buyers": "buyers",
        "Users": "users_to_date",
    }.items():
        told = one(world.connection, f"select {column} from marts.kpi_daily where as_of_date = %(day)s", day=EVE)
        assert is_same(world.rows.value(measure, day), told), measure
    two = one(world.connection, "select sum(paid_orders) from marts.kpi_daily where as_of_date >= %(day)s", day=EVE)
    month: dict[Column, Any] = {("Date", "Month"): "Apr 2026"}
    assert is_same(world.rows.value("Paid orders", month), two)
    newest = one(world.connection, "select buyers from marts.kpi_daily where as_of_date = %(day)s", day=LAST)
    assert is_same(world.rows.value("Buyers", month), newest)


@pytest.mark.parametrize("category", ["Desk", "Kitchen"])
def test_a_category_narrows_what_has_categories(world: World, category: str) -> None:
    filters: dict[Column, Any] = {("Categories", "Category"): category}
    for measure, wanted in {
        "Orders (92 days)": "sum(paid_orders)",
        "Revenue (92 days)": "sum(gross_revenue)",
        "Returns (92 days)": "sum(returns_amount)",
        "Net revenue (92 days)": "sum(net_revenue)",
        "Returned orders (92 days)": "sum(returned_orders)",
        "Return rate (92 days)": "sum(returned_orders) / sum(paid_orders)",
    }.items():
        assert is_same(world.rows.value(measure, filters), cube(world, "days", wanted, category=category)), measure
    funnel = "select users from marts.funnel where as_of_date = %(day)s and persona = '(all)' and category = %(of)s and"
    for measure, step in {"Funnel: viewed": "view", "Funnel: paid": "paid"}.items():
        told = one(world.connection, f"{funnel} step = %(step)s", day=LAST, of=category, step=step)
        assert is_same(world.rows.value(measure, filters), told), measure
    told = one(
        world.connection,
        "select return_rate from marts.returns"
        " where as_of_date = %(day)s and dimension = 'category' and value = %(of)s",
        day=LAST,
        of=category,
    )
    assert is_same(world.rows.value("Category return rate", filters), told)
    assert is_same(world.rows.value("Product return rate", filters), told)


def test_slicers_narrow_together(world: World) -> None:
    filters: dict[Column, Any] = {
        PERSONA: "Loyalist",
        ("Genders", "Gender"): "female",
        ("Age groups", "Age group"): "25-34",
        ("Date", "Month"): "Mar 2026",
    }
    where = {"persona": "Loyalist", "gender": "female", "age_group": "25-34"}
    march = "on_day < '2026-04-01'"
    told = cube(world, "days", f"sum(paid_orders) filter (where {march})", category="(all)", **where)
    assert told > 0
    assert is_same(world.rows.value("Orders (92 days)", filters), told)
    told = cube(world, "months", "sum(net_revenue)", month=date("2026-03-01"), **where)
    assert is_same(world.rows.value("Net revenue by month", filters), told)
    filters |= {("Categories", "Category"): "Kitchen"}
    told = cube(world, "days", f"sum(gross_revenue) filter (where {march})", category="Kitchen", **where)
    assert is_same(world.rows.value("Revenue (92 days)", filters), told)


def test_a_funnel_shows_each_step_beside_the_first_and_the_one_before(world: World) -> None:
    steps = world.connection.execute(
        "select step, share_of_first, share_of_previous from marts.funnel"
        " where as_of_date = %s and persona = 'Abandoner' and category = '(all)'",
        (LAST,),
    ).fetchall()
    assert len(steps) == 6
    for step, first, previous in steps:
        filters: dict[Column, Any] = {PERSONA: "Abandoner", ("Funnel steps", "Step key"): step}
        assert is_same(world.rows.value("Share of first step", filters), first), step
        assert is_same(world.rows.value("Share of previous step", filters), previous), step


def test_intent_adds_up_by_band_and_persona(world: World) -> None:
    told = one(
        world.connection,
        "select sum(probability) from marts.purchase_intent inner join marts.personas using (as_of_date, user_id)"
        " where as_of_date = %(day)s and band = 4 and persona = 'Loyalist'",
        day=LAST,
    )
    assert is_same(world.rows.value("Expected buyers", {PERSONA: "Loyalist", ("Intent", "Band"): 4}), told)
    reasons = world.rows.tables["Intent reasons"]
    assert {row["Direction"] for row in reasons} == {"for buying", "against buying"}
    against = sum(
        row["Customers"] for row in reasons if (row["Reason"], row["Direction"][:7]) == ("came lately", "against")
    )
    assert against == one(world.connection, "select count(*) from marts.purchase_intent where probability < 0.2")


def test_a_decision_says_why_and_a_day_served_counts_as_last_measured(world: World) -> None:
    first, second = sorted(world.rows.tables["Gate decisions"], key=lambda row: row["Decision"])
    assert (first["Verdict"], first["Reasons"], first["Accuracy"]) == (
        "refused",
        "Accuracy is 0.750. It must be 0.8.",
        0.75,
    )
    assert (second["Verdict"], second["Reasons"], second["Accuracy floor"]) == ("passed", "", 0.8)
    assert world.rows.value("Accuracy while serving") == 0.5  # 75 and 25 of 100 each
    assert len(world.rows.tables["Model accuracy"]) == 2


# ---------------------------------------------------------------- what is shown, and to whom


def test_a_night_half_built_is_not_shown(world: World) -> None:
    tomorrow = LAST + datetime.timedelta(1)
    with for_the_moment(world.connection):
        for name in ("kpi_daily", "dashboard_cube_customers"):
            marts.build(world.connection, name, tomorrow, SOURCE.settings)
        assert one(world.connection, "select as_of_date from reporting.newest_day") == LAST
        rows = imported(world.connection, DESIGN)
        assert rows.value("As of") == str(LAST)
        assert max(row["As of"] for row in rows.tables["Key figures"]) == LAST
        assert rows.value("Customers") == world.rows.value("Customers")


def test_nothing_imported_is_a_persons_id(world: World) -> None:
    ids = {
        name
        for (name,) in world.connection.execute("select user_id from core.users union select order_id from core.orders")
    }
    assert len(ids) > 1000
    found = {
        (table, column)
        for table, rows in world.rows.tables.items()
        for row in rows
        for column, value in row.items()
        if isinstance(value, str) and value in ids
    }
    assert found == set()


def test_a_buyer_has_another_number_on_another_day(world: World) -> None:
    def numbers() -> dict[Any, int]:
        query = (
            "select rfm.user_id, buyers.buyer from marts.rfm as rfm inner join reporting.buyers as buyers"
            " using (recency_days, frequency, monetary)"
            " where rfm.as_of_date = (select as_of_date from reporting.newest_day)"
        )
        return dict(world.connection.execute(query.encode()).fetchall())

    today = numbers()
    with for_the_moment(world.connection):
        world.connection.execute("delete from marts.insights where as_of_date = %s", (LAST,))
        yesterday = numbers()
    same = {user for user, number in today.items() if yesterday.get(user) == number}
    assert len(today) > 100
    assert len(same) < len(today) / 10


def test_who_may_read_what_is_reported_sees_nothing_else(world: World) -> None:
    with for_the_moment(world.connection):
        world.connection.execute("create role gateway")
        world.connection.execute("grant usage on schema reporting to gateway")
        world.connection.execute("grant select on all tables in schema reporting to gateway")
        world.connection.execute("set local role gateway")
        assert len(imported(world.connection, DESIGN).tables["Buyers"]) > 100
        for table in ("marts.rfm", "core.users", "ml.live_metrics"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), world.connection.transaction():
                world.connection.execute(f"select * from {table}".encode())
        world.connection.execute("reset role")


def test_every_view_is_imported(world: World) -> None:
    views = {
        name for (name,) in world.connection.execute("select viewname from pg_views where schemaname = 'reporting'")
    }
    assert views - {table.view for table in DESIGN.tables} == {"returns"}

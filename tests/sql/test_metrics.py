"""Metrics: the number, the rows it is made of, and the mart that holds it, all three the same."""

import datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from personapulse import marts
from personapulse.errors import PersonaPulseError
from personapulse.marts import RESTATED
from personapulse.metrics import Answer, Metric, answer, load_metrics
from personapulse.metrics.answers import is_same
from personapulse.settings import ShopSettings

from . import sample_shop
from .conftest import Shop, date
from .four_customers import DAY, FEBRUARY, LATE, MARCH, fill
from .sample_shop import for_the_moment

CATALOGUE = load_metrics()
METRICS = list(CATALOGUE.metrics.values())
NUMBERS = {
    "users": 1,
    "buyers": 2,
    "orders": 2,
    "paid_orders": 2,
    "gross_revenue": 60,
    "returns_amount": 8,
    "net_revenue": 52,
    "users_to_date": 3,
    "buyers_to_date": 3,
    "prospects": 1,
    "repeat_buyers_to_date": 1,
    "orders_to_date": 5,
    "paid_orders_to_date": 4,
    "gross_revenue_to_date": 100,
    "returns_amount_to_date": 8,
    "net_revenue_to_date": 92,
    "average_order_value": 25,
    "repeat_rate": Decimal(1) / 3,
    "customers": 4,
    "average_recency_days": 20,  # 0, 0 and 60
    "average_frequency": Decimal(4) / 3,
    "average_monetary": Decimal(95) / 3,  # 25, 40 and 30
    "average_historic_ltv": Decimal(95) / 3,
    "average_monthly_value": Decimal(80) / 3,  # 25, 40, and 30 in two months
    "revenue_per_customer": Decimal(95) / 4,
    "return_rate": Decimal(1) / 4,
    "matured_return_rate": Decimal(1) / 2,  # Dan's and Ann's first
    "conversion": Decimal(1) / 2,
    "funnel_viewed": 2,
    "funnel_carted": 2,
    "funnel_checked_out": 1,
    "funnel_placed": 1,
    "funnel_paid": 1,
    "funnel_kept": 1,  # her second order
    "session_checkout_rate": Decimal(1) / 3,
    "retention_the_month_after": 0,  # of Dan; the month after Ann's first is not over
}


@pytest.fixture
def small_shop(shop: Shop) -> Shop:
    fill(shop, {"2026-02-27": FEBRUARY, DAY: MARCH})
    shop.build(DAY)
    return shop


def ask(shop: Shop, name: str, **options: Any) -> Answer:
    return answer(shop.warehouse, CATALOGUE.metrics[name], date(DAY), shop.source.settings, **options)


def test_every_metric_has_a_number_a_reader_can_add_up(small_shop: Shop) -> None:
    found = {name: ask(small_shop, name).value for name in NUMBERS}
    assert {name: found[name] for name in NUMBERS if not is_same(found[name], Decimal(NUMBERS[name]))} == {}
    assert [metric.name for metric in METRICS if metric.name not in NUMBERS and not metric.needs_persona] == []


def personas(connection: psycopg.Connection[Any]) -> list[str]:
    return [name for (name,) in connection.execute("select distinct persona from marts.personas order by 1")]


def check_every_metric(
    connection: psycopg.Connection[Any],
    day: datetime.date,
    settings: ShopSettings,
    known_on: datetime.date | None = None,
) -> None:
    """Each metric is what its rows come to, and what marts hold; of everyone, and of a persona or two."""
    for metric in METRICS:
        asked_on = None if metric.marts else known_on  # marts hold the day as it was built, which may be as restated
        for persona in (None, *personas(connection)[:2]) if metric.takes_persona else (None,):
            if persona is None and metric.needs_persona:
                continue
            found = answer(connection, metric, day, settings, known_on=asked_on, persona=persona, limit=None)
            assert [str(one.stored) for one in found.stored if not one.is_same] == [], metric.name
            of_such = [one for one in metric.stored if one.is_of_a_persona == (persona is not None)]
            assert [one.stored for one in found.stored] == of_such
            if metric.population:
                assert found.count == len(found.rows)
                assert is_same(found.value, number_of(connection, metric, found, settings)), (metric.name, persona)


def number_of(connection: psycopg.Connection[Any], metric: Metric, found: Answer, settings: ShopSettings) -> Any:
    """What a metric's formula makes of just the rows that were shown."""
    assert metric.population
    with for_the_moment(connection):
        values = marts.parameters(found.as_of_date, settings, found.known_on) | {"persona": found.persona}
        select = metric.population.select.sql
        connection.execute(f"create temporary table rows as select * from ({select}) as r limit 0".encode(), values)
        with connection.cursor() as cursor:
            places = ", ".join(["%s"] * len(found.columns))
            cursor.executemany(f"insert into rows values ({places})".encode(), found.rows)
        return connection.execute(f"select ({metric.select.sql})".encode(), values).fetchone()[0]  # type: ignore[index]


def test_rows_metric_and_mart_agree_on_the_small_shop(small_shop: Shop) -> None:
    check_every_metric(small_shop.warehouse, date(DAY), small_shop.source.settings)


@pytest.mark.parametrize(("day", "known_on"), [("2026-03-20", None), ("2026-04-12", None), ("2026-03-20", RESTATED)])
def test_rows_metric_and_mart_agree_on_the_sample_shop(
    sample: psycopg.Connection[Any], day: str, known_on: datetime.date | None
) -> None:
    with for_the_moment(sample):
        sample_shop.build(sample, date(day), known_on)
        check_every_metric(sample, date(day), sample_shop.SOURCE.settings, known_on)


TOO_YOUNG_FOR = {"retention_the_month_after"}  # the sample's second month is not over


def test_every_place_a_metric_names_holds_a_number(sample: psycopg.Connection[Any]) -> None:
    """A misspelt `where` would hold none, and none is the same as none."""
    with for_the_moment(sample):
        sample_shop.build(sample, sample_shop.LAST)
        for metric in METRICS:
            for persona in (None, "Loyalist") if metric.takes_persona else (None,):
                if persona or not metric.needs_persona:
                    found = answer(sample, metric, sample_shop.LAST, sample_shop.SOURCE.settings, persona=persona)
                    assert [str(one.stored) for one in found.stored if one.value is None] == []
                    assert found.value is not None or metric.name in TOO_YOUNG_FOR, metric.name


def test_the_rows_are_the_orders_behind_the_number(small_shop: Shop) -> None:
    found = ask(small_shop, "gross_revenue", limit=None)
    assert found.columns == ("ordered_on", "order_id", "user_id", "payment_status", "gross_amount")
    assert [row[1:] for row in found.rows] == [("o3", "ann", "Paid", 20), ("o4", "bob", "Refunded", 40)]
    assert [row[-1] for row in ask(small_shop, "net_revenue", limit=None).rows] == [-5, -3, 20, 40]


def test_a_persona_narrows_the_rows(small_shop: Shop) -> None:
    """Ann is a Frequent Returner, Bob and Dan are Others, Cid is an Abandoner."""
    assert ask(small_shop, "gross_revenue_to_date", persona="Others").value == 70
    assert ask(small_shop, "net_revenue_to_date", persona="Frequent Returner").value == 25
    assert ask(small_shop, "revenue_per_customer", persona="Abandoner").value == 0
    assert ask(small_shop, "prospects", persona="Abandoner").value == 1
    assert ask(small_shop, "repeat_rate", persona="Abandoner").value is None


def test_retention_is_that_of_all_cohorts_whose_next_month_is_over(shop: Shop) -> None:
    """Ann and Bob first bought in December, only Ann again in January; Cid's month after is not over."""
    shop.deliver(
        DAY,
        orders="order_id,user_id,order_date,payment_status\no1,ann,2025-12-05,Paid\no2,ann,2026-01-31,Paid\n"
        "o3,bob,2025-12-31,Paid\no4,bob,2026-02-01,Paid\no5,cid,2026-02-01,Paid\no6,cid,2026-03-01,Paid",
        order_items="order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"o{number},1,pen,1,10" for number in range(1, 7)),
    )
    shop.load(DAY)
    shop.build(DAY)
    assert ask(shop, "retention_the_month_after").value == Decimal("0.5")
    assert shop.values(
        "select sum(buyers) / sum(customers) from marts.cohorts where months_since = 1 and is_complete"
    ) == [Decimal("0.5")]


def test_the_shares_of_all_personas_add_up_to_one(small_shop: Shop) -> None:
    shares = {name: ask(small_shop, "persona_share", persona=name).value for name in personas(small_shop.warehouse)}
    assert shares == {"Abandoner": Decimal("0.25"), "Frequent Returner": Decimal("0.25"), "Others": Decimal("0.5")}


def test_personas_add_up_to_the_shop_but_for_returns_of_nobody(small_shop: Shop) -> None:
    names = personas(small_shop.warehouse)
    assert sum(ask(small_shop, "net_revenue_to_date", persona=name).value or 0 for name in names) == 92 + 3


def test_news_of_later_count_only_in_the_restated_number(small_shop: Shop) -> None:
    small_shop.deliver("2026-03-02", **LATE)
    small_shop.load("2026-03-02")
    assert ask(small_shop, "gross_revenue").value == 60
    restated = ask(small_shop, "gross_revenue", known_on=RESTATED)
    assert (restated.value, [one.value for one in restated.stored], restated.stored[0].is_same) == (67, [60], False)


def test_a_number_marts_hold_as_built_is_not_pretended_to_be_restated(small_shop: Shop) -> None:
    with pytest.raises(PersonaPulseError, match=r"prospects is read from marts\.customer_profile, which hold the"):
        ask(small_shop, "prospects", known_on=RESTATED)

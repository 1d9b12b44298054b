"""A day of 23 or 25 hours begins and ends at the shop's midnight; no second is in two days, and none is lost."""

from decimal import Decimal

import pytest

from .conftest import Shop

PRODUCTS = "product_id,name,category,price\np1,Pen,ink,1"


def deliver(shop: Shop, days: list[str], orders: list[str]) -> None:
    """The orders, as `moment amount`, on the first of the days after them all; each day before is empty."""
    told = [line.split() for line in orders]
    for day in days[:-1]:
        shop.deliver(day, products=PRODUCTS)
    shop.deliver(
        days[-1],
        users="user_id,signup_date\nu1,2026-01-01",
        orders="order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"o{number},u1,{moment},Paid" for number, (moment, _) in enumerate(told)),
        order_items="order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"o{number},1,p1,1,{amount}" for number, (_, amount) in enumerate(told)),
    )
    shop.load(*days)


def revenue(shop: Shop, *days: str) -> list[Decimal]:
    """Gross revenue of each day, as known when all had been delivered."""
    told = dict(
        shop.rows(
            f"select ordered_on::text, sum(gross_amount) from core.orders_as_of('{days[-1]}', '{days[-1]}') group by 1"
        )
    )
    return [told.get(day, Decimal(0)) for day in days]


@pytest.mark.parametrize(
    ("zone", "days", "orders", "expected"),
    [
        # 2026-03-29 has no 02:30: 23 hours from 23:00 UTC to 22:00 UTC
        (
            "Europe/Berlin",
            ["2026-03-28", "2026-03-29", "2026-03-30"],
            [
                "2026-03-28T22:59:59Z 1",
                "2026-03-28T23:00:00Z 10",
                "2026-03-29T01:59:59+01:00 100",
                "2026-03-29T03:00:00+02:00 1000",
                "2026-03-29T21:59:59Z 10000",
                "2026-03-29T22:00:00Z 100000",
            ],
            [1, 11110, 100000],
        ),
        # 2026-10-25 has 02:30 twice: 25 hours from 22:00 UTC to 23:00 UTC
        (
            "Europe/Berlin",
            ["2026-10-24", "2026-10-25", "2026-10-26"],
            [
                "2026-10-24T21:59:59Z 1",
                "2026-10-24T22:00:00Z 10",
                "2026-10-25T02:30:00+02:00 100",
                "2026-10-25T02:30:00+01:00 1000",
                "2026-10-25T22:59:59Z 10000",
                "2026-10-25T23:00:00Z 100000",
            ],
            [1, 11110, 100000],
        ),
        # 2026-09-06 begins at 01:00: there is no midnight
        (
            "America/Santiago",
            ["2026-09-05", "2026-09-06", "2026-09-07"],
            [
                "2026-09-06T03:59:59Z 1",
                "2026-09-06T04:00:00Z 10",
                "2026-09-07T02:59:59Z 100",
                "2026-09-07T03:00:00Z 1000",
            ],
            [1, 110, 1000],
        ),
    ],
)
def test_what_is_sold_at_the_edges_of_a_changed_day_counts_on_its_day(
    shop: Shop, zone: str, days: list[str], orders: list[str], expected: list[int]
) -> None:
    shop.settings(f"time_zone: {zone}\nname: Clocks\n")
    deliver(shop, days, orders)
    assert shop.values("select count(*) from ops.quarantine") == [0]
    assert revenue(shop, *days) == expected
    shop.build(days[-1])
    told = f"select gross_revenue_to_date from marts.kpi_daily where as_of_date = '{days[-1]}'"
    assert shop.values(told) == [sum(expected)]


def test_an_hour_that_does_not_exist_is_read_as_the_hour_after(shop: Shop) -> None:
    """A shop that writes no zone writes what its clock shows; a time the clock never showed is not lost."""
    shop.settings("time_zone: Europe/Berlin\nname: Clocks\n")
    deliver(shop, ["2026-03-29", "2026-03-30"], ["2026-03-29T02:30:00 10", "2026-03-30T00:00:00 1"])
    assert revenue(shop, "2026-03-29", "2026-03-30") == [10, 1]

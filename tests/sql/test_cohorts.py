"""marts.cohorts: who first paid in a month, and what became of them month by month."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from personapulse.marts import RESTATED

from .conftest import Shop, date

COLUMNS = "months_since, customers, buyers, retention, paid_orders, gross_revenue, returns_amount, net_revenue_to_date"


def orders(*lines: str) -> dict[str, str]:
    """Lines such as `o1 ann 2026-03-01 Paid 10`."""
    rows = [line.split() for line in lines]
    return {
        "orders": "order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{order},{user},{day},{status}" for order, user, day, status, _ in rows),
        "order_items": "order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"{order},1,pen,1,{amount}" for order, *_, amount in rows),
    }


def build(shop: Shop, as_of_date: str, **files: str) -> None:
    shop.deliver(as_of_date, **files)
    shop.load(as_of_date)
    shop.build(as_of_date, "cohorts", "kpi_daily")


def cohort(shop: Shop, month: str) -> list[tuple[Any, ...]]:
    return shop.rows(f"select {COLUMNS} from marts.cohorts where cohort_month = '{month}-01' order by month")


def test_a_cohort_is_followed_through_a_quiet_month_and_over_new_year(shop: Shop) -> None:
    build(
        shop,
        "2026-02-10",
        **orders(
            "o1 ann 2025-11-30 Paid 10",
            "o2 bob 2025-11-01 Paid 30",
            "o3 ann 2026-01-31 Paid 20",
            "o4 ann 2026-02-01 Paid 5",
            "o5 cid 2025-12-01 Paid 7",
        ),
    )
    assert cohort(shop, "2025-11") == [
        (0, 2, 2, 1, 2, 40, 0, 40),
        (1, 2, 0, 0, 0, 0, 0, 40),
        (2, 2, 1, Decimal("0.5"), 1, 20, 0, 60),
        (3, 2, 1, Decimal("0.5"), 1, 5, 0, 65),
    ]
    assert [row[:5] for row in cohort(shop, "2025-12")] == [(0, 1, 1, 1, 1), (1, 1, 0, 0, 0), (2, 1, 0, 0, 0)]
    assert shop.values(
        "select net_revenue_per_customer_to_date from marts.cohorts"
        " where cohort_month = '2025-11-01' and months_since = 3"
    ) == [Decimal("32.5")]


def test_months_are_counted_with_their_years(shop: Shop) -> None:
    build(shop, "2026-02-10", **orders("o1 ann 2024-12-31 Paid 10"))
    assert shop.values("select months_since from marts.cohorts order by month") == list(range(15))


def test_only_the_first_paid_order_makes_a_cohort(shop: Shop) -> None:
    build(
        shop,
        "2026-02-10",
        **orders("o1 ann 2025-12-01 Failed 10", "o2 ann 2026-01-05 Paid 10", "o3 bob 2026-01-05 Pending 9"),
    )
    assert shop.rows("select cohort_month, month, customers, buyers from marts.cohorts order by month") == [
        (date("2026-01-01"), date("2026-01-01"), 1, 1),
        (date("2026-01-01"), date("2026-02-01"), 1, 0),
    ]


@pytest.mark.parametrize(("as_of_date", "is_complete"), [("2026-02-27", [True, False]), ("2026-02-28", [True, True])])
def test_a_month_is_complete_on_its_last_day(shop: Shop, as_of_date: str, is_complete: list[bool]) -> None:
    build(shop, as_of_date, **orders("o1 ann 2026-01-05 Paid 10"))
    assert shop.values("select is_complete from marts.cohorts order by month") == is_complete


def test_returns_count_in_the_month_they_come_back(shop: Shop) -> None:
    build(
        shop,
        "2026-02-10",
        **orders("o1 ann 2026-01-05 Paid 10"),
        returns="order_id,user_id,returned_at,amount\no1,ann,2026-02-05,4",
    )
    assert cohort(shop, "2026-01") == [(0, 1, 1, 1, 1, 10, 0, 10), (1, 1, 0, 0, 0, 0, 4, 6)]


def test_a_return_before_the_first_known_purchase_counts_in_the_first_month(shop: Shop) -> None:
    build(
        shop,
        "2026-02-10",
        **orders("o1 ann 2026-01-05 Paid 10"),
        returns="order_id,user_id,returned_at,amount\n,ann,2025-11-05,4",
    )
    assert cohort(shop, "2026-01")[0] == (0, 1, 1, 1, 1, 10, 4, 6)


def test_the_sums_are_the_shops_but_for_returns_by_who_never_paid(shop: Shop) -> None:
    build(
        shop,
        "2026-02-10",
        **orders("o1 ann 2026-01-05 Paid 10", "o2 bob 2026-02-05 Paid 20", "o3 cid 2026-02-05 Failed 50"),
        returns="order_id,user_id,returned_at,amount\no1,ann,2026-01-06,3\n,cid,2026-02-06,2\no9,,2026-02-06,1",
    )
    assert shop.rows("select sum(gross_revenue), sum(returns_amount) from marts.cohorts") == [(30, 3)]
    assert shop.rows("select gross_revenue_to_date, returns_amount_to_date from marts.kpi_daily") == [(30, 6)]


def test_a_late_order_moves_the_customer_to_an_earlier_cohort_restated_only(shop: Shop) -> None:
    build(shop, "2026-02-10", **orders("o1 ann 2026-02-05 Paid 10"))
    shop.deliver("2026-02-12", **orders("o2 ann 2026-01-31 Paid 20"))
    shop.load("2026-02-12")
    january, february = datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)
    shop.build("2026-02-10", "cohorts")
    assert shop.rows("select cohort_month, month, gross_revenue from marts.cohorts") == [(february, february, 10)]
    shop.build("2026-02-10", "cohorts", known_on=RESTATED)
    assert shop.rows("select cohort_month, month, gross_revenue from marts.cohorts order by month") == [
        (january, january, 20),
        (january, february, 10),
    ]

"""The numbers behind insights, include/sql/insights: who is counted in which period, by rows a reader can add up."""

from typing import Any

import pytest
from psycopg.rows import dict_row

from personapulse import marts
from personapulse.warehouse import read_file

from .conftest import Shop, date
from .test_returns import PRODUCTS, orders

DAY = "2026-03-31"


def load(shop: Shop, *lines: str, day: str = DAY, **files: str) -> None:
    shop.settings("return_window_days: 1\npersona_rules: classic\n")
    shop.deliver(day, **{"products": PRODUCTS, **orders(*lines), **files})
    shop.load(day)


def numbers(shop: Shop, kind: str, day: str = DAY) -> list[dict[str, Any]]:
    values = marts.parameters(date(day), shop.source.settings)
    with shop.warehouse.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_file(f"insights/{kind}.sql").encode(), values).fetchall()


def columns(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_failed_payments_are_counted_by_customer_and_period_without_the_last_week(shop: Shop) -> None:
    load(
        shop,
        "o1 ann 2026-02-25 Failed pen=1", "o2 ann 2026-02-25 Paid pen=1", "o3 bob 2026-03-24 Paid pen=1",
        "o4 cid 2026-03-25 Failed pen=1",  # may yet be paid
        "o5 dan 2026-02-24 Paid pen=1", "o6 eve 2026-01-28 Failed pen=1",
        "o7 fay 2026-01-27 Failed pen=1",  # too long ago
    )  # fmt: skip
    told = columns(
        numbers(shop, "payment_failures"), "period", "customers", "numerator", "denominator", "sum_xy", "sum_yyy"
    )
    assert told == [("recent", 2, 1, 3, 2, 9), ("before", 2, 1, 2, 1, 2)]


def test_reasons_are_counted_by_return_and_by_customer_over_91_days(shop: Shop) -> None:
    load(
        shop,
        "o1 ann 2026-03-01 Paid pen=10 ink=30", "o2 ann 2026-03-02 Paid pen=10", "o3 bob 2026-03-03 Paid pen=10",
        "o4 cid 2026-03-03 Paid pen=10", "o5 dan 2026-03-03 Paid pen=10", "o6 eve 2025-12-01 Paid pen=10",
        returns="order_id,product_id,return_reason,returned_at,amount\no1,,small,2026-03-10,40\no2,pen,small,2026-03-10,10\n"
        "o3,pen,small,2025-12-31,10\no4,pen,ugly,2026-03-31,9\no5,pen,,2026-03-10,10\no6,pen,ugly,2025-12-30,10",
    )  # fmt: skip
    told = columns(numbers(shop, "return_reason"), "value", "returns", "customers", "returns_amount")
    assert told == [("small", 3, 2, 60), ("ugly", 1, 1, 9)]


@pytest.mark.parametrize(("first", "has_both_periods"), [("2026-02-04", True), ("2026-02-05", False)])
def test_revenue_of_two_periods_is_paired_by_customer(shop: Shop, first: str, has_both_periods: bool) -> None:
    """Both periods are known if somebody bought by the first day of the former one."""
    load(
        shop, f"o1 ann {first} Paid pen=10", "o2 ann 2026-03-04 Paid pen=30",
        "o3 bob 2026-03-31 Paid pen=9", "o4 cid 2026-03-03 Failed pen=99", returns="order_id,amount\no3,4",
    )  # fmt: skip
    shop.build(DAY, "customer_profile")
    told = columns(
        numbers(shop, "revenue_change"), "customers", "recent", "before", "squared_changes", "has_both_periods"
    )
    assert told == [(2, 35, 10, 20**2 + 5**2, has_both_periods)]


def test_first_time_buyers_have_28_days_to_order_again(shop: Shop) -> None:
    day = "2026-06-30"
    load(
        shop, "o0 zoe 2026-02-10 Paid pen=1",  # 140 days ago, so that the others are known to be new
        "o1 ann 2026-05-06 Paid pen=1", "o2 ann 2026-06-03 Paid pen=1",
        "o3 bob 2026-05-05 Paid pen=1", "o4 bob 2026-06-03 Paid pen=1",  # a day too late
        "o5 cid 2026-06-03 Paid pen=1", "o6 cid 2026-06-04 Paid pen=1",  # has not had 28 days
        "o7 dan 2026-04-08 Paid pen=1", "o8 dan 2026-04-08 Paid pen=1",
        "o9 eve 2026-05-10 Paid pen=1", "o10 eve 2026-05-11 Failed pen=1",
        day=day,
    )  # fmt: skip
    shop.build(day, "customer_profile")
    told = columns(numbers(shop, "second_order", day), "period", "customers", "ordered_again")
    assert told == [("recent", 2, 1), ("before", 2, 1)]
    shop.warehouse.execute("update marts.customer_profile set first_paid_on = '2026-02-11' where user_id = 'zoe'")
    assert numbers(shop, "second_order", day) == []


def test_cohorts_are_the_last_two_whole_ones_but_not_the_first_of_the_data(shop: Shop) -> None:
    day = "2026-05-15"
    load(
        shop, *(f"o{month} u{month} 2026-{month:02}-10 Paid pen=1" for month in (1, 2, 3, 4)),
        "o9 u3 2026-04-20 Paid pen=1", day=day,
    )  # fmt: skip
    shop.build(day, "cohorts")
    told = columns(numbers(shop, "cohort_retention", day), "cohort_month", "customers", "buyers")
    assert told == [(date("2026-03-01"), 1, 1), (date("2026-02-01"), 1, 0)]
    shop.warehouse.execute("delete from marts.cohorts where cohort_month = '2026-01-01'")
    assert [row["cohort_month"] for row in numbers(shop, "cohort_retention", day)] == [date("2026-03-01")]


def test_products_and_categories_are_judged_by_orders_whose_window_has_passed(shop: Shop) -> None:
    load(
        shop, "o1 ann 2026-03-01 Paid pen=10", "o2 ann 2026-03-02 Paid pen=10", "o3 bob 2026-03-03 Paid pen=10 ink=9",
        "o4 cid 2026-03-30 Paid ball=5", "o5 cid 2025-12-28 Paid ball=5", "o6 cid 2026-03-29 Paid ball=5",
        returns="order_id,product_id,returned_at\no1,pen,2026-03-05\no3,,2026-03-05\no4,ball,2026-03-31",
    )  # fmt: skip
    found = numbers(shop, "goods_returns")
    products = [row for row in found if row["noun"] == "product"]
    told = columns(products, "value", "name", "customers", "numerator", "denominator")
    assert sorted(told) == [("ball", "Ball", 1, 0, 1), ("ink", "Ink", 1, 1, 1), ("pen", "Pen", 2, 2, 3)]
    categories = [row for row in found if row["noun"] == "category"]
    told = columns(categories, "value", "customers", "numerator", "denominator", "sum_xy")
    assert told == [("Office", 2, 3, 4, 1 * 2 + 2 * 2), ("Toys", 1, 0, 1, 0)]

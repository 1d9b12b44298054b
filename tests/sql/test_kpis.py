"""marts.kpi_daily and marts.kpi_monthly: sums a reader can add up in the head."""

from decimal import Decimal

import pytest

from personapulse.marts import RESTATED

from .conftest import Shop, date


@pytest.fixture
def small_shop(shop: Shop) -> Shop:
    """Ann buys for 10 in February and for 20 in March, Bob for 40 in March; Ann sends 5 back; Cid never pays."""
    shop.deliver(
        "2026-02-27",
        users="user_id\nann\ncid",
        orders="order_id,user_id,order_date,payment_status\no1,ann,2026-02-27,Paid\no2,cid,2026-02-27,Failed",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,1,10\no2,1,pen,1,99",
    )
    shop.deliver(
        "2026-03-01",
        users="user_id\nbob\nann",
        orders="order_id,user_id,order_date,payment_status\no3,ann,2026-03-01,Paid\no4,bob,2026-03-01,Refunded",
        order_items="order_id,line_no,product_id,quantity,unit_price\no3,1,pen,2,10\no4,1,pen,4,10",
        returns="order_id,returned_at,amount\no1,2026-03-01,5",
    )
    shop.load("2026-02-27", "2026-03-01")
    return shop


DAY = "users, buyers, orders, paid_orders, gross_revenue, returns_amount, net_revenue"
TO_DATE = (
    "users_to_date, buyers_to_date, repeat_buyers_to_date, orders_to_date, paid_orders_to_date,"
    " gross_revenue_to_date, returns_amount_to_date, net_revenue_to_date"
)


def test_a_day_and_all_days_up_to_it(small_shop: Shop) -> None:
    small_shop.build("2026-03-01", "kpi_daily")
    assert small_shop.rows(f"select {DAY} from marts.kpi_daily") == [(1, 2, 2, 2, 60, 5, 55)]
    assert small_shop.rows(f"select {TO_DATE} from marts.kpi_daily") == [(3, 2, 1, 4, 3, 70, 5, 65)]
    assert small_shop.rows(
        "select round(average_order_value_to_date, 4), repeat_rate_to_date from marts.kpi_daily"
    ) == [(Decimal("23.3333"), Decimal("0.5"))]


def test_a_day_sees_nothing_that_came_later(small_shop: Shop) -> None:
    small_shop.build("2026-02-27", "kpi_daily")
    assert small_shop.rows(f"select {DAY} from marts.kpi_daily") == [(2, 1, 2, 1, 10, 0, 10)]
    assert small_shop.rows(f"select {TO_DATE} from marts.kpi_daily") == [(2, 1, 0, 2, 1, 10, 0, 10)]


def test_a_day_on_which_nothing_was_bought_has_no_average(shop: Shop) -> None:
    shop.deliver("2026-03-01", users="user_id\nann")
    shop.load("2026-03-01")
    shop.build("2026-03-01", "kpi_daily")
    assert shop.rows(
        "select users, paid_orders, net_revenue, average_order_value_to_date, repeat_rate_to_date from marts.kpi_daily"
    ) == [(1, 0, 0, None, None)]


def test_a_late_order_changes_the_day_restated_and_leaves_it_as_known(small_shop: Shop) -> None:
    small_shop.deliver(
        "2026-03-02",
        orders="order_id,user_id,order_date,payment_status\no5,bob,2026-02-27,Paid",
        order_items="order_id,line_no,product_id,quantity,unit_price\no5,1,pen,1,7",
    )
    small_shop.load("2026-03-02")
    small_shop.build("2026-02-27", "kpi_daily")
    assert small_shop.values("select gross_revenue from marts.kpi_daily") == [10]
    small_shop.build("2026-02-27", "kpi_daily", known_on=RESTATED)
    assert small_shop.values("select gross_revenue from marts.kpi_daily") == [17]


def test_months_add_up_to_the_totals(small_shop: Shop) -> None:
    small_shop.build("2026-03-01", "kpi_monthly")
    assert small_shop.rows(
        "select month, buyers, paid_orders, gross_revenue, returns_amount, net_revenue"
        " from marts.kpi_monthly order by month"
    ) == [(date("2026-02-01"), 1, 1, 10, 0, 10), (date("2026-03-01"), 2, 2, 60, 5, 55)]

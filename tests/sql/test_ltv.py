"""marts.ltv: what a customer has been worth, with months counted across years."""

from decimal import Decimal

import pytest

from .conftest import Shop


@pytest.mark.parametrize(
    ("first_order", "months"),
    [
        ("2024-06-10", 12),
        ("2024-06-21", 11),
        ("2025-06-20", 0),
        ("2025-05-20", 1),
        ("2025-05-21", 0),
        ("2023-06-20", 24),
    ],
)
def test_tenure_counts_full_months_with_their_years(shop: Shop, first_order: str, months: int) -> None:
    shop.deliver(
        "2025-06-20",
        orders=f"order_id,user_id,order_date,payment_status\no1,ann,{first_order},Paid",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,1,120",
    )
    shop.load("2025-06-20")
    shop.build("2025-06-20", "ltv")
    assert shop.rows("select tenure_months, round(monthly_value, 6) from marts.ltv") == [
        (months, round(Decimal(120) / max(months, 1), 6))
    ]


def test_everyone_with_a_sale_or_a_return_counts_so_that_the_sums_are_the_shops(shop: Shop) -> None:
    shop.deliver(
        "2025-06-20",
        users="user_id\nann\nbob\ncid",
        orders="order_id,user_id,order_date,payment_status\no1,ann,2025-06-20,Paid\no2,bob,2025-06-20,Pending",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,1,100\no2,1,pen,1,50",
        returns="order_id,user_id,amount\no1,,30\n,cid,8",
    )
    shop.load("2025-06-20")
    shop.build("2025-06-20", "ltv", "kpi_daily")
    assert shop.rows(
        "select user_id, gross_revenue, returns_amount, net_revenue, paid_orders, tenure_months"
        " from marts.ltv order by user_id"
    ) == [("ann", 100, 30, 70, 1, 0), ("cid", 0, 8, -8, 0, None)]
    assert shop.values("select sum(net_revenue) from marts.ltv") == shop.values(
        "select net_revenue_to_date from marts.kpi_daily"
    )

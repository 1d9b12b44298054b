"""marts.product_performance: what a product brought in, came back as, and is looked at."""

from decimal import Decimal
from typing import Any

import pytest

from personapulse.marts import RESTATED

from .conftest import Shop

DAY = "2026-03-28"  # the last 28 days begin on 2026-03-01
SETTINGS = "time_zone: Europe/Berlin\n"
PRODUCTS = "product_id,name,category,price\npen,Pen,Office,10\nball,Ball,Toys,30\nkite,Kite,Toys,5"
SOLD = "paid_orders, units, gross_revenue, returns_amount, net_revenue, returned_orders, return_rate"
LINES = "order_id,line_no,product_id,quantity,unit_price\n"


def orders(*lines: str) -> dict[str, str]:
    """Lines such as `o1 ann 2026-03-01 Paid pen*2*10 ball*1*30`."""
    rows = [line.split() for line in lines]
    items = [
        f"{order},{place},{item.replace('*', ',')}"
        for order, _, _, _, *products in rows
        for place, item in enumerate(products)
    ]
    return {
        "orders": "order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{order},{user},{day},{status}" for order, user, day, status, *_ in rows),
        "order_items": LINES + "\n".join(items),
    }


def build(shop: Shop, settings: str = SETTINGS, **files: str) -> None:
    shop.settings(settings)
    shop.deliver(DAY, **{"products": PRODUCTS, **files})
    shop.load(DAY)
    shop.build(DAY, "product_performance", "kpi_daily")


def products(shop: Shop, columns: str = SOLD) -> dict[str, list[Any]]:
    rows = shop.rows(f"select product_id, {columns} from marts.product_performance")
    return {product: list(row) for product, *row in map(list, rows)}


def test_every_product_has_a_row_whoever_names_it(shop: Shop) -> None:
    build(
        shop,
        **orders(
            "o1 ann 2026-03-01 Paid pen*2*10 ball*1*30", "o2 bob 2026-03-02 Paid jar*1*7",
            "o3 bob 2026-03-02 Failed pen*9*10",
        ),
        returns="order_id,product_id,amount\no1,pen,5\no2,cup,1",
        product_views="user_id,product_id,timestamp\nann,hat,2026-03-05 10:00",
    )  # fmt: skip
    assert products(shop) == {
        "pen": [1, 2, 20, 5, 15, 1, 1],
        "ball": [1, 1, 30, 0, 30, 0, 0],
        "jar": [1, 1, 7, 0, 7, 0, 0],
        "kite": [0, 0, 0, 0, 0, 0, None],
        "cup": [0, 0, 0, 1, -1, 0, None],
        "hat": [0, 0, 0, 0, 0, 0, None],
    }
    assert shop.rows("select name, category, price from marts.product_performance where product_id = 'jar'") == [
        (None, None, None)
    ]
    assert shop.values("select sum(net_revenue) from marts.product_performance") == shop.values(
        "select net_revenue_to_date from marts.kpi_daily"
    )


def test_a_whole_orders_return_is_divided_by_what_its_products_cost_to_the_cent(shop: Shop) -> None:
    build(
        shop,
        **orders("o1 ann 2026-03-01 Paid pen*1*10 ball*1*10 kite*1*10"),
        returns="order_id,amount\no1,10",
    )
    amounts = products(shop, "returns_amount")
    assert sorted(amount for (amount,) in amounts.values()) == [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]


def test_a_product_on_two_lines_of_an_order_is_one_order(shop: Shop) -> None:
    build(shop, **orders("o1 ann 2026-03-01 Paid pen*1*10 pen*2*9"))
    assert products(shop)["pen"] == [1, 3, 28, 0, 28, 0, 0]


def test_returns_of_nothing_told_have_a_row_so_that_the_sum_is_the_shops(shop: Shop) -> None:
    build(shop, **orders("o1 ann 2026-03-01 Paid pen*1*10"), returns="order_id,user_id,amount\n,cid,2\no9,,3")
    assert products(shop)["(not told)"] == [0, 0, 0, 5, -5, 0, None]


@pytest.mark.parametrize(
    ("viewed_at", "views"),
    [
        ("2026-02-28T22:59:59Z", 0),
        ("2026-02-28T23:00:00Z", 1),
        ("2026-03-28T22:59:59Z", 1),
        ("2026-03-28T23:00:00Z", 0),  # the next day in Berlin
    ],
)
def test_recent_is_28_days_by_the_shops_own_midnight(shop: Shop, viewed_at: str, views: int) -> None:
    build(shop)
    shop.deliver("2026-03-30", product_views=f"user_id,product_id,timestamp\nann,pen,{viewed_at}")
    shop.load("2026-03-30")
    shop.build(DAY, "product_performance", known_on=RESTATED)
    assert products(shop, "recent_views, recent_viewers")["pen"] == [views, views]


def test_viewers_and_buyers_are_people(shop: Shop) -> None:
    build(
        shop,
        **orders(
            "o1 ann 2026-03-01 Paid pen*1*10", "o2 ann 2026-03-05 Paid pen*1*10", "o3 bob 2026-02-28 Paid pen*1*10",
            "o4 cid 2026-03-05 Failed pen*1*10",
        ),
        product_views="user_id,product_id,timestamp,event_type\n"
        "ann,pen,2026-03-05 10:00,view\nann,pen,2026-03-05 10:01,view\nbob,pen,2026-03-05 10:00,view\n"
        "bob,pen,2026-03-05 10:01,add_to_cart",
    )  # fmt: skip
    assert products(shop, "recent_views, recent_viewers, recent_buyers, paid_orders")["pen"] == [3, 2, 1, 3]


def test_a_shop_that_records_no_views_has_none_not_zero(shop: Shop) -> None:
    build(shop, "lacks: [product_views]\n", **orders("o1 ann 2026-03-01 Paid pen*1*10"))
    assert products(shop, "recent_views, recent_viewers, recent_buyers")["pen"] == [None, None, 1]


def test_a_late_sale_is_seen_restated_only(shop: Shop) -> None:
    build(shop, **orders("o1 ann 2026-02-01 Paid pen*1*10"))
    shop.deliver(
        "2026-03-30",
        **orders("o2 ann 2026-03-28 Paid pen*1*10"),
        returns="order_id,returned_at,amount\no1,2026-03-29,10",
    )
    shop.load("2026-03-30")
    shop.build(DAY, "product_performance")
    assert products(shop)["pen"] == [1, 1, 10, 0, 10, 0, 0]
    shop.build(DAY, "product_performance", known_on=RESTATED)
    assert products(shop)["pen"] == [2, 2, 20, 0, 20, 0, 0]  # what comes back tomorrow is not back yet

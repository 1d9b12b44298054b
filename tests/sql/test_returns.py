"""marts.returns: what came back, of how much, and from where."""

from decimal import Decimal
from typing import Any

import pytest

from personapulse.marts import RESTATED

from .conftest import Shop

DAY = "2026-03-31"  # with a window of ten days, orders up to 2026-03-20 have matured
SETTINGS = "return_window_days: 10\npersona_rules: classic\n"
PRODUCTS = "product_id,name,category\npen,Pen,Office\nink,Ink,Office\nball,Ball,Toys"
RATES = "paid_orders, returned_orders, matured_orders, matured_returned_orders, returns, returns_amount"


def orders(*lines: str) -> dict[str, str]:
    """Lines such as `o1 ann 2026-03-01 Paid pen=10 ink=30`."""
    rows = [line.split() for line in lines]
    items = [
        f"{order},{place},{item.replace('=', ',1,')}"
        for order, _, _, _, *products in rows
        for place, item in enumerate(products)
    ]
    return {
        "orders": "order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{order},{user},{day},{status}" for order, user, day, status, *_ in rows),
        "order_items": "order_id,line_no,product_id,quantity,unit_price\n" + "\n".join(items),
    }


def build(shop: Shop, **files: str) -> None:
    shop.settings(SETTINGS)
    shop.deliver(DAY, **{"products": PRODUCTS, **files})
    shop.load(DAY)
    shop.build(DAY)


def rates(shop: Shop, dimension: str) -> dict[str, tuple[Any, ...]]:
    rows = shop.rows(f"select value, {RATES} from marts.returns where dimension = '{dimension}'")
    return {value: row for value, *row in map(tuple, rows)}  # type: ignore[misc]


def test_an_order_is_returned_once_however_often_something_comes_back(shop: Shop) -> None:
    build(
        shop,
        **orders(
            "o1 ann 2026-03-01 Paid pen=10 ink=30", "o2 ann 2026-03-02 Paid pen=10",
            "o3 bob 2026-03-03 Refunded pen=10", "o4 bob 2026-03-03 Failed pen=99",
        ),
        returns="order_id,product_id,amount\no1,pen,10\no1,ink,20\no3,pen,10\no4,pen,99",
    )  # fmt: skip
    assert rates(shop, "all") == {"all": [3, 2, 3, 2, 4, 40]}  # what was never paid for takes nothing off revenue
    assert shop.values("select round(return_rate, 4) from marts.returns where dimension = 'all'") == [Decimal("0.6667")]


@pytest.mark.parametrize(("ordered_on", "matured"), [("2026-03-20", 1), ("2026-03-21", 0)])
def test_an_order_matures_once_its_window_has_passed(shop: Shop, ordered_on: str, matured: int) -> None:
    build(
        shop,
        **orders(f"o1 ann {ordered_on} Paid pen=10"),
        returns=f"order_id,product_id,returned_at,amount\no1,pen,{ordered_on},10",
    )
    assert rates(shop, "all") == {"all": [1, 1, matured, matured, 1, 10]}
    assert rates(shop, "product") == {"pen": [1, 1, matured, matured, 1, 10]}
    assert shop.values("select matured_return_rate from marts.returns where dimension = 'category'") == [
        matured or None
    ]


def test_a_return_counts_with_the_product_it_names_and_else_with_all_of_its_order(shop: Shop) -> None:
    build(
        shop,
        **orders("o1 ann 2026-03-01 Paid pen=10 ball=30", "o2 ann 2026-03-02 Paid pen=10 ink=10"),
        returns="order_id,product_id,amount\no1,,20\no2,ink,10",
    )
    assert rates(shop, "product") == {
        "pen": [2, 1, 2, 1, 1, 5], "ball": [1, 1, 1, 1, 1, 15], "ink": [1, 1, 1, 1, 1, 10],
    }  # fmt: skip
    assert rates(shop, "category") == {"Office": [3, 2, 3, 2, 2, 15], "Toys": [1, 1, 1, 1, 1, 15]}
    assert rates(shop, "all") == {"all": [2, 2, 2, 2, 2, 30]}


def test_a_young_order_leaves_the_matured_ones_once_for_each_product(shop: Shop) -> None:
    build(
        shop,
        **orders("o1 ann 2026-03-30 Paid pen=10 ball=30", "o2 ann 2026-03-01 Paid pen=10 ball=30"),
        returns="order_id,product_id,amount\no1,pen,5\no1,pen,4",
    )
    assert rates(shop, "product") == {"pen": [2, 1, 1, 0, 2, 9], "ball": [2, 0, 1, 0, 0, 0]}


def test_reasons_count_returns_and_have_no_rate(shop: Shop) -> None:
    build(
        shop,
        **orders("o1 ann 2026-03-01 Paid pen=10", "o2 bob 2026-03-01 Paid pen=10", "o3 cid 2026-03-01 Paid pen=10"),
        returns="order_id,return_reason,amount\no1,too small,10\no2,too small,5\no3,,1",
    )
    assert rates(shop, "reason") == {
        "too small": [None, None, None, None, 2, 15],
        "(not told)": [None, None, None, None, 1, 1],
    }


def test_personas_and_whoever_nobody_knows_add_up_to_all(shop: Shop) -> None:
    build(
        shop,
        users="user_id\nann",
        **orders("o1 ann 2026-03-01 Paid pen=10", "o2 bob 2026-03-01 Paid pen=10"),
        returns="order_id,user_id,amount\no1,ann,10\no9,,3\n,cid,2",
    )
    by_persona = rates(shop, "persona")
    assert by_persona["(not told)"] == [0, 0, 0, 0, 1, 3]
    assert by_persona["Frequent Returner"] == [1, 1, 1, 1, 1, 10]
    assert [sum(column) for column in zip(*by_persona.values(), strict=True)] == rates(shop, "all")["all"]
    assert rates(shop, "product")["(not told)"] == [0, 0, 0, 0, 2, 5]
    assert rates(shop, "category")["(not told)"] == [0, 0, 0, 0, 2, 5]


def test_an_order_without_lines_counts_with_its_customer_and_with_no_product(shop: Shop) -> None:
    build(
        shop,
        orders="order_id,user_id,order_date,payment_status\no1,ann,2026-03-01,Paid",
        returns="order_id,amount\no1,5",
    )
    assert rates(shop, "all") == {"all": [1, 1, 1, 1, 1, 5]}
    assert rates(shop, "product") == {"(not told)": [0, 0, 0, 0, 1, 5]}


def test_a_return_told_later_is_seen_restated_only(shop: Shop) -> None:
    build(shop, **orders("o1 ann 2026-03-01 Paid pen=10", "o2 ann 2026-03-30 Paid pen=10"))
    shop.deliver("2026-04-02", returns="order_id,returned_at,amount\no1,2026-03-31,4\no2,2026-04-01,4")
    shop.load("2026-04-02")
    shop.build(DAY)
    assert rates(shop, "all") == {"all": [2, 0, 1, 0, 0, 0]}
    shop.build(DAY, known_on=RESTATED)
    assert rates(shop, "all") == {"all": [2, 1, 1, 1, 1, 4]}  # what comes back tomorrow is not back yet
    assert rates(shop, "product") == {"pen": [2, 1, 1, 1, 1, 4]}

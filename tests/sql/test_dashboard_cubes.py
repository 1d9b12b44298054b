"""marts.dashboard_cube_*: sums that add up over what a dashboard filters by, and different customers who do not."""

from decimal import Decimal
from typing import Any

import pytest

from personapulse import marts

from .conftest import Shop, date

USERS = """user_id,gender,age
    ann,f,30
    bob,,
    cid,f,31
    dee,,17"""
PRODUCTS = """product_id,name,category
    pen,Pen,Office
    ink,Ink,Office
    top,Top,Toys"""
CUBES = ("dashboard_cube_funnel", *marts.GROUPS["dashboards"])
READ = ("kpi_daily", "ltv", "rfm_cuts", "rfm", *marts.GROUPS["personas"])


def orders(*lines: str) -> dict[str, str]:
    """Lines such as `o1 ann 2026-03-01 Paid pen=10 top=5`, products and what they cost."""
    rows = [line.split() for line in lines]
    return {
        "orders": "order_id,user_id,order_date,payment_status\n" + "\n".join(",".join(row[:4]) for row in rows),
        "order_items": "order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(
            f"{order},{place},{item.split('=')[0]},1,{item.split('=')[1]}"
            for order, _, _, _, *items in rows
            for place, item in enumerate(items)
        ),
    }


def build(shop: Shop, as_of_date: str, **files: str) -> None:
    shop.deliver(as_of_date, users=USERS, products=PRODUCTS, **files)
    shop.load(as_of_date)
    shop.build(as_of_date, *READ, *CUBES)


def test_everyone_is_in_one_row_of_customers_and_nobodys_returns_in_a_row_of_none(shop: Shop) -> None:
    build(
        shop,
        "2026-03-20",
        **orders(
            "o1 ann 2026-03-10 Paid pen=10",
            "o2 ann 2026-03-18 Paid pen=20",
            "o3 cid 2026-03-20 Paid top=5",
            "o4 bob 2026-03-20 Failed top=5",
        ),
        returns="order_id,amount,returned_at\no2,4,2026-03-19\nlost,3,2026-03-20",
    )
    columns = (
        "customers buyers repeat_buyers orders paid_orders returned_orders recency_days gross_revenue returns_amount"
    )
    sums = ", ".join(f"sum({column})" for column in (*columns.split(), "net_revenue"))
    assert shop.rows(
        f"select segment, age_group, gender, {sums} from marts.dashboard_cube_customers group by 1, 2, 3 order by 1, 2"
    ) == [
        ("(not told)", "unknown", "unknown", 0, 0, 0, 0, 0, 0, 0, 0, 3, -3),
        ("Prospects", "under 18", "unknown", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        ("Prospects", "unknown", "unknown", 1, 0, 0, 1, 0, 0, 0, 0, 0, 0),
        ("insufficient data", "25-34", "f", 2, 2, 1, 3, 3, 1, 2, 35, 4, 31),
    ]


def test_a_customer_counts_under_the_persona_and_segment_of_the_day(shop: Shop) -> None:
    build(shop, "2026-03-20", **orders("o1 ann 2026-03-20 Paid pen=10"))
    shop.warehouse.execute("update marts.personas set persona = user_id")
    shop.warehouse.execute("update marts.rfm set segment = 'Champions'")
    shop.build("2026-03-20", *CUBES)
    assert shop.rows(
        "select persona, segment, customers, paid_orders from marts.dashboard_cube_customers order by 1"
    ) == [
        ("ann", "Champions", 1, 1),
        ("bob", "Prospects", 1, 0),
        ("cid", "Prospects", 1, 0),
        ("dee", "Prospects", 1, 0),
    ]
    for cube in ("months", "days", "reach"):
        assert shop.values(f"select distinct persona from marts.dashboard_cube_{cube}") == ["ann"], cube


def test_months_before_the_last_24_are_one_in_which_a_buyer_counts_once(shop: Shop) -> None:
    build(
        shop,
        "2026-03-20",
        **orders(
            "o1 ann 2023-05-10 Paid pen=1",
            "o2 ann 2024-03-31 Paid pen=2",
            "o3 cid 2024-03-01 Paid pen=4",
            "o4 ann 2024-04-01 Paid pen=8",
            "o5 bob 2026-03-20 Paid pen=16",
            "o6 bob 2026-03-20 Pending pen=32",
        ),
        returns="order_id,amount,returned_at\no4,3,2026-03-19",
    )
    assert shop.rows(
        "select month, age_group, gender, is_all_before, sum(buyers), sum(paid_orders), sum(returns),"
        " sum(gross_revenue), sum(returns_amount), sum(net_revenue)"
        " from marts.dashboard_cube_months group by 1, 2, 3, 4 order by 1, 2"
    ) == [
        (date("2024-03-01"), "25-34", "f", True, 2, 3, 0, 7, 0, 7),
        (date("2024-04-01"), "25-34", "f", False, 1, 1, 0, 8, 0, 8),
        (date("2026-03-01"), "25-34", "f", False, 0, 0, 1, 0, 3, -3),
        (date("2026-03-01"), "unknown", "unknown", False, 1, 1, 0, 16, 0, 16),
    ]


def days(shop: Shop) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = shop.rows(
        "select on_day::text, category, sum(buyers), sum(paid_orders), sum(gross_revenue), sum(returns_amount)"
        " from marts.dashboard_cube_days group by 1, 2"
    )
    return {(day, category): tuple(numbers) for day, category, *numbers in rows}


def test_an_order_of_two_categories_counts_in_both_and_once_in_all(shop: Shop) -> None:
    build(
        shop,
        "2026-03-20",
        **orders("o1 ann 2026-03-20 Paid pen=10 ink=2 top=5", "o2 ann 2026-03-20 Paid pen=1", "o3 bob 2026-03-20 Paid"),
    )
    assert days(shop) == {
        ("2026-03-20", "(all)"): (2, 3, 18, 0),  # the order without lines too
        ("2026-03-20", "Office"): (1, 2, 13, 0),
        ("2026-03-20", "Toys"): (1, 1, 5, 0),
    }


def test_a_return_counts_on_its_own_day_in_the_categories_it_is_of(shop: Shop) -> None:
    build(
        shop,
        "2026-03-20",
        **orders("o1 ann 2026-03-18 Paid pen=6 top=3", "o2 ann 2026-03-18 Failed pen=6"),
        returns="order_id,amount,returned_at\no1,1,2026-03-19\no2,,2026-03-19\nlost,5,2026-03-20",
    )
    assert days(shop) == {
        ("2026-03-18", "(all)"): (1, 1, 9, 0),
        ("2026-03-18", "Office"): (1, 1, 6, 0),
        ("2026-03-18", "Toys"): (1, 1, 3, 0),
        ("2026-03-19", "(all)"): (0, 0, 0, 1),
        ("2026-03-19", "Office"): (0, 0, 0, Decimal("0.67")),
        ("2026-03-19", "Toys"): (0, 0, 0, Decimal("0.33")),
        ("2026-03-20", "(all)"): (0, 0, 0, 5),
        ("2026-03-20", "(not told)"): (0, 0, 0, 5),
    }
    assert shop.values("select distinct persona from marts.dashboard_cube_days where on_day = '2026-03-20'") == [
        "(not told)"
    ]


def test_a_returned_order_counts_on_the_day_it_was_ordered_in_the_categories_that_came_back(shop: Shop) -> None:
    build(
        shop,
        "2026-03-20",
        **orders(
            "o1 ann 2026-03-18 Paid pen=6 ink=1 top=3",  # the pen comes back, twice
            "o2 bob 2026-03-18 Paid pen=6 top=3",  # comes back whole
            "o3 cid 2026-03-18 Failed pen=6",
            "o4 dee 2026-03-18 Paid",  # of no known products, comes back
            "o5 dee 2026-03-18 Paid top=2",
        ),
        returns="""order_id,product_id,amount,returned_at
            o1,pen,1,2026-03-19
            o1,pen,1,2026-03-20
            o2,,9,2026-03-20
            o3,,6,2026-03-19
            o4,,0,2026-03-20""",
    )
    assert shop.rows(
        "select category, age_group, sum(paid_orders), sum(returned_orders) from marts.dashboard_cube_days"
        " where on_day = '2026-03-18' group by 1, 2 order by 1, 2"
    ) == [
        ("(all)", "25-34", 1, 1),
        ("(all)", "under 18", 2, 1),
        ("(all)", "unknown", 1, 1),
        ("Office", "25-34", 1, 1),
        ("Office", "unknown", 1, 1),
        ("Toys", "25-34", 1, 0),
        ("Toys", "under 18", 1, 0),
        ("Toys", "unknown", 1, 1),
    ]
    assert shop.rows(
        "select gender, sum(buyers) from marts.dashboard_cube_days"
        " where category = '(all)' and on_day = '2026-03-18' group by 1 order by 1"
    ) == [("f", 1), ("unknown", 2)]


def test_a_funnel_narrowed_to_a_group_is_of_its_customers(shop: Shop) -> None:
    """Looks of 16 days ago have had their 14 days to convert."""
    build(
        shop,
        "2026-03-20",
        **orders("o1 ann 2026-03-04 Paid pen=10", "o2 cid 2026-03-04 Failed pen=1", "o3 bob 2026-03-04 Paid top=1"),
        product_views="""user_id,product_id,timestamp,event_type
            ann,pen,2026-03-04 10:00,view
            cid,pen,2026-03-04 10:00,view
            bob,pen,2026-03-04 10:00,view
            dee,top,2026-03-04 10:00,view""",
    )
    assert shop.rows(
        "select age_group, gender, category, array_agg(users order by step_no) from marts.dashboard_cube_funnel"
        " group by 1, 2, 3 order by 1, 2, 3"
    ) == [
        ("25-34", "f", "(all)", [2, 2, 1, 1]),  # viewed, placed, paid, kept
        ("25-34", "f", "Office", [2, 2, 1, 1]),
        ("under 18", "unknown", "(all)", [1, 0, 0, 0]),
        ("under 18", "unknown", "Toys", [1, 0, 0, 0]),
        ("unknown", "unknown", "(all)", [1, 1, 1, 1]),
        ("unknown", "unknown", "Office", [1, 0, 0, 0]),
    ]


@pytest.mark.parametrize(("ordered_on", "is_shown"), [("2025-12-18", False), ("2025-12-19", True)])
def test_92_days_are_shown(shop: Shop, ordered_on: str, is_shown: bool) -> None:
    build(shop, "2026-03-20", **orders(f"o1 ann {ordered_on} Paid pen=10"))
    assert len(days(shop)) == 2 * is_shown


def reach(shop: Shop, period_days: int) -> dict[str, tuple[int, int]]:
    """Viewers and buyers by category."""
    rows = shop.rows(
        "select category, sum(viewers), sum(buyers) from marts.dashboard_cube_reach"
        f" where period_days = {period_days} group by category"
    )
    return {category: (viewers, buyers) for category, viewers, buyers in rows}


def test_who_looks_or_buys_on_several_days_is_reached_once(shop: Shop) -> None:
    build(
        shop,
        "2026-03-20",
        **orders(
            "o1 ann 2026-02-20 Paid top=9",  # 28 days before: no more in the last 28
            "o2 ann 2026-02-21 Paid pen=1",
            "o3 ann 2026-03-13 Paid pen=1",
            "o4 ann 2026-03-14 Paid ink=1",
            "o5 ann 2026-03-20 Paid top=1",
            "o6 bob 2026-03-13 Paid pen=1",
            "o7 cid 2026-03-20 Failed pen=1",
            "o8 dee 2026-03-20 Paid",
        ),
        product_views="""user_id,product_id,timestamp,event_type
            ann,pen,2026-03-20 10:00,view
            ann,ink,2026-03-20 10:00,view
            ann,top,2026-03-13 10:00,view
            cid,pen,2026-02-21 10:00,view
            bob,pen,2026-03-20 10:00,add_to_cart""",
    )
    assert reach(shop, 28) == {"(all)": (2, 3), "Office": (2, 2), "Toys": (1, 1)}
    assert reach(shop, 7) == {"(all)": (1, 2), "Office": (1, 1), "Toys": (0, 1)}
    assert shop.rows(
        "select age_group, gender, sum(viewers), sum(buyers) from marts.dashboard_cube_reach"
        " where period_days = 28 and category = '(all)' group by 1, 2 order by 1"
    ) == [("25-34", "f", 2, 1), ("under 18", "unknown", 0, 1), ("unknown", "unknown", 0, 1)]


def test_a_shop_that_records_no_views_has_no_viewers(shop: Shop) -> None:
    shop.settings("lacks: [product_views]")
    build(shop, "2026-03-20", **orders("o1 ann 2026-03-20 Paid pen=1"))
    assert reach(shop, 28) == {"(all)": (None, 1), "Office": (None, 1)}


def test_a_night_shows_what_was_known_and_restated_it_shows_what_is(shop: Shop) -> None:
    build(shop, "2026-03-20", **orders("o1 ann 2026-03-20 Paid pen=1"))
    once = shop.fingerprint(*[f"marts.{cube}" for cube in CUBES])
    build(shop, "2026-03-21", **orders("o2 bob 2026-03-20 Paid pen=1", "o3 ann 2026-03-21 Paid pen=7"))
    for cube in CUBES:
        shop.warehouse.execute(f"delete from marts.{cube} where as_of_date = '2026-03-21'".encode())
    shop.build("2026-03-20", *READ, *CUBES)
    assert shop.fingerprint(*once) == once
    shop.build("2026-03-20", *READ, *CUBES, known_on=marts.RESTATED)
    for cube, where in {"customers": "", "months": "", "days": "category = '(all)'", "reach": ""}.items():
        column = "buyers" if cube == "reach" else "paid_orders"
        condition = where or ("category = '(all)' and period_days = 7" if cube == "reach" else "true")
        assert shop.values(f"select sum({column}) from marts.dashboard_cube_{cube} where {condition}") == [2], cube

"""marts.funnel and funnel_sessions: steps in their order, in their days, by whom and of what."""

from decimal import Decimal

import pytest

from personapulse.marts import RESTATED

from .conftest import Shop

DAY = "2026-03-10"  # with two days to convert, entrants' first views lie between 2026-02-09 and 2026-03-08
SETTINGS = "conversion_days: 2\ntime_zone: Europe/Berlin\npersona_rules: classic\n"
PRODUCTS = "product_id,name,category\npen,Pen,Office\nball,Ball,Toys"
STEPS = ["view", "add_to_cart", "checkout", "placed", "paid", "kept"]


def events(*lines: str) -> str:
    """Lines such as `ann view pen 2026-03-01 10:00`, a session behind the time where there is one."""
    rows = [line.split() for line in lines]
    return "user_id,event_type,product_id,timestamp,session_id\n" + "\n".join(
        f"{user},{step},{product},{day} {time},{''.join(session)}" for user, step, product, day, time, *session in rows
    )


def orders(*lines: str) -> dict[str, str]:
    """Lines such as `o1 ann 2026-03-01 Paid pen`, each with one piece for 10."""
    rows = [line.split() for line in lines]
    return {
        "orders": "order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{order},{user},{day},{status}" for order, user, day, status, _ in rows),
        "order_items": "order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"{order},1,{product},1,10" for order, *_, product in rows),
    }


def build(shop: Shop, *, as_of_date: str = DAY, **files: str) -> None:
    shop.settings(SETTINGS)
    shop.deliver(as_of_date, **{"products": PRODUCTS, **files})
    shop.load(as_of_date)
    shop.build(as_of_date)


def counts(shop: Shop, counted: str = "users", category: str = "(all)", persona: str = "(all)") -> dict[str, int]:
    return dict(
        shop.rows(
            f"select step, {counted} from marts.funnel where category = '{category}' and persona = '{persona}'"
            f" and as_of_date = '{DAY}' order by step_no"
        )
    )


def steps(*users: int) -> dict[str, int]:
    return dict(zip(STEPS, users, strict=True))


def all_the_way(user: str, day: str = "2026-03-01") -> list[str]:
    return [f"{user} {step} pen {day} 10:0{place}" for place, step in enumerate(STEPS[:3])]


def test_each_step_is_taken_after_the_one_before_it(shop: Shop) -> None:
    build(
        shop,
        product_views=events(
            *all_the_way("ann"),
            *all_the_way("bob"),
            *all_the_way("cid"),
            "dan add_to_cart pen 2026-03-01 09:59",  # before the first view: not after it
            "dan view pen 2026-03-01 10:00",
            "dan checkout pen 2026-03-01 10:01",
            "eve view pen 2026-03-01 10:00",
            "eve checkout pen 2026-03-01 10:01",  # before the cart
            "eve add_to_cart pen 2026-03-01 10:02",
            "fay add_to_cart pen 2026-03-01 10:00",  # never looked
        ),
        **orders(
            "o1 ann 2026-03-01 Paid pen",
            "o2 bob 2026-03-01 Failed pen",
            "o3 cid 2026-03-01 Paid pen",
            "o4 dan 2026-03-01 Paid pen",
        ),
        returns="order_id,amount\no3,10",
    )
    assert counts(shop) == steps(5, 4, 3, 3, 2, 1)
    assert counts(shop, "users_by_any_path") == steps(5, 4, 5, 4, 3, 2)
    assert shop.rows(
        "select share_of_first, round(share_of_previous, 4), share_by_any_path from marts.funnel"
        " where category = '(all)' and persona = '(all)' and step in ('view', 'paid') order by step_no"
    ) == [(1, None, 1), (Decimal("0.4"), Decimal("0.6667"), Decimal("0.6"))]


@pytest.mark.parametrize(
    ("ordered_on", "paid"),
    [("2026-02-28", 0), ("2026-03-01", 1), ("2026-03-03", 1), ("2026-03-04", 0)],
)
def test_a_purchase_counts_up_to_the_last_conversion_day(shop: Shop, ordered_on: str, paid: int) -> None:
    build(shop, product_views=events("ann view pen 2026-03-01 10:00"), **orders(f"o1 ann {ordered_on} Paid pen"))
    assert counts(shop) == {"view": 1, "placed": paid, "paid": paid, "kept": paid}


@pytest.mark.parametrize(
    ("viewed_at", "entrants"),
    [
        ("2026-02-08T22:59:59Z", 0),  # 23:59:59 of the day before the 28 days
        ("2026-02-08T23:00:00Z", 1),
        ("2026-03-08T22:59:59Z", 1),
        ("2026-03-08T23:00:00Z", 0),  # midnight in Berlin: two days have not passed, and an order may still come
    ],
)
def test_who_may_still_buy_is_left_out_by_the_shops_own_midnight(shop: Shop, viewed_at: str, entrants: int) -> None:
    build(shop, product_views=f"user_id,product_id,timestamp\nzoe,pen,2026-03-01 10:00\nann,pen,{viewed_at}")
    assert counts(shop)["view"] == 1 + entrants


def test_a_customer_enters_once_with_the_first_view_of_the_days_looked_at(shop: Shop) -> None:
    build(
        shop,
        product_views=events("ann view pen 2026-02-08 10:00", "ann view pen 2026-03-01 10:00"),
        **orders("o1 ann 2026-02-08 Paid pen", "o2 ann 2026-03-02 Paid pen"),
    )
    assert counts(shop) == {"view": 1, "placed": 1, "paid": 1, "kept": 1}


def test_the_days_to_buy_begin_with_the_first_view_not_the_last(shop: Shop) -> None:
    build(
        shop,
        product_views=events("ann view pen 2026-03-01 10:00", "ann view pen 2026-03-05 10:00"),
        **orders("o1 ann 2026-03-06 Paid pen"),
    )
    assert counts(shop) == {"view": 1, "placed": 0, "paid": 0, "kept": 0}


def test_a_step_nobody_records_is_absent_and_one_nobody_reached_is_zero(shop: Shop) -> None:
    build(shop, product_views=events("ann view pen 2026-03-01 10:00", "bob checkout pen 2026-03-01 10:00"))
    assert counts(shop) == {"view": 1, "checkout": 0, "placed": 0, "paid": 0, "kept": 0}
    assert shop.values(
        "select share_of_previous from marts.funnel where category = '(all)' and persona = '(all)' order by step_no"
    ) == [None, 0, None, None, None]


def test_a_shop_without_views_has_no_funnel(shop: Shop) -> None:
    build(shop, **orders("o1 ann 2026-03-01 Paid pen"))
    assert shop.values("select count(*) from marts.funnel") == [0]


def test_what_was_looked_at_and_bought_is_counted_by_its_category_and_once_in_all(shop: Shop) -> None:
    build(
        shop,
        product_views=events(
            "ann view pen 2026-03-01 10:00", "ann view ball 2026-03-01 10:01", "bob view jar 2026-03-01 10:00"
        ),
        **orders("o1 ann 2026-03-01 Paid ball", "o2 bob 2026-03-01 Paid pen"),
    )
    assert counts(shop) == {"view": 2, "placed": 2, "paid": 2, "kept": 2}
    assert counts(shop, category="Office") == {"view": 1, "placed": 0, "paid": 0, "kept": 0}
    assert counts(shop, category="Toys") == {"view": 1, "placed": 1, "paid": 1, "kept": 1}
    assert counts(shop, category="(not told)") == {"view": 1, "placed": 0, "paid": 0, "kept": 0}


def test_an_order_of_two_categories_counts_in_both(shop: Shop) -> None:
    lines = "order_id,line_no,product_id,quantity,unit_price\no1,1,pen,1,10\no1,2,ball,1,10"
    build(
        shop,
        product_views=events("ann view pen 2026-03-01 10:00", "ann view ball 2026-03-01 10:01"),
        **(orders("o1 ann 2026-03-01 Paid ball") | {"order_items": lines}),
    )
    assert [counts(shop, category=slice_)["paid"] for slice_ in ("Office", "Toys", "(all)")] == [1, 1, 1]


def test_personas_add_up_to_all(shop: Shop) -> None:
    build(
        shop,
        product_views=events("ann view pen 2026-03-01 10:00", "bob view pen 2026-03-01 10:00"),
        **orders("o1 ann 2026-03-01 Paid pen"),
    )
    assert counts(shop, persona="Abandoner") == {"view": 1, "placed": 0, "paid": 0, "kept": 0}
    assert counts(shop, persona="Others") == {"view": 1, "placed": 1, "paid": 1, "kept": 1}
    assert counts(shop) == {"view": 2, "placed": 1, "paid": 1, "kept": 1}


def test_a_return_told_later_is_seen_restated_only(shop: Shop) -> None:
    views = events("ann view pen 2026-03-01 10:00")
    build(shop, product_views=views, **orders("o1 ann 2026-03-01 Paid pen"))
    shop.deliver("2026-03-12", returns="order_id,returned_at,amount\no1,2026-03-09,10")
    shop.load("2026-03-12")
    shop.build(DAY)
    assert counts(shop)["kept"] == 1
    shop.build(DAY, known_on=RESTATED)
    assert counts(shop)["kept"] == 0


def sessions(shop: Shop, category: str = "(all)") -> dict[str, int]:
    return dict(
        shop.rows(
            "select step, sessions from marts.funnel_sessions"
            f" where category = '{category}' and persona = '(all)' order by step_no"
        )
    )


def test_a_visits_steps_are_taken_in_that_visit_and_in_order(shop: Shop) -> None:
    build(
        shop,
        product_views=events(
            "ann view pen 2026-03-01 10:00 s1",
            "ann add_to_cart pen 2026-03-01 10:01 s1",
            "ann checkout ball 2026-03-01 10:02 s1",
            "ann view pen 2026-03-02 10:00 s2",  # the cart is of another visit
            "ann add_to_cart pen 2026-03-02 10:01 s3",
            "bob checkout pen 2026-03-01 10:00 s1",  # another customer's s1
            "bob view pen 2026-03-01 10:01 s1",
            "cid view pen 2026-03-01 10:00",  # no session is told
            "dan view pen 2026-03-01 10:00 s4",
            "dan checkout pen 2026-03-01 10:01 s4",  # before the cart
            "dan add_to_cart pen 2026-03-01 10:02 s4",
        ),
    )
    assert sessions(shop) == {"view": 4, "add_to_cart": 2, "checkout": 1}
    assert sessions(shop, "Office") == {"view": 4, "add_to_cart": 2, "checkout": 0}
    assert shop.values(
        "select round(share_of_first, 4) from marts.funnel_sessions where category = '(all)' and persona = '(all)'"
        " order by step_no"
    ) == [1, Decimal("0.5"), Decimal("0.25")]


@pytest.mark.parametrize(
    ("viewed_at", "found"),
    [
        ("2026-02-10T22:59:59Z", 0),
        ("2026-02-10T23:00:00Z", 1),
        ("2026-03-10T22:59:59Z", 1),
        ("2026-03-10T23:00:00Z", 0),  # the next day in Berlin
    ],
)
def test_visits_of_the_last_28_days_count_by_the_shops_own_midnight(shop: Shop, viewed_at: str, found: int) -> None:
    build(shop)
    shop.deliver("2026-03-11", product_views=f"user_id,product_id,timestamp,session_id\nann,pen,{viewed_at},s1")
    shop.load("2026-03-11")
    shop.build(DAY, "funnel_sessions", known_on=RESTATED)
    assert sum(sessions(shop).values()) == found


def test_a_shop_whose_events_name_no_session_has_no_visits(shop: Shop) -> None:
    build(shop, product_views=events("ann view pen 2026-03-01 10:00"))
    assert sessions(shop) == {}

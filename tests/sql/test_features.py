"""ml.features: what is known of a customer on the evening of a day, and nothing of what came after."""

from typing import Any

import pytest

from personapulse import marts
from personapulse.intent import snapshots
from personapulse.intent.features import FEATURES
from personapulse.marts import RESTATED
from personapulse.marts.aside import build_personas

from .conftest import Shop, date
from .test_returns import orders

DAY = "2026-03-31"

# Ann and Bob, whom the users file alone knows. Pens cost half, and ink half as much again as office things on average.
FILES = {
    "users": "user_id,signup_date,gender,age\nann,2026-01-01,f,30\nbob,,,",
    "products": "product_id,name,category,price\npen,Pen,Office,10\nink,Ink,Office,30\nball,Ball,Toys,5",
    **orders(
        "o1 ann 2026-01-10 Paid pen=10 ball=5", "o2 ann 2026-03-11 Paid pen=20 ink=10",
        "o3 ann 2026-03-21 Refunded pen=30", "o4 ann 2026-03-25 Failed pen=99",
    ),
    "returns": "order_id,product_id,returned_at,amount\no2,pen,2026-03-28,5",
    "contacts": "user_id,sent_at\nann,2026-03-30\nann,2026-03-10",
}  # fmt: skip
EVENTS = (
    "2026-03-31 pen view", "2026-03-31 pen view",
    "2026-03-25 pen view", "2026-03-25 ink view", "2026-03-25 pen add_to_cart",  # six days ago
    "2026-03-24 ball view",
    "2026-03-21 pen view", "2026-03-21 pen add_to_cart", "2026-03-21 pen checkout",  # the day of an order
    "2026-03-02 pen view",  # 29 days ago
    "2026-03-01 pen view",
)  # fmt: skip
NEVER = (
    "recency_days", "idle_days", "orders_trend", "average_order_value", "products_per_order", "days_between_orders",
    "last_gap_days", "shortest_gap_days", "gap_spread", "overdue", "views_trend", "carts_trend", "checkouts_trend",
    "days_since_visit", "days_since_cart", "price_level_viewed_7_days", "price_level_bought_91_days", "return_rate",
    "favourite_category", "days_since_contact", "age", "gender", "season_ahead", "orders_after_a_year_ago",
)  # fmt: skip


def events(*lines: str, user: str = "ann") -> str:
    """Lines such as `2026-03-31 pen view`, one minute after the other."""
    told = [(minute, *line.split()) for minute, line in enumerate(lines)]
    rows = [f"{user},{product},{day} 10:{minute:02}:00,{kind}" for minute, day, product, kind in told]
    return "\n".join(["user_id,product_id,timestamp,event_type", *rows])


def features(shop: Shop, user: str = "ann", day: str = DAY) -> dict[str, Any]:
    """Build a day's features and return what they say of a customer."""
    snapshots.build(shop.warehouse, date(day), shop.source.settings)
    names = [*(feature.name for feature in FEATURES), "age_group"]
    (row,) = shop.rows(f"select {', '.join(names)} from ml.features where as_of_date = '{day}' and user_id = '{user}'")
    return dict(zip(names, row, strict=True))


@pytest.fixture
def office(shop: Shop) -> Shop:
    shop.settings("persona_rules: classic")
    shop.deliver(DAY, **FILES, product_views=events(*EVENTS))
    shop.load(DAY)
    return shop


def test_every_feature_can_be_counted_by_hand(office: Shop) -> None:
    expected = {
        "recency_days": 10, "idle_days": 0, "days_known": 89,
        "paid_orders": 3, "orders_30_days": 2, "orders_91_days": 3, "orders_trend": 2 / 3,
        "orders_per_30_days": 3 / (81 / 30),  # first seen 81 days ago, both days counted
        "net_revenue": 70, "revenue_91_days": 75, "average_order_value": 25, "products_per_order": 5 / 3,
        "days_between_orders": 35, "last_gap_days": 10, "shortest_gap_days": 10,
        "gap_spread": 1250**0.5 / 35,  # 60 and 10 days are 25 from 35
        "overdue": 10 / 35,
        "views_1_day": 2, "views_7_days": 4, "views_30_days": 7, "views_trend": 4 / 7,
        "carts_1_day": 0, "carts_7_days": 1, "carts_30_days": 2, "carts_trend": 1 / 2,
        "checkouts_1_day": 0, "checkouts_7_days": 0, "checkouts_30_days": 1, "checkouts_trend": 0,
        "visit_days_7_days": 2, "visit_days_30_days": 5, "visit_days_since_order": 3, "days_since_visit": 0,
        "carts_since_order": 1, "days_since_cart": 6,
        "products_viewed_7_days": 2, "categories_viewed_7_days": 1, "most_views_of_one_7_days": 3,
        "price_level_viewed_7_days": (0.5 + 1.5) / 2,
        "price_level_bought_91_days": (0.5 + 1 + 0.5 + 1.5 + 0.5) / 5,
        "categories_bought_91_days": 2, "favourite_category": "Office",
        "return_rate": 1 / 3, "returns_30_days": 1,
        "unpaid_orders": 1, "unpaid_orders_30_days": 1, "unpaid_orders_since_order": 1,
        "contacts_7_days": 1, "contacts_30_days": 2, "days_since_contact": 1,
        "age": 30, "gender": "f", "persona": "Others", "age_group": "25-34",
        "season_ahead": None, "orders_after_a_year_ago": None,
    }  # fmt: skip
    assert features(office) == {
        name: value if value is None or isinstance(value, str) else pytest.approx(value)
        for name, value in expected.items()
    }


def test_of_who_never_did_anything_counts_are_0_and_all_else_is_not_known(office: Shop) -> None:
    bob = features(office, "bob")
    assert {name for name, value in bob.items() if value is None} == set(NEVER)
    texts = {"persona": "Abandoner", "age_group": "unknown"}
    assert {name: bob[name] for name in bob.keys() - set(NEVER)} == dict.fromkeys(bob.keys() - set(NEVER), 0) | texts


def test_what_a_shop_does_not_record_is_null_and_never_0(shop: Shop) -> None:
    shop.settings("lacks: [product_views, contacts]")
    shop.deliver(DAY, **{name: text for name, text in FILES.items() if name != "contacts"})
    (shop.folder / DAY / "product_views.csv").unlink()
    shop.load(DAY)
    ann = features(shop)
    of_events = ("view", "cart", "checkout", "visit", "contact")
    about_events = {name for name in ann if any(word in name for word in of_events)}
    assert len(about_events) > 20
    assert {name for name in about_events if ann[name] is not None} == set()
    assert (ann["recency_days"], ann["orders_30_days"], ann["returns_30_days"]) == (10, 2, 1)


def test_a_step_nobody_ever_took_is_not_recorded(shop: Shop) -> None:
    shop.deliver(DAY, **FILES, product_views=events(*(line for line in EVENTS if line.endswith("view"))))
    shop.load(DAY)
    ann = features(shop)
    assert {name for name, value in ann.items() if "cart" in name or "checkout" in name if value is not None} == set()
    assert ann["views_30_days"] == 7


@pytest.mark.parametrize(
    ("column", "days_ago", "counted"),
    [
        (column, days_ago, counted)
        for column, days in {"views_1_day": 1, "views_7_days": 7, "views_30_days": 30}.items()
        for days_ago, counted in ((days - 1, 1), (days, 0))
    ],
)
def test_a_window_begins_so_many_days_back_with_the_day_itself_counted(
    shop: Shop, column: str, days_ago: int, counted: int
) -> None:
    day = f"{date(DAY).fromordinal(date(DAY).toordinal() - days_ago)}"
    shop.deliver(DAY, product_views=events(f"{day} pen view"))
    shop.load(DAY)
    assert features(shop)[column] == counted


@pytest.mark.parametrize(
    ("first", "is_known"), [("2025-12-31", True), ("2025-09-30", False)], ids=["91 days", "182 days"]
)
def test_purchases_are_looked_back_on_for_half_a_year_and_baskets_for_three_months(
    shop: Shop, first: str, is_known: bool
) -> None:
    shop.deliver(
        DAY, products=FILES["products"], **orders(f"o1 ann {first} Paid ball=10", "o2 ann 2026-03-30 Paid ink=1")
    )
    shop.load(DAY)
    ann = features(shop)
    assert ann["orders_91_days"] == 1 + is_known
    assert ann["price_level_bought_91_days"] == (1.25 if is_known else 1.5)
    assert ann["categories_bought_91_days"] == 1 + is_known
    assert (ann["last_gap_days"] is not None) == is_known
    assert ann["days_between_orders"] == (date("2026-03-30") - date(first)).days  # a state: however long ago


def test_of_who_never_bought_everything_is_since_the_last_order(shop: Shop) -> None:
    visits = events("2026-03-30 pen add_to_cart", "2026-03-20 pen view")
    shop.deliver(DAY, product_views=visits, **orders("o1 ann 2026-03-29 Failed pen=10"))
    shop.load(DAY)
    ann = features(shop)
    since = ("visit_days_since_order", "carts_since_order", "unpaid_orders_since_order")
    assert [ann[name] for name in since] == [2, 1, 1]


def test_what_was_corrected_by_the_day_counts_as_corrected(shop: Shop) -> None:
    before = FILES["products"].replace("pen,Pen,Office,10", "pen,Pen,Office,30")
    shop.deliver("2026-03-29", products=before, **orders("o1 ann 2026-03-29 Failed pen=10"))
    shop.deliver("2026-03-30", products=FILES["products"], **orders("o1 ann 2026-03-29 Paid pen=10"))
    shop.load("2026-03-29", "2026-03-30")
    ann = features(shop)
    assert (ann["orders_30_days"], ann["unpaid_orders_30_days"], ann["price_level_bought_91_days"]) == (1, 0, 0.5)
    assert features(shop, day="2026-03-29")["unpaid_orders_30_days"] == 1


def test_among_categories_bought_equally_often_the_first_by_name_is_the_favourite(shop: Shop) -> None:
    products = "product_id,name,category\npen,Pen,Office\nball,Ball,Toys\nkey,Key,"
    shop.deliver(DAY, products=products, **orders("o1 ann 2026-03-30 Paid ball=1 pen=10 key=5"))
    shop.load(DAY)
    assert (features(shop)["favourite_category"], features(shop)["categories_bought_91_days"]) == ("Office", 2)


def test_two_orders_of_one_day_are_no_gap_and_no_habit(shop: Shop) -> None:
    shop.deliver(DAY, **orders("o1 ann 2026-03-30 Paid pen=10", "o2 ann 2026-03-30 Paid pen=10"))
    shop.load(DAY)
    ann = features(shop)
    assert (ann["days_between_orders"], ann["last_gap_days"], ann["overdue"]) == (0, None, None)


# 364 days before is a Tuesday, too. From 391 to 364 days before 2 orders, from 363 to 336 days before 3.
LAST_YEAR = orders(
    "o1 ann 2025-03-05 Paid pen=1", "o2 bob 2025-04-01 Paid pen=1", "o3 ann 2025-04-02 Paid pen=1",
    "o4 bob 2025-04-29 Paid pen=1", "o5 bob 2025-04-29 Paid pen=1", "o6 ann 2025-04-30 Paid pen=1",
    "o7 ann 2025-03-04 Paid pen=1", "o8 ann 2025-04-20 Failed pen=1",
)  # fmt: skip


@pytest.mark.parametrize(("first_day", "season", "own"), [("2025-03-05", 3 / 2, 1), ("2025-03-06", None, None)])
def test_the_season_ahead_is_that_of_a_year_ago_once_the_shop_is_old_enough(
    shop: Shop, first_day: str, season: float | None, own: int | None
) -> None:
    shop.deliver(first_day)
    shop.deliver("2025-05-01", **LAST_YEAR)
    shop.deliver("2025-05-02", **orders("o2 bob 2025-04-01 Paid pen=2", "o6 ann 2025-04-30 Paid pen=2"))  # corrected
    shop.deliver(DAY, users="user_id\ncid")
    shop.load(first_day, "2025-05-01", "2025-05-02", DAY)
    assert (features(shop)["season_ahead"], features(shop)["orders_after_a_year_ago"]) == (season, own)
    assert features(shop, "cid")["season_ahead"] == season


def fingerprint(shop: Shop, *days: str) -> list[str]:
    """Build days and return their rows, byte for byte."""
    for day in days:
        snapshots.build(shop.warehouse, date(day), shop.source.settings)
    return shop.values("select md5(string_agg(f::text, '|' order by as_of_date, user_id)) from ml.features as f")


LATER = {
    "users": "user_id,signup_date,gender,age\nann,2025-01-01,m,60\nzoe,2026-01-01,f,20",
    "products": "product_id,name,category,price\npen,Pen,Toys,99\nink,Ink,Toys,1\nball,Ball,Office,7",
    # new orders, orders told late, corrected and withdrawn ones
    **orders(
        "o9 ann 2026-04-02 Paid pen=1", "o8 ann 2026-03-30 Paid ink=7", "o7 zoe 2026-03-01 Paid pen=7",
        "o3 ann 2026-03-21 Cancelled pen=30", "o4 ann 2026-03-25 Paid pen=11", "o1 bob 2026-01-10 Paid pen=10",
    ),
    "returns": "order_id,product_id,returned_at,amount\no1,pen,2026-03-01,3\no2,pen,2026-03-28,9\no2,ink,2026-04-02,1",
    "contacts": "user_id,sent_at\nann,2026-03-31\nbob,2026-03-15\nann,2026-04-01",
    "product_views": events("2026-03-31 ink view", "2026-03-29 ink add_to_cart", "2026-04-01 pen view")
    + "\nbob,pen,2026-03-30 12:00:00,checkout",
}  # fmt: skip


def test_future_late_and_corrected_rows_change_no_byte_of_a_day(office: Shop) -> None:
    before = fingerprint(office, DAY)
    office.deliver("2026-04-02", **LATER)
    office.load("2026-04-02")
    assert fingerprint(office, DAY) == before
    later = features(office, day="2026-04-02")
    assert (later["gender"], later["age"], later["paid_orders"]) == ("m", 60, 4)  # from then on they count


def test_marts_that_are_restated_or_spoilt_change_nothing(office: Shop) -> None:
    before = fingerprint(office, DAY)
    office.deliver("2026-04-02", **LATER)
    office.load("2026-04-02")
    office.build(DAY, known_on=RESTATED)
    office.warehouse.execute("update marts.personas set persona = 'Loyalist'")
    office.warehouse.execute("update marts.customer_profile set paid_orders = 99")
    assert fingerprint(office, DAY) == before


def test_the_persona_is_that_of_the_night(office: Shop) -> None:
    office.build(DAY)
    told = office.rows("select user_id, persona from marts.personas order by 1")
    features(office)
    assert office.rows("select user_id, persona from ml.features order by 1") == told


def test_personas_aside_are_the_same_whether_the_month_was_made_before_or_not(office: Shop) -> None:
    office.settings("persona_rules: default")
    settings, day = office.source.settings, date(DAY)

    def aside() -> list[Any]:
        with office.warehouse.transaction():
            made = build_personas(office.warehouse, day, day, settings)
            return office.rows(f"select p::text from {made.personas} as p order by 1")

    before = aside()
    for name in ("persona_quantiles", "persona_sides"):
        marts.build(office.warehouse, name, day, settings)
    assert aside() == before
    assert len(before) == 2


def test_building_a_day_twice_changes_nothing_and_keeps_other_days(office: Shop) -> None:
    once = fingerprint(office, "2026-03-30", DAY)
    assert fingerprint(office, DAY) == once
    assert office.values("select count(*) from ml.features where as_of_date = '2026-03-30'") == [0]  # nothing known yet
    assert office.values("select row_count from ml.feature_days order by as_of_date") == [0, 2]

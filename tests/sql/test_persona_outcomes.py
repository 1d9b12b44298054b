"""marts.persona_outcomes: what customers did in 28 days, by the persona they had on the eve of them."""

from pathlib import Path

import pytest

from .conftest import Shop
from .persona_rules import use_rules
from .test_returns import orders

EVE, DAY = "2026-02-01", "2026-03-01"

# Ann, a patron, buys once more and sends half of it back; something of her old order comes back, too. Bob becomes a
# patron on the last day. Cid has only ever looked. Dan is new.
BEFORE = {
    **orders("o1 ann 2026-01-31 Paid pen=200", "o2 bob 2026-02-01 Paid pen=5"),
    "users": "user_id\ncid",
}
SINCE = {
    **orders("o3 ann 2026-02-02 Paid pen=60 ink=40", "o4 bob 2026-03-01 Paid pen=150", "o5 dan 2026-02-15 Paid pen=10"),
    "returns": "order_id,product_id,returned_at,amount\n"
    "o3,pen,2026-02-20,50\no1,pen,2026-02-20,30\no2,pen,2026-02-01,5",
    "contacts": "user_id,sent_at\nann,2026-02-02\nbob,2026-02-03\nbob,2026-02-04\nann,2026-02-01\ndan,2026-02-20",
    "product_views": "user_id,product_id,timestamp,session_id,event_type\n"
    "ann,pen,2026-02-02 10:00:00,s1,view\nann,pen,2026-02-02 10:01:00,s1,add_to_cart\n"
    "ann,pen,2026-02-03 10:00:00,s2,view\n"
    "bob,pen,2026-02-03 10:00:00,s3,add_to_cart\nbob,pen,2026-02-03 10:01:00,s3,view\n"
    "cid,pen,2026-02-04 10:00:00,,view\ncid,pen,2026-02-04 20:00:00,,add_to_cart\n"
    "cid,pen,2026-02-01 10:00:00,s4,view",
}


@pytest.fixture
def house(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    use_rules(monkeypatch, tmp_path, {}, Patron="gross_revenue >= 100")
    shop.deliver(EVE, **BEFORE)
    shop.deliver(DAY, **SINCE)
    shop.load(EVE, DAY)
    return shop


def outcomes(shop: Shop, measure: str) -> dict[str, tuple[int, int, int]]:
    rows = shop.rows(
        "select persona, customers, numerator, denominator from marts.persona_outcomes"
        f" where as_of_date = '{DAY}' and measure = '{measure}'"
    )
    return {persona: numbers for persona, *numbers in map(tuple, rows)}  # type: ignore[misc]


def test_days_after_the_eve_are_counted_by_the_persona_of_the_eve(house: Shop) -> None:
    house.build(DAY)
    expected = {
        "has_bought": {"Patron": [1, 1, 1], "Others": [2, 1, 2]},
        "net_revenue": {"Patron": [1, 20, 1], "Others": [2, 150, 2]},  # 100 less 50 and 30; Dan was not known
        "contacts": {"Patron": [1, 1, 1], "Others": [2, 2, 2]},
        "returned_orders": {"Patron": [1, 1, 1], "Others": [1, 0, 1]},  # of the orders of these days
        "net_per_order": {"Patron": [1, 20, 1], "Others": [1, 150, 1]},
        "lost_visits": {"Patron": [1, 1, 2], "Others": [2, 1, 2]},  # a day is a visit where none is named
        "bought_again": {"Patron": [1, 1, 1], "Others": [1, 1, 1]},
        "left": {"Patron": [1, 0, 1], "Others": [2, 1, 2]},
        "joined": {"Patron": [2, 1, 2], "Others": [2, 1, 2]},
        "new": {"Patron": [2, 0, 2], "Others": [2, 1, 2]},
    }
    assert {measure: outcomes(house, measure) for measure in expected} == expected
    assert set(house.values("select measure from marts.persona_outcomes")) == set(expected)


def test_sums_of_powers_are_those_of_the_customers(house: Shop) -> None:
    house.build(DAY)
    sums = "sum_xx, sum_xy, sum_yy, sum_xxx, sum_xxy, sum_xyy, sum_yyy"
    told = house.rows(f"select {sums} from marts.persona_outcomes where (persona, measure) = ('Patron', 'lost_visits')")
    assert told == [(1, 2, 4, 1, 2, 4, 8)]  # one of two visits
    (told,) = house.rows(f"select {sums} from marts.persona_outcomes where (persona, measure) = ('Others', 'contacts')")
    assert told == (4, 2, 2, 8, 4, 2, 2)  # two messages and none


def test_customers_who_are_alike_count_each(shop: Shop) -> None:
    shop.settings("persona_rules: classic")
    shop.deliver(EVE, **orders("o1 ann 2026-02-01 Paid pen=5", "o2 bob 2026-02-01 Paid pen=5"))
    shop.deliver(DAY, **orders("o3 ann 2026-02-02 Paid pen=10", "o4 bob 2026-02-03 Paid pen=10"))
    shop.load(EVE, DAY)
    shop.build(DAY)
    sums = "customers, numerator, denominator, sum_xx, sum_xy, sum_yy, sum_xxx, sum_xxy, sum_xyy, sum_yyy"
    told = shop.rows(f"select {sums} from marts.persona_outcomes where measure = 'net_per_order'")
    assert told == [(2, 20, 2, 200, 20, 2, 2000, 200, 20, 2)]


def test_personas_of_the_eve_are_the_same_whether_that_day_was_built_or_not(house: Shop) -> None:
    house.build(DAY)
    aside = house.fingerprint("marts.persona_outcomes")
    house.build(EVE, "customer_profile", *("persona_quantiles", "persona_sides", "persona_cuts", "personas"))
    house.build(DAY, "persona_outcomes")
    assert house.fingerprint("marts.persona_outcomes") == aside
    house.warehouse.execute(f"update marts.personas set persona = 'Others' where as_of_date = '{EVE}'".encode())
    house.build(DAY, "persona_outcomes")
    assert outcomes(house, "has_bought") == {"Others": [3, 2, 3]}  # read, where it was built


def test_where_no_cart_is_known_visits_are_not_lost(house: Shop) -> None:
    house.warehouse.execute("update core.product_views set event_type = 'view'")
    house.build(DAY)
    assert outcomes(house, "lost_visits") == {}


def test_without_anybody_on_the_eve_there_is_nothing_to_compare(house: Shop) -> None:
    house.build(EVE)
    assert house.rows("select * from marts.persona_outcomes") == []

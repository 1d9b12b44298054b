"""A customer at an edge does not flap: thresholds are frozen for the month, and remember on which side somebody was."""

from pathlib import Path

import pytest

from .conftest import Shop
from .persona_rules import orders, use_rules, views

EVE = "2026-03-31"
BUILT = ("customer_profile", "persona_quantiles", "persona_sides", "persona_cuts", "personas")
# 10 views per order is much, 8 still is for who was there, and 12 has to be reached by who was not
MUCH = {"much": {"value": 10, "band": 0.2}}


def named(shop: Shop, day: str) -> dict[str, str]:
    shop.build(day, *BUILT)
    return dict(shop.rows(f"select user_id, persona from marts.personas where as_of_date = '{day}'"))


def deliver_edges(shop: Shop, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Day by day, `was` has 11, 9, 8, 7.5 views per order, and `not` 9, 11, 12, 12.5; `new` comes in April with 9."""
    use_rules(monkeypatch, folder, MUCH, Looker="views_per_order >= much")
    days = {
        EVE: {"was": 11, "not": 9},
        "2026-04-01": {"was": 7, "not": 2},
        "2026-04-02": {"was": 14, "not": 1, "new": 9},
        "2026-04-03": {"was": 13, "not": 1, "new": 1},
    }
    buyers = {EVE: ["was", "not"], "2026-04-01": ["was"], "2026-04-02": ["was", "new"], "2026-04-03": ["was", "was"]}
    for day, counts in days.items():
        shop.deliver(day, product_views=views(day, **counts), **orders(day, *dict.fromkeys(buyers[day])))
    shop.deliver("2026-04-30")
    shop.deliver("2026-05-01")
    shop.load(*days, "2026-04-30", "2026-05-01")


def test_who_was_there_on_the_eve_stays_until_past_the_band_and_who_was_not_comes_in_only_past_it(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_edges(shop, monkeypatch, tmp_path)
    assert named(shop, EVE) == {"was": "Looker", "not": "Others"}
    assert named(shop, "2026-04-01") == {"was": "Looker", "not": "Others"}  # 9 and 11
    # 10.67 and 12; who was not known on the eve is judged by the threshold itself: 9
    assert named(shop, "2026-04-02") == {"was": "Looker", "not": "Looker", "new": "Others"}
    assert named(shop, "2026-04-03") == {"was": "Looker", "not": "Looker", "new": "Looker"}  # 11.25, 13 and 10


def test_a_customer_leaves_at_the_outer_edge(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_rules(monkeypatch, tmp_path, MUCH, Looker="views_per_order >= much")
    shop.deliver(EVE, product_views=views(EVE, ann=16, bob=15), **orders(EVE, "ann", "bob"))
    shop.deliver("2026-04-01", **orders("2026-04-01", "ann", "bob"))
    shop.load(EVE, "2026-04-01")
    assert named(shop, "2026-04-01") == {"ann": "Looker", "bob": "Others"}  # 8 and 7.5


def test_the_memory_is_the_months_and_ends_with_it(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_rules(monkeypatch, tmp_path, MUCH, Looker="views_per_order >= much")
    shop.deliver(EVE, product_views=views(EVE, ann=18, bob=11), **orders(EVE, "ann", "bob"))
    shop.deliver("2026-04-30", **orders("2026-04-30", "ann"))
    shop.deliver("2026-05-01")
    shop.load(EVE, "2026-04-30", "2026-05-01")
    assert named(shop, "2026-04-30") == {"ann": "Looker", "bob": "Looker"}  # 9 of who was there
    assert named(shop, "2026-05-01") == {"ann": "Others", "bob": "Looker"}  # 9 on the eve was less than 10


def test_a_threshold_of_the_shop_does_not_move_within_a_month_whatever_others_do(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, tmp_path, {"much": {"of": "views", "quantile": 0.5}}, Looker="views > much")
    crowd = {f"u{n:02}": n for n in range(1, 32)}
    shop.deliver(EVE, product_views=views(EVE, **crowd))
    shop.deliver("2026-04-01", product_views=views("2026-04-01", **{f"v{n:02}": 50 for n in range(40)}))
    shop.load(EVE, "2026-04-01")
    cuts = "select basis_date::text, customers, is_frozen, cut from marts.persona_cuts where as_of_date = "
    assert named(shop, "2026-04-01")["u17"] == "Looker"  # more than the 16 views of the middle one on the eve
    assert shop.rows(cuts + "'2026-04-01'") == [(EVE, 31, True, 16)]
    # the shop's first month has no eve: the day's own customers are taken
    assert named(shop, EVE)["u17"] == "Looker"
    assert shop.rows(cuts + f"'{EVE}'") == [(EVE, 31, False, 16)]


def test_a_shop_too_young_for_a_memory_is_judged_by_the_day_and_without_a_band(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thresholds = {"much": {"of": "views", "quantile": 0.5, "band": 0.2}}
    use_rules(monkeypatch, tmp_path, thresholds, Looker="views > much")
    shop.deliver(EVE, product_views=views(EVE, **{f"u{n:02}": n for n in range(1, 30)}))
    shop.deliver("2026-04-01")
    shop.load(EVE, "2026-04-01")
    named(shop, "2026-04-01")
    assert shop.rows("select customers, is_frozen, cut, cut_low, cut_high from marts.persona_cuts") == [
        (29, False, 15, 15, 15)
    ]


def test_a_day_is_the_same_built_alone_in_order_or_backwards(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_edges(shop, monkeypatch, tmp_path)
    days = [EVE, "2026-04-01", "2026-04-02", "2026-04-03"]
    last, found = days[-1], []
    for order in (days[-1:], days, days[::-1], [days[2], days[3], days[0]]):
        shop.warehouse.execute("truncate marts.personas, marts.persona_cuts, marts.customer_profile")
        for day in order:
            named(shop, day)
        found.append(shop.rows(f"select * from marts.personas where as_of_date = '{last}' order by user_id"))
    assert found[0] == found[1] == found[2] == found[3] != []

"""marts.persona_movement and persona_changes: who moved, since when, and what decided it."""

from pathlib import Path
from typing import Any

import pytest

from personapulse import checks

from .conftest import Shop, date
from .persona_rules import orders, use_rules, views

BUILT = (
    "customer_profile",
    "persona_quantiles",
    "persona_sides",
    "persona_cuts",
    "personas",
    "persona_movement",
    "persona_changes",
)
BEFORE, DAY, NEXT = "2026-03-31", "2026-04-01", "2026-04-02"
RULES = {
    "Fresh": "days_known < 2",
    "Buyer": "paid_orders >= 2",
    "Late": "recency_days > 40",
    "Looker": "views >= 3",
}


def movement(shop: Shop, day: str, span: str) -> dict[tuple[str, str], tuple[int, Any]]:
    rows = shop.rows(
        "select from_persona, to_persona, customers, share_of_from from marts.persona_movement"
        f" where as_of_date = '{day}' and span = '{span}'"
    )
    return {(before, now): (customers, round(float(share), 4)) for before, now, customers, share in rows}


def changes(shop: Shop, day: str, span: str = "day") -> dict[str, tuple[Any, ...]]:
    rows = shop.rows(
        "select user_id, from_persona, to_persona, kind, rule, condition, profile_column, old_value, new_value"
        f" from marts.persona_changes where as_of_date = '{day}' and span = '{span}'"
    )
    return {user: tuple(told) for user, *told in rows}


def adds_up(shop: Shop, day: str) -> bool:
    findings = checks.find(shop.warehouse, "marts", date(day))
    return not [found for found in findings if found.rule == "movement_adds_up" and found.count]


@pytest.fixture
def moving(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Three days on which customers act, and time passes."""
    use_rules(monkeypatch, tmp_path, {}, **RULES)
    shop.deliver(
        "2026-02-20",
        users="user_id,signup_date\nstays,2026-01-01\nbuys,2026-01-01\nages,2026-01-01\nlooks,2026-01-01",
        product_views=views("2026-02-20", looks=2, ages=3),
        **orders("2026-02-20", "buys", "ages"),
    )
    shop.deliver(BEFORE, users="user_id,signup_date\nfresh,2026-03-31")
    shop.deliver(DAY, product_views=views(DAY, looks=1), **orders(DAY, "buys"))
    shop.deliver(NEXT, users="user_id,signup_date\nnew,2026-04-02")
    shop.load("2026-02-20", BEFORE, DAY, NEXT)
    shop.build(BEFORE, *BUILT)
    shop.build(DAY, *BUILT)
    shop.build(NEXT, *BUILT)
    return shop


def test_the_matrix_counts_everybody_once_with_their_share_of_where_they_came_from(moving: Shop) -> None:
    assert movement(moving, BEFORE, "day") == {}  # the day before is not built
    assert movement(moving, DAY, "day") == {
        ("Others", "Others"): (1, 0.3333),
        ("Others", "Buyer"): (1, 0.3333),
        ("Others", "Looker"): (1, 0.3333),
        ("Looker", "Looker"): (1, 1),
        ("Fresh", "Fresh"): (1, 1),
    }
    assert movement(moving, NEXT, "day") == {
        ("Others", "Others"): (1, 1),
        ("Buyer", "Buyer"): (1, 1),
        ("Looker", "Looker"): (1, 0.5),
        ("Looker", "Late"): (1, 0.5),
        ("Fresh", "Others"): (1, 1),
        ("(new)", "Fresh"): (1, 1),
    }
    # the month's span counts from its eve, on every day of it
    assert movement(moving, NEXT, "month")[("Others", "Looker")] == (1, 0.3333)
    assert movement(moving, NEXT, "month")[("Looker", "Late")] == (1, 1)


def test_each_change_names_what_decided_it_and_whether_the_customer_did_it(moving: Shop) -> None:
    assert changes(moving, DAY) == {
        "buys": ("Others", "Buyer", "acted", "Buyer", "paid_orders >= 2", "paid_orders", 1, 2),
        "looks": ("Others", "Looker", "acted", "Looker", "views >= 3", "views", 2, 3),
    }
    assert changes(moving, NEXT) == {
        "ages": ("Looker", "Late", "decayed", "Late", "recency_days > 40", "recency_days", 40, 41),
        # a rule that ceased to match, tried before the one that matches now
        "fresh": ("Fresh", "Others", "decayed", "Fresh", "days_known < 2", "days_known", 1, 2),
    }
    assert changes(moving, NEXT, "month").keys() == {"buys", "looks", "ages", "fresh"}
    assert changes(moving, NEXT, "month")["ages"][-2:] == (39, 41)


def test_an_act_that_moved_another_column_does_not_explain_what_time_did(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, tmp_path, {}, Late="recency_days > 40")
    shop.deliver("2026-02-20", **orders("2026-02-20", "ann"))
    shop.deliver(DAY)
    shop.deliver(NEXT, product_views=views(NEXT, ann=5))
    shop.load("2026-02-20", DAY, NEXT)
    shop.build(DAY, *BUILT)
    shop.build(NEXT, *BUILT)
    assert changes(shop, NEXT)["ann"][:3] == ("Others", "Late", "decayed")


def test_a_threshold_that_moves_at_the_turn_of_the_month_is_nobodys_act(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, tmp_path, {"much": {"of": "views", "quantile": 0.5}}, Looker="views > much")
    shop.deliver("2026-02-28", product_views=views("2026-02-28", **{f"u{n:02}": n for n in range(1, 32)}))
    shop.deliver(BEFORE, product_views=views(BEFORE, **{f"v{n:02}": 40 for n in range(6)}))
    shop.deliver(DAY)
    shop.load("2026-02-28", BEFORE, DAY)
    shop.build(BEFORE, *BUILT)
    shop.build(DAY, *BUILT)
    assert changes(shop, DAY) == {
        f"u{n}": ("Looker", "Others", "decayed", "Looker", "views > much", "views", n, n) for n in (17, 18, 19)
    }


def test_edited_rules_are_told_from_what_customers_did(
    moving: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, tmp_path, {}, Buyer="paid_orders >= 1")
    moving.build(NEXT, *BUILT)
    assert changes(moving, NEXT)["ages"] == ("Looker", "Buyer", "rules", None, None, None, None, None)


def test_what_was_built_by_another_rule_set_is_not_compared(moving: Shop) -> None:
    moving.settings("persona_rules: classic")
    moving.build(NEXT, *BUILT)
    assert (movement(moving, NEXT, "day"), changes(moving, NEXT)) == ({}, {})
    assert adds_up(moving, NEXT)


def test_a_customer_of_whom_everything_was_taken_back_is_gone(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, tmp_path, {}, **RULES)
    shop.deliver(DAY, **orders(DAY, "ann", "eve"))
    given = orders(DAY, "ann", "eve")
    shop.deliver(NEXT, orders=given["orders"].replace(",eve,", ",bob,"))
    shop.load(DAY, NEXT)
    shop.build(DAY, *BUILT)
    shop.build(NEXT, *BUILT)
    assert movement(shop, NEXT, "day") == {
        ("Fresh", "Fresh"): (1, 0.5),
        ("Fresh", "(gone)"): (1, 0.5),
        ("(new)", "Fresh"): (1, 1),
    }
    assert adds_up(shop, NEXT)

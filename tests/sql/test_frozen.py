"""What is frozen for a month is made once, and again when what it is made of has changed."""

import datetime
from typing import Any

import pytest

from personapulse import marts
from personapulse.marts import frozen

from .conftest import Shop
from .persona_rules import orders, use_rules, views

EVE = "2026-03-31"
MARTS = ("persona_quantiles", "persona_sides", "rfm_cuts")
MUCH = {"much": {"of": "views", "quantile": 0.5, "band": 0.2}}


@pytest.fixture
def april(shop: Shop, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Shop:
    use_rules(monkeypatch, tmp_path, MUCH, Looker="views > much")
    shop.deliver(EVE, product_views=views(EVE, ann=10, bob=20, cat=30), **orders(EVE, "ann"))
    shop.deliver("2026-04-01", product_views=views("2026-04-01", ann=500))
    shop.load(EVE, "2026-04-01")
    shop.build("2026-04-01", *MARTS)
    return shop


def made(shop: Shop) -> set[tuple[Any, ...]]:
    """The rows and where they lie: a row written anew has moved."""
    return {
        (mart, *row)
        for mart in MARTS
        for row in shop.rows(f"select tableoid::bigint, ctid::text, {mart}::text from marts.{mart}")
    }


def test_what_nothing_has_changed_is_not_made_again(april: Shop) -> None:
    once = made(april)
    assert {row[0] for row in once} == set(MARTS)
    april.deliver("2026-04-02", product_views=views("2026-04-02", bob=500))
    april.load("2026-04-02")
    april.build("2026-04-02", *MARTS)
    april.build("2026-04-02", *MARTS, known_on=marts.RESTATED)
    assert made(april) == once


def test_a_file_of_the_eve_told_anew_is_taken_in(april: Shop) -> None:
    april.deliver(EVE, product_views=views(EVE, ann=10, bob=24, cat=30))
    april.load(EVE)
    april.build("2026-04-01", *MARTS)
    assert april.values("select cut from marts.persona_quantiles") == [24]
    assert april.rows("select user_id, sides from marts.persona_sides order by user_id") == [
        ("ann", [False]),
        ("bob", [False]),
        ("cat", [True]),
    ]


def test_a_rule_edited_within_the_month_is_taken_in(
    april: Shop, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, tmp_path, {"much": {"of": "views", "quantile": 0.0}}, Looker="views > much")
    april.build("2026-04-01", *MARTS)
    assert april.values("select cut from marts.persona_quantiles") == [10]


@pytest.mark.parametrize("mart", MARTS)
def test_rows_that_went_missing_are_made_again(april: Shop, mart: str) -> None:
    rows = april.values(f"select {mart}::text from marts.{mart} order by 1")
    april.warehouse.execute(f"delete from marts.{mart}".encode())
    april.build("2026-04-01", *MARTS)
    assert april.values(f"select {mart}::text from marts.{mart} order by 1") == rows != []


def test_each_month_has_its_own(april: Shop) -> None:
    april.build(EVE, *MARTS)
    assert april.values("select distinct month from ops.frozen_marts order by 1") == [
        datetime.date(2026, 3, 1),
        datetime.date(2026, 4, 1),
    ]


@pytest.mark.parametrize("name", sorted(frozen.NAMES))
def test_a_frozen_mart_asks_for_no_day_within_the_month(april: Shop, name: str) -> None:
    query = marts.query(name, april.source.settings)
    assert not [clock for clock in frozen.CLOCKS if f"%({clock})s" in query]
    assert "%(eve)s" in query

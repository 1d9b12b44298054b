"""marts.insights of shops that carry nothing to say: empty, new, or without any pattern."""

import datetime
from pathlib import Path

import pytest

from personapulse import ingest, marts
from personapulse.insights.kinds import KINDS
from personapulse.simulate.extracts import simulate_shop

from .conftest import Shop, date
from .four_customers import DAY
from .persona_rules import orders, use_rules, views

OF_PERSONAS = {kind.name for kind in KINDS if kind.subject_type == "persona"}


def said(shop: Shop) -> list[str]:
    return shop.values("select kind from marts.insights where status = 'said' order by 1")


def test_an_empty_shop_has_nothing_to_say_and_says_why(shop: Shop) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    shop.build(DAY)
    assert shop.rows("select count(*), bool_and(status = 'not said' and sentence like 'Not said, because %') from"
                     " marts.insights") == [(len(KINDS), True)]  # fmt: skip


def test_in_its_first_days_a_shop_has_no_persona_to_compare(shop: Shop) -> None:
    crowd = [f"u{number:02}" for number in range(60)]
    shop.deliver(DAY, product_views=views(DAY, **dict.fromkeys(crowd, 3)), **orders(DAY, *crowd))
    shop.load(DAY)
    shop.build(DAY)
    assert said(shop) == []
    assert shop.values("select sentence from marts.insights where kind = 'highest_value'") == [
        "Not said, because it takes two personas of 20 customers each who were known 28 days ago."
    ]


EVE, WITHIN, LATER = "2026-02-01", "2026-02-20", "2026-03-02"
NEW_LINE = "\n"
PATRONS, GUESTS = ([f"{who}{number:02}" for number in range(25)] for who in ("patron", "guest"))


def contacts(day: str, *users: str) -> str:
    return "\n".join(["user_id,sent_at", *(f"{user},{day}" for user in users)])


@pytest.fixture
def two_kinds(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Patrons spend, and hear nothing; guests hear much. What guests spend, too, is told a day too late."""
    use_rules(monkeypatch, tmp_path, {}, Patron="gross_revenue >= 100")
    much, little = orders(EVE, *PATRONS, price=200), orders(EVE, *GUESTS, price=5)
    shop.deliver(EVE, **{name: f"{text}\n{little[name].partition(NEW_LINE)[2]}" for name, text in much.items()})
    shop.deliver(WITHIN, **orders(WITHIN, *PATRONS, price=100), contacts=contacts(WITHIN, *GUESTS))
    shop.deliver(DAY)
    shop.deliver(LATER, **orders(WITHIN, *GUESTS, price=300))
    shop.load(EVE, WITHIN, DAY)
    return shop


def facts(shop: Shop) -> dict[str, str]:
    return dict(shop.rows(f"select kind, coalesce(subject, sentence) from marts.insights where as_of_date = '{DAY}'"))


def test_what_is_told_later_changes_nothing_that_was_said_but_what_is_said_restated(two_kinds: Shop) -> None:
    two_kinds.build(DAY)
    that_night = two_kinds.rows("select * from marts.insights order by kind")
    assert [facts(two_kinds)[kind] for kind in ("highest_value", "under_contacted")] == ["Patron", "Patron"]
    two_kinds.load(LATER)
    two_kinds.build(DAY)
    assert two_kinds.rows("select * from marts.insights order by kind") == that_night
    two_kinds.build(DAY, known_on=marts.RESTATED)
    assert facts(two_kinds)["highest_value"] == "Others"  # 300 each, not 100
    assert facts(two_kinds)["under_contacted"] == (
        "Not said, because the most valuable persona does not hear less from the shop than others, beyond chance."
    )


def test_each_day_keeps_its_own_row_of_each_kind(two_kinds: Shop) -> None:
    two_kinds.build(EVE)
    before = two_kinds.fingerprint("marts.insights", "marts.persona_outcomes")
    two_kinds.build(DAY)
    two_kinds.build(DAY)
    counts = "select as_of_date, count(*), count(distinct kind) from marts.insights group by 1 order by 1"
    assert two_kinds.rows(counts) == [(date(day), len(KINDS), len(KINDS)) for day in (EVE, DAY)]
    for table in ("insights", "persona_outcomes"):
        two_kinds.warehouse.execute(f"delete from marts.{table} where as_of_date = '{DAY}'".encode())
    assert two_kinds.fingerprint("marts.insights", "marts.persona_outcomes") == before


def test_a_shop_that_says_it_lacks_contacts_hears_nothing_on_targeting_and_why(two_kinds: Shop) -> None:
    two_kinds.settings("lacks: [contacts]")
    two_kinds.build(DAY)
    assert facts(two_kinds)["highest_value"] == "Patron"
    assert facts(two_kinds)["under_contacted"] == (
        "Not said, because the shop tells no contacts (lacks, in its source.yaml): nothing is claimed on targeting."
    )


def test_of_a_shop_without_any_pattern_nothing_is_said_of_personas(shop: Shop, tmp_path: Path) -> None:
    """Every customer is like every other there: whatever a persona did, its customers go on like all others."""
    folder = tmp_path / "no_signal"
    first, days = datetime.date(2026, 3, 1), 64
    simulate_shop(folder, lambda *_: None, users=400, days=days, seed=11, first_day=first, has_signal=False)
    shop.folder = folder
    last = first + datetime.timedelta(days - 1)
    ingest.load_history(shop.warehouse, shop.source, first, last, lambda told: None)
    for name in marts.NAMES:
        marts.build(shop.warehouse, name, last, shop.source.settings)
    judged = "select count(distinct persona) from marts.persona_outcomes where measure = 'left' and customers >= 20"
    assert shop.values(judged)[0] >= 3
    assert OF_PERSONAS & set(said(shop)) == set()

"""marts.insights of shops that carry nothing to say: empty, new, or without any pattern."""

import datetime
from pathlib import Path

from personapulse import ingest, marts
from personapulse.insights.kinds import KINDS
from personapulse.simulate.extracts import simulate_shop

from .conftest import Shop
from .four_customers import DAY
from .persona_rules import orders, views

# Growing and shrinking are left out: they are said in such a shop, too, and wrongly (docs/insights.md, When something
# is said).
OF_PERSONAS = {kind.name for kind in KINDS if kind.subject_type == "persona" and kind.numbers != "persona_sizes"}


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

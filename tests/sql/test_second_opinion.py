"""Every mart, computed by another engine over the same rows, is the same: as known and restated, here and there."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from personapulse import marts
from personapulse.marts import RESTATED
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings

from . import sample_shop
from .conftest import date
from .duckdb_rows import Copies
from .sample_shop import for_the_moment
from .second_opinion import SecondOpinion
from .stories import stories
from .test_properties import share
from .worlds import world

# Marts that do not translate, and why. None: where a construct does not, second_opinion.py translates it, or the mart
# is written in plainer SQL.
WITHOUT_A_SECOND_OPINION: dict[str, str] = {}
MARTS = [name for name in marts.NAMES if name not in WITHOUT_A_SECOND_OPINION]

# Random shops live for a week: what takes days must come about within it.
DAYS = st.integers(0, 2)
RULE_SETS = st.sampled_from(("default", "classic"))

NIGHTS = {
    "an early night": (date("2026-03-18"), None),
    "a night with scores": (sample_shop.LAST, None),
    "restated": (date("2026-03-20"), RESTATED),
}


def test_marts_without_a_second_opinion_are_marts() -> None:
    assert set(WITHOUT_A_SECOND_OPINION) <= set(marts.NAMES)


@pytest.mark.parametrize("night", NIGHTS)
def test_duckdb_says_the_same_of_the_sample_shop(sample: psycopg.Connection[Any], night: str) -> None:
    as_of_date, known_on = NIGHTS[night]
    settings = sample_shop.SOURCE.settings
    with for_the_moment(sample):
        sample_shop.build(sample, as_of_date, known_on)
        with Copies(sample) as copies:
            for mart in MARTS:
                answer = SecondOpinion.of_mart(copies, mart, as_of_date, settings, known_on).ask()
                assert answer.differences() == [], mart
                assert answer.postgres or as_of_date < sample_shop.LAST, f"{mart} without rows proves nothing"


@share(0.3)
@given(data=st.data())
def test_duckdb_says_the_same_of_random_small_shops(postgres: EmbeddedPostgres, data: st.DataObject) -> None:
    story = data.draw(stories())
    as_of_date, known_on = data.draw(st.sampled_from(list(story.days))), data.draw(st.sampled_from((None, RESTATED)))
    settings = data.draw(
        st.builds(ShopSettings, persona_rules=RULE_SETS, conversion_days=DAYS, return_window_days=DAYS)
    )
    with world(postgres, story) as place:
        place.load_in_order()
        settings = replace(settings, time_zone=story.time_zone)
        with for_the_moment(place.connection):
            for mart in marts.NAMES:
                marts.build(place.connection, mart, as_of_date, settings, known_on=known_on)
            with Copies(place.connection) as copies:
                for mart in MARTS:
                    second = SecondOpinion.of_mart(copies, mart, as_of_date, settings, known_on)
                    assert second.ask().differences() == [], mart


FLIPPED = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}
OPPOSITE = {exp.EQ: exp.NEQ, exp.NEQ: exp.EQ}


def with_one_slip(tree: exp.Query) -> Iterator[exp.Query]:
    """The select with one comparison taken for its neighbour, such as `<` for `<=`: each of them in turn.

    Then with `=` taken for `<>`; a mart whose limits are far from where the shop is shows only these. One that compares
    nothing, because it takes over what Python computed, loses its rows.
    """
    places = [place for place, node in enumerate(tree.walk()) if type(node) in FLIPPED]
    places += [place for place, node in enumerate(tree.walk()) if type(node) in OPPOSITE]
    for place in places:
        slipped = tree.copy()
        node = list(slipped.walk())[place]
        node.replace((FLIPPED | OPPOSITE)[type(node)](this=node.this, expression=node.expression))
        yield slipped
    if not places:
        yield exp.select("*").from_(tree.subquery("slipped")).limit(0)


def test_a_slip_of_one_comparison_is_noticed_in_every_mart(sample: psycopg.Connection[Any]) -> None:
    """Otherwise two engines that agree would mean little."""
    settings = sample_shop.SOURCE.settings
    unnoticed = []
    with for_the_moment(sample):
        sample_shop.build(sample, sample_shop.LAST)
        with Copies(sample) as copies:
            for mart in MARTS:
                second = SecondOpinion.of_mart(copies, mart, sample_shop.LAST, settings)
                if not any(second.ask(slipped).differences() for slipped in with_one_slip(second.tree)):
                    unnoticed.append(mart)
    assert unnoticed == []

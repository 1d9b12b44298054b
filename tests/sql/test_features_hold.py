"""Features hold for every shop: what comes later, in whatever order, leaves them alone, and DuckDB says the same."""

import datetime
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personapulse.intent import snapshots
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings

from . import sample_shop
from .conftest import date
from .duckdb_rows import Copies
from .sample_shop import for_the_moment
from .second_opinion import SecondOpinion
from .stories import Step, arrivals, stories
from .test_properties import share
from .test_second_opinion import with_one_slip
from .worlds import World, world

RULE_SETS = st.sampled_from(("default", "classic"))
NIGHTS = ("2026-03-18", str(sample_shop.LAST))


def told(place: World, day: datetime.date, rules: str) -> list[tuple[Any, ...]]:
    """Build a day's features and return them, packed bytes and all."""
    snapshots.build(place.connection, day, replace(place.source.settings, persona_rules=rules))
    return place.rows("select f::text from ml.features as f where as_of_date = %s order by 1", day)


@share(0.6)
@given(data=st.data())
def test_days_after_the_cut_off_change_no_byte(postgres: EmbeddedPostgres, data: st.DataObject) -> None:
    story, rules = data.draw(stories()), data.draw(RULE_SETS)
    cut_off = data.draw(st.sampled_from(list(story.days)[:-1]))
    with world(postgres, story) as place:
        place.load(*(Step(day) for day in story.days if day <= cut_off))
        before = told(place, cut_off, rules)
        place.load(*data.draw(st.permutations([Step(day) for day in story.days if day > cut_off])))
        assert told(place, cut_off, rules) == before


@share(0.6)
@given(data=st.data())
def test_the_order_in_which_days_arrive_changes_no_byte(postgres: EmbeddedPostgres, data: st.DataObject) -> None:
    story, rules = data.draw(stories()), data.draw(RULE_SETS)
    steps = data.draw(arrivals(story))
    with world(postgres, story) as one, world(postgres, story) as other:
        one.load_in_order()
        other.load(*steps)
        for day in story.days:
            assert told(one, day, rules) == told(other, day, rules)


@pytest.mark.parametrize("day", NIGHTS)
def test_duckdb_says_the_same_of_the_sample_shop(sample: psycopg.Connection[Any], day: str) -> None:
    settings = sample_shop.SOURCE.settings
    with for_the_moment(sample):
        assert snapshots.build(sample, date(day), settings) > 500
        with Copies(sample) as copies:
            second = SecondOpinion.of_features(copies, date(day), settings)
            assert second.ask().differences() == []


@share(0.5)
@given(data=st.data())
def test_duckdb_says_the_same_of_random_small_shops(postgres: EmbeddedPostgres, data: st.DataObject) -> None:
    story = data.draw(stories())
    with world(postgres, story) as place:
        place.load_in_order()
        settings = ShopSettings(persona_rules=data.draw(RULE_SETS), time_zone=story.time_zone)
        for day in story.days:
            with for_the_moment(place.connection):
                snapshots.build(place.connection, day, settings)
                with Copies(place.connection) as copies:
                    second = SecondOpinion.of_features(copies, day, settings)
                    assert second.ask().differences() == []


def test_a_slip_of_one_comparison_is_noticed(sample: psycopg.Connection[Any]) -> None:
    """Otherwise two engines that agree would mean little. A shop of six weeks knows no season, and no half year."""
    settings = sample_shop.SOURCE.settings
    with for_the_moment(sample):
        snapshots.build(sample, sample_shop.LAST, settings)
        with Copies(sample) as copies:
            second = SecondOpinion.of_features(copies, sample_shop.LAST, settings)
            slips = list(with_one_slip(second.tree))
            noticed = [bool(second.ask(slipped).differences()) for slipped in slips]
    assert sum(noticed) > 0.5 * len(slips), f"{sum(noticed)} of {len(slips)}"

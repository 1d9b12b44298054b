"""What checks of the marts demand is kept: by the sample shop, and by whatever a small shop may deliver."""

import datetime
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personapulse import checks, marts
from personapulse.marts import RESTATED
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings

from . import sample_shop
from .conftest import date
from .sample_shop import for_the_moment
from .stories import arrivals, stories
from .test_properties import share
from .worlds import world

NIGHTS = {
    "an early night": (date("2026-03-18"), None),
    "a night with scores": (sample_shop.LAST, None),
    "restated": (date("2026-03-20"), RESTATED),
}


def failed(
    connection: psycopg.Connection[Any], day: datetime.date, known_on: datetime.date | None
) -> Mapping[str, list[str]]:
    findings = checks.find(connection, "marts", day, known_on=known_on)
    return {found.rule: found.sample for found in findings if found.count and found.severity == "fail"}


@pytest.mark.parametrize("night", NIGHTS)
def test_the_sample_shop_passes(sample: psycopg.Connection[Any], night: str) -> None:
    day, known_on = NIGHTS[night]
    with for_the_moment(sample):
        for name in marts.NAMES:
            marts.build(sample, name, day, sample_shop.SOURCE.settings, known_on=known_on)
        assert failed(sample, day, known_on) == {}


@share(0.5)
@given(data=st.data())
def test_whatever_a_small_shop_delivers_in_whatever_order_passes(
    postgres: EmbeddedPostgres, data: st.DataObject
) -> None:
    story = data.draw(stories())
    day, known_on = data.draw(st.sampled_from(list(story.days))), data.draw(st.sampled_from((None, RESTATED)))
    settings = ShopSettings(time_zone=story.time_zone, conversion_days=data.draw(st.integers(0, 2)))
    with world(postgres, story) as place:
        place.load(*data.draw(arrivals(story)))
        with for_the_moment(place.connection):
            for name in marts.NAMES:
                marts.build(place.connection, name, day, settings, known_on=known_on)
            assert failed(place.connection, day, known_on) == {}

"""Bands are tenths of the customers, and equals are in one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personapulse.errors import PersonaPulseError
from personapulse.intent.scores import Scores, bands


def test_ten_customers_have_a_band_each_the_likeliest_the_tenth() -> None:
    chances = np.array([0.5, 0.1, 0.9, 0.3, 0.2, 0.4, 0.6, 0.7, 0.8, 0.05])
    assert bands(chances).tolist() == [6, 2, 10, 4, 3, 5, 7, 8, 9, 1]


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ([], []),
        ([0.2], [6]),
        ([0.2] * 10, [6] * 10),  # the middle of all of them
        ([0.1] * 8 + [0.2] * 2, [5] * 8 + [10] * 2),  # eight from the bottom: their middle is at 4 of 10
        ([0.1, 0.9], [3, 8]),
    ],
)
def test_equals_are_in_the_band_of_their_middle(chances: list[float], expected: list[int]) -> None:
    assert bands(np.array(chances)).tolist() == expected


@given(st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 1.0]) | st.floats(0, 1), min_size=1, max_size=200))
def test_who_is_likelier_is_in_no_lower_band_and_the_order_of_rows_does_not_matter(chances: list[float]) -> None:
    given, found = np.array(chances), bands(np.array(chances))
    order = np.argsort(given, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert found.min() >= 1
    assert found.max() <= 10
    assert bands(given[::-1]).tolist() == found[::-1].tolist()
    for chance in set(chances):
        assert len(set(found[given == chance])) == 1


def test_without_equals_bands_are_as_large_as_each_other() -> None:
    assert np.bincount(bands(np.random.default_rng(1).permutation(1000) / 1000)).tolist() == [0] + [100] * 10


def test_bands_are_of_all_chunks_together_and_of_what_is_stored() -> None:
    scores = Scores(("", "why"))
    for users, chances in ((["a", "b"], [0.1, 0.9]), (["c"], [0.5])):
        scores.add(pd.Series(users), np.array(chances), np.zeros((len(users), 3), int))
    assert [band.tolist() for band in scores.in_bands()] == [[2, 9], [6]]
    alike = Scores(("",))
    alike.add(pd.Series(["a", "b"]), np.array([0.3, 0.3 + 1e-12]), np.zeros((2, 3), int))
    assert alike.in_bands()[0].tolist() == [6, 6]  # no column tells them apart
    assert Scores(("",)).in_bands() == []


@pytest.mark.parametrize("chance", [np.nan, -0.01, 1.01, np.inf])
def test_what_is_no_probability_is_refused_naming_the_customer(chance: float) -> None:
    with pytest.raises(PersonaPulseError, match="gives customer bob the probability"):
        Scores(("",)).add(pd.Series(["ann", "bob"]), np.array([0.1, chance]), np.zeros((2, 3), int))

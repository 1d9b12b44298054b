"""Intervals by drawing customers again: whoever has several rows comes or goes with all of them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from personapulse.intent.arrays import Floats, Integers

LEVEL = 0.95
MOST_DRAWS, LEAST_DRAWS = 1_000, 200
ROWS_TO_DRAW = 20_000_000  # rows times draws, beyond which fewer draws are made

# Gets the weight of each row, and how often chance has had a hand in them (1: the rows as they came, 2: drawn again).
Statistic = Callable[[Floats, int], Floats]


def estimates(statistic: Statistic, customers: Integers, seed: int) -> list[dict[str, float | None]]:
    """Return each number of a statistic with its 95 % interval (percentiles of the bootstrap).

    Parameters
    ----------
    statistic : callable
        From the weights of n rows to k numbers.
    customers : array of shape (n,)
        Whose row it is, numbered from 0 without a gap.
    seed : int
        The same seed draws the same customers, so that intervals of different statistics go together.

    Returns
    -------
    list of dict
        k of them, with `value`, `low` and `high`; None where a number could not be computed, or not in every draw.
    """
    rng = np.random.default_rng(seed)
    people = int(customers.max()) + 1 if len(customers) else 0
    values = statistic(np.ones(len(customers)), 1)
    draws = max(LEAST_DRAWS, min(MOST_DRAWS, ROWS_TO_DRAW // max(len(customers), 1))) if people else 0
    drawn = np.full((max(draws, 1), len(values)), np.nan)
    for draw in range(draws):
        times = np.bincount(rng.integers(people, size=people), minlength=people)
        drawn[draw] = statistic(times[customers].astype(np.float64), 2)
    ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [estimate(*numbers) for numbers in zip(values, *ends, strict=True)]


def estimate(value: float, low: float, high: float) -> dict[str, float | None]:
    """Write a number and its interval the way JSON can hold them."""
    return {"value": plain(value), "low": plain(low), "high": plain(high)}


def plain(value: Any) -> float | None:
    """Return a float, None for what is no number."""
    return float(value) if np.isfinite(value) else None

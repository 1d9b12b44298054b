"""Chance that is the same on every machine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Shares = NDArray[np.float64]
Flags = NDArray[np.bool_]
OneOrEach = float | NDArray[np.float64] | NDArray[np.int64]


class Draws:
    """A stream of chance for one purpose.

    Only the raw bits of PCG64 are used, which numpy promises never to change, and arithmetic that is exact or rounds
    the same everywhere. numpy's own distributions may change between releases, and logarithms differ between machines.

    Parameters
    ----------
    seed : int
        The run's seed, 0 or more.
    purpose : str
        Streams of different purposes are independent, so drawing more for one leaves the others as they were.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, *purpose.encode()]))

    def shares(self, count: int) -> Shares:
        """Draw numbers from 0 (included) to 1 (not)."""
        raw: NDArray[np.uint64] = self._bits.random_raw(count)
        return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def happens(self, chance: OneOrEach, count: int) -> Flags:
        """Draw yes or no; `chance` (0 to 1) is one for all or one for each."""
        return self.shares(count) < chance

    def whole(self, low: OneOrEach, high: OneOrEach, count: int) -> Whole:
        """Draw whole numbers from low to high, both included; each may be one for all or one for each."""
        steps = np.floor(self.shares(count) * (high - low + 1))
        return np.asarray(low + steps, dtype=np.int64)

    def choices(self, weights: Sequence[int] | Whole, count: int) -> Whole:
        """Draw places in `weights` (whole numbers), each as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.int64))
        places: Whole = np.searchsorted(edges, self.shares(count) * edges[-1], side="right")
        return places

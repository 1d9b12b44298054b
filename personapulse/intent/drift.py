"""How features were spread in training, and how far a day's customers have moved from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from personapulse.intent.arrays import Floats, Integers, Matrix
from personapulse.intent.features import Feature

BINS = 16
LEAST_CUSTOMERS = 200  # of either side: below, chance alone moves shares by as much as what one looks for
SMALLEST_SHARE = 1e-4  # an empty bin counts as this, so that the logarithm has an end


@dataclass(frozen=True, eq=False)
class Distribution:
    """How one column of the matrix was spread over training rows.

    Parameters
    ----------
    edges : array of shape (k,), float32
        Rising; bin i holds what is above edges[i - 1] and at most edges[i], bin k what is above the last.
    shares : array of shape (k + 2,)
        Of all rows, per bin; the last bin is nan. They add up to 1.
    middles : array of shape (k + 2,), float32
        Median of each bin's values; nan of the last bin, and of bins without a row.
    customers : int
        Different customers among the rows.
    """

    edges: Matrix
    shares: Floats
    middles: Matrix
    customers: int

    def places(self, column: Matrix) -> Integers:
        """Bin of each value."""
        return bins(self.edges, column)


@dataclass(frozen=True)
class Drift:
    """How far a feature has moved.

    Parameters
    ----------
    psi : float or None
        Population stability index, sum of (share now - share then) ln(share now / share then); 0 is no change. None if
        there are too few customers on either side to tell.
    noise : float or None
        What chance alone stays below in 95 of 100 cases.
    """

    psi: float | None
    noise: float | None


def bins(edges: Matrix, column: Matrix) -> Integers:
    """Bin of each value: 0 up to the first edge, and so on; one more than there are edges for nan."""
    # numbers sort before infinity, and nan after it: one search finds both
    return np.searchsorted(np.append(edges, np.float32(np.inf)), column).astype(np.int64, copy=False)


def distribution(column: Matrix, customers: int, most_bins: int = BINS) -> Distribution:
    """Describe a column by at most 16 bins of about equal size, or of one value each where there are few values."""
    known = np.sort(column[~np.isnan(column)])
    values = np.unique(known)
    if len(values) <= most_bins:
        edges = values[:-1]
    else:
        edges = np.unique(known[np.arange(1, most_bins) * len(known) // most_bins])
        edges = edges[edges < values[-1]]
    counts = np.bincount(bins(edges, column), minlength=len(edges) + 2)
    ends = np.cumsum(counts[:-1])
    middles = [
        float(known[(start + end - 1) // 2]) if end > start else np.nan
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]
    return Distribution(
        edges=edges,
        shares=counts / max(len(column), 1),
        middles=np.array([*middles, np.nan], np.float32),
        customers=customers,
    )


def psi(then: Distribution, column: Matrix, customers: int) -> Drift:
    """Compare a column with how it was spread in training.

    Parameters
    ----------
    then : Distribution
        Of training.
    column : array of shape (n,), float32
        Of the day that is looked at.
    customers : int
        Different customers among its rows.

    Returns
    -------
    Drift
        Nothing where either side has fewer than 200 customers. Without any change the index is about (1 / customers
        then + 1 / customers now) times a chi-squared of bins - 1 degrees of freedom (Yurdakul, Statistical Properties
        of Population Stability Index, 2018): that gives `noise`. Rows of one customer are alike, so customers count.
    """
    if min(customers, then.customers) < LEAST_CUSTOMERS:
        return Drift(None, None)
    now = np.bincount(then.places(column), minlength=len(then.shares)) / len(column)
    is_used = (now > 0) | (then.shares > 0)
    first, second = np.maximum(then.shares[is_used], SMALLEST_SHARE), np.maximum(now[is_used], SMALLEST_SHARE)
    free = int(is_used.sum()) - 1
    noise = float(stats.chi2.ppf(0.95, free)) * (1 / customers + 1 / then.customers) if free else 0.0
    return Drift(float(((second - first) * np.log(second / first)).sum()), noise)


def distributions(matrix: Matrix, features: Sequence[Feature], customers: int) -> tuple[Distribution, ...]:
    """Describe each column of a matrix; of a category, each value has a bin of its own."""
    return tuple(
        distribution(column, customers, BINS if feature.kind == "number" else len(column))
        for column, feature in zip(np.ascontiguousarray(matrix.T), features, strict=True)
    )


def moved(then: Sequence[Distribution], matrix: Matrix, customers: int) -> list[Drift]:
    """Compare each column of a matrix with training."""
    return [psi(old, column, customers) for old, column in zip(then, np.ascontiguousarray(matrix.T), strict=True)]

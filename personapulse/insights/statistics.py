"""Tests and intervals: plain functions of sums, all two-sided, all intervals at 95 %."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import reduce
from operator import add, sub

from scipy import special, stats

LEVEL = 0.95
ALPHA = 0.05
NO_SKEW = 1.6e-5  # below it, the type III has no digits left and is the normal distribution


@dataclass(frozen=True)
class Estimate:
    """A number, the interval that holds it, and how easily chance alone would have made it differ from nothing.

    Parameters
    ----------
    value, low, high : float
        In the unit of what was measured.
    p_value : float
        From 0 to 1; nan for an estimate that is compared with nothing.
    """

    value: float
    low: float
    high: float
    p_value: float = math.nan


@dataclass(frozen=True)
class Moments:
    """Sums over customers that give a ratio and its error: x and y are a customer's two numbers.

    Parameters
    ----------
    customers : int
        How many; each with y > 0.
    x, y : float
        Sums of the numbers; the ratio is x / y.
    xx, xy, yy, xxx, xxy, xyy, yyy : float
        Sums of their products.
    """

    customers: int
    x: float
    y: float
    xx: float
    xy: float
    yy: float
    xxx: float
    xxy: float
    xyy: float
    yyy: float

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(*map(add, astuple(self), astuple(other)))

    def __sub__(self, other: "Moments") -> "Moments":
        """Take away a group that is part of this one."""
        return Moments(*map(sub, astuple(self), astuple(other)))

    @property
    def ratio(self) -> float:
        """Sum over sum, such as returned orders per paid order; nan of nothing."""
        return self.x / self.y if self.y else math.nan

    @property
    def squared_residuals(self) -> float:
        """Sum of squares of x - ratio * y; rounding never makes it negative."""
        return max(self.xx - 2 * self.ratio * self.xy + self.ratio**2 * self.yy, 0.0)

    @property
    def cubed_residuals(self) -> float:
        """Sum of cubes of x - ratio * y."""
        r = self.ratio
        return self.xxx - 3 * r * self.xxy + 3 * r**2 * self.xyy - r**3 * self.yyy

    @property
    def squared_error(self) -> float:
        """Variance of the ratio, linearised (Cochran, Sampling Techniques, 1977, 2.11 and 6.3); if y is 1, of a mean.

        Customers are what varies, so orders of one customer may be as alike as they like. nan of fewer than two.
        """
        if self.customers < 2:
            return math.nan
        return self.squared_residuals * self.customers / (self.customers - 1) / self.y**2


NOTHING = Moments(0, *[0.0] * 9)


def together(groups: Iterable[Moments]) -> Moments:
    """Add up groups; of no group, nothing."""
    return reduce(add, groups, NOTHING)


def mean(group: Moments) -> Estimate:
    """Ratio of a group with Student's interval; nan as interval of fewer than two customers."""
    error = math.sqrt(group.squared_error)
    reach = float(special.stdtrit(max(group.customers - 1, 1), (1 + LEVEL) / 2)) * error
    return Estimate(group.ratio, group.ratio - reach, group.ratio + reach)


def difference(group: Moments, rest: Moments) -> Estimate:
    """Ratio of a group less that of the rest, with Welch's interval and the p-value of `shuffled`.

    Parameters
    ----------
    group, rest : Moments
        No customer is in both.

    Returns
    -------
    Estimate
        Without an interval (nan) and with p_value 1 where either has fewer than two customers.
    """
    value = group.ratio - rest.ratio
    parts = (group.squared_error, rest.squared_error)
    total = sum(parts)
    if math.isnan(total):
        return Estimate(value, math.nan, math.nan, 1.0)
    weights = sum(part**2 / (sample.customers - 1) for part, sample in zip(parts, (group, rest), strict=True))
    reach = float(special.stdtrit(total**2 / weights, (1 + LEVEL) / 2)) * math.sqrt(total) if total else 0.0
    return Estimate(value, value - reach, value + reach, shuffled(group, rest))


def shuffled(group: Moments, rest: Moments) -> float:
    """How often a group drawn by lot from all customers would differ from the rest as much as this one does.

    The permutation distribution of the group's sum of residuals is not drawn but told by its mean, variance and
    skewness, which follow from the sums (Pearson type III; Mielke and Berry, Permutation Methods, 2007, chapter 2).
    Revenue and returns are skewed and groups small: in the tail, Welch's p-values are too small there by a factor of
    ten and more, these are not (tests/unit/test_insights.py).

    Returns
    -------
    float
        Two-sided; 1 where nothing varies.
    """
    everybody = group + rest
    size, drawn = everybody.customers, group.customers
    # relative to what the residuals are made of: what is left of equal numbers is rounding
    scale = everybody.xx + everybody.ratio**2 * everybody.yy
    if size < 3 or drawn in {0, size} or everybody.squared_residuals <= 1e-12 * scale:
        return 1.0
    variance = drawn * (size - drawn) / size / (size - 1) * everybody.squared_residuals
    third = drawn * (size - drawn) * (size - 2 * drawn) / size / (size - 1) / (size - 2) * everybody.cubed_residuals
    z, skew = (group.x - everybody.ratio * group.y) / math.sqrt(variance), third / variance**1.5
    return min(1.0, 2 * min(pearson3_tails(z, skew)))


def pearson3_tails(z: float, skew: float) -> tuple[float, float]:
    """Probability below and above z under Pearson's type III of mean 0 and variance 1, which is a shifted gamma.

    The same as `scipy.stats.pearson3.cdf` and `sf`, which take a millisecond each: with thousands of products, seconds.
    """
    if abs(skew) < NO_SKEW:
        return float(special.ndtr(z)), float(special.ndtr(-z))
    beta = 2 / skew
    where = max(beta * (z + beta), 0.0)
    tails = float(special.gammainc(beta**2, where)), float(special.gammaincc(beta**2, where))
    return tails if skew > 0 else tails[::-1]


def share(successes: int, trials: int) -> Estimate:
    """Share of trials with Wilson's interval (1927), which stays within 0 and 1; nan of no trial."""
    if trials == 0:
        return Estimate(math.nan, math.nan, math.nan)
    interval = stats.binomtest(successes, trials).proportion_ci(LEVEL, method="wilson")
    return Estimate(successes / trials, float(interval.low), float(interval.high))


def share_difference(group: tuple[int, int], rest: tuple[int, int]) -> Estimate:
    """First share less the second: Fisher's exact test, and Newcombe's interval (1998, method 10) from Wilson's two.

    Parameters
    ----------
    group, rest : tuple of int
        Successes and trials of each; nobody is in both.
    """
    one, other = share(*group), share(*rest)
    value = one.value - other.value
    if math.isnan(value):
        return Estimate(value, math.nan, math.nan, 1.0)
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    table = [[group[0], group[1] - group[0]], [rest[0], rest[1] - rest[0]]]
    return Estimate(value, value - below, value + above, float(stats.fisher_exact(table).pvalue))


def more_often(one: int, other: int) -> Estimate:
    """Whether one thing happened more often than another: its share of both, by the exact binomial test (sign test)."""
    together_ = share(one, one + other)
    if one + other == 0:
        return Estimate(math.nan, math.nan, math.nan, 1.0)
    return Estimate(together_.value, together_.low, together_.high, float(stats.binomtest(one, one + other).pvalue))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of the tests made on one day, so that of what is said at 5 % at most 5 % is expected to be false.

    Benjamini and Hochberg (1995). Where nothing is true, the chance of saying anything at all is 5 %, too.

    Parameters
    ----------
    p_values : sequence of float
        Of all tests made, also of those that found nothing.

    Returns
    -------
    list of float
        In the same order, from 0 to 1; equal p-values stay equal.

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03, 0.5])
    [0.04, 0.05333333333333334, 0.05333333333333334, 0.5]
    """
    if not p_values:
        return []
    return [float(value) for value in stats.false_discovery_control(p_values, method="bh")]

"""What customers will buy and spend within a time from now, with an interval.

The expected value is the expected number of purchases times the expected worth of one. The interval is predictive: it
says between which amounts what *this customer* spends will lie, not how well the mean is known. Four of five customers
lie within an 80 % interval, one of ten below `low` and one of ten above `high`. As many spend nothing at all, `low` is
often 0; then fewer than one of ten lie outside.

With y purchases a customer spends (v + n m) G / H, where n purchases of mean worth m are known, G ~ Gamma(p y) and
H ~ Gamma(q + p n). The probability of y = 0 is exact. Given that there is a purchase, p y is spread by y; G is then
taken as a gamma variable of the same mean and variance, and the quotient of two gammas has quantiles in closed form
(Paulson 1942, an approximation good to a few per cent). That the parameters were estimated is not in these intervals:
against the chance in one customer's purchases it is nothing. It is in those of `expected_totals`, where chance averages
out.

References
----------
Paulson, E. (1942). An approximate normalization of the analysis of variance distribution. Ann. Math. Statist. 13(2).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from personapulse.clv.arrays import Floats, Integers
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.histories import Histories
from personapulse.clv.maximum import Maximum
from personapulse.clv.purchases import Purchases, forecast

INTERVAL = 0.8
TAIL = (1 - INTERVAL) / 2
SAMPLE = 10_000  # customers whose expectations show how totals hang on the parameters
SMALL = 1e-4  # step in a parameter's logarithm


@dataclass(frozen=True)
class Prediction:
    """What each customer will do within a time; arrays of shape (n,).

    Parameters
    ----------
    purchases : array
        Expected number.
    value : array
        Expected worth of them in all.
    low, high : array
        Between them lies what the customer spends, with a probability of at least 80 %.
    """

    purchases: Floats
    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Total:
    """An expected sum over all customers; between low and high it lies with a probability of 80 %."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Worth:
    """What is known of the worth of each customer's purchases: H ~ Gamma(shape), and the money it divides."""

    shape: Floats
    money: Floats

    @classmethod
    def of(cls, values: GammaGamma, histories: Histories) -> "Worth":
        """Learn from each customer's purchases; of a one-time buyer nothing is learnt, the population speaks."""
        known = np.where(histories.frequency > 0, histories.values_known, 0.0)
        return cls(values.q + values.p * known, values.v + known * histories.mean_value)

    def mean(self, p: float) -> Floats:
        """Return the expected worth of a purchase."""
        return p * self.money / (self.shape - 1)


def predict(model: BgNbd, values: GammaGamma, histories: Histories, times: Sequence[float]) -> list[Prediction]:
    """Predict for each of several times from now.

    Parameters
    ----------
    model, values : BgNbd, GammaGamma
        Fitted.
    histories : Histories
        Of n customers.
    times : sequence of float
        In the models' unit.

    Returns
    -------
    list of Prediction
        One for each time.
    """
    worth = Worth.of(values, histories)
    mean = worth.mean(values.p)
    which = histories.combinations.customer
    predictions = []
    for time in times:
        purchases = forecast(model, histories.combinations, time)
        low, high = (_quantile(purchases, worth, values.p, share, which) for share in (TAIL, 1 - TAIL))
        expected = purchases.mean[which]
        predictions.append(Prediction(expected, expected * mean, low, high))
    return predictions


def _quantile(purchases: Purchases, worth: Worth, p: float, share: float, which: Integers) -> Floats:
    """Return the amount below which a customer's spending stays with a probability of `share`."""
    some = np.maximum(purchases.some, 1e-100)
    given_some = np.maximum(purchases.mean / some, 1)  # purchases, where there are any
    spread = np.maximum(purchases.pairs / some + given_some - given_some**2, 0)
    # G: a gamma variable of shape k and scale theta
    theta = 1 + p * spread / given_some
    k = p * given_some / theta
    beyond = np.clip(1 - (1 - share) / some, 0, 1)  # the quantile among those who buy; 0 if none is needed
    z = special.ndtri(np.clip(beyond, 1e-12, 1))
    a, b = 1 / (9 * k), 1 / (9 * worth.shape)
    scale = k * theta
    a, z, scale, is_zero = a[which], z[which], scale[which], beyond[which] <= 0
    root = np.sqrt(np.maximum((1 - a) ** 2 * b + (1 - b) ** 2 * a - z**2 * a * b, 0))
    cube_root = ((1 - a) * (1 - b) + z * root) / ((1 - b) ** 2 - z**2 * b)
    amount = worth.money * scale / worth.shape * np.maximum(cube_root, 0) ** 3
    return np.where(is_zero, 0.0, amount)


def expected_totals(
    model: BgNbd, values: GammaGamma, tops: tuple[Maximum, Maximum], histories: Histories, time: float
) -> tuple[Total, Total]:
    """Sum purchases and their worth over all customers, with intervals.

    The variance has two parts: the chance in each customer's purchases, which adds up, and what is not known of the
    parameters, by the delta method (the totals' derivatives by the parameters' logarithms, and their covariance).
    Derivatives are taken on an even sample of some 10,000 customers.

    Parameters
    ----------
    model, values : BgNbd, GammaGamma
        Fitted.
    tops : tuple of Maximum
        Of both fits.
    histories : Histories
        Of n customers.
    time : float
        From now, in the models' unit.

    Returns
    -------
    tuple of Total
        Purchases, and their worth. Where spending is so uneven that it has no variance (q up to 2), the worth's
        interval is not a number.
    """
    worth = Worth.of(values, histories)
    purchases = forecast(model, histories.combinations, time)
    which = histories.combinations.customer
    mean = purchases.mean[which]
    value = mean * worth.mean(values.p)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = worth.money**2 / ((worth.shape - 1) * (worth.shape - 2))
    squares = values.p * square * (mean + values.p * (purchases.pairs[which] + mean))
    value_variance = np.where(worth.shape > 2, squares - value**2, np.nan)

    step = max(1, len(histories) // SAMPLE)
    sample = Histories(*(column[step // 2 :: step] for column in histories.columns))
    by_purchases, by_value = _slopes(model, values, sample, time) * (len(histories) / max(len(sample), 1))
    purchase_cov, value_cov = (top.covariance for top in tops)
    unsure = by_purchases[:4] @ purchase_cov @ by_purchases[:4]
    unsure_value = by_value[:4] @ purchase_cov @ by_value[:4] + by_value[4:] @ value_cov @ by_value[4:]
    chance = purchases.variance[which].sum()
    return _total(mean.sum(), chance + unsure), _total(value.sum(), value_variance.sum() + unsure_value)


def _slopes(model: BgNbd, values: GammaGamma, histories: Histories, time: float) -> Floats:
    """Return derivatives of total purchases (first row) and worth (second) by the logarithms of all parameters."""

    def purchases(parameters: Floats) -> Floats:
        return forecast(BgNbd(*parameters), histories.combinations, time).mean[histories.combinations.customer]

    def worth(parameters: Floats) -> Floats:
        return Worth.of(GammaGamma(*parameters), histories).mean(parameters[0])

    bought, paid = purchases(model.parameters), worth(values.parameters)
    columns = [(slope.sum(), (slope * paid).sum()) for slope in _by_logarithms(purchases, model.parameters)]
    columns += [(0.0, (slope * bought).sum()) for slope in _by_logarithms(worth, values.parameters)]
    return np.array(columns).T


def _by_logarithms(function: Callable[[Floats], Floats], parameters: Floats) -> Iterator[Floats]:
    """Differentiate by the logarithm of each parameter, by central differences."""
    for one in np.eye(len(parameters)):
        yield (function(parameters * np.exp(SMALL * one)) - function(parameters * np.exp(-SMALL * one))) / (2 * SMALL)


def _total(expected: float, variance: float) -> Total:
    reach = float(special.ndtri(1 - TAIL) * np.sqrt(variance))
    return Total(float(expected), float(np.maximum(expected - reach, 0)), float(expected + reach))

"""BG/NBD: how often customers buy, and when they stop.

While alive, a customer buys at random with a rate of their own, and after each repeat purchase may drop out for ever
with a probability of their own. Rates are spread over customers as Gamma(r, alpha), drop-out probabilities as
Beta(a, b).

References
----------
Fader, P. S., Hardie, B. G. S., Lee, K. L. (2005). "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model. Marketing Science 24(2), 275-284.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from personapulse.clv.arrays import Floats
from personapulse.clv.histories import Combinations
from personapulse.clv.maximum import Evaluation, Maximum, maximise
from personapulse.errors import PersonaPulseError

NAME = "BG/NBD"
PARAMETERS = ("r", "alpha", "a", "b")
LEAST_CUSTOMERS = 50
LEAST_REPEAT_BUYERS = 10
THINNED = 20_000  # combinations that show the way to the top before all are asked


@dataclass(frozen=True)
class BgNbd:
    """A fitted (or given) BG/NBD model.

    Parameters
    ----------
    r, alpha : float
        Shape and rate of the purchase rates: a customer alive buys r / alpha times in a unit of time, on average.
    a, b : float
        Of the drop-out probabilities: a / (a + b) on average, after each repeat purchase.
    """

    r: float
    alpha: float
    a: float
    b: float

    @property
    def parameters(self) -> Floats:
        """In the order of `PARAMETERS`."""
        return np.array([self.r, self.alpha, self.a, self.b])

    def log_likelihood(self, histories: Combinations) -> float:
        """Log-likelihood, summed over customers."""
        return _Likelihood(histories)(self.parameters)[0]

    def probability_alive(self, histories: Combinations) -> Floats:
        """Probability that a customer has not dropped out by the end of their history; 1 without a repeat purchase."""
        return np.asarray(special.expit(self._log_odds_alive(histories)))

    def _log_odds_alive(self, histories: Combinations) -> Floats:
        x, rate = histories.frequency, self.r + histories.frequency
        longer = np.log1p((histories.age - histories.recency) / (self.alpha + histories.recency))
        odds = np.log(np.maximum(self.b + x - 1, self.b) / self.a) - rate * longer
        return np.where(x > 0, odds, np.inf)


def fit(histories: Combinations) -> tuple[BgNbd, Maximum]:
    """Fit by maximum likelihood.

    Parameters
    ----------
    histories : Combinations
        Frequencies, recencies and ages of at least 50 customers, at least 10 of them with a repeat purchase.

    Returns
    -------
    tuple
        The model, and its log-likelihood and covariance.

    Raises
    ------
    PersonaPulseError
        If there are too few customers or repeat buyers, or the likelihood has no top.
    """
    refuse_thin(histories)
    start = _start(histories)
    for step in dict.fromkeys((max(1, len(histories) // THINNED), 1)):
        some = histories.every(step)
        top = maximise(_Likelihood(some), start, some.customers, NAME)
        start = np.clip(top.parameters, 1e-3, 1e4)
    return BgNbd(*map(float, top.parameters)), top


def refuse_thin(histories: Combinations) -> None:
    """Refuse data on which a fit would say nothing.

    Raises
    ------
    PersonaPulseError
        Naming what there is too little of.
    """
    repeat_buyers = int(histories.weight[histories.frequency > 0].sum())
    if histories.customers < LEAST_CUSTOMERS:
        raise PersonaPulseError(f"only {histories.customers:.0f} buyers; {NAME} needs {LEAST_CUSTOMERS}")
    if repeat_buyers < LEAST_REPEAT_BUYERS:
        raise PersonaPulseError(f"only {repeat_buyers} buyers came back; {NAME} needs {LEAST_REPEAT_BUYERS}")
    if not np.any(histories.age[histories.frequency > 0] > 0):
        raise PersonaPulseError(f"no time has passed since the first purchases; {NAME} needs some")


def _start(histories: Combinations) -> Floats:
    """Begin where the mean rate is that of the data, spread widely, and a third drops out."""
    purchases = float(histories.weight @ histories.frequency)
    time = float(histories.weight @ histories.age)
    return np.array([0.5, 0.5 * time / purchases, 1.0, 2.0])


class _Likelihood:
    """The log-likelihood of equation (6) of the paper, with its first and second derivatives.

    Gamma functions appear only as quotients a whole number apart, which are products: their logarithms, and the
    derivatives, are sums over 0, 1, ..., x - 1. These are exact for every parameter, where differences of log-gamma
    lose all digits once a parameter is large.
    """

    def __init__(self, histories: Combinations) -> None:
        self.weight = histories.weight
        self.x = histories.frequency
        self.recency, self.age = histories.recency, histories.age
        self.repeats = np.bincount(histories.frequency.astype(np.int64), weights=histories.weight)

    def __call__(self, parameters: Floats) -> Evaluation:
        r, alpha, a, b = parameters
        value, gradient, hessian = self._time(r, alpha, a, b)
        for argument, sign, which in ((r, 1, (0,)), (b, 1, (3,)), (a + b, -1, (2, 3))):
            products = sign * self._rising(argument)
            value += products[0]
            for one in which:
                gradient[one] += products[1]
                for other in which:
                    hessian[one, other] += products[2]
        return value, gradient, hessian

    def _rising(self, argument: float) -> Floats:
        """Sum the logarithm of argument (argument + 1) ... (argument + x - 1) over customers; and two derivatives."""
        # how many customers have more than k repeat purchases, and so the factor argument + k
        factors = argument + np.arange(len(self.repeats) - 1)
        beyond = self.repeats[::-1].cumsum()[-2::-1]
        return np.array([
            (beyond * np.log(factors)).sum(), (beyond / factors).sum(), -(beyond / factors**2).sum()
        ])  # fmt: skip

    def _time(self, r: float, alpha: float, a: float, b: float) -> Evaluation:
        """Sum ln(A3 + A4): the customer is alive at the end of the history, or dropped out at the last purchase."""
        x, weight = self.x, self.weight
        alive, dropped = alpha + self.age, alpha + self.recency
        log_alive, log_dropped = np.log1p(self.age / alpha), np.log1p(self.recency / alpha)
        rate = r + x
        gap = np.log(a) - np.log(np.maximum(b + x - 1, b)) + rate * (log_alive - log_dropped)
        is_repeat = x > 0
        # both parts by that of the living: ln(1 + e^gap), without overflow
        growth = np.where(is_repeat, np.logaddexp(0.0, gap), 0.0)
        share = np.where(is_repeat, special.expit(gap), 0.0)  # probability to have dropped out
        value = float((weight * (growth - rate * log_alive)).sum() - np.log(alpha) * (weight * x).sum())

        w_alive, w_dropped, w_split = weight * (1 - share), weight * share, weight * share * (1 - share)
        b_part = 1 / np.maximum(b + x - 1, b)
        # derivatives of the two parts by r and alpha; by a and b only the second has any
        d_r = log_alive - log_dropped  # second less first, likewise below
        d_alpha = rate * (1 / alive - 1 / dropped)
        gradient = np.array([
            -(w_alive * log_alive + w_dropped * log_dropped).sum(),
            r / alpha * weight.sum() - (rate * (w_alive / alive + w_dropped / dropped)).sum(),
            w_dropped.sum() / a,
            -(w_dropped * b_part).sum(),
        ])  # fmt: skip
        differences = (d_r, d_alpha, 1 / a, -b_part)
        hessian = np.empty((4, 4))
        for i in range(4):
            left = w_split * differences[i]
            for j in range(i, 4):
                hessian[i, j] = hessian[j, i] = (left * differences[j]).sum()
        own = {
            (0, 1): weight.sum() / alpha - (w_alive / alive + w_dropped / dropped).sum(),
            (1, 1): -r / alpha**2 * weight.sum() + (rate * (w_alive / alive**2 + w_dropped / dropped**2)).sum(),
            (2, 2): -w_dropped.sum() / a**2,
            (3, 3): (w_dropped * b_part**2).sum(),
        }
        for (i, j), part in own.items():
            hessian[i, j] += part
            hessian[j, i] = hessian[i, j]
        return value, gradient, hessian

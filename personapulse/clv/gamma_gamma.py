"""Gamma-Gamma: what a purchase of a customer is worth.

A customer's purchases vary around a mean of their own as Gamma(p, nu); nu is spread over customers as Gamma(q, v). How
much a customer spends is taken to have nothing to do with how often they buy.

References
----------
Fader, P. S., Hardie, B. G. S. (2013). The Gamma-Gamma Model of Monetary Value.
http://www.brucehardie.com/notes/025/
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from personapulse.clv.arrays import Floats
from personapulse.clv.histories import Histories
from personapulse.clv.maximum import Evaluation, Maximum, maximise
from personapulse.errors import PersonaPulseError

NAME = "Gamma-Gamma"
PARAMETERS = ("p", "q", "v")
LEAST_CUSTOMERS = 10


@dataclass(frozen=True)
class GammaGamma:
    """A fitted (or given) Gamma-Gamma model; p and q are shapes, v has the unit of money."""

    p: float
    q: float
    v: float

    @property
    def parameters(self) -> Floats:
        """In the order of `PARAMETERS`."""
        return np.array([self.p, self.q, self.v])

    @property
    def population_mean(self) -> float:
        """Worth of a purchase of a customer of whom nothing is known."""
        return self.p * self.v / (self.q - 1)

    def expected_value(self, values_known: Floats, mean_value: Floats) -> Floats:
        """Worth of a customer's purchases, given the mean of those known: equation (5) of the note.

        Between the customer's own mean and the population's; with no purchase known, the population's.
        """
        return self.p * (self.v + values_known * mean_value) / (self.p * values_known + self.q - 1)


def fit(histories: Histories) -> tuple[GammaGamma, Maximum]:
    """Fit by maximum likelihood to the customers whose purchases have a worth above 0.

    Raises
    ------
    PersonaPulseError
        If there are fewer than 10 of them, all have the same mean, or spending is so uneven that it has no mean.
    """
    is_known = (histories.values_known > 0) & (histories.mean_value > 0)
    order = np.lexsort((histories.values_known[is_known], histories.mean_value[is_known]))
    known, means = histories.values_known[is_known][order], histories.mean_value[is_known][order]
    if len(means) < LEAST_CUSTOMERS:
        raise PersonaPulseError(
            f"only {len(means)} buyers whose purchases have a worth; {NAME} needs {LEAST_CUSTOMERS}"
        )
    if means[-1] - means[0] <= 1e-9 * means[-1]:
        raise PersonaPulseError(f"every purchase is worth {means[0]:g}; {NAME} needs differences")
    scale = float(np.median(means))  # worth in other units makes other v, and the same p and q
    top = maximise(_Likelihood(known, means / scale), np.array([2.0, 3.0, 1.0]), len(means), NAME)
    p, q, v = map(float, top.parameters * [1, 1, scale])
    if q <= 1:
        raise PersonaPulseError(f"purchases are worth so unlike amounts (q = {q:.2f}) that they have no mean")
    rescaled = Maximum(
        np.array([p, q, v]),
        top.log_likelihood - len(means) * np.log(scale),
        top.covariance,
        top.is_open,
    )
    return GammaGamma(p, q, v), rescaled


class _Likelihood:
    """The logarithm of equation (1a) of the note, with its first and second derivatives."""

    def __init__(self, known: Floats, means: Floats) -> None:
        self.distinct, self.which = np.unique(known, return_inverse=True)
        self.customers = np.bincount(self.which).astype(np.float64)
        self.known, self.total = known, known * means
        self.log_means = float(np.log(means).sum())

    def __call__(self, parameters: Floats) -> Evaluation:
        p, q, v = parameters
        x, n, s = self.distinct, self.customers, self.total
        shape = p * x
        below, above = np.log1p(s / v), np.log1p(v / s)  # -ln of v / (v + s) and of s / (v + s)
        value = -(n * special.betaln(shape, q)).sum() - q * below.sum() - p * (self.known * above).sum()
        gradient = np.array([
            (n * x * _digamma_gap(shape, q)).sum() - (self.known * above).sum(),
            (n * _digamma_gap(q, shape)).sum() - below.sum(),
            ((q * s - p * self.known * v) / (v * (v + s))).sum(),
        ])  # fmt: skip
        bend = special.polygamma(1, shape + q)
        pp = (n * x**2 * (bend - special.polygamma(1, shape))).sum()
        pq = (n * x * bend).sum()
        qq = (n * (bend - special.polygamma(1, q))).sum()
        pv, qv = -(self.known / (v + s)).sum(), (s / (v * (v + s))).sum()
        vv = ((p * self.known * v**2 - q * s * (2 * v + s)) / (v * (v + s)) ** 2).sum()
        return float(value) - self.log_means, gradient, np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]])


def _digamma_gap(low: Floats, gap: Floats) -> Floats:
    """Return digamma(low + gap) - digamma(low), with all its digits also where low is so large that both agree."""
    high = low + gap
    far = np.maximum(low, 100.0)
    series = np.log1p(gap / far) + gap / (2 * far * (far + gap)) + (far**-2.0 - (far + gap) ** -2.0) / 12
    return np.where(low > 100, series, special.digamma(high) - special.digamma(low))

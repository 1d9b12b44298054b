"""How many purchases a customer will make, given their history, under BG/NBD.

A customer who is alive has a purchase rate ~ Gamma(r + x, alpha + T) and a drop-out probability ~ Beta(a, b + x), where
x is the frequency and T the age. Over the rate all moments are closed expressions; over the drop-out probability they
are means of smooth functions, which Gauss's quadrature takes with some tens of points. No term is ever subtracted from
a larger one, so that nothing overflows or cancels where the Gauss hypergeometric function of equation (10) of Fader,
Hardie, Lee (2005) does (many purchases, a = 1, a near 0); elsewhere the two agree, as the tests show.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from personapulse.clv.arrays import Floats
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.histories import Combinations

# Points of the quadrature for customers who are looked ahead of by at most so many times (alpha + T); with these the
# figures differ from the exact ones in the twelfth digit or later.
POINTS = {0.5: 8, 2.0: 16, 8.0: 32, 32.0: 64, np.inf: 128}
BLOCK = 1 << 17  # numbers at a time: what is computed for them stays in the processor's cache
SMALLEST = 1e-100  # drop-out probability; its square is still a number


@dataclass(frozen=True)
class Purchases:
    """Purchases within a time from now, given the history; arrays of shape (m,), one entry per combination.

    Parameters
    ----------
    some : array
        Probability that there is any.
    mean : array
        Expected purchases.
    pairs : array
        Expected value of purchases x (purchases - 1), from which the variance follows.
    """

    some: Floats
    mean: Floats
    pairs: Floats

    @property
    def variance(self) -> Floats:
        """Variance of the number of purchases."""
        return self.pairs + self.mean - self.mean**2


def forecast(model: BgNbd, histories: Combinations, time: float) -> Purchases:
    """Look ahead.

    Parameters
    ----------
    model : BgNbd
        Fitted.
    histories : Combinations
        Of m combinations.
    time : float
        How far, in the model's unit; 0 or more.
    """
    alive = model.probability_alive(histories)
    shape = model.r + histories.frequency
    ahead = time / (model.alpha + histories.age)
    some_alive = -np.expm1(-shape * np.log1p(ahead))
    mean, pairs = np.empty(len(histories)), np.empty(len(histories))
    done = np.zeros(len(histories), dtype=bool)
    for limit, points in POINTS.items():
        some = np.flatnonzero((ahead <= limit) & ~done)
        done[some] = True
        mean[some], pairs[some] = _means(model, histories.frequency[some], ahead[some], points)
    return Purchases(alive * some_alive, alive * mean, alive * pairs)


def _means(model: BgNbd, frequency: Floats, ahead: Floats, points: int) -> tuple[Floats, Floats]:
    """Mean purchases, and mean pairs of them, of customers who are alive."""
    frequencies, which = np.unique(frequency, return_inverse=True)
    dropout, weights = beta_quadrature(model.a, model.b + frequencies, points)
    mean, pairs = np.empty(len(frequency)), np.empty(len(frequency))
    for begin in range(0, len(frequency), BLOCK // points):
        some = slice(begin, begin + BLOCK // points)
        moments = _moments(dropout[which[some]], model.r + frequency[some, None], ahead[some, None])
        mean[some], pairs[some] = ((weights[which[some]] * moment).sum(axis=1) for moment in moments)
    return mean, pairs


def _moments(dropout: Floats, shape: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """Mean purchases, and mean pairs of them, of the living with a given drop-out probability.

    With rate l and drop-out p the means are (1 - e^-lpt) / p and 2 (1 - p) (1 - e^-lpt (1 + lpt)) / p^2; here they are
    means over l, with pt / (alpha + T) written u.
    """
    u = dropout * ahead
    gone = -np.expm1(-shape * np.log1p(u))
    pairs = (gone - (1 - gone) * shape * u / (1 + u)) / dropout**2
    # where u is tiny the difference has no digits left, and the first two terms of its series say it all
    tiny = shape * u < 1e-5
    if tiny.any():
        pairs = np.where(tiny, shape * (shape + 1) * ahead**2 * (0.5 - (shape + 2) * u / 3), pairs)
    return gone / dropout, 2 * (1 - dropout) * pairs


def beta_quadrature(a: float, b: Floats, points: int) -> tuple[Floats, Floats]:
    """Return points and weights for means over Beta(a, b), exact for polynomials up to degree 2 points - 1.

    The points are the eigenvalues of the Jacobi matrix (Golub, Welsch 1969) of the shifted Jacobi polynomials, whose
    entries are written without differences, so that also the points close to 0 keep their digits.

    Parameters
    ----------
    a : float
        Above 0.
    b : array of shape (k,)
        Above 0.

    Returns
    -------
    tuple of array, each of shape (k, points)
        The weights of a row sum to 1.
    """
    s = (a + b - 2)[:, None]
    b = b[:, None]
    k = np.arange(1, points)
    diagonal = np.hstack([a / (s + 2), (2 * k * (k + s + 1) + s * a) / ((2 * k + s) * (2 * k + s + 2))])
    # for k = 1 the factor (k + s) / (2k + s - 1) is 1, also where it reads 0 / 0
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(k == 1, 1.0, (k + s) / (2 * k + s - 1))
    beside = np.sqrt(k * (k + a - 1) * (k + b - 1) * ratio / ((2 * k + s) ** 2 * (2 * k + s + 1)))
    # one small matrix after the other: in a batch BLAS would put threads to work, which takes a hundred times as long
    solved = [linalg.eigvalsh_tridiagonal(*one, lapack_driver="sterf") for one in zip(diagonal, beside, strict=True)]
    values = np.clip(np.reshape(solved, (-1, points)), SMALLEST, 1.0)
    return values, _christoffel(values, diagonal, beside)


def _christoffel(points: Floats, diagonal: Floats, beside: Floats) -> Floats:
    """Weigh each point: 1 by the sum of the squares of the orthonormal polynomials there."""
    before, now = np.zeros_like(points), np.ones_like(points)
    squares = np.ones_like(points)
    for k in range(points.shape[1] - 1):  # where the squares are beyond all numbers, the weight is 0
        after = (points - diagonal[:, k, None]) * now - (beside[:, k - 1, None] * before if k else 0.0)
        before, now = now, after / beside[:, k, None]
        with np.errstate(over="ignore"):
            squares += now**2
    return 1 / squares

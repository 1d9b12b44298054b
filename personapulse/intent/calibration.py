"""From a forest's scores to probabilities."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from personapulse.intent.arrays import Flags, Floats

EDGE = 1e-4  # scores are kept this far from 0 and 1, where the logarithm has no end
CERTAIN = 1e-6  # probabilities are kept this far from 0 and 1


@dataclass(frozen=True)
class Calibration:
    """Beta calibration (Kull, Silva Filho, Flach, AISTATS 2017): log-odds = a ln s - b ln(1 - s) + c.

    Three numbers, rising in s, so that it never changes who is likelier than whom; a = b = 1, c = 0 leaves scores as
    they are, a = b = 0 says the same of everybody.

    Parameters
    ----------
    a, b : float
        0 or more.
    c : float
        In log-odds.
    """

    a: float = 1.0
    b: float = 1.0
    c: float = 0.0

    def __call__(self, scores: Floats) -> Floats:
        """Return probabilities of the scores' shape, one in a million from 0 and 1: nothing is certain."""
        kept = np.clip(scores, EDGE, 1 - EDGE)
        odds = self.a * np.log(kept) - self.b * np.log1p(-kept) + self.c
        probabilities: Floats = np.clip(special.expit(odds), CERTAIN, 1 - CERTAIN)
        return probabilities


def fit(scores: Floats, bought: Flags) -> Calibration:
    """Fit to scores of rows that the forest was not trained on.

    Parameters
    ----------
    scores : array of shape (n,)
        From 0 to 1.
    bought : array of shape (n,)
        What came.

    Returns
    -------
    Calibration
        The likeliest, given that most forests are nearly calibrated: each number is drawn to (1, 1, 0) with a standard
        deviation of 1, which decides only where the rows are few or leave a number open.
    """
    kept = np.clip(scores, EDGE, 1 - EDGE)
    columns = np.column_stack([np.log(kept), -np.log1p(-kept), np.ones_like(kept)])
    came, start = bought.astype(np.float64), np.array([1.0, 1.0, 0.0])

    def loss(numbers: Floats) -> tuple[float, Floats]:
        odds, away = columns @ numbers, numbers - start
        value = float(np.logaddexp(0, odds).sum() - came @ odds + away @ away / 2)
        return value, columns.T @ (special.expit(odds) - came) + away

    bounds = [(0, None), (0, None), (None, None)]
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Calibration(*map(float, found.x))

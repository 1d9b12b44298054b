"""The best answer one rule gives: what a model must beat to be worth its while."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from personapulse import wording
from personapulse.intent.arrays import Flags, Floats, Matrix
from personapulse.intent.drift import Distribution
from personapulse.intent.features import Feature


@dataclass(frozen=True)
class Rule:
    """`feature at most threshold` or `feature above threshold`; who is not known does not fulfil it.

    Parameters
    ----------
    column : int
        Of the matrix; -1 for the rule that knows nothing, and answers the share of buyers for everybody.
    text : str
        In words, such as `days since the last paid order at most 12`.
    is_at_most : bool
        Which of the two forms.
    threshold : float
        In the feature's unit.
    share_if, share_else : float
        Share of buyers in training among those who fulfil it, and among the others: the rule's probabilities.
    """

    column: int
    text: str
    is_at_most: bool
    threshold: float
    share_if: float
    share_else: float

    def __call__(self, matrix: Matrix) -> Floats:
        """Probability of each row."""
        if self.column < 0:
            return np.full(len(matrix), self.share_else)
        column = matrix[:, self.column]
        is_so = column <= self.threshold if self.is_at_most else column > self.threshold
        return np.where(is_so, self.share_if, self.share_else)


def best(features: Sequence[Feature], spread: Sequence[Distribution], matrix: Matrix, bought: Flags) -> Rule:
    """Return the rule over one number whose probabilities have the lowest Brier score on training rows.

    `Ordered in the last k days` is among them wherever days since the last order are a feature; k is one of the bin
    edges of training.
    """
    everybody = float(bought.mean())
    found = (everybody * (1 - everybody), Rule(-1, "nothing", True, np.nan, everybody, everybody))
    for column, (feature, bins) in enumerate(zip(features, spread, strict=True)):
        if feature.kind != "number" or not len(bins.edges):
            continue
        places = bins.places(np.ascontiguousarray(matrix[:, column]))
        buyers = np.asarray(np.bincount(places, bought, len(bins.shares)), np.float64)
        rows = bins.shares * len(matrix)
        for is_at_most in (True, False):
            # numbers only: the last bin is of those who are not known
            inside, bought_inside = _sums(rows[:-1], is_at_most), _sums(buyers[:-1], is_at_most)
            outside, bought_outside = rows.sum() - inside, buyers.sum() - bought_inside
            share_if = bought_inside / np.maximum(inside, 1)
            share_else = bought_outside / np.maximum(outside, 1)
            briers = (inside * share_if * (1 - share_if) + outside * share_else * (1 - share_else)) / rows.sum()
            n = int(briers.argmin())
            if briers[n] < found[0] - 1e-12:
                edge = float(bins.edges[n])
                text = f"{feature.label} {'at most' if is_at_most else 'above'} {short(edge)}"
                found = (briers[n], Rule(column, text, is_at_most, edge, float(share_if[n]), float(share_else[n])))
    return found[1]


def short(value: float) -> str:
    """Write a threshold with at most two decimals."""
    return wording.plain(Decimal(float(value)))


def _sums(per_bin: Floats, is_at_most: bool) -> Floats:
    """Sum of the bins on the rule's side of each edge."""
    below = np.cumsum(per_bin)
    return below[:-1] if is_at_most else below[-1] - below[:-1]

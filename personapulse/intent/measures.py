"""How good probabilities are, once it is known what came. Every row has a weight, so that rows can be drawn again."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from personapulse.intent import bootstrap
from personapulse.intent.arrays import Flags, Floats, Integers

TENTHS = 10  # bins of the calibration error
NAMES = ("accuracy", "brier", "roc_auc", "pr_auc", "calibration_error")
BETTER = np.array([1.0, -1.0, 1.0, 1.0])  # sign of a difference that is better, for the first four


@dataclass(frozen=True, eq=False)
class Answer:
    """Somebody's probabilities for rows of which it is known what came.

    Parameters
    ----------
    probability : array of shape (n,)
        From 0 to 1.
    bought : array of shape (n,)
        What came.
    """

    probability: Floats
    bought: Flags

    @cached_property
    def is_right(self) -> Floats:
        """1 where the likelier outcome came; a half and more counts as 'buys'."""
        return np.asarray((self.probability >= 0.5) == self.bought, np.float64)

    @cached_property
    def squared_error(self) -> Floats:
        """Of each row."""
        return np.asarray((self.probability - self.bought) ** 2)

    @cached_property
    def ranked(self) -> tuple[Integers, Integers]:
        """Rows from the likeliest down, and the place where each group of equals ends."""
        order = np.argsort(-self.probability, kind="stable")
        falling = self.probability[order]
        return order, np.flatnonzero(np.append(falling[1:] != falling[:-1], True))

    @cached_property
    def tenth(self) -> Integers:
        """Tenth of the rows by probability, 0 to 9; equals are together."""
        cuts = np.unique(np.quantile(self.probability, np.arange(1, TENTHS) / TENTHS))
        return np.searchsorted(cuts, self.probability, side="left").astype(np.int64)

    def numbers(self, weights: Floats, chances: int = 1) -> Floats:
        """Return accuracy, Brier score, ROC-AUC, PR-AUC and calibration error, as in `NAMES`."""
        total = weights.sum()
        accuracy, brier = weights @ self.is_right / total, weights @ self.squared_error / total
        return np.array([accuracy, brier, *self.areas(weights), self._calibration_error(weights, chances)])

    def areas(self, weights: Floats) -> tuple[float, float]:
        """Return ROC-AUC (trapezes) and PR-AUC (average precision, steps); nan where only one outcome came."""
        order, ends = self.ranked
        came = self.bought[order]
        drawn = weights[order]
        hits = np.cumsum(drawn * came)[ends]
        misses = np.cumsum(drawn * ~came)[ends]
        if not hits[-1] or not misses[-1]:
            return np.nan, np.nan
        new_hits, new_misses = np.diff(hits, prepend=0.0), np.diff(misses, prepend=0.0)
        roc = new_misses @ (hits - new_hits / 2) / hits[-1] / misses[-1]
        named = hits + misses
        precision = np.divide(hits, named, out=np.zeros_like(hits), where=named > 0)
        return float(roc), float(new_hits @ precision / hits[-1])

    def _calibration_error(self, weights: Floats, chances: int) -> float:
        """Return the root of the mean squared gap, over tenths, between the probability given and the share that came.

        A gap is never quite 0: the share of n customers strays by s(1 - s) / (n - 1) squared. That much is taken off
        per hand that chance had in the rows (Kumar, Liang, Ma, Verified Uncertainty Calibration, 2019), so that the
        error of a calibrated model is about 0 however few its customers are.
        """
        size = np.bincount(self.tenth, weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            came = np.bincount(self.tenth, weights * self.bought) / size
            told = np.bincount(self.tenth, weights * self.probability) / size
            squared = (told - came) ** 2 - chances * came * (1 - came) / (size - 1)
        is_used = size > 1
        return float(np.sqrt(max(size[is_used] @ squared[is_used] / max(size[is_used].sum(), 1), 0.0)))


def judge(
    model: Answer, customers: Integers, seed: int, rivals: Mapping[str, Floats] | None = None
) -> dict[str, dict[str, float | None]]:
    """Measure probabilities, with 95 % intervals by customer.

    Parameters
    ----------
    model : Answer
        What the model said of n rows, and what came.
    customers : array of shape (n,)
        Whose row it is, numbered from 0.
    seed : int
        Of the draws.
    rivals : mapping of str to array of shape (n,), optional
        Other probabilities for the same rows, such as those of the best `rule`.

    Returns
    -------
    dict
        `value`, `low` and `high` of: accuracy, brier, roc_auc, pr_auc, calibration_error; base_rate (share that
        bought), majority (share of the commoner outcome), accuracy_above_majority, pr_auc_above_base_rate,
        brier_below_base_rate and base_brier (answering the base rate to everybody); and per rival `<name>_accuracy`,
        `accuracy_above_<name>`, `brier_below_<name>` and so on, on the same rows and draws. Differences are positive
        where the model is better. Majority and base rate are those of the rows themselves: nobody could know them
        beforehand, so they are hard to beat.
    """
    others = {name: Answer(probability, model.bought) for name, probability in (rivals or {}).items()}

    def statistic(weights: Floats, chances: int) -> Floats:
        own = model.numbers(weights, chances)
        rate = weights @ model.bought / weights.sum()
        majority = max(rate, 1 - rate)
        found = [*own, rate, majority, own[0] - majority, own[3] - rate, rate * (1 - rate) - own[1], rate * (1 - rate)]
        for other in others.values():
            theirs = other.numbers(weights, chances)[:4]
            found += [*theirs, *((own[:4] - theirs) * BETTER)]
        return np.array(found)

    names = [*NAMES, "base_rate", "majority"]
    names += ["accuracy_above_majority", "pr_auc_above_base_rate", "brier_below_base_rate", "base_brier"]
    for name in others:
        names += [f"{name}_{measure}" for measure in NAMES[:4]]
        names += [f"accuracy_above_{name}", f"brier_below_{name}", f"roc_auc_above_{name}", f"pr_auc_above_{name}"]
    return dict(zip(names, bootstrap.estimates(statistic, customers, seed), strict=True))

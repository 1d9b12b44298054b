"""Checks that should find nothing: they fall over when something is wrong with how models are made."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from personapulse.intent import training
from personapulse.intent.arrays import Flags, Floats, Matrix
from personapulse.intent.bootstrap import estimate
from personapulse.intent.drift import Distribution, distribution
from personapulse.intent.features import Feature
from personapulse.intent.measures import Answer
from personapulse.intent.model import scores
from personapulse.intent.training import Trained

SHUFFLES = 20
SHUFFLED_TREES = 20
SHUFFLED_ROWS = 10_000
SIGMAS = 3  # of the interval of the mean: one false alarm in 700
LEAK_NOISE = 0.02  # share of labels the planted column gets wrong


def measure(trained: Trained, frame: pd.DataFrame, matrix: Matrix) -> dict[str, Any]:
    """Run all canaries.

    Parameters
    ----------
    trained : Trained
        With the rows it was trained on.
    frame : DataFrame
        The hold-out.
    matrix : array of shape (rows, features)
        The hold-out as encoded.

    Returns
    -------
    dict
        `shuffled_roc_auc` with `value`, `low`, `high`; `single_features`, each feature's ROC-AUC by itself, highest
        first; `single_feature_roc_auc`, the highest; `planted_leak_roc_auc`, what the same look finds of a column
        that gives the label away.
    """
    bought = frame["bought"].to_numpy(bool)
    model = trained.model
    before = model.matrix(trained.frame)
    came = trained.frame["bought"].to_numpy(bool)
    alone = single_features(model.features, model.spread, (before, came), (matrix, bought))
    return {
        "shuffled_roc_auc": shuffled(trained, frame),
        "single_features": alone,
        "single_feature_roc_auc": alone[0]["roc_auc"] if alone else None,
        "planted_leak_roc_auc": planted_leak(came, bought, model.seed),
    }


def shuffled(trained: Trained, frame: pd.DataFrame) -> dict[str, float | None]:
    """Train on labels dealt out anew, and see how the hold-out is ranked: chance is 0.5.

    One such model may rank well or badly by luck, for features go together; so 20 are trained, and their mean is
    looked at, with an interval of three standard errors.
    """
    model = trained.model
    rows = training.some_customers(trained.frame, SHUFFLED_ROWS, model.seed)
    later = training.some_customers(frame, SHUFFLED_ROWS, model.seed)
    bought = later["bought"].to_numpy(bool)
    found = np.empty(SHUFFLES)
    for n in range(SHUFFLES):
        dealt = rows.assign(bought=np.random.default_rng([model.seed, n]).permutation(rows["bought"].to_numpy(bool)))
        pipeline = training.fit(dealt, model.features, model.settings, model.seed + n, trees=SHUFFLED_TREES)
        told = scores(pipeline.named_steps["forest"], pipeline.named_steps["encode"].transform(later))
        found[n] = _roc_auc(told, bought)
    reach = SIGMAS * found.std(ddof=1) / np.sqrt(SHUFFLES)
    return estimate(found.mean(), found.mean() - reach, found.mean() + reach)


def single_features(
    features: Sequence[Feature],
    spread: Sequence[Distribution],
    before: tuple[Matrix, Flags],
    later: tuple[Matrix, Flags],
) -> list[dict[str, Any]]:
    """Return how well each feature by itself ranks the hold-out, the best first.

    Parameters
    ----------
    features, spread : sequence
        Of n features.
    before, later : tuple of matrix and labels
        Of training and of the hold-out.

    Returns
    -------
    list of dict
        `feature`, `label`, `roc_auc` (None if the hold-out has one outcome only): the best of ranking by the number
        itself, upwards or downwards, and by the share of buyers that training had in the number's bin.
    """
    columns = zip(features, spread, before[0].T, later[0].T, strict=True)
    found = [
        {"feature": feature.name, "label": feature.label, "roc_auc": _alone(bins, old, before[1], new, later[1])}
        for feature, bins, old, new in columns
    ]
    return sorted(found, key=lambda one: -(one["roc_auc"] or 0))


def planted_leak(before: Flags, later: Flags, seed: int) -> float | None:
    """Return what the look at single features makes of a column that is the label in all but 2 % of rows."""
    rng = np.random.default_rng(seed)
    old, new = ((came ^ (rng.random(len(came)) < LEAK_NOISE)).astype(np.float32) for came in (before, later))
    return _alone(distribution(old, len(old)), old, before, new, later)


def _alone(bins: Distribution, old: Matrix, came: Flags, new: Matrix, bought: Flags) -> float | None:
    by_value = _roc_auc(np.where(np.isnan(new), -np.inf, new), bought)
    places = bins.places(np.ascontiguousarray(old))
    rows, buyers = np.bincount(places, minlength=len(bins.shares)), np.bincount(places, came, len(bins.shares))
    share = np.divide(buyers, rows, out=np.full(len(rows), came.mean()), where=rows > 0)
    by_bin = _roc_auc(share[bins.places(np.ascontiguousarray(new))], bought)
    best = max(by_value, 1 - by_value, by_bin)
    return None if np.isnan(best) else float(best)


def _roc_auc(told: Floats, bought: Flags) -> float:
    return Answer(told, bought).areas(np.ones(len(told)))[0]

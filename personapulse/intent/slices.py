"""How good a model is for whom: by persona, gender and age group."""

from typing import Any

import numpy as np
import pandas as pd

from personapulse.intent import bootstrap
from personapulse.intent.arrays import Floats, Integers
from personapulse.intent.measures import Answer

DIMENSIONS = ("persona", "gender", "age_group")
NOT_KNOWN = "(not known)"
MEASURED = ("accuracy", "majority", "accuracy_above_majority", "brier")
LEAST_CUSTOMERS = 20  # of a slice, to be measured at all; the gate asks for more before it judges one


def measure(frame: pd.DataFrame, answer: Answer, customers: Integers, seed: int) -> list[dict[str, Any]]:
    """Measure accuracy per slice, beside guessing the slice's own commoner outcome.

    Parameters
    ----------
    frame : DataFrame of n rows
        Dimensions it lacks are left out; whom nothing is known of make a slice of their own.
    answer : Answer
        To these n rows.
    customers : array of shape (n,)
        Whose row it is, numbered from 0.
    seed : int
        Of the draws.

    Returns
    -------
    list of dict
        Per slice `dimension`, `value`, `customers`, `buyers`, and with 95 % intervals `accuracy`, `majority`,
        `accuracy_above_majority`, `brier`; these are None for slices of fewer than 20 customers.
    """
    found: list[dict[str, Any]] = []
    for dimension in DIMENSIONS:
        if dimension in frame.columns:
            given = frame[dimension].astype(object)
            codes, names = pd.factorize(given.where(given.notna(), NOT_KNOWN).to_numpy(object), sort=True)
            measured = _measured(codes.astype(np.int64), answer, customers, seed)
            found += [
                {"dimension": dimension, "value": str(name), **numbers}
                for name, numbers in zip(names, measured, strict=True)
            ]
    return found


def _measured(codes: Integers, answer: Answer, customers: Integers, seed: int) -> list[dict[str, Any]]:
    """Measure each of the slices 0, 1, ... that rows are in."""
    count = int(codes.max()) + 1

    def statistic(weights: Floats, _: int) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            size = np.bincount(codes, weights, count)
            accuracy, rate, brier = (
                np.bincount(codes, weights * row, count) / size
                for row in (answer.is_right, answer.bought, answer.squared_error)
            )
        majority = np.maximum(rate, 1 - rate)
        return np.concatenate([accuracy, majority, accuracy - majority, brier])

    numbers = np.array(bootstrap.estimates(statistic, customers, seed), dtype=object).reshape(len(MEASURED), count)
    found = []
    for code in range(count):
        is_here = codes == code
        people = len(np.unique(customers[is_here]))
        measured = numbers[:, code] if people >= LEAST_CUSTOMERS else [None] * len(MEASURED)
        counts = {"customers": people, "buyers": int(answer.bought[is_here].sum())}
        found.append(counts | dict(zip(MEASURED, measured, strict=True)))
    return found

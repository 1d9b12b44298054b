"""Which features a model lives on: how much worse its probabilities get when one is mixed up."""

from typing import Any

import numpy as np
import pandas as pd

from personapulse.intent.arrays import Flags, Floats, Matrix
from personapulse.intent.model import IntentModel

ROWS = 5_000  # drawn by lot; more would not change the order
REPEATS = 5
EVERYBODY = "(all)"
LEAST_ROWS = 50  # of a persona


def permutation(
    model: IntentModel, matrix: Matrix, bought: Flags, persona: "pd.Series[Any] | None", seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Return permutation importance, over everybody and within each persona.

    A feature's values are dealt out anew among the customers (Breiman, Random Forests, 2001, section 10), within a
    persona among its own, so that nobody gets what nobody of the kind has. Features that tell the same stand in for one
    another: each looks less important than both are together.

    Parameters
    ----------
    model : IntentModel
        That is asked.
    matrix : array of shape (n, features)
        Customers it was not trained on, encoded.
    bought : array of shape (n,)
        What came.
    persona : Series of n texts, optional
        Personas of fewer than 50 rows are left out.
    seed : int
        Of the deals.

    Returns
    -------
    dict of str to list of dict
        By persona, `(all)` first: features with `value`, the mean rise of the Brier score over 5 deals, and `error`,
        its standard error; the most important first.
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(matrix))[:ROWS])
    groups = {EVERYBODY: rows}
    if persona is not None:
        names = persona.astype(object).to_numpy()
        found = {str(name): rows[names[rows] == name] for name in pd.unique(names[rows][pd.notna(names[rows])])}
        groups |= {name: members for name, members in sorted(found.items()) if len(members) >= LEAST_ROWS}
    return {name: _importance(model, matrix[members], bought[members], rng) for name, members in groups.items()}


def _importance(model: IntentModel, matrix: Matrix, bought: Flags, rng: np.random.Generator) -> list[dict[str, Any]]:
    before = _brier(model, matrix, bought)
    found = []
    for column, feature in enumerate(model.features):
        dealt = np.tile(matrix, (REPEATS, 1))
        for repeat in range(REPEATS):
            place = slice(repeat * len(matrix), (repeat + 1) * len(matrix))
            dealt[place, column] = rng.permutation(matrix[:, column])
        rise = _brier(model, dealt, np.tile(bought, REPEATS)).reshape(REPEATS, -1).mean(axis=1) - before.mean()
        found.append(
            {
                "feature": feature.name,
                "label": feature.label,
                "value": float(rise.mean()),
                "error": float(rise.std(ddof=1) / np.sqrt(REPEATS)),
            }
        )
    return sorted(found, key=lambda one: -one["value"])


def _brier(model: IntentModel, matrix: Matrix, bought: Flags) -> Floats:
    """Squared error of each row."""
    return (model.probabilities(matrix) - bought) ** 2

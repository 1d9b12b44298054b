"""The model as it is kept and served: from a snapshot frame to probabilities and reasons."""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from personapulse.intent.arrays import Floats, Integers, Matrix, Texts, by_blocks
from personapulse.intent.calibration import Calibration
from personapulse.intent.drift import Distribution
from personapulse.intent.encoding import Encoder
from personapulse.intent.features import Feature
from personapulse.intent.reasons import Reasons


@dataclass(frozen=True)
class Settings:
    """What the search chooses.

    Parameters
    ----------
    leaf : int
        Least rows in a leaf.
    depth : int or None
        Most splits from root to leaf; None is no limit.
    class_weight : str or None
        `balanced` lets both outcomes weigh the same in splits; calibration undoes what it does to scores.
    """

    leaf: int = 20
    depth: int | None = None
    class_weight: str | None = None


@dataclass(frozen=True, eq=False)
class IntentModel:
    """A trained model; joblib keeps it.

    Parameters
    ----------
    features : tuple of Feature
        What it reads of a frame, by name.
    horizon_days : int
        It tells the probability of a paid order within that many days after the frame's cut-off.
    seed : int
        With the same frame, it makes the same model.
    trained_until : date
        Last day of the newest label it has seen.
    settings : Settings
        Of the forest.
    pipeline : Pipeline
        `encode` and `forest`.
    calibration : Calibration
        From the forest's scores to probabilities.
    base_rate : float
        Share of training rows that bought: customers above it get reasons to buy, the others reasons not to.
    spread : tuple of Distribution
        Of each feature in training.
    why : Reasons
        Effects of features, and their words.
    """

    features: tuple[Feature, ...]
    horizon_days: int
    seed: int
    trained_until: datetime.date
    settings: Settings
    pipeline: Pipeline
    calibration: Calibration
    base_rate: float
    spread: tuple[Distribution, ...]
    why: Reasons

    @property
    def reason_texts(self) -> tuple[str, ...]:
        """Every reason there is, by its code; the first is empty."""
        return self.why.texts

    def matrix(self, frame: pd.DataFrame) -> Matrix:
        """Encode a frame; everything below takes the matrix, so that a frame is encoded once.

        Raises
        ------
        PersonaPulseError
            If the frame lacks a feature.
        """
        encoder: Encoder = self.pipeline.named_steps["encode"]
        return encoder.transform(frame)

    def probabilities(self, matrix: Matrix) -> Floats:
        """Probability of at least one paid order within the horizon, per row, from 0 to 1."""
        return self.calibration(scores(self.pipeline.named_steps["forest"], matrix))

    def reason_codes(self, matrix: Matrix, probabilities: Floats, top: int = 3) -> Integers:
        """Places in `reason_texts` of each row's strongest reasons, of shape (rows, top)."""
        codes = np.empty((len(matrix), top), np.int64)
        direction = np.where(probabilities >= self.base_rate, 1.0, -1.0)

        def fill(rows: slice) -> None:
            codes[rows] = self.why.most(matrix[rows], self.spread, direction[rows], top)

        by_blocks(len(matrix), fill)
        return codes

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Probability of at least one paid order within the horizon, of shape (rows,)."""
        return self.probabilities(self.matrix(frame))

    def reasons(self, frame: pd.DataFrame, top: int = 3) -> Texts:
        """Return each row's strongest reasons in words, of shape (rows, top); empty where there are fewer.

        A customer who is likelier to buy than the customers of training were is told what speaks for it, any other
        what speaks against it. What an effect is, and what not, says `Reasons`.
        """
        matrix = self.matrix(frame)
        texts = np.array(self.why.texts, dtype=object)
        return np.asarray(texts[self.reason_codes(matrix, self.probabilities(matrix), top)], dtype=object)


def scores(forest: Any, matrix: Matrix) -> Floats:
    """Return what the forest gives to buying, from 0 to 1; the same to the last bit however cores share the work.

    It is what the forest's own `predict_proba` returns, tree by tree: that sets the filters of warnings for each tree,
    which is not safe in threads (they end up empty, and every later call warns).
    """
    found = np.zeros(len(matrix), np.float64)
    trees = forest.estimators_

    def fill(rows: slice) -> None:
        some = np.ascontiguousarray(matrix[rows], np.float32)
        for tree in trees:
            found[rows] += tree.predict_proba(some, check_input=False)[:, 1]
        found[rows] /= len(trees)

    by_blocks(len(matrix), fill)
    return found

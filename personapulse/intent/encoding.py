"""From a snapshot frame to the matrix a forest reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from personapulse.errors import PersonaPulseError
from personapulse.intent.arrays import Flags, Integers, Matrix
from personapulse.intent.features import Feature

LEAST_ROWS = 20  # of a category, to be told from what is not known


class Encoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers as they are, categories as ranks; nan where nothing is known.

    A category becomes its place among the feature's categories, those who buy least first. For two outcomes the best
    way to part categories in two is a cut in that order (Hastie, Tibshirani, Friedman, The Elements of Statistical
    Learning, 2009, section 9.2.4), so one split finds it. Categories of fewer than 20 rows, and those that training
    did not see, are not known.

    Parameters
    ----------
    features : sequence of Feature
        Columns of the matrix, in this order.

    Attributes
    ----------
    categories_ : dict of str to list of str
        Per feature of kind `category`, its categories by rank.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.features = features

    def fit(self, frame: pd.DataFrame, bought: Flags) -> "Encoder":
        """Learn the order of categories.

        Parameters
        ----------
        frame : DataFrame of n rows
            Has a column for each feature.
        bought : array of shape (n,)
            What came.
        """
        require(frame, self.features)
        self.categories_: dict[str, list[str]] = {
            feature.name: _by_share_of_buyers(frame[feature.name], bought)
            for feature in self.features
            if feature.kind == "category"
        }
        return self

    def transform(self, frame: pd.DataFrame) -> Matrix:
        """Return the matrix, of shape (rows, features), row by row in memory.

        Raises
        ------
        PersonaPulseError
            If the frame lacks a feature.
        """
        require(frame, self.features)
        matrix = np.empty((len(frame), len(self.features)), np.float32)
        for column, feature in enumerate(self.features):
            given = frame[feature.name]
            if feature.kind == "category":
                ranks = places(given, self.categories_[feature.name]).astype(np.float32)
                ranks[ranks < 0] = np.nan
                matrix[:, column] = ranks
            else:
                matrix[:, column] = given.to_numpy(np.float32, na_value=np.nan)
        return matrix


def require(frame: pd.DataFrame, features: Sequence[Feature], *others: str) -> None:
    """Refuse a frame that lacks columns, naming them."""
    if missing := [name for name in (*others, *(feature.name for feature in features)) if name not in frame.columns]:
        raise PersonaPulseError(
            f"The snapshot lacks {', '.join(missing)}. A model reads just the features it was trained on: "
            "build the snapshot with the version that made the model, or train a new one."
        )


def places(given: "pd.Series[Any]", categories: Sequence[str]) -> Integers:
    """Place of each value in a list of categories; -1 where it is not among them."""
    known = pd.Index(list(categories), dtype="object")
    if isinstance(given.dtype, pd.CategoricalDtype):
        place_of_code = np.append(known.get_indexer(given.cat.categories.astype(object)), -1)  # code -1 is no value
        return np.asarray(place_of_code[given.cat.codes.to_numpy()], np.int64)
    codes, found = pd.factorize(given.to_numpy(object), use_na_sentinel=True)
    place_of_code = np.append(known.get_indexer(pd.Index(found, dtype=object)), -1)
    return np.asarray(place_of_code[codes], np.int64)


def _by_share_of_buyers(given: "pd.Series[Any]", bought: Flags) -> list[str]:
    shares = pd.Series(bought).groupby(given.astype(object).to_numpy()).agg(["mean", "size"])
    kept = shares[shares["size"] >= LEAST_ROWS]
    return sorted(map(str, kept.index), key=lambda category: (float(kept.loc[category, "mean"]), category))  # type: ignore[arg-type]

"""Train a model: search over time, calibrate on windows the forest has not seen, fit, learn what to say."""

import datetime
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline

from personapulse.errors import PersonaPulseError
from personapulse.intent import calibration, drift, reasons, rules, workers
from personapulse.intent.arrays import Floats
from personapulse.intent.calibration import Calibration
from personapulse.intent.encoding import Encoder, require
from personapulse.intent.features import Feature
from personapulse.intent.model import IntentModel, Settings, scores
from personapulse.intent.rules import Rule

TREES = 100
SHARE_OF_FEATURES = 0.3  # looked at per split; the root of their number, as is usual, foretold worse in rolling origin
LEAVES = (3, 10, 30)
OTHERS: tuple[dict[str, Any], ...] = ({"depth": 8}, {"class_weight": "balanced"})
FOLDS = 4  # newest cut-offs that the search validates on
TRAINING_ROWS, SEARCH_ROWS = 1_000_000, 50_000  # of customers drawn by lot
LEAST_PER_TREE, MOST_PER_TREE = 5_000, 50_000  # rows
LEAST_OUTCOMES = 10  # rows that bought, and that did not, for there to be anything to learn
MOST_LEAVES = 1_000  # a tree of so many takes 0.16 MB, so a forest stays under 20 MB


@dataclass(frozen=True)
class Tried:
    """One setting of the search, and how well its forests foretold windows they had not seen.

    Parameters
    ----------
    settings : Settings
        Of the forests.
    brier : float
        Mean squared error of their probabilities, after calibration; lower is better.
    """

    settings: Settings
    brier: float


@dataclass(frozen=True, eq=False)
class Trained:
    """A model, and how it came to be.

    Parameters
    ----------
    model : IntentModel
        The part that is kept.
    rule : Rule
        The best rule over one number, chosen on the same rows.
    tried : tuple of Tried
        The search, in the order of trying.
    frame : DataFrame
        The rows the forest was fitted to; checks that train again need them.
    seconds : float
        What training took.
    """

    model: IntentModel
    rule: Rule
    tried: tuple[Tried, ...]
    frame: pd.DataFrame
    seconds: float

    def summary(self) -> dict[str, Any]:
        """Return what was trained on and chosen, as JSON can hold it."""
        bought = self.frame["bought"].to_numpy(bool)
        return {
            "cut_offs": [day.isoformat() for day in days_of(self.frame)],
            "trained_until": self.model.trained_until.isoformat(),
            "horizon_days": self.model.horizon_days,
            "seed": self.model.seed,
            "rows": len(self.frame),
            "customers": int(self.frame["user_id"].nunique()),
            "buyers": int(bought.sum()),
            "others": int((~bought).sum()),
            "settings": asdict(self.model.settings),
            "calibration": asdict(self.model.calibration),
            "search": [asdict(tried) for tried in self.tried],
        }


def train(frame: pd.DataFrame, features: Sequence[Feature], *, seed: int, horizon_days: int) -> Trained:
    """Train a model on snapshots.

    The search is small (at most 5 settings) and honest: each of the newest four cut-offs is foretold by forests trained
    on those cut-offs only whose labels had ended by then (rolling origin). The predictions of the best setting on these
    windows also calibrate the model, which is then fitted to all rows. A shop so young that no cut-off lies
    horizon_days after another has customers foretold from other customers in their place.

    Parameters
    ----------
    frame : DataFrame
        Columns `user_id`, `cut_off`, `bought`, and one per feature; one row per customer and cut-off. Of more than
        1,000,000 rows, customers drawn by lot are used.
    features : sequence of Feature
        What the model may know.
    seed : int
        The same frame and seed give the same model, on any number of cores.
    horizon_days : int
        `bought` tells of the days cut_off + 1 to cut_off + horizon_days.

    Raises
    ------
    PersonaPulseError
        If the frame lacks a column or has no label, or of one outcome there are fewer than 10 rows.
    """
    began = time.perf_counter()
    _check(frame, features)
    frame = some_customers(frame, TRAINING_ROWS, seed).reset_index(drop=True)
    tried, found = search(frame, features, seed=seed, horizon_days=horizon_days)
    bought = frame["bought"].to_numpy(bool)
    pipeline = fit(frame, features, found.settings, seed)
    matrix = pipeline.named_steps["encode"].transform(frame)
    spread = drift.distributions(matrix, features, int(frame["user_id"].nunique()))
    sample = np.random.default_rng(seed).permutation(len(matrix))[: reasons.SAMPLE]

    def probability(asked: Any) -> Floats:
        return found.calibration(scores(pipeline.named_steps["forest"], asked))

    model = IntentModel(
        features=tuple(features),
        horizon_days=horizon_days,
        seed=seed,
        trained_until=days_of(frame)[-1] + datetime.timedelta(days=horizon_days),
        settings=found.settings,
        pipeline=pipeline,
        calibration=found.calibration,
        base_rate=float(bought.mean()),
        spread=spread,
        why=reasons.learn(features, pipeline.named_steps["encode"].categories_, spread, matrix[sample], probability),
    )
    rule = rules.best(features, spread, matrix, bought)
    return Trained(model, rule, tried, frame, time.perf_counter() - began)


@dataclass(frozen=True)
class Found:
    """The best setting, and what makes its scores probabilities."""

    settings: Settings
    calibration: Calibration


def search(
    frame: pd.DataFrame, features: Sequence[Feature], *, seed: int, horizon_days: int
) -> tuple[tuple[Tried, ...], Found]:
    """Choose leaf size, then depth, then class weight: each time what gives the lowest Brier score.

    Returns
    -------
    tuple
        What was tried, and the best of it; of equals, what was tried first.
    """
    drawn = some_customers(frame, SEARCH_ROWS, seed)
    folds = list(rolling_origin(drawn, horizon_days)) or list(by_customer(drawn, seed))
    came = np.concatenate([later["bought"].to_numpy(bool) for _, later in folds])

    def attempt(settings: Settings) -> tuple[Tried, Found]:
        told = np.concatenate([_foretell(earlier, later, features, settings, seed) for earlier, later in folds])
        calibrated = calibration.fit(told, came)
        brier = float(((calibrated(told) - came) ** 2).mean())
        return Tried(settings, brier), Found(settings, calibrated)

    def loss(one: tuple[Tried, Found]) -> float:
        return one[0].brier

    least = _least_leaf(len(frame))
    attempts = [attempt(Settings(leaf=leaf)) for leaf in sorted({max(leaf, least) for leaf in LEAVES})]
    for change in OTHERS:
        best = min(attempts, key=loss)[1].settings
        attempts.append(attempt(replace(best, **change)))
    return tuple(tried for tried, _ in attempts), min(attempts, key=loss)[1]


def rolling_origin(frame: pd.DataFrame, horizon_days: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield (rows to learn from, rows to foretell) for each of the newest cut-offs.

    A row may be learned from only if its label had ended by the cut-off that is foretold: cut-offs less than
    horizon_days after the first have nothing to be foretold from.
    """
    cut_offs = pd.to_datetime(frame["cut_off"])
    for day in cut_offs.drop_duplicates().sort_values()[-FOLDS:]:
        earlier, later = frame[cut_offs <= day - pd.Timedelta(days=horizon_days)], frame[cut_offs == day]
        if earlier["bought"].nunique() == 2:
            yield earlier, later


def by_customer(frame: pd.DataFrame, seed: int) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield (rows to learn from, rows to foretell) where no cut-off lies late enough: a quarter of customers at a time.

    A customer's rows are all on one side. It says less of days to come than `rolling_origin` does; what it chooses is
    judged on the hold-out all the same.
    """
    codes, users = pd.factorize(frame["user_id"], sort=True)
    fold = np.random.default_rng(seed).permutation(len(users))[codes] % FOLDS
    for n in range(FOLDS):
        yield frame[fold != n], frame[fold == n]


def fit(
    frame: pd.DataFrame, features: Sequence[Feature], settings: Settings, seed: int, trees: int | None = None
) -> Pipeline:
    """Fit encoder and forest (of `TREES`) to a frame, by `workers`; predictions then use one core each (see `scores`).

    A tree draws a fifth of the rows, more where they are few and less where they are many.
    """
    trees = trees or TREES
    forest = RandomForestClassifier(
        n_estimators=trees,
        min_samples_leaf=settings.leaf,
        max_depth=settings.depth,
        max_features=SHARE_OF_FEATURES,
        class_weight=settings.class_weight,
        max_samples=_rows_per_tree(len(frame)),
        random_state=seed,
    )
    pipeline = Pipeline([("encode", Encoder(tuple(features))), ("forest", forest)])
    # forests set filters of warnings in each of their threads, which may leave none behind, and without any they warn
    # for every tree
    with warnings.catch_warnings(), workers.hired(len(frame) * trees) as jobs:
        warnings.simplefilter("default")
        forest.set_params(n_jobs=jobs)
        pipeline.fit(frame, frame["bought"].to_numpy(bool))
    forest.set_params(n_jobs=1)
    vars(forest).pop("_sample_weight", None)  # 8 bytes a row in every artifact, of no use to predictions
    return pipeline


def _rows_per_tree(rows: int) -> int:
    return min(rows, max(LEAST_PER_TREE, min(rows // 5, MOST_PER_TREE)))


def _least_leaf(rows: int) -> int:
    """Return the smallest leaf with which no tree has more than 1,000."""
    return -(-_rows_per_tree(rows) // MOST_LEAVES)


def some_customers(frame: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Keep customers drawn by lot, with all their rows, until there are about so many rows; all if there are fewer."""
    if len(frame) <= rows:
        return frame
    codes, users = pd.factorize(frame["user_id"], sort=True)  # whatever the order of rows
    lots = np.random.default_rng(seed).permutation(len(users))
    return frame[lots[codes] < len(users) * rows / len(frame)]


def days_of(frame: pd.DataFrame) -> list[datetime.date]:
    """Cut-offs of a frame, oldest first."""
    return [day.date() for day in pd.to_datetime(pd.Series(frame["cut_off"].unique())).sort_values()]


def _foretell(
    earlier: pd.DataFrame, later: pd.DataFrame, features: Sequence[Feature], settings: Settings, seed: int
) -> Floats:
    pipeline = fit(earlier, features, settings, seed)
    return scores(pipeline.named_steps["forest"], pipeline.named_steps["encode"].transform(later))


def _check(frame: pd.DataFrame, features: Sequence[Feature]) -> None:
    require(frame, features, "user_id", "cut_off", "bought")
    if frame.empty:
        raise PersonaPulseError("There is no snapshot to train on.")
    if frame["bought"].isna().any():
        raise PersonaPulseError("Some rows have no label (bought is empty): train on windows that have fully passed.")
    buyers = int(frame["bought"].sum())
    if min(buyers, len(frame) - buyers) < LEAST_OUTCOMES:
        raise PersonaPulseError(
            f"Of {len(frame)} training rows {buyers} bought: {LEAST_OUTCOMES} must have, and as many must not, "
            "for a model to learn. Wait for more history, or choose a longer intent_horizon_days."
        )

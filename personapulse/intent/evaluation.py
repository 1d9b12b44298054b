"""Judge a model on customers and days it was not trained on: every number the gate, the card and the plots read."""

import time
from typing import Any

import numpy as np
import pandas as pd

from personapulse.errors import PersonaPulseError
from personapulse.insights import statistics
from personapulse.intent import canaries, drift, importance, measures, slices, training
from personapulse.intent.arrays import Floats
from personapulse.intent.encoding import require
from personapulse.intent.measures import Answer
from personapulse.intent.model import IntentModel
from personapulse.intent.training import Trained

Measurements = dict[str, Any]  # plain: what json.dumps takes, without nan

MOST_ROWS = 200_000  # of customers drawn by lot: intervals are then within a fifth of a point
CURVE_POINTS = 200
CHAMPION = "champion"


def evaluate(trained: Trained, frame: pd.DataFrame, champion: IntentModel | None = None) -> Measurements:
    """Judge a model on a hold-out.

    Parameters
    ----------
    trained : Trained
        What `train` made.
    frame : DataFrame
        The hold-out: columns as for `train`, of cut-offs whose labels had all ended after training's. Of more than
        200,000 rows, customers drawn by lot are used.
    champion : IntentModel, optional
        The model in use, compared on the same rows and draws.

    Returns
    -------
    dict
        Plain numbers, lists and texts; None where something could not be measured. Numbers with an interval are
        dicts of `value`, `low` and `high`; differences are positive where the model is better. Keys: those of
        `measures.judge` (rivals `rule` and, with a champion, `champion`), and

        * `hold_out`: cut_offs, rows, customers, buyers, others, days_after_training (from the end of training's newest
          label window to the first cut-off; negative means that training knew some of the answers);
        * `training`: `Trained.summary`; `rule`: the best rule in words, how it was chosen says `rules.best`;
        * `confusion`: customers by what was said and what came; `calibration_curve`, `pr_curve`: for plots;
        * `slices`: `slices.measure`; `importance`: `importance.permutation`; `canaries`: `canaries.measure`;
        * `drift`: per feature, how far the hold-out is from the training of `compared_with` (the champion, or else
          the model itself);
        * `champion`: `exists`, `compared` and, if not, `why_not`; `timings`: seconds.

        Everything but `timings` is the same for the same input.

    Raises
    ------
    PersonaPulseError
        If the frame is empty or lacks a column or a label.
    """
    began = time.perf_counter()
    model = trained.model
    frame = _checked(frame, model)
    matrix, bought = model.matrix(frame), frame["bought"].to_numpy(bool)
    customers = pd.factorize(frame["user_id"])[0].astype(np.int64)
    answer = Answer(model.probabilities(matrix), bought)
    beside, answers = _champion(champion, frame)
    rivals = {"rule": trained.rule(matrix), **answers}
    found: Measurements = dict(measures.judge(answer, customers, model.seed, rivals))
    persona = frame["persona"] if "persona" in frame.columns else None
    found |= {
        "hold_out": _hold_out(frame, model),
        "training": trained.summary(),
        "rule": trained.rule.text,
        "confusion": _confusion(answer),
        "calibration_curve": _calibration_curve(answer),
        "pr_curve": _pr_curve(answer),
        "slices": slices.measure(frame, answer, customers, model.seed),
        "importance": importance.permutation(model, matrix, bought, persona, model.seed),
        "drift": _drift(model, champion if answers else None, frame),
        "canaries": canaries.measure(trained, frame, matrix),
        "champion": beside,
    }
    return found | {"timings": {"train": trained.seconds, "evaluate": time.perf_counter() - began}}


def _checked(frame: pd.DataFrame, model: IntentModel) -> pd.DataFrame:
    require(frame, model.features, "user_id", "cut_off", "bought")
    if frame.empty:
        raise PersonaPulseError("There is no snapshot to judge the model on.")
    if frame["bought"].isna().any():
        raise PersonaPulseError("Some rows of the hold-out have no label: judge on a window that has fully passed.")
    return training.some_customers(frame, MOST_ROWS, model.seed).reset_index(drop=True)


def _champion(champion: IntentModel | None, frame: pd.DataFrame) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Ask the champion about the same rows; one that cannot answer is said so, and the gate then refuses."""
    if champion is None:
        return {"exists": False, "compared": False, "why_not": "there is no champion yet"}, {}
    try:
        answers = {CHAMPION: champion.predict(frame)}
    except PersonaPulseError as error:
        return {"exists": True, "compared": False, "why_not": str(error)}, {}
    return {"exists": True, "compared": True, "why_not": None}, answers


def _hold_out(frame: pd.DataFrame, model: IntentModel) -> dict[str, Any]:
    days, bought = training.days_of(frame), frame["bought"].to_numpy(bool)
    return {
        "cut_offs": [day.isoformat() for day in days],
        "rows": len(frame),
        "customers": int(frame["user_id"].nunique()),
        "buyers": int(bought.sum()),
        "others": int((~bought).sum()),
        "days_after_training": (days[0] - model.trained_until).days,
    }


def _confusion(answer: Answer) -> dict[str, int]:
    told, bought = answer.probability >= 0.5, answer.bought
    return {
        "told_and_bought": int((told & bought).sum()),
        "told_but_did_not": int((told & ~bought).sum()),
        "not_told_but_bought": int((~told & bought).sum()),
        "not_told_and_did_not": int((~told & ~bought).sum()),
    }


def _calibration_curve(answer: Answer) -> list[dict[str, Any]]:
    """Per tenth: the mean probability, the share that bought, and Wilson's interval of it."""
    curve = []
    for tenth in np.unique(answer.tenth):
        rows = answer.tenth == tenth
        came = statistics.share(int(answer.bought[rows].sum()), int(rows.sum()))
        told = float(answer.probability[rows].mean())
        curve.append({"rows": int(rows.sum()), "told": told, "came": came.value, "low": came.low, "high": came.high})
    return curve


def _pr_curve(answer: Answer) -> list[dict[str, float]]:
    """At most 200 points of recall and precision, the likeliest customers first."""
    order, ends = answer.ranked
    hits = np.cumsum(answer.bought[order])[ends]
    if not len(hits) or not hits[-1]:
        return []
    shown = np.unique(np.linspace(0, len(ends) - 1, CURVE_POINTS).round().astype(np.int64))
    points = zip(hits[shown] / hits[-1], hits[shown] / (ends[shown] + 1), strict=True)
    return [{"recall": float(recall), "precision": float(precision)} for recall, precision in points]


def _drift(model: IntentModel, champion: IntentModel | None, frame: pd.DataFrame) -> dict[str, Any]:
    compared = champion or model
    moved = drift.moved(compared.spread, compared.matrix(frame), int(frame["user_id"].nunique()))
    return {
        "compared_with": CHAMPION if champion else "candidate",
        "features": [
            {"feature": feature.name, "label": feature.label, "psi": one.psi, "noise": one.noise}
            for feature, one in zip(compared.features, moved, strict=True)
        ],
    }

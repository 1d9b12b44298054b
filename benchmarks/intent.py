"""How long it takes to train a purchase intent model on many rows and to ask it, beside the bare forest.

Rows are drawn: forty numbers, half of them counts, a twentieth unknown, and two categories; five of the numbers decide.
"""

import datetime
import pickle
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from benchmarks.figures import Figure
from personapulse.intent import training
from personapulse.intent.arrays import CORES
from personapulse.intent.features import Feature

NUMBERS, CUT_OFFS = 40, 10
FIRST = datetime.date(2026, 1, 4)
SECONDS, MEGABYTES = 300.0, 20.0


def measure(rows: int, say: Callable[[str], None]) -> list[Figure]:
    """Train on `rows` snapshots, then ask the model about as many.

    Parameters
    ----------
    rows : int
        Customers times cut-offs.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
        Times are of the wall; each note has the seconds that the cores worked, which other processes do not change.
    """
    say(f"drawing {rows:,} snapshots")
    frame, features = draw(rows)
    say("training")
    began, worked = time.perf_counter(), time.process_time()
    trained = training.train(frame, features, seed=1, horizon_days=14)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    size = len(pickle.dumps(trained.model)) / 1e6
    found = [
        Figure(
            f"training, {rows:,} rows x {len(features)} features", took, limit=SECONDS, note=f"{worked:.0f} s of cores"
        ),
        Figure("artifact, not compressed", size, "MB", limit=MEGABYTES),
        Figure(
            "memory at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB", note="frame included"
        ),
    ]
    say("asking")
    model, forest = trained.model, trained.model.pipeline.named_steps["forest"]
    matrix, encode = _timed(lambda: model.matrix(frame))
    forest.set_params(n_jobs=CORES)
    _, bare = _timed(lambda: forest.predict_proba(matrix))
    forest.set_params(n_jobs=1)
    probabilities, ask = _timed(lambda: model.probabilities(matrix))
    _, reasons = _timed(lambda: model.reason_codes(matrix, probabilities))
    whole = encode + ask + reasons
    parts = f"encode {encode:.2f}, probabilities {ask:.2f}, reasons {reasons:.2f}"
    return [
        *found,
        Figure(f"predict_proba of the bare forest, {rows:,} rows", bare, note=f"{rows / bare:,.0f} rows/s"),
        Figure("encoded, predicted and reasoned", whole, "s", whole / bare, "bare forest", 1.5, parts),
    ]


def draw(rows: int) -> tuple[pd.DataFrame, tuple[Feature, ...]]:
    """Draw snapshots of `rows / 10` customers on ten cut-offs."""
    rng, customers = np.random.default_rng(1), rows // CUT_OFFS
    numbers = rng.normal(size=(customers * CUT_OFFS, NUMBERS)).astype(np.float32)
    numbers[:, NUMBERS // 2 :] = np.round(np.exp(numbers[:, NUMBERS // 2 :]))
    odds = 2 * (numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + 0.3 * numbers[:, 20] + 0.3 * numbers[:, 21] - 2)
    numbers[rng.random(numbers.shape) < 0.05] = np.nan
    frame = pd.DataFrame(numbers, columns=[f"number_{n}" for n in range(NUMBERS)])
    frame["persona"] = pd.Categorical(rng.choice([f"persona {n}" for n in range(9)], len(frame)))
    frame["gender"] = rng.choice(np.array(["f", "m", None], object), len(frame))
    frame["cut_off"] = np.repeat([FIRST + datetime.timedelta(days=7 * n) for n in range(CUT_OFFS)], customers)
    frame["user_id"] = np.tile([f"u{n}" for n in range(customers)], CUT_OFFS)
    frame["bought"] = rng.random(len(frame)) < special.expit(odds)
    told = [Feature(f"number_{n}", "number", f"number {n}", f"much of {n}", f"little of {n}") for n in range(NUMBERS)]
    kinds = [Feature(name, "category", name, "is {value}", "is {value}") for name in ("persona", "gender")]
    return frame, (*told, *kinds)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began

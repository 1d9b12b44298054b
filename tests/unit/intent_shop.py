"""A shop for tests of purchase intent: snapshot frames whose truth is known, drawn in a few lines."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import special

from personapulse.intent import bootstrap, canaries, importance, training
from personapulse.intent.features import Feature
from personapulse.intent.training import Trained

HOLD_OUT = datetime.date(2026, 5, 24)  # 14 days after the end of the newest training window begins
HORIZON = 14
FEATURES = (
    Feature("recency_days", "number", "days since the last visit", "has not come for long", "came lately"),
    Feature("views_7d", "number", "views in the last 7 days", "looks at much", "hardly looks"),
    Feature("orders", "number", "paid orders", "has ordered often", "has ordered little"),
    Feature("noise", "number", "size of the shoe", "large feet", "small feet"),
    Feature("persona", "category", "persona", "is a {value}", "is a {value}"),
    Feature("gender", "category", "gender", "is recorded as {value}", "is recorded as {value}", "has told no gender"),
)


@dataclass(frozen=True)
class Shop:
    """Snapshots to train on, and those of the hold-out with the probabilities that nobody can beat."""

    training: pd.DataFrame
    hold_out: pd.DataFrame
    truth: np.ndarray


def shop(customers: int = 600, cut_offs: int = 5, *, seed: int = 1, signal: float = 1.0) -> Shop:
    """Draw a shop: everybody has a habit that lasts, and a mood that changes from week to week.

    Labels of the newest training cut-off end on the day of the hold-out. With `signal` 0 features say nothing.
    """
    rng = np.random.default_rng(seed)
    habit = rng.normal(size=customers)
    who = {
        "user_id": [f"u{number:05d}" for number in range(customers)],
        "gender": rng.choice(np.array(["f", "m", None], object), customers, p=[0.5, 0.4, 0.1]),
        "age_group": rng.choice(["18-29", "30-44", "45-64"], customers),
        "persona": np.array(["Window Shopper", "Others", "Loyalist"])[np.digitize(habit, [-0.4, 0.4])],
    }
    newest = HOLD_OUT - datetime.timedelta(days=HORIZON)
    days = [newest - datetime.timedelta(days=7 * n) for n in reversed(range(cut_offs))]
    drawn = [_snapshot(who, habit, day, rng, signal) for day in (*days, HOLD_OUT)]
    return Shop(pd.concat([frame for frame, _ in drawn[:-1]], ignore_index=True), *drawn[-1])


def _snapshot(
    who: dict[str, object], habit: np.ndarray, day: datetime.date, rng: np.random.Generator, signal: float
) -> tuple[pd.DataFrame, np.ndarray]:
    size = len(habit)
    mood = rng.normal(size=size)
    truth = special.expit(signal * (9 * mood + 5 * habit) - 1)
    frame = pd.DataFrame(who)
    frame["cut_off"] = day
    recency = np.round(np.exp(2 - mood + rng.normal(0, 0.1, size)))
    frame["recency_days"] = np.where(recency > 60, np.nan, recency).astype(np.float32)
    frame["views_7d"] = rng.poisson(np.exp(1 + mood)).astype(np.float32)
    frame["orders"] = rng.poisson(np.exp(1.5 + 0.8 * habit)).astype(np.float32)
    frame["noise"] = rng.normal(40, 3, size).astype(np.float32)
    frame["bought"] = rng.random(size) < truth
    return frame, truth


def fit(frame: pd.DataFrame, features: Sequence[Feature] = FEATURES, seed: int = 3) -> Trained:
    """Train on a frame."""
    return training.train(frame, features, seed=seed, horizon_days=HORIZON)


@cache
def honest() -> tuple[Shop, Trained]:
    """A shop with a signal and a model of it, made once: leave them as they are."""
    drawn = shop()
    return drawn, fit(drawn.training)


@contextmanager
def small_forests() -> Iterator[None]:
    """Search no settings, and grow, draw and deal less often, for tests that hold whatever the forest is like."""
    with fewer_draws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "LEAVES", (10,))
        patch.setattr(training, "OTHERS", ())
        patch.setattr(training, "TREES", 40)
        yield


@contextmanager
def fewer_draws() -> Iterator[None]:
    """Draw and deal less often, for tests of a forest as it is that hold whatever is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importance, "REPEATS", 2)
        patch.setattr(canaries, "SHUFFLES", 8)
        patch.setattr(canaries, "SHUFFLED_TREES", 10)
        patch.setattr(bootstrap, "MOST_DRAWS", bootstrap.LEAST_DRAWS)
        honest.cache_clear()
        yield
    honest.cache_clear()

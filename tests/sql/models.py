"""Small models for tests: what the registry keeps and what scoring asks, without a forest."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from personapulse.intent.registry import ModelVersion, Registry, Training

from .conftest import date

TRAINING = Training(
    trained_for=date("2026-03-31"),
    horizon_days=14,
    seed=7,
    cut_offs=(date("2026-02-24"), date("2026-03-03")),
    hold_out=date("2026-03-17"),
    rows_trained=1200,
    parameters={"min_samples_leaf": 20},
)


@dataclass
class Chances:
    """Says of each customer what their column `chance` says."""

    name: str = "a"
    reason_texts: tuple[str, ...] = ("", "bought lately", "looks often")

    def matrix(self, frame: pd.DataFrame) -> Any:
        return frame[["chance"]].to_numpy(np.float32)

    def probabilities(self, matrix: Any) -> Any:
        return matrix[:, 0].astype(np.float64)

    def reason_codes(self, matrix: Any, probabilities: Any, top: int = 3) -> Any:
        """Who is at a half or more has bought lately, and everybody looks often."""
        is_high = probabilities >= 0.5
        return np.column_stack([np.where(is_high, 1, 2), np.where(is_high, 2, 0), np.zeros(len(matrix), int)])[:, :top]


def save(
    connection: psycopg.Connection[Any], folder: Path, name: str = "a", trained_for: str = "2026-03-31"
) -> ModelVersion:
    """Train a model of that name."""
    training = Training(**vars(TRAINING) | {"trained_for": datetime.date.fromisoformat(trained_for)})
    return Registry(str(folder)).save(connection, Chances(name), training)

"""What the gate said: written down with every number, and read back."""

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class GateDecision:
    """A row of `ml.gate_decisions`, whose columns its fields are.

    Parameters
    ----------
    decision_no : int
        Grows with every decision.
    model_version : str
        Who was judged.
    decided_for : datetime.date
        Shop day of the training.
    passed : bool
        Whether the gate lets it serve.
    reasons : list of str
        Sentences.
    criteria : list of dict
        `name`, `passed`, `value`, `limit`, `why` of each.
    measurements : dict
        Every number the gate saw; None is a number there was not.
    champion_version : str or None
        Who it was compared with.
    decided_at : datetime.datetime
        When.
    """

    decision_no: int
    model_version: str
    decided_for: datetime.date
    passed: bool
    reasons: list[str]
    criteria: list[dict[str, Any]]
    measurements: dict[str, Any]
    champion_version: str | None
    decided_at: datetime.datetime


def record(
    connection: Connection,
    model_version: str,
    *,
    decided_for: datetime.date,
    passed: bool,
    reasons: Sequence[str],
    criteria: Sequence[Mapping[str, Any]],
    measurements: Mapping[str, Any],
    champion_version: str | None,
) -> GateDecision:
    """Write a decision down; parameters are the fields of `GateDecision`. NaN and infinity are written as null."""
    with connection.cursor(row_factory=class_row(GateDecision)) as cursor:
        cursor.execute(
            "insert into ml.gate_decisions"
            " (model_version, decided_for, passed, reasons, criteria, measurements, champion_version)"
            " values (%s, %s, %s, %s, %s, %s, %s) returning *",
            (model_version, decided_for, passed, *map(_json, (reasons, criteria, measurements)), champion_version),
        )
        (decision,) = cursor.fetchall()
        return decision


def newest(connection: Connection, model_version: str) -> GateDecision | None:
    """Return what the gate said of a version last; None if it was not judged."""
    return by_version(connection).get(model_version)


def by_version(connection: Connection) -> dict[str, GateDecision]:
    """Return the newest decision on each version that was judged."""
    with connection.cursor(row_factory=class_row(GateDecision)) as cursor:
        cursor.execute("select * from ml.gate_decisions order by decision_no")
        return {decision.model_version: decision for decision in cursor}


def _json(value: object) -> Jsonb:
    return Jsonb(_plain(value), dumps=lambda told: json.dumps(told, allow_nan=False))


def _plain(value: object) -> Any:
    """Return a value as JSON knows it: numbers of NumPy as Python's, dates as texts, what is no number as null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, datetime.date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""Watching: what was served is held against what came, once the horizon of a day that was scored has passed."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg.rows import class_row

from personapulse.errors import PersonaPulseError
from personapulse.intent import gate, measures, snapshots
from personapulse.intent.measures import Answer
from personapulse.intent.policy import load_policy
from personapulse.intent.slices import LEAST_CUSTOMERS
from personapulse.settings import ShopSettings

EVERYBODY = "(all)"

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class LiveMetrics:
    """How well a day was foretold: a row of `ml.live_metrics`, whose columns its fields are.

    Parameters
    ----------
    model_version : str
        Who scored the day.
    served_on, measured_for : datetime.date
        The day, and the one as of which purchases are known.
    persona : str
        Of the customers on the day; `(all)` is everybody.
    customers, positives : int
        How many were scored, and how many of them bought within the horizon.
    base_rate, majority : float or None
        Share that bought, and accuracy of calling everybody what most were. These and all below are None of a persona
        with fewer than 20 customers.
    accuracy, accuracy_low, accuracy_high : float or None
        Share of whom the likelier outcome came, with its 95 % interval.
    roc_auc, pr_auc, pr_auc_low, pr_auc_high : float or None
        How well buyers were ranked; None where all bought or nobody did.
    brier, calibration_error : float or None
        Mean squared error, and gap between what was said and what came.
    """

    model_version: str
    served_on: datetime.date
    measured_for: datetime.date
    persona: str
    customers: int
    positives: int
    base_rate: float | None = None
    majority: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    roc_auc: float | None = None
    pr_auc: float | None = None
    pr_auc_low: float | None = None
    pr_auc_high: float | None = None
    brier: float | None = None
    calibration_error: float | None = None


COLUMNS = tuple(field.name for field in fields(LiveMetrics))


@dataclass(frozen=True)
class Watched:
    """A day that was served, and how that went.

    Parameters
    ----------
    metrics : tuple of LiveMetrics
        Everybody first, then each persona.
    complaints : tuple of str
        What fell below the gate's floor (`live` in `include/gate.yaml`), as sentences; empty if nothing did.
    """

    metrics: tuple[LiveMetrics, ...]
    complaints: tuple[str, ...]


@dataclass(frozen=True)
class NothingMatured:
    """No day was scored whose horizon had passed.

    Parameters
    ----------
    measured_for : datetime.date
        The day of measuring.
    """

    measured_for: datetime.date


def measure(connection: Connection, measured_for: datetime.date, settings: ShopSettings) -> Watched | NothingMatured:
    """Measure the newest day that was scored and whose horizon has passed, and write it to `ml.live_metrics`.

    What counts is what was written to `marts.purchase_intent`, whoever is the champion by now. Done again for the same
    day, it replaces what it wrote.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    measured_for : datetime.date
        Purchases are known as they were that night; core must hold the day.
    settings : ShopSettings
        The shop's floor of accuracy.

    Returns
    -------
    Watched or NothingMatured
        With nothing matured nothing is written.

    Raises
    ------
    PersonaPulseError
        If core does not hold the day.
    """
    _require(connection, measured_for)
    served = _newest_matured(connection, measured_for)
    if served is None:
        return NothingMatured(measured_for)
    frame = _served(connection, served.day)
    buyers = snapshots.buyers(connection, served.day, served.horizon_days, measured_for)
    frame["bought"] = frame["user_id"].isin(buyers)
    judged = {EVERYBODY: _judge(frame, served.seed)} | {
        str(persona): _judge(rows, served.seed) if len(rows) >= LEAST_CUSTOMERS else _counted(rows)
        for persona, rows in frame.groupby("persona")
    }
    metrics = tuple(_row(served, measured_for, persona, found) for persona, found in judged.items())
    _write(connection, metrics)
    policy = load_policy().with_floor(settings.intent_accuracy_floor)
    return Watched(metrics, gate.complaints(judged[EVERYBODY], policy))


def of_version(connection: Connection, model_version: str) -> list[LiveMetrics]:
    """Return how each day a version served went for everybody, as measured last, the newest day first."""
    with connection.cursor(row_factory=class_row(LiveMetrics)) as cursor:
        return cursor.execute(
            f"select distinct on (served_on) {', '.join(COLUMNS)} from ml.live_metrics"  # noqa: S608 - names of our own
            " where model_version = %s and persona = %s order by served_on desc, measured_for desc".encode(),
            (model_version, EVERYBODY),
        ).fetchall()


@dataclass(frozen=True)
class _Served:
    day: datetime.date
    model_version: str
    horizon_days: int
    seed: int


def _require(connection: Connection, day: datetime.date) -> None:
    ((newest,),) = connection.execute("select max(known_from) from core.deliveries").fetchall()
    if newest is None or newest < day:
        raise PersonaPulseError(
            f"Who bought by {day} is not known yet: the newest day core holds is {newest or 'none'}. Load {day} with "
            "the dag ingest_shop_data, or measure as of an earlier day."
        )


def _newest_matured(connection: Connection, measured_for: datetime.date) -> _Served | None:
    with connection.cursor(row_factory=class_row(_Served)) as cursor:
        return cursor.execute(
            "select as_of_date as day, model_version, horizon_days, seed"
            " from ml.scored_days inner join ml.model_versions using (model_version)"
            " where as_of_date + horizon_days <= %s and customers > 0 order by as_of_date desc limit 1",
            (measured_for,),
        ).fetchone()


def _served(connection: Connection, day: datetime.date) -> pd.DataFrame:
    """Read who was told what, and the persona they had then."""
    rows = connection.execute(
        "select user_id, probability, persona from marts.purchase_intent"
        " left join ml.features using (as_of_date, user_id) where as_of_date = %s order by user_id",
        (day,),
    ).fetchall()
    return pd.DataFrame(rows, columns=["user_id", "probability", "persona"])


def _judge(frame: pd.DataFrame, seed: int) -> dict[str, Any]:
    probability, bought = frame["probability"].to_numpy(np.float64), frame["bought"].to_numpy(bool)
    return measures.judge(Answer(probability, bought), np.arange(len(frame)), seed) | _counted(frame)


def _counted(frame: pd.DataFrame) -> dict[str, Any]:
    buyers = int(frame["bought"].sum())
    return {"buyers": buyers, "others": len(frame) - buyers}


def _row(served: _Served, measured_for: datetime.date, persona: str, found: Mapping[str, Any]) -> LiveMetrics:
    numbers = {name: found[name]["value"] for name in COLUMNS if name in found}
    ends = {
        f"{name}_{end}": found[name][end] for name in ("accuracy", "pr_auc") if name in found for end in ("low", "high")
    }
    return LiveMetrics(
        served.model_version,
        served.day,
        measured_for,
        persona,
        customers=found["buyers"] + found["others"],
        positives=found["buyers"],
        **numbers,
        **ends,
    )


def _write(connection: Connection, metrics: tuple[LiveMetrics, ...]) -> None:
    with connection.transaction():
        connection.execute(
            "delete from ml.live_metrics where served_on = %s and measured_for = %s",
            (metrics[0].served_on, metrics[0].measured_for),
        )
        connection.cursor().executemany(
            f"insert into ml.live_metrics ({', '.join(COLUMNS)})"  # noqa: S608 - names of our own
            f" values ({', '.join(f'%({name})s' for name in COLUMNS)})".encode(),
            [vars(one) for one in metrics],
        )

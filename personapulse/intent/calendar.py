"""When a model is trained: once a week, as soon as the shop's history is long enough to judge one."""

import datetime
from dataclasses import dataclass
from typing import Any

import psycopg

from personapulse.intent.champions import TRAINING_EVERY
from personapulse.intent.cut_offs import HistoryTooShortError, cut_offs
from personapulse.settings import ShopSettings


@dataclass(frozen=True)
class Due:
    """Whether a day is one to train on, and why, as a sentence for the log."""

    is_due: bool
    why: str


def training_due(connection: psycopg.Connection[Any], day: datetime.date, settings: ShopSettings) -> Due:
    """Tell whether a model is to be trained as of a day.

    It is, unless one was trained for a day of the week before, whatever the gate said of that one, or the shop is too
    young. Asked again of a day that was trained for, it is due again: the same data give the same version.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    day : datetime.date
        A day that core has.
    settings : ShopSettings
        Whose horizon is looked ahead.

    Raises
    ------
    PersonaPulseError
        If core does not have the day.
    """
    trained = connection.execute(
        "select max(trained_for) from ml.model_versions where trained_for > %s and trained_for < %s",
        (day - TRAINING_EVERY, day),
    ).fetchone()
    if trained and trained[0]:
        following = trained[0] + TRAINING_EVERY
        return Due(is_due=False, why=f"Not due: a model was trained for {trained[0]}; the next is for {following}.")
    try:
        days = cut_offs(connection, day, settings.intent_horizon_days)
    except HistoryTooShortError as error:
        return Due(is_due=False, why=f"Not yet. {error}")
    return Due(
        is_due=True,
        why=f"Due: to learn from {len(days.training)} days up to {days.training[-1]}, to be judged on {days.hold_out}.",
    )

"""Cut-offs: the evenings a training looks ahead from, to learn and to judge by."""

import datetime
from dataclasses import dataclass
from typing import Any

import psycopg

from personapulse.errors import PersonaPulseError

HORIZON_DAYS = 14
EVERY = 7  # days from one training cut-off to the next: whole weeks, so that every window has the same weekdays
MOST = 26  # training cut-offs: half a year
LEAST_HISTORY = 28  # days: what features of 30 days need to mean much the same as later on


@dataclass(frozen=True)
class CutOffs:
    """Evenings from which a training looks ahead.

    Parameters
    ----------
    training : tuple of date
        To learn from, oldest first; their windows end no later than on `hold_out`.
    hold_out : date
        To judge by: the newest whose window is complete. It is never trained on.
    """

    training: tuple[datetime.date, ...]
    hold_out: datetime.date


def cut_offs(connection: psycopg.Connection[Any], day: datetime.date, horizon_days: int = HORIZON_DAYS) -> CutOffs:
    """Choose the cut-offs of a training on the evening of a day.

    Parameters
    ----------
    connection : psycopg.Connection
        To look up which days were delivered.
    day : datetime.date
        The last day whose purchases may be known.
    horizon_days : int, default=14
        Days of a window.

    Raises
    ------
    PersonaPulseError
        If the day is not delivered yet, or the shop has been delivering for too short a time.
    """
    bounds = connection.execute("select min(known_from), max(known_from) from core.deliveries").fetchone()
    first, last = bounds or (None, None)
    if first is None or last is None or last < day:
        newest = f"the newest day is {last}" if last else "it holds no day at all"
        raise PersonaPulseError(
            f"Nothing can be trained as of {day}: core does not hold that day yet, {newest}. "
            "Load it with the dag ingest_shop_data, or train as of an earlier day."
        )
    return choose(first, day, horizon_days)


def choose(first: datetime.date, day: datetime.date, horizon_days: int) -> CutOffs:
    """Choose the cut-offs of a training as of a day, of a shop whose first delivered day is `first`.

    Raises
    ------
    PersonaPulseError
        If there is none to learn from.
    """
    hold_out = day - datetime.timedelta(horizon_days)
    newest = hold_out - datetime.timedelta(horizon_days)
    oldest = first + datetime.timedelta(LEAST_HISTORY - 1)
    if newest < oldest:
        needed, there = LEAST_HISTORY + 2 * horizon_days, max((day - first).days + 1, 0)
        raise PersonaPulseError(
            f"Too little history to learn from: up to {day} the shop has delivered {there} days, "
            f"and {needed} are needed: {LEAST_HISTORY} to know customers by, {horizon_days} to see what they did then, "
            f"and {horizon_days} to judge by. Train as of {first + datetime.timedelta(needed - 1)} or later."
        )
    weeks = min((newest - oldest).days // EVERY + 1, MOST)
    return CutOffs(tuple(newest - datetime.timedelta(EVERY * week) for week in reversed(range(weeks))), hold_out)

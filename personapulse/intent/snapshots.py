"""Snapshots: customers as they were known on the evening of a day, and who of them bought afterwards."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import pandas as pd
import psycopg
from pandas.api.types import union_categoricals
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb

from personapulse import marts
from personapulse.errors import PersonaPulseError
from personapulse.intent import packing
from personapulse.intent.cut_offs import CutOffs, cut_offs
from personapulse.intent.features import texts
from personapulse.intent.packing import StoredDay
from personapulse.marts import aside, frozen
from personapulse.marts.tables import replace_day
from personapulse.settings import ShopSettings
from personapulse.warehouse import read_file, run_file, take_lock

MOST_ROWS = 1_000_000  # of a frame to learn from
ROWS = 200_000  # of a frame to be scored

Connection = psycopg.Connection[Any]

__all__ = ["CutOffs", "build", "buyers", "chunks", "cut_offs", "frame", "is_built"]


def build(connection: Connection, day: datetime.date, settings: ShopSettings) -> int:
    """Fill a day of `ml.features` with what was known that night, in place of what it held.

    It depends on core alone: the marts of the day need not be built, and are not looked at. The thresholds of personas,
    which are frozen for a month, are made for the day's month if they were not, and kept in the marts.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    day : datetime.date
        The cut-off.
    settings : ShopSettings
        The shop's rule set and what it lacks.

    Returns
    -------
    int
        Customers known on the day.
    """
    for name in aside.OF_THE_MONTH:
        marts.build(connection, name, day, settings)
    values = marts.parameters(day, settings)
    with connection.transaction():
        take_lock(connection, "ml.features")
        hashed = _made_of(connection, day, settings)  # before core is read: it may move meanwhile
        marts.read_in_bulk(connection)
        aside.build_personas(connection, day, day, settings)
        categories = _categories(connection, values)
        values |= {f"categories_{name}": found for name, found in categories.items()}
        rows = replace_day(connection, "features", day, _query(), values, schema="ml")
        _keep(connection, StoredDay(day, rows, categories), hashed)
    return rows


def _query() -> str:
    return packing.packed(read_file("features/customers.sql"))


def _categories(connection: Connection, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of each text column, in an order of their own."""
    found: dict[str, list[str]] = {name: [] for name in texts()}
    for name, value in run_file(connection, "features/categories.sql", values):
        found[name].append(value)
    return {name: sorted(values) for name, values in found.items()}


def _keep(connection: Connection, stored: StoredDay, hashed: str) -> None:
    """Write down what a day is made of."""
    connection.execute(
        "insert into ml.feature_days (as_of_date, made_of, row_count, categories)"
        " values (%(day)s, %(made_of)s, %(rows)s, %(categories)s)"
        " on conflict (as_of_date) do update set"
        " made_of = excluded.made_of, row_count = excluded.row_count, categories = excluded.categories",
        {"day": stored.day, "made_of": hashed, "rows": stored.row_count, "categories": Jsonb(dict(stored.categories))},
    )


def is_built(connection: Connection, day: datetime.date, settings: ShopSettings) -> bool:
    """Whether a day is in `ml.features`, and would be the same if it were built again.

    It would not after an older or corrected day came in late, after the shop's settings or persona rules changed, and
    with another version's select.
    """
    found = connection.execute("select made_of from ml.feature_days where as_of_date = %s", (day,)).fetchone()
    return found is not None and found[0] == _made_of(connection, day, settings)


def _made_of(connection: Connection, day: datetime.date, settings: ShopSettings) -> str:
    selects = [_query(), *(marts.query(name, settings) for name in aside.MADE)]
    return frozen.made_of(connection, "\n".join(selects), marts.parameters(day, settings), day)


def buyers(
    connection: Connection, cut_off: datetime.date, horizon_days: int, known_on: datetime.date
) -> "pd.Index[str]":
    """Return who bought on the `horizon_days` days after a cut-off, as known on a day.

    Raises
    ------
    PersonaPulseError
        If that day is before the window's end: who has not bought yet may still do so.
    """
    end = cut_off + datetime.timedelta(horizon_days)
    if known_on < end:
        raise PersonaPulseError(
            f"Who buys within {horizon_days} days after {cut_off} is known on {end}, not on {known_on}. "
            f"Choose a cut-off no later than {known_on - datetime.timedelta(horizon_days)}."
        )
    values = {"cut_off": cut_off, "horizon_days": horizon_days, "known_on": known_on}
    found = run_file(connection, "features/labels.sql", values)
    users: pd.Index[str] = pd.Index([user_id for user_id, _ in found], dtype="str")
    return users


def frame(
    connection: Connection,
    cut_offs: Sequence[datetime.date],
    horizon_days: int,
    known_on: datetime.date,
    settings: ShopSettings,
    *,
    build_missing: bool = True,
    most_rows: int = MOST_ROWS,
) -> pd.DataFrame:
    """Return snapshots to learn from or to judge by, with what customers did next.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    cut_offs : sequence of date
        One or more.
    horizon_days : int
        Days of a window.
    known_on : datetime.date
        Purchases delivered later do not count: the day of the training.
    settings : ShopSettings
        The shop's.
    build_missing : bool, default=True
        Build days that are not built, or were built of something else; otherwise they are an error.
    most_rows : int, default=1,000,000
        Where there are more, a share of the customers is drawn by a hash of their ids: the same customers on every
        cut-off and in every run.

    Returns
    -------
    DataFrame
        `user_id`, `cut_off`, a column for each of `FEATURES` and `SLICES`, and `bought`: one row per cut-off and
        customer, ordered by these, so that the same rows make the same frame.

    Raises
    ------
    PersonaPulseError
        If a window is not over on `known_on`, nobody was known on a day, or it is not built and must not be.
    """
    ordered = sorted(set(cut_offs))
    bought = {cut_off: buyers(connection, cut_off, horizon_days, known_on) for cut_off in ordered}
    for cut_off in ordered:
        if not is_built(connection, cut_off, settings):
            if not build_missing:
                raise PersonaPulseError(f"The features of {cut_off} are not built, or of something else by now.")
            build(connection, cut_off, settings)
    with connection.transaction():
        stored = [packing.find(connection, cut_off) for cut_off in ordered]
        share = min(1.0, most_rows / max(1, sum(day.row_count for day in stored)))
        parts = [_part(connection, day, share, bought[day.day]) for day in stored]
    return _joined(parts)


def _part(connection: Connection, stored: StoredDay, share: float, bought: "pd.Index[str]") -> pd.DataFrame:
    """Return a day's customers by user id, with what they did next."""
    parts = list(packing.read(connection, stored, ROWS, share))
    if not parts:
        raise PersonaPulseError(
            f"Nobody was known on {stored.day}. Choose a later cut-off, or load the days before it."
        )
    found = _joined(parts)
    return found.assign(bought=found["user_id"].isin(bought)).sort_values("user_id")


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames below one another; a text column has the values of all of them."""
    columns = {name: union_categoricals([part[name] for part in parts], sort_categories=True) for name in texts()}
    return pd.concat(parts, ignore_index=True).assign(**columns)


def chunks(connection: Connection, day: datetime.date, rows: int = ROWS) -> Iterator[pd.DataFrame]:
    """Give every customer of a day once, in frames to be scored.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`. All is read as of one moment: in the caller's transaction, or else in one
        of its own, which lasts until the last frame is given.
    day : datetime.date
        A day that is built.
    rows : int, default=200,000
        Rows of a frame, more or less; memory follows them, not the number of customers.

    Yields
    ------
    DataFrame
        As of `frame`, without `bought`, in no particular order.

    Raises
    ------
    PersonaPulseError
        If the day is not built.
    """
    is_idle = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction() if is_idle else nullcontext():
        yield from packing.read(connection, packing.find(connection, day), rows)

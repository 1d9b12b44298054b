"""Which days the marts hold, and how several things are read of a day as of one moment."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from personapulse.errors import PersonaPulseError

SPANS_NAMED = 5  # so that a message about missing days stays a message


def built_days(connection: psycopg.Connection[Any]) -> list[datetime.date]:
    """Return the days whose key figures are built, oldest first.

    Raises
    ------
    PersonaPulseError
        If there is none; the message says what to run.
    """
    days = [day for (day,) in connection.execute("select as_of_date from marts.kpi_daily order by as_of_date")]
    if not days:
        raise PersonaPulseError(
            "No day has been built yet, so there is nothing to report. "
            "Run `personapulse up --once`, or let the dag build_segments finish a day."
        )
    return days


def check_built(connection: psycopg.Connection[Any], as_of_date: datetime.date) -> None:
    """Raise PersonaPulseError, naming the days that are built, if a day is not."""
    days = built_days(connection)
    if as_of_date not in days:
        raise PersonaPulseError(
            f"{as_of_date} has not been built. Built: {_spans(days)}. "
            f"Choose one of these with --as-of, or backfill {as_of_date} with the dag ingest_shop_data."
        )


@contextmanager
def snapshot(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Read everything as of one moment, so that a rebuild in between cannot make the parts disagree."""
    outermost = connection.info.transaction_status == TransactionStatus.IDLE
    with connection.transaction():
        if outermost:  # within a caller's transaction it is too late to choose
            connection.execute("set transaction isolation level repeatable read, read only")
        yield


def _spans(days: Sequence[datetime.date]) -> str:
    """Name days briefly, such as `2011-12-01, 2011-12-04 to 2011-12-09`."""
    breaks = [0, *(n for n, (a, b) in enumerate(pairwise(days), 1) if (b - a).days > 1), len(days)]
    spans = [
        f"{days[first]} to {days[end - 1]}" if end - first > 1 else str(days[first]) for first, end in pairwise(breaks)
    ]
    older = len(spans) - SPANS_NAMED
    return (f"{older} earlier spans, " if older > 0 else "") + ", ".join(spans[-SPANS_NAMED:])

"""The ledger of runs, `ops.runs`: written when a run starts and when it ends, read by who watches."""

import datetime
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from personapulse.service.airflow import INGEST, SCORE, SEGMENTS

RUNNING, SUCCESS, FAILED = "running", "success", "failed"

# How many rows a run of a day has left behind, where the books know it.
_ROWS = {
    INGEST: "select sum(row_count)::bigint from ops.loads where source_day = %s and state = 'loaded'",
    SEGMENTS: "select nullif(count(*), 0) from marts.customer_profile where as_of_date = %s",
    SCORE: "select customers from ml.scored_days where as_of_date = %s",
}


@dataclass(frozen=True)
class Entry:
    """One run of a dag.

    Parameters
    ----------
    dag_id, run_id : str
        Which run.
    day : datetime.date or None
        The shop day it is for; None for a run without one.
    run_type : str
        What started it: `scheduled`, `backfill`, `manual`, `asset_triggered`.
    outcome : str
        `running`, `success` or `failed`.
    started_at, ended_at : datetime.datetime
        With a time zone; the end is None while it runs.
    tasks_tried : int, optional
        Tries of all its tasks together.
    failed_tasks : tuple of str
        Tasks that failed by themselves.
    row_count, seconds : optional
        As read from the ledger; not written from here.
    """

    dag_id: str
    run_id: str
    day: datetime.date | None
    run_type: str
    outcome: str
    started_at: datetime.datetime
    ended_at: datetime.datetime | None = None
    tasks_tried: int | None = None
    failed_tasks: tuple[str, ...] = ()
    row_count: int | None = None
    seconds: Decimal | None = None


def write(connection: psycopg.Connection[Any], entry: Entry) -> int | None:
    """Write down a run that has started or ended, in the place of what was written of it before.

    Returns
    -------
    int or None
        Rows the run has left behind; None while it runs, and where the books do not know.
    """
    rows = _rows(connection, entry)
    connection.execute(
        "insert into ops.runs (dag_id, run_id, day, run_type, outcome, started_at, ended_at, row_count, tasks_tried,"
        " failed_tasks) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (dag_id, run_id) do update set outcome = excluded.outcome, started_at = excluded.started_at,"
        " ended_at = excluded.ended_at, row_count = excluded.row_count, tasks_tried = excluded.tasks_tried,"
        " failed_tasks = excluded.failed_tasks",
        (
            entry.dag_id, entry.run_id, entry.day, entry.run_type, entry.outcome, entry.started_at, entry.ended_at,
            rows, entry.tasks_tried, list(entry.failed_tasks),
        ),
    )  # fmt: skip
    return rows


def _rows(connection: psycopg.Connection[Any], entry: Entry) -> int | None:
    if entry.outcome != SUCCESS or entry.day is None or entry.dag_id not in _ROWS:
        return None
    found = connection.execute(_ROWS[entry.dag_id].encode(), (entry.day,)).fetchone()
    return found[0] if found else None


def read(connection: psycopg.Connection[Any], days: int) -> list[Entry]:
    """Return the runs of the newest `days` shop days, and those without a day since then.

    The newest day comes first, its runs in the order they started.
    """
    return _entries(
        connection,
        "with days as (select distinct day from ops.runs where day is not null order by 1 desc limit %s)"
        " select * from ops.runs where day in (select day from days)"
        " or (day is null and filed_under >= coalesce((select min(day) from days), '-infinity'))"
        " order by filed_under desc, started_at",
        days,
    )


def of_day(connection: psycopg.Connection[Any], day: datetime.date) -> dict[str, Entry]:
    """Return the newest run of each dag for a day."""
    found = _entries(connection, "select * from ops.runs where day = %s order by started_at", day)
    return {entry.dag_id: entry for entry in found}


def _entries(connection: psycopg.Connection[Any], query: str, given: object) -> list[Entry]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query.encode(), (given,)).fetchall()
    names = [field.name for field in fields(Entry)]
    return [Entry(**{name: row[name] for name in names} | {"failed_tasks": tuple(row["failed_tasks"])}) for row in rows]

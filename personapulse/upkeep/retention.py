"""Letting go of what has been kept long enough: daily marts of customers, set-aside rows, models nobody knows.

What is a sum is kept for good; what names customers is kept day by day for some weeks, and then on the last day of each
month. What tomorrow is built from is never let go: the day before, the month's eve, and the day four weeks ago.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import fsspec
import psycopg
from psycopg import sql

from personapulse.ingest.files import reached
from personapulse.marts.days import built_days
from personapulse.settings import ShopSettings
from personapulse.upkeep.columns import columns
from personapulse.warehouse import take_lock

STAGED_DAYS = 7  # a day that was staged and not merged for so long is delivered anew, if at all
MODEL_DAYS = 7  # a younger folder that no version names may belong to a training that is under way


@dataclass(frozen=True)
class LetGo:
    """What is, or would be, let go.

    Parameters
    ----------
    what : str
        A table, or a folder.
    days : tuple of datetime.date
        The days of it.
    rows : int
        Rows of all of them; of folders, files.
    """

    what: str
    days: tuple[datetime.date, ...]
    rows: int


def kept(days: Iterable[datetime.date], daily: int) -> set[datetime.date]:
    """Return which of the days are kept: the newest `daily` ones of the calendar, and the last of each month.

    Examples
    --------
    >>> days = [datetime.date(2026, 1, 30), datetime.date(2026, 1, 31), datetime.date(2026, 3, 10)]
    >>> sorted(str(day) for day in kept(days, 35))
    ['2026-01-31', '2026-03-10']
    """
    months: dict[tuple[int, int], datetime.date] = {}
    for day in sorted(days):
        months[day.year, day.month] = day
    newest = max(months.values(), default=datetime.date.min)
    return set(months.values()) | {day for day in days if (newest - day).days < daily}


def let_go(connection: psycopg.Connection[Any], settings: ShopSettings, *, is_dry_run: bool = False) -> list[LetGo]:
    """Let go of what has been kept long enough, each table in a transaction of its own.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, as the owner or `pp_admin`, outside a transaction.
    settings : ShopSettings
        How long is long enough.
    is_dry_run : bool, default=False
        Only say what would go.

    Returns
    -------
    list of LetGo
        Empty if everything is young enough.

    Raises
    ------
    PersonaPulseError
        If no day has been built yet.
    """
    newest = max(built_days(connection))
    told = [
        _snapshots(connection, table, settings.daily_snapshots_days, is_dry_run=is_dry_run)
        for table in _tables_of_customers(connection)
    ]
    old = newest - datetime.timedelta(settings.quarantine_days)
    told.append(_before(connection, "ops.quarantine", "source_day", old, is_dry_run=is_dry_run))
    ran = newest - datetime.timedelta(settings.runs_days)
    told += [
        _before(connection, table, clock, ran, is_dry_run=is_dry_run)
        for table, clock in (("ops.runs", "filed_under"), ("ops.late_nights", "day"))
    ]
    staged = newest - datetime.timedelta(STAGED_DAYS)
    told += [_before(connection, table, "known_from", staged, is_dry_run=is_dry_run) for table in _staging(connection)]
    return [one for one in told if one.days]


def _tables_of_customers(connection: psycopg.Connection[Any]) -> Sequence[str]:
    """Marts with a row per customer and day."""
    found: dict[str, set[str]] = {}
    for column in columns(connection):
        if column.schema == "marts":
            found.setdefault(column.table, set()).add(column.name)
    return [table for table, names in found.items() if {"user_id", "as_of_date"} <= names]


def _snapshots(connection: psycopg.Connection[Any], table: str, daily: int, *, is_dry_run: bool) -> LetGo:
    name = sql.Identifier("marts", table)
    with connection.transaction():
        take_lock(connection, f"marts.{table}")
        counted = dict(
            connection.execute(
                sql.SQL("select as_of_date, count(*) from {} group by as_of_date").format(name)
            ).fetchall()
        )
        gone = sorted(set(counted) - kept(counted, daily))
        for day in [] if is_dry_run else gone:
            partition = sql.Identifier("marts", f"{table}_{day:%Y%m%d}")
            connection.execute(sql.SQL("drop table if exists {}").format(partition))
            connection.execute(sql.SQL("delete from {} where as_of_date = %s").format(name), (day,))
    return LetGo(f"marts.{table}", tuple(gone), sum(counted[day] for day in gone))


def _before(
    connection: psycopg.Connection[Any], table: str, clock: str, day: datetime.date, *, is_dry_run: bool
) -> LetGo:
    """Let go of the rows of a table that ingestion fills, of days before a day."""
    names = {"table": sql.Identifier(*table.split(".")), "clock": sql.Identifier(clock)}
    counting = sql.SQL("select {clock}, count(*) from {table} where {clock} < %s group by {clock} order by 1")
    with connection.transaction():
        take_lock(connection, "core")
        counted = connection.execute(counting.format(**names), (day,)).fetchall()
        if counted and not is_dry_run:
            connection.execute(sql.SQL("delete from {table} where {clock} < %s").format(**names), (day,))
    return LetGo(table, tuple(one for one, _ in counted), sum(count for _, count in counted))


def _staging(connection: psycopg.Connection[Any]) -> list[str]:
    """Tables of days that are staged: partitions of what came, and the list of files."""
    return [column.place for column in columns(connection) if (column.schema, column.name) == ("staging", "known_from")]


def orphaned_models(connection: psycopg.Connection[Any], folder: str, *, is_dry_run: bool = False) -> list[str]:
    """Delete the artifacts no version names, a week after their day; return their addresses.

    Parameters
    ----------
    folder : str
        Where models are kept: a path or any fsspec URL.
    """
    known = {name for (name,) in connection.execute("select model_version from ml.model_versions")}
    old = str(max(built_days(connection)) - datetime.timedelta(MODEL_DAYS))
    with reached(folder):
        filesystem, path = fsspec.core.url_to_fs(folder, use_listings_cache=False)
        if not filesystem.exists(path):
            return []
        names = {str(one).rstrip("/").rpartition("/")[2] for one in filesystem.ls(path, detail=False)}
        orphans = sorted(name for name in names - known if _is_day(name[:10]) and name[:10] < old)
        for name in [] if is_dry_run else orphans:
            filesystem.rm(f"{path}/{name}", recursive=True)
    return [f"{folder.rstrip('/')}/{name}" for name in orphans]


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def tidy(connection: psycopg.Connection[Any]) -> None:
    """Vacuum and analyze every table that may be: dead rows give back their room, and plans know what is there."""
    tables = connection.execute(
        "select relnamespace::regnamespace::text, relname from pg_class where relkind = 'r' and"
        " relnamespace::regnamespace::text = any(%s) and pg_has_role(relowner, 'usage') order by 1, 2",
        (["ops", "staging", "core", "marts", "ml"],),
    ).fetchall()
    for schema, table in tables:
        connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier(schema, table)))

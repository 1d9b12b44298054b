"""What the warehouse's own books say: loads, quarantine, data quality."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from personapulse.contract import BY_NAME
from personapulse.warehouse import migrations

Row = TypeVar("Row")
DEFAULT_DAYS = 28


@dataclass(frozen=True)
class Scope:
    """What is looked at.

    Parameters
    ----------
    day : datetime.date, optional
        This day only.
    last : int
        Without `day`: so many days up to the newest one the warehouse knows.
    files : sequence of str
        Files whose arrivals, quarantine and ignored columns are looked at; days and checks are looked at as a whole.
    """

    day: datetime.date | None = None
    last: int = DEFAULT_DAYS
    files: Sequence[str] = tuple(BY_NAME)


@dataclass(frozen=True)
class FileState:
    """One file of a day that is not loaded: what `ops.loads` says of it, and rows set aside by rule."""

    source_day: datetime.date
    file: str
    state: str
    row_count: int
    set_aside: dict[str, int]


@dataclass(frozen=True)
class Arrivals:
    """What a file brought over the days looked at.

    Parameters
    ----------
    days : int
        Loaded days that had the file.
    row_count, loaded_count, updated_count, unchanged_count, quarantined_count : int
        Rows as delivered, and what became of them.
    kept : int
        Days on which the file came again unchanged and was skipped, while other files of the day were read anew.
    """

    file: str
    days: int
    row_count: int
    loaded_count: int
    updated_count: int
    unchanged_count: int
    quarantined_count: int
    kept: int


@dataclass(frozen=True)
class SetAside:
    """Rows of one file that one rule set aside, with the newest of them as an example.

    Parameters
    ----------
    count : int
        Rows set aside.
    file_rows : int
        All rows of the file's deliveries on these days; the share is of them.
    first_day, last_day : datetime.date
        Days of the files they stood in.
    address, line_no, raw, reason
        The example: its file, its line (the header is line 1), its text as delivered, and what is wrong with it.
    """

    file: str
    rule: str
    count: int
    file_rows: int
    first_day: datetime.date
    last_day: datetime.date
    address: str
    line_no: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Found:
    """What one check found on one day."""

    as_of_date: datetime.date
    layer: str
    rule: str
    severity: str
    finding_count: int
    sample_keys: list[str]
    description: str


@dataclass(frozen=True)
class IgnoredColumn:
    """A column the contract does not know, and the file it was first seen in."""

    file: str
    column_name: str
    first_seen_in: str


@dataclass(frozen=True)
class Facts:
    """Everything the warehouse says of itself; an empty list is a thing that is not there.

    Parameters
    ----------
    postgres, migrations_applied, migrations_known
        Version of the server; setup files that were run, and that this version has.
    shop_name, source_url : str, optional
        None before anything was staged.
    day : datetime.date, optional
        The one day that was asked for, if it was.
    first_day, last_day : datetime.date, optional
        Of the days looked at; None where the warehouse knows no day.
    loaded : list of datetime.date
        Every loaded day, oldest first, also those outside.
    open_files, arrivals, set_aside, found
        Of the days looked at.
    ignored : list of IgnoredColumn
        Of all days.
    """

    postgres: str
    migrations_applied: int
    migrations_known: int
    shop_name: str | None
    source_url: str | None
    day: datetime.date | None
    first_day: datetime.date | None
    last_day: datetime.date | None
    loaded: list[datetime.date]
    open_files: list[FileState]
    arrivals: list[Arrivals]
    set_aside: list[SetAside]
    found: list[Found]
    ignored: list[IgnoredColumn]


# a file whose rows are older than others of its day was skipped when the day was last run
_ARRIVALS = """
    with days as (
        select source_day, max(changed_at) as changed_at from ops.loads where state = 'loaded' group by source_day
    )
    select
        file, count(*) as days, sum(row_count)::bigint as row_count, sum(loaded_count)::bigint as loaded_count,
        sum(updated_count)::bigint as updated_count, sum(unchanged_count)::bigint as unchanged_count,
        sum(quarantined_count)::bigint as quarantined_count,
        count(*) filter (where loads.changed_at < days.changed_at - interval '1 second') as kept
    from ops.loads as loads inner join days using (source_day)
    where state = 'loaded' and source_day between %(first)s and %(last)s and file = any(%(files)s)
    group by file
"""
_OPEN = """
    select
        source_day, file, state, row_count,
        (
            select coalesce(jsonb_object_agg(rule, count), '{}')
            from (
                select rule, count(*) as count from ops.quarantine
                where quarantine.source_day = loads.source_day and quarantine.file = loads.file
                group by rule
            ) as rules
        ) as set_aside
    from ops.loads as loads
    where state <> 'loaded' and source_day between %(first)s and %(last)s
    order by source_day desc, file
"""
_SET_ASIDE = """
    with rules as (
        select
            file, rule, count(*) as count, min(source_day) as first_day, max(source_day) as last_day
        from ops.quarantine
        where source_day between %(first)s and %(last)s and file = any(%(files)s)
        group by file, rule
    )
    select distinct on (rules.count, rules.file, rules.rule)
        rules.file, rules.rule, rules.count, rules.first_day, rules.last_day, example.line_no, example.reason,
        example.raw, coalesce(loads.address, example.file) as address,
        (
            select coalesce(sum(row_count), 0)::bigint from ops.loads
            where file = rules.file and source_day between %(first)s and %(last)s
        ) as file_rows
    from rules
    inner join ops.quarantine as example on
        example.file = rules.file and example.rule = rules.rule and example.source_day = rules.last_day
    left join ops.loads as loads on loads.source_day = example.source_day and loads.file = example.file
    order by rules.count desc, rules.file, rules.rule, example.line_no
"""
_FOUND = """
    select as_of_date, layer, rule, severity, finding_count, sample_keys, description from ops.data_quality
    where finding_count > 0 and as_of_date between %(first)s and %(last)s
    order by as_of_date desc, severity, layer, rule
"""


def read_facts(connection: psycopg.Connection[Any], scope: Scope) -> Facts:
    """Read the books in one snapshot.

    Parameters
    ----------
    connection : psycopg.Connection
        Of a warehouse that is up to date (`personapulse.warehouse.prepare`), outside a transaction.
    scope : Scope
        What to look at.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        known = _one(connection, "select max(source_day) from ops.loads")[0]
        last = scope.day or known
        first = last and (scope.day or last - datetime.timedelta(days=scope.last - 1))
        limits = {"first": first, "last": last, "files": list(scope.files)}
        shop = _one(connection, "select max(name), max(source_url) from ops.shop")
        return Facts(
            postgres=_one(connection, "select current_setting('server_version')")[0],
            migrations_applied=_one(connection, "select count(*) from ops.migrations")[0],
            migrations_known=len(migrations()),
            shop_name=shop[0],
            source_url=shop[1],
            day=scope.day,
            first_day=first,
            last_day=last,
            loaded=_days(connection),
            open_files=_rows(connection, FileState, _OPEN, limits),
            arrivals=_rows(connection, Arrivals, _ARRIVALS, limits),
            set_aside=_rows(connection, SetAside, _SET_ASIDE, limits),
            found=_rows(connection, Found, _FOUND, limits),
            ignored=_rows(
                connection,
                IgnoredColumn,
                "select file, column_name, first_seen_in from ops.ignored_columns where file = any(%(files)s)"
                " order by file, column_name",
                limits,
            ),
        )


def _rows(connection: psycopg.Connection[Any], kind: type[Row], query: str, limits: dict[str, Any]) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query.encode(), limits).fetchall()


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    return connection.execute(query.encode()).fetchone() or ()


def _days(connection: psycopg.Connection[Any]) -> list[datetime.date]:
    days = connection.execute(
        "select source_day from ops.loads group by source_day having bool_and(state = 'loaded') order by 1"
    )
    return [day for (day,) in days]

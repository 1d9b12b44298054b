"""What happened and is not told anew: the staged partition of a day becomes a partition of core.

Days are independent but for events that two of them told (*twins*): such an event counts from the first day on.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from personapulse.contract import CONTACTS, PRODUCT_VIEWS, Extract
from personapulse.ingest import partitions
from personapulse.ingest.versions import days_range
from personapulse.warehouse import run_file

EVENTS = (PRODUCT_VIEWS, CONTACTS)


@dataclass(frozen=True)
class _Span:
    """The time a partition's events lie in, and the other days whose events lie in the same time."""

    first_at: datetime.datetime
    last_at: datetime.datetime
    other_days: list[datetime.date]


def replace(
    connection: psycopg.Connection[Any],
    extract: Extract,
    day: datetime.date,
    parameters: Mapping[str, Any],
    *,
    is_again: bool,
) -> tuple[int, int, int]:
    """Put a day's staged events in the place of those core has of it, inside the merge's transaction.

    Returns
    -------
    tuple of int
        Events nobody told before, events known from another day but with another category, events known from another.
    """
    if is_again:
        _take_back(connection, extract, day, parameters)
    if not partitions.exists(connection, "staging", extract, day):
        return (0, 0, 0)
    partitions.move_to_core(connection, extract, day)
    rows = _remember(connection, extract, day)
    return _count(connection, extract, day, parameters, rows)


def move(
    connection: psycopg.Connection[Any],
    extract: Extract,
    days: Sequence[datetime.date],
    parameters: Mapping[str, Any],
    *,
    sign: int,
) -> None:
    """Add the events of days to the moves (`sign` 1), or take them back (-1)."""
    rows = sql.SQL("(select *, known_from as known_on from {} where known_from = any({})) as events").format(
        sql.Identifier("core", extract.name), list(days)
    )
    _moves(connection, extract, rows.as_string(connection), parameters, sign)


def _take_back(
    connection: psycopg.Connection[Any], extract: Extract, day: datetime.date, parameters: Mapping[str, Any]
) -> None:
    if not partitions.exists(connection, "core", extract, day):
        return
    move(connection, extract, [day], parameters, sign=-1)
    span = _span(connection, extract, day)
    if span.other_days:
        _find_twins(connection, extract, day, span)
        _moves(connection, extract, "twins", parameters, 1)
    partitions.drop(connection, "core", (extract, day))
    connection.execute("delete from core.deliveries where file = %s and known_from = %s", (extract.name, day))
    if span.other_days:
        _close_versions(connection, extract, span.other_days)
        connection.execute("drop table twins")


def _remember(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date) -> int:
    """Write down how many events the partition has, and which time they span."""
    counted = connection.execute(
        sql.SQL(
            "insert into core.deliveries (file, known_from, row_count, first_at, last_at)"
            " select {file}, {day}, staged_count, (select min({time}) from {table}), (select max({time}) from {table})"
            " from ops.loads where file = {file} and source_day = {day}"  # to count them anew takes a look at each
            " returning row_count"
        ).format(
            file=extract.name,
            day=day,
            time=sql.Identifier(_time(extract)),
            table=partitions.partition("core", extract, day),
        )
    ).fetchone()
    return int(counted[0]) if counted else 0


def _count(
    connection: psycopg.Connection[Any],
    extract: Extract,
    day: datetime.date,
    parameters: Mapping[str, Any],
    rows: int,
) -> tuple[int, int, int]:
    """Settle the new partition with the events that other days told too."""
    span = _span(connection, extract, day)
    if not span.other_days:
        return (rows, 0, 0)
    _find_twins(connection, extract, day, span)
    _moves(connection, extract, "twins", parameters, -1)
    _close_versions(connection, extract, [*span.other_days, day])
    ((known_before,),) = connection.execute("select count(*) from twins where other_day < %s", (day,)).fetchall()
    connection.execute("drop table twins")
    return (rows - known_before, 0, known_before)


def _span(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date) -> _Span:
    ((first_at, last_at, other_days),) = connection.execute(
        "select greatest(day.first_at, min(others.first_at)), least(day.last_at, max(others.last_at)),"
        " coalesce(array_agg(others.known_from) filter (where others.known_from is not null), '{}')"
        " from core.deliveries as day left join core.deliveries as others"
        " on others.file = day.file and others.known_from <> day.known_from"
        " and others.first_at <= day.last_at and others.last_at >= day.first_at"
        " where day.file = %s and day.known_from = %s group by day.first_at, day.last_at",
        (extract.name, day),
    ).fetchall()
    return _Span(first_at, last_at, other_days)


def _find_twins(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date, span: _Span) -> None:
    parameters = {"day": day, "first_at": span.first_at, "last_at": span.last_at, "other_days": span.other_days}
    run_file(connection, "core/twins.sql", parameters, **_fragments(extract))


def _close_versions(connection: psycopg.Connection[Any], extract: Extract, days: list[datetime.date]) -> None:
    run_file(connection, "core/event_versions.sql", {"days": days}, **_fragments(extract))


def _moves(
    connection: psycopg.Connection[Any], extract: Extract, events: str, parameters: Mapping[str, Any], sign: int
) -> None:
    run_file(connection, f"core/{extract.name}.sql", {**parameters, "sign": sign}, events=events)


def mention(
    connection: psycopg.Connection[Any], extract: Extract, days: Sequence[datetime.date], *, is_again: bool
) -> None:
    """Note which products the events of days name."""
    connection.execute(
        sql.SQL(
            "create temporary table mentioned on commit drop as"
            " select distinct product_id, known_from from {} where known_from = any({})"
        ).format(sql.Identifier("core", extract.name), list(days))
    )
    known = {"days_range": days_range(days), "is_again": is_again, "file": extract.name}
    run_file(connection, "core/product_mentions.sql", known)
    connection.execute("drop table mentioned")


def _fragments(extract: Extract) -> dict[str, str]:
    key = [extract.stored_as(column) for column in extract.key]
    return {
        "table": extract.name,
        "time": _time(extract),
        "key": ", ".join(key),
        "stored_key": ", ".join(f"stored.{column}" for column in key),
        "chain_key": ", ".join(f"chain.{column}" for column in key),
    }


def _time(extract: Extract) -> str:
    return extract.stored_as(next(iter(extract.dates)))

"""The tables a day's files are copied into: partitions of staging, which those of events leave for core."""

import datetime
from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from personapulse.contract import Extract
from personapulse.ingest.files import ExtractFile

# What an index of an event table is over; it serves to find an event that another day told too.
PROBES = {"product_views": ("viewed_at", "user_id"), "contacts": ("sent_at", "user_id")}


def partition(schema: str, extract: Extract, day: datetime.date) -> sql.Identifier:
    """Name of one day's partition."""
    return sql.Identifier(schema, f"{extract.name}_{day:%Y%m%d}")


def create(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date, ignored: Sequence[str]) -> None:
    """Make the table that takes in a file: the staging table's columns, and a text column for each one we ignore.

    Not a partition yet: what is copied into a table made in the same transaction need not be written twice (to the
    write-ahead log, where `wal_level` is `minimal`), and comes frozen. Not unlogged either: PostgreSQL 18 fails to
    start once after a crash during a transaction that made an unlogged table (its bug 17731).
    """
    connection.execute(
        sql.SQL(
            "create table {staged} (like {parent} including defaults, check (known_from = {day}));"
            "alter table {staged} alter known_from set default {day}{ignored}"
        ).format(
            staged=partition("staging", extract, day),
            parent=sql.Identifier("staging", extract.name),
            day=day,
            ignored=_each(", add column {} text", ignored),
        )
    )


def copied_columns(file: ExtractFile) -> list[str]:
    """Columns of the table in the file's order."""
    extract = file.extract
    return [
        extract.stored_as(name) if name in extract.columns else f"ignored {place}"
        for place, name in enumerate(file.header, 1)
    ]


def ignored_columns(file: ExtractFile) -> list[str]:
    """Columns that take what the contract does not know, until it is dropped."""
    return [name for name in copied_columns(file) if name.startswith("ignored ")]


def add_index(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date) -> None:
    """Index the events of a partition like those of core, so that it can move there."""
    columns = sql.SQL(", ").join(map(sql.Identifier, PROBES[extract.name]))
    connection.execute(
        sql.SQL("create index on {} ({})").format(partition("staging", extract, day), columns)
    )  # fmt: skip


def analyze(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date) -> None:
    """Tell the planner what a filled partition is like."""
    connection.execute(sql.SQL("analyze {}").format(partition("staging", extract, day)))


def attach(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date, ignored: Sequence[str]) -> None:
    """Make a filled table a partition of staging, without the columns we ignore."""
    connection.execute(
        sql.SQL("alter table {staged} alter row_no drop default{dropped}").format(
            staged=partition("staging", extract, day), dropped=_each(", drop column {}", ignored)
        )
    )
    _attach(connection, "staging", extract, day)


def move_to_core(connection: psycopg.Connection[Any], extract: Extract, day: datetime.date) -> None:
    """Turn the staged partition of an event table into a partition of core; nothing is copied."""
    connection.execute(
        sql.SQL("alter table {parent} detach partition {staged}; alter table {staged} set schema core").format(
            parent=sql.Identifier("staging", extract.name), staged=partition("staging", extract, day)
        )
    )
    _attach(connection, "core", extract, day)


def _attach(connection: psycopg.Connection[Any], schema: str, extract: Extract, day: datetime.date) -> None:
    connection.execute(
        sql.SQL("alter table {parent} attach partition {child} for values in ({day})").format(
            parent=sql.Identifier(schema, extract.name), child=partition(schema, extract, day), day=day
        )
    )


def _each(text: LiteralString, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("").join(sql.SQL(text).format(sql.Identifier(name)) for name in columns)


def drop(connection: psycopg.Connection[Any], schema: str, *places: tuple[Extract, datetime.date]) -> None:
    """Drop the partitions of days, those that there are."""
    tables = sql.SQL(", ").join(partition(schema, extract, day) for extract, day in places)
    connection.execute(sql.SQL("drop table if exists {}").format(tables))


def exists(connection: psycopg.Connection[Any], schema: str, extract: Extract, day: datetime.date) -> bool:
    """Whether a day has a partition."""
    name = partition(schema, extract, day).as_string(connection)
    found = connection.execute("select to_regclass(%s) is not null", (name,)).fetchone()
    return bool(found and found[0])

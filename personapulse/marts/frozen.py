"""Marts frozen for a calendar month: made on its first night, and kept until what they are made of has changed.

They say what the shop's customers were like on the eve of the month, and so are the same on every day of it. What they
are made of: the select with its values, and the files core had taken in up to that eve.
"""

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from personapulse.marts.tables import describe

NAMES = frozenset({"rfm_cuts", "persona_quantiles", "persona_sides"})
CLOCKS = ("as_of_date", "known_on")  # values that a frozen mart must not ask for


def month_of(eve: datetime.date) -> datetime.date:
    """Return the first day of the month that an eve is before."""
    return eve + datetime.timedelta(days=1)


def made_of(
    connection: psycopg.Connection[Any], query: str, parameters: Mapping[str, Any], last_day: datetime.date
) -> str:
    """Hash what the rows of a select are made of, if it sees what was known on a day.

    Parameters
    ----------
    connection : psycopg.Connection
        To look up which files are loaded.
    query : str
        The select.
    parameters : mapping
        Values for its `%(name)s`.
    last_day : datetime.date
        Last day whose files count: of a frozen mart, the eve of its month.
    """
    asked = {name: value for name, value in sorted(parameters.items()) if name not in CLOCKS}
    row = connection.execute(
        "select string_agg(concat_ws(' ', source_day, file, sha256, rules_sha256), '\n' order by source_day, file)"
        " from ops.loads where source_day <= %s and state = 'loaded'",
        (last_day,),
    ).fetchone()
    return hashlib.sha256(repr((query, asked, row)).encode()).hexdigest()


def rows_kept(connection: psycopg.Connection[Any], name: str, month: datetime.date, hashed: str) -> int | None:
    """Return how many rows a mart holds for a month, if they need not be made anew."""
    row = connection.execute(
        "select row_count from ops.frozen_marts where mart = %s and month = %s and made_of = %s", (name, month, hashed)
    ).fetchone()
    if row is None:
        return None
    table = describe(connection, name)
    held = connection.execute(
        sql.SQL("select count(*) from {} where {} = {}").format(
            sql.Identifier("marts", name), sql.Identifier(table.clock), month
        )
    ).fetchone()
    return int(row[0]) if row == held else None


def keep(connection: psycopg.Connection[Any], name: str, month: datetime.date, hashed: str, rows: int) -> None:
    """Write down what a mart's month is made of."""
    connection.execute(
        "insert into ops.frozen_marts (mart, month, made_of, row_count)"
        " values (%(mart)s, %(month)s, %(hash)s, %(rows)s)"
        " on conflict (mart, month) do update set made_of = excluded.made_of, row_count = excluded.row_count",
        {"mart": name, "month": month, "hash": hashed, "rows": rows},
    )

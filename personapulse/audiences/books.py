"""The books of exports: what left when, who left, and who was held out."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from personapulse.audiences.content import Content

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Who:
    """Who exports.

    Parameters
    ----------
    exported_by : str
        A login, or the dag.
    run_id : str or None
        Of the dag's run.
    """

    exported_by: str
    run_id: str | None = None


def sent_before(connection: Connection, content: Content, destination: str) -> datetime.datetime | None:
    """Return when a destination got what it has now, in UTC, if that is the same content; else None."""
    row = connection.execute(
        "select idempotency_key, exported_at at time zone 'UTC' from ops.audience_exports"
        " where audience = %s and as_of_date = %s and destination = %s and state = 'exported'"
        " order by exported_at desc limit 1",
        (content.audience, content.as_of_date, destination),
    ).fetchone()
    return row[1] if row and row[0] == content.idempotency_key else None


def start(connection: Connection, content: Content, destination: str, who: Who) -> int:
    """Write down that an export begins; return its number."""
    ((number,),) = connection.execute(
        "insert into ops.audience_exports (audience, as_of_date, destination, customers, held_out, suppressed, sha256,"
        " idempotency_key, exported_by, run_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning export_no",
        (
            content.audience,
            content.as_of_date,
            destination,
            content.customers,
            content.held_out,
            content.suppressed,
            content.sha256,
            content.idempotency_key,
            who.exported_by,
            who.run_id,
        ),
    ).fetchall()
    return int(number)


def end(connection: Connection, number: int, error: str | None = None) -> None:
    """Write down what became of an export: exported, or failed and why."""
    connection.execute(
        "update ops.audience_exports set state = %s, error = %s,"
        " exported_at = case when %s then clock_timestamp() end where export_no = %s",
        ("failed" if error else "exported", error, error is None, number),
    )


def keep_members(connection: Connection, content: Content) -> None:
    """Write down who left and who was held out, so that the two can be compared later."""
    connection.execute(
        "insert into ops.audience_members (audience, user_id, is_held_out, first_on, last_on)"
        " select %(audience)s, user_id, is_held_out, %(day)s::date, %(day)s::date"
        " from pg_temp.audience_now where not is_suppressed"
        " on conflict (audience, user_id, is_held_out) do update set"
        " first_on = least(audience_members.first_on, excluded.first_on),"
        " last_on = greatest(audience_members.last_on, excluded.last_on)",
        {"audience": content.audience, "day": content.as_of_date},
    )


def history(connection: Connection, audience: str | None = None, last: int = 20) -> list[Mapping[str, Any]]:
    """Return the newest exports, newest first, as rows of `ops.audience_exports` by column."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return list(
            cursor.execute(
                "select *, started_at at time zone 'UTC' as started_utc from ops.audience_exports"
                " where %(audience)s::text is null or audience = %(audience)s"
                " order by export_no desc limit %(last)s",
                {"audience": audience, "last": last},
            )
        )

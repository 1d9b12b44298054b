"""Documents in the warehouse: put there when a day is published, read by whoever serves them."""

import datetime
from collections.abc import Iterator
from typing import Any

import psycopg

from personapulse.dashboard.document import Document


def keep(connection: psycopg.Connection[Any], document: Document) -> bool:
    """Store a day's document in place of the one before; return False if it is the same."""
    cursor = connection.execute(
        "insert into ops.dashboards (as_of_date, etag, packed) values (%s, %s, %s)"
        " on conflict (as_of_date) do update"
        " set etag = excluded.etag, packed = excluded.packed, published_at = clock_timestamp()"
        " where dashboards.etag <> excluded.etag",
        (document.as_of_date, document.etag, document.packed),
    )
    return cursor.rowcount > 0


def kept(connection: psycopg.Connection[Any], as_of_date: datetime.date) -> Document | None:
    """Return a day's document, if it has one."""
    row = connection.execute("select packed, etag from ops.dashboards where as_of_date = %s", (as_of_date,)).fetchone()
    return Document(as_of_date, bytes(row[0]), row[1]) if row else None


def kept_before(connection: psycopg.Connection[Any], as_of_date: datetime.date) -> Iterator[Document]:
    """Yield the documents of the days before one, newest first; each is read when it is asked for."""
    days = connection.execute(
        "select as_of_date from ops.dashboards where as_of_date < %s order by as_of_date desc", (as_of_date,)
    ).fetchall()
    for (day,) in days:
        if document := kept(connection, day):
            yield document


def index(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return the days that can be looked at, oldest first, and those that were refused or came in since."""
    row = connection.execute("select days, refused, newest_loaded from ops.dashboard_index").fetchone()
    days, refused, newest = row or ([], [], None)
    return {
        "days": [day.isoformat() for day in days],
        "refused": [day.isoformat() for day in refused],
        "newest_loaded": newest.isoformat() if newest else None,
    }

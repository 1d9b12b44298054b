"""Customers who must never leave: the suppression list."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from personapulse import customer_ids
from personapulse.errors import PersonaPulseError


def read_ids(given: str) -> list[str]:
    """Return the customers a command names: an id, or a file with one id per line.

    Parameters
    ----------
    given : str
        A `user_id`; or the path of an existing file, as `customer_ids.read_file` reads it.

    Raises
    ------
    PersonaPulseError
        If it is empty, or a file that cannot be read or names nobody.
    """
    file = Path(given)
    try:
        is_file = file.is_file()
    except OSError:  # an id too long to be a path
        is_file = False
    if not is_file:
        if not given.strip():
            raise PersonaPulseError("Name a user_id, or a file with one user_id per line.")
        return [given]
    return customer_ids.read_file(file)


def suppress(connection: psycopg.Connection[Any], ids: Iterable[str], reason: str) -> int:
    """Keep customers from ever leaving; return how many were not on the list yet. Those keep their reason and time.

    Raises
    ------
    PersonaPulseError
        If the reason is empty.
    """
    if not reason.strip():
        raise PersonaPulseError("Say why with --reason: somebody will ask.")
    return connection.execute(
        "insert into ops.suppressed_customers (user_id, reason) select unnest(%s::text[]), %s"
        " on conflict (user_id) do nothing",
        (list(ids), reason.strip()),
    ).rowcount


def unsuppress(connection: psycopg.Connection[Any], ids: Iterable[str]) -> int:
    """Take customers off the list; return how many were on it."""
    return connection.execute("delete from ops.suppressed_customers where user_id = any(%s)", (list(ids),)).rowcount


def unknown(connection: psycopg.Connection[Any], ids: Iterable[str]) -> list[str]:
    """Return which of the ids no customer has, in their order: usually a typing mistake."""
    rows = connection.execute(
        "select given.user_id from unnest(%s::text[]) with ordinality as given (user_id, place)"
        " where not exists (select from marts.personas as personas where personas.user_id = given.user_id"
        " and personas.as_of_date = (select max(as_of_date) from marts.kpi_daily)) order by given.place",
        (list(ids),),
    )
    return [user_id for (user_id,) in rows]

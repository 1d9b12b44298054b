"""Customers who must never leave: the suppression list."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from personapulse.errors import PersonaPulseError


def read_ids(given: str) -> list[str]:
    """Return the customers a command names: an id, or a file with one id per line.

    Parameters
    ----------
    given : str
        A `user_id`; or the path of an existing UTF-8 file, whose empty lines and first line `user_id` are passed over.

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
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PersonaPulseError(f"{file} cannot be read: {error}. It must be UTF-8, one user_id per line.") from None
    ids = [_id(line, f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if ids[:1] == ["user_id"]:
        ids = ids[1:]
    if not ids:
        raise PersonaPulseError(f"{file} names nobody; write one user_id per line.")
    return list(dict.fromkeys(ids))


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


def _id(line: str, where: str) -> str:
    """Return the id of a line as it stands, quotes of a one-column CSV taken off."""
    text = line.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1].replace('""', '"')
    if "," in text or "\t" in text:
        raise PersonaPulseError(f"{where}: {text!r} has more than one column. Write one user_id per line.")
    return text

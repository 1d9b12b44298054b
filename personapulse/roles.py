"""Who may do what in the warehouse: the names of its roles, and the rights they are given."""

import hashlib
from typing import Any, Literal

import psycopg

from personapulse.paths import SQL

Role = Literal["pp_loader", "pp_modeler", "pp_reader", "pp_auditor", "pp_admin"]

LOADER: Role = "pp_loader"  # brings the extracts into staging and core
MODELER: Role = "pp_modeler"  # builds marts, models and scores, and publishes them
READER: Role = "pp_reader"  # reads marts, without what a customer is as a person
AUDITOR: Role = "pp_auditor"  # reads everything, changes nothing
ADMIN: Role = "pp_admin"  # keeps house: whatever loader and modeler may, and the house's own books

# What logs in as each, where the server trusts the connection: the Airflow connections `shop_loader` and so on.
CONNECTIONS: dict[str, Role] = {"loader": LOADER, "modeler": MODELER, "admin": ADMIN}

GRANTS = SQL / "grants.sql"


def are_there(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has every role."""
    roles = [LOADER, MODELER, READER, AUDITOR, ADMIN]
    found = connection.execute("select count(*) from pg_roles where rolname = any(%s)", (roles,)).fetchone()
    return found == (len(roles),)


def grant(connection: psycopg.Connection[Any], *, is_changed: bool) -> bool:
    """Give every role its rights, if the warehouse or the text of `include/sql/grants.sql` has changed.

    Runs in the caller's transaction. A server whose roles could not be made is left as it is: everything is done with
    the rights of the one login there is (docs/security.md).

    Parameters
    ----------
    connection : psycopg.Connection
        As the owner of the warehouse.
    is_changed : bool
        Whether tables may have come or changed since rights were last given.

    Returns
    -------
    bool
        Whether rights were given.
    """
    text = GRANTS.read_bytes()
    sha256 = hashlib.sha256(text).hexdigest()
    followed = connection.execute("select sha256 from ops.grants").fetchone()
    if (not is_changed and followed == (sha256,)) or not are_there(connection):
        return False
    connection.execute(text)
    connection.execute(
        "insert into ops.grants (sha256) values (%s)"
        " on conflict (is_followed) do update set sha256 = excluded.sha256, followed_at = clock_timestamp()",
        (sha256,),
    )
    return True

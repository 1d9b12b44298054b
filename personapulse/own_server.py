"""A PostgreSQL server of your own: its databases made, its roles given their passwords.

The embedded server needs none of this: it listens on a socket only its owner can open, and trusts whoever comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from personapulse import warehouse
from personapulse.errors import PersonaPulseError
from personapulse.roles import Role

AIRFLOW = "airflow"  # owns Airflow's own database, and has no rights in the warehouse
DASHBOARD = "personapulse_dashboard"  # made by migration 0024
ROLES = (*get_args(Role), DASHBOARD, AIRFLOW)
OLDEST = 17  # major version of PostgreSQL


@dataclass(frozen=True)
class OwnServer:
    """A server reached over the network.

    Parameters
    ----------
    address : str
        What libpq needs to log in as a role that may make databases and roles, such as `host=postgres user=postgres`.
    password : str, optional
        Of that role; without it libpq looks where it always does (`PGPASSWORD`, `~/.pgpass`).
    """

    address: str
    password: str | None = None

    def conninfo(self, database: str) -> str:
        """Return how its owner reaches a database of it."""
        return make_conninfo(self.address, dbname=database, connect_timeout=10, password=self.password)


def prepare(server: OwnServer, passwords: Mapping[str, str]) -> None:
    """Make the warehouse and Airflow's database where missing, migrate the warehouse, and set the roles' passwords.

    Running it again does no harm: it is how a new version's migrations run, and how passwords are changed.

    Parameters
    ----------
    server : OwnServer
        PostgreSQL 17 or newer.
    passwords : mapping of str to str
        By role; roles that are not named keep theirs.

    Raises
    ------
    PersonaPulseError
        If the server cannot be reached or is too old, or a password is for a role that is not ours.
    """
    if strangers := sorted(set(passwords) - set(ROLES)):
        raise PersonaPulseError(f"No role of PersonaPulse is called {', '.join(strangers)}. They are: {_all(ROLES)}.")
    try:
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            _refuse_old(connection)
            _make_airflow_owner(connection)
        warehouse.prepare(server)
        with psycopg.connect(server.conninfo("postgres")) as connection:
            _close_airflow_database(connection)
            for role, password in passwords.items():
                _set_password(connection, role, password)
    except psycopg.OperationalError as error:
        raise PersonaPulseError(f"The server at {server.address!r} refused: {str(error).strip()}") from None


def _refuse_old(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        raise PersonaPulseError(f"The server runs PostgreSQL {version}; PersonaPulse needs {OLDEST} or newer.")


def _make_airflow_owner(connection: psycopg.Connection[Any]) -> None:
    if not connection.execute("select 1 from pg_roles where rolname = %s", (AIRFLOW,)).fetchone():
        connection.execute(sql.SQL("create role {} login").format(sql.Identifier(AIRFLOW)))


def _close_airflow_database(connection: psycopg.Connection[Any]) -> None:
    """Give Airflow's database to its role, and let nobody else in: it holds every connection's password, encrypted."""
    names = {"database": sql.Identifier(warehouse.AIRFLOW_DATABASE), "role": sql.Identifier(AIRFLOW)}
    connection.execute(sql.SQL("alter database {database} owner to {role}").format(**names))
    connection.execute(sql.SQL("revoke all on database {database} from public").format(**names))


def _set_password(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    """Send what the server keeps of a password, not the password: statements may be logged."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier))
    connection.execute(statement)


def _all(names: tuple[str, ...]) -> str:
    return ", ".join(names)

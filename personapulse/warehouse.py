"""The warehouse: its databases, its migrations, and how its SQL files are run."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from personapulse import layout, roles
from personapulse.errors import PersonaPulseError
from personapulse.paths import SQL
from personapulse.postgres import SUPERUSER, EmbeddedPostgres

DATABASE = "personapulse"
AIRFLOW_DATABASE = "airflow"
OWN_SERVER, ROLES_FILE = (
    "PERSONAPULSE_SERVER",
    "PERSONAPULSE_ROLES_FILE",
)  # what commands ask instead


def connect(conninfo: str) -> psycopg.Connection[Any]:
    """Open a connection: autocommit (transactions are explicit), several statements with parameters in one call.

    Dates are read as ISO or not at all: `03/04/2026` is refused rather than guessed.
    """
    connection = psycopg.connect(
        conninfo, autocommit=True, cursor_factory=psycopg.ClientCursor, options="-c datestyle=ISO,YMD"
    )
    if layout.is_distributed(connection):
        connection.cursor_factory = layout.SpellingCursor
    return connection


class Server(Protocol):
    """A PostgreSQL server: the embedded one, or one of your own."""

    def conninfo(self, database: str) -> str:
        """Return how the owner of everything reaches a database of it."""


def prepare(postgres: Server) -> None:
    """Create the warehouse's and Airflow's databases where missing, and bring the warehouse up to date.

    Raises
    ------
    PersonaPulseError
        If the warehouse was made by a newer version.
    """
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as server:
        existing = {name for (name,) in server.execute("select datname from pg_database")}
        for name in (DATABASE, AIRFLOW_DATABASE):
            if name not in existing:
                server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with connect(postgres.conninfo(DATABASE)) as connection:
        migrate(connection)


def migrations() -> dict[int, Path]:
    """Return the setup files by number, lowest first; `0001_ops.sql` is number 1."""
    return {int(file.name.split("_")[0]): file for file in sorted((SQL / "setup").glob("[0-9]*.sql"))}


def migrate(connection: psycopg.Connection[Any]) -> list[str]:
    """Run the setup files this warehouse has not seen yet, each once, all or none; then give each role its rights.

    A server that has Citus gets the tables laid out over its machines before that.

    Two callers at once take turns. Commits.

    Returns
    -------
    list of str
        Names of the files that were run; empty when the warehouse is up to date.

    Raises
    ------
    PersonaPulseError
        If the warehouse has a migration this version does not know, or one whose text has changed since it ran.
    """
    with connection.transaction():
        take_lock(connection, "migrations")
        connection.execute(
            "create schema if not exists ops;"
            "create table if not exists ops.migrations (number integer primary key, name text not null,"
            " sha256 text not null, applied_at timestamptz not null default clock_timestamp())"
        )
        applied = dict(connection.execute("select number, sha256 from ops.migrations").fetchall())
        files = migrations()
        _refuse_foreign(applied, files)
        run = [_apply(connection, number, file) for number, file in files.items() if number not in applied]
        if run:
            layout.lay_out(connection)
        roles.grant(connection, is_changed=bool(run))
        return run


def _refuse_foreign(applied: Mapping[int, str], files: Mapping[int, Path]) -> None:
    if newer := sorted(set(applied) - set(files)):
        raise PersonaPulseError(
            f"The warehouse was last used by a newer PersonaPulse: it has migration {newer[-1]}, "
            f"this version knows up to {max(files)}. Update PersonaPulse, or use another home."
        )
    for number, sha in applied.items():
        if sha != _sha256(files[number]):
            raise PersonaPulseError(
                f"{files[number].name} has changed since it was applied to this warehouse. "
                "Put its text back and write the change as a new, higher-numbered file."
            )


def _apply(connection: psycopg.Connection[Any], number: int, file: Path) -> str:
    connection.execute(file.read_text(encoding="utf-8").encode())
    connection.execute(
        "insert into ops.migrations (number, name, sha256) values (%s, %s, %s)",
        (number, file.name, _sha256(file)),
    )
    return file.name


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def take_lock(connection: psycopg.Connection[Any], name: str, *, is_shared: bool = False) -> None:
    """Wait for the named lock; it is held until the transaction ends. Those who share it hold it together."""
    _lock(connection, "pg_advisory_xact_lock_shared" if is_shared else "pg_advisory_xact_lock", name)


@contextmanager
def held_lock(connection: psycopg.Connection[Any], name: str) -> Iterator[None]:
    """Hold the named lock for as long as a block takes, in no transaction: that may be minutes."""
    _lock(connection, "pg_advisory_lock", name)
    try:
        yield
    finally:
        _lock(connection, "pg_advisory_unlock", name)


def _lock(connection: psycopg.Connection[Any], function: str, name: str) -> None:
    connection.execute(f"select {function}(hashtextextended(%s, 0))".encode(), (f"personapulse.{name}",))


def read_file(name: str, **fragments: str) -> str:
    """Return the text of one file of `include/sql`.

    Parameters
    ----------
    name : str
        Path below `include/sql`, such as `marts/rfm.sql`.
    **fragments : str
        SQL of our own making that stands in for a `%(name)s` (the persona rules); never text from outside.
    """
    text = (SQL / name).read_text(encoding="utf-8")
    for placeholder, fragment in fragments.items():
        text = text.replace(f"%({placeholder})s", fragment.replace("%", "%%"))
    return text


def run_file(
    connection: psycopg.Connection[Any], name: str, parameters: Mapping[str, Any], **fragments: str
) -> psycopg.Cursor[Any]:
    """Run one file of `include/sql` inside the caller's transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        From `connect`.
    name, **fragments : str
        As in `read_file`.
    parameters : mapping
        Values for the file's `%(name)s`; those it does not use are ignored.
    """
    cursor = connection.cursor()
    cursor.execute(read_file(name, **fragments).encode(), dict(parameters))
    return cursor


@contextmanager
def embedded(postgres: EmbeddedPostgres, role: str = SUPERUSER) -> Iterator[psycopg.Connection[Any]]:
    """Open the warehouse of an embedded server, starting the server for the time being if it is not running.

    Where the environment names a server of one's own, `PERSONAPULSE_SERVER`, its warehouse is opened instead, by
    the role asked for, or by pp_admin where that is the owner.

    Parameters
    ----------
    postgres : EmbeddedPostgres
        The server.
    role : str, default="postgres"
        Who logs in; one of `personapulse.roles`, or whoever owns everything.

    Raises
    ------
    PersonaPulseError
        If there is no warehouse yet, or it was made by a newer version; or a server of one's own lets nobody in.
    """
    if address := os.environ.get(OWN_SERVER):
        with _own(address, roles.ADMIN if role == SUPERUSER else role) as connection:
            yield connection
        return
    if not (postgres.data / "PG_VERSION").exists():
        raise PersonaPulseError(f"{postgres.data.parent} holds no shop yet. Load one with: personapulse up")
    with postgres:
        prepare(postgres)
        with connect(postgres.conninfo(DATABASE, role)) as connection:
            yield connection


def _own(address: str, role: str) -> psycopg.Connection[Any]:
    """Open the warehouse of a server of one's own, with the password `PERSONAPULSE_ROLES_FILE` has for the role."""
    try:
        file = os.environ.get(ROLES_FILE)
        password = json.loads(Path(file).read_text())[role] if file else None
        return connect(make_conninfo(address, user=role, password=password, dbname=DATABASE, connect_timeout=10))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise PersonaPulseError(f"{ROLES_FILE} must name a JSON file with the password of {role} ({error}).") from None
    except psycopg.OperationalError as error:
        raise PersonaPulseError(f"{OWN_SERVER} {address!r} lets {role} not in: {str(error).strip()}") from None

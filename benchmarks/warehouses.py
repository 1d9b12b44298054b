"""A PostgreSQL server for the benchmark alone, and warehouses on it."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, prepare

_numbers = itertools.count(1)


class Server:
    """A running server whose database `personapulse` is prepared and stays empty: warehouses are copies of it.

    Parameters
    ----------
    postgres : EmbeddedPostgres
        Running.
    """

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self.version = self._run("show server_version")

    @property
    def kept(self) -> str:
        """Address of the prepared database itself, for a server that is kept from run to run."""
        return self._postgres.conninfo(DATABASE)

    @contextmanager
    def warehouse(self, like: str | None = None) -> Iterator[str]:
        """Make a warehouse, empty or a copy of the one at `like`; give its address, and drop it at the end."""
        template = sql.Identifier(str(conninfo_to_dict(like)["dbname"]) if like else DATABASE)
        name = sql.Identifier(f"bench_{next(_numbers)}")
        self._run(sql.SQL("create database {} template {}").format(name, template))
        try:
            yield self._postgres.conninfo(name.as_string().strip('"'))
        finally:
            self._run(sql.SQL("drop database {} with (force)").format(name))

    def settle(self) -> None:
        """Write out what earlier steps left in memory, so that no step pays for another."""
        self._run("checkpoint")

    def _run(self, statement: sql.Composed | LiteralString) -> str:
        with psycopg.connect(self._postgres.conninfo("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            found = cursor.fetchone() if cursor.description else None
        return str(found[0]) if found else ""


@contextmanager
def server() -> Iterator[Server]:
    """Start a server with the product's settings in a folder that goes away with it."""
    with (
        tempfile.TemporaryDirectory(prefix="pp-bench-") as folder,
        EmbeddedPostgres(Home.open(Path(folder) / "home")) as postgres,
    ):
        prepare(postgres)
        yield Server(postgres)


@contextmanager
def kept_server(home: Path) -> Iterator[Server]:
    """Start a server in a folder that stays, so that what takes long to load is loaded once."""
    with EmbeddedPostgres(Home.open(home)) as postgres:
        prepare(postgres)
        yield Server(postgres)

"""Where the tests' servers keep their data, and a database of its own for whoever needs one."""

import itertools
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE

MEMORY = Path("/dev/shm")
ROOM = 6 << 30  # bytes; two servers and what is in Airflow's home stay below it
_numbers = itertools.count(1)
_given_up: defaultdict[Path, list[str]] = defaultdict(list)  # of each server


@contextmanager
def server_folder(name: str) -> Iterator[Path]:
    """A folder for a server's data, gone afterwards: in memory, where there is room.

    The tests make a thousand databases of a thousand files each, and throw them away; on a disk that others use too,
    that takes up to twenty times as long. What survives a killed process is the same on both.
    """
    with tempfile.TemporaryDirectory(prefix=f"pp-{name}-", dir=_memory()) as folder:
        Path(folder).chmod(0o755)  # under root the server runs as another user
        yield Path(folder)


def _memory() -> Path | None:
    is_roomy = MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, psutil.virtual_memory().available) > ROOM
    return MEMORY if is_roomy else None


@contextmanager
def database(postgres: EmbeddedPostgres, name: str = "test", like: str = DATABASE) -> Iterator[str]:
    """Copy the prepared database, or one nobody is connected to; yields how to reach the copy.

    It goes when the next one is made, or with its server: PostgreSQL waits a tenth of a second before it drops a
    database that somebody has just left.
    """
    copy, given_up = f"{name}_{next(_numbers)}", _given_up[postgres.socket_folder]
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as server:
        while given_up:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(given_up.pop())))
        server.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(copy), sql.Identifier(like)
            )
        )
        try:
            yield postgres.conninfo(copy)
        finally:
            given_up.append(copy)

"""What every test may use: one real PostgreSQL for the session, started the way the product starts it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest

from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import prepare

ROOT = Path(__file__).parents[1]

# The same few examples every time; `pytest tests/sql/test_properties.py --hypothesis-profile deep` looks for new ones.
hypothesis.settings.register_profile("few", derandomize=True, deadline=None, max_examples=12)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("few")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running server whose database `personapulse` is prepared and stays empty: tests copy it."""
    with tempfile.TemporaryDirectory(prefix="pp-tests-") as folder:
        Path(folder).chmod(0o755)  # under root the server runs as another user
        with EmbeddedPostgres(Home.open(Path(folder) / "home")) as server:
            _do_not_wait_for_the_disk(server)
            prepare(server)
            yield server


def _do_not_wait_for_the_disk(server: EmbeddedPostgres) -> None:
    """Nobody needs this data after the machine has crashed, and a thousand databases are made."""
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"alter system set {setting} = off".encode())
        connection.execute("select pg_reload_conf()")

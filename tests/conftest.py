"""What every test may use: one real PostgreSQL for the session, started the way the product starts it."""

import gc
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import prepare
from tests.servers import server_folder

ROOT = Path(__file__).parents[1]
SHARED = ("tests/e2e/one_day/", "tests/docs/")  # folders whose files share an Airflow, or a home

# The longest files come first, so that none runs alone at the end. Between those with an Airflow stand others: one
# waits while the other process works, two at once would wait for each other.
FIRST = (
    "tests/e2e/test_up.py",
    "tests/sql/test_properties.py",
    "tests/sql/test_dashboard_in_a_browser.py",
    "tests/sql/test_benchmarks.py",
    "tests/sql/test_features_hold.py",
    "tests/sql/test_second_opinion.py",
    "tests/e2e/one_day/",
    "tests/e2e/test_crashes.py",
)

gc.set_threshold(100_000, 30, 30)  # what is loaded and collected stays; to look through it takes half a second

# The same few examples every time; `pytest tests/sql/test_properties.py --hypothesis-profile deep` looks for new ones.
hypothesis.settings.register_profile("few", derandomize=True, deadline=None, max_examples=10)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("few")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first: pytest passes over files that are named before the folder they lie in."""
    items.sort(key=lambda item: turn_of(item.nodeid))


def turn_of(nodeid: str) -> int:
    """Place in the order of `FIRST`; all other tests come after."""
    return next((turn for turn, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


def pytest_collection_finish() -> None:
    """Never look for garbage in what is loaded and collected: pytest itself looks five times at the end."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    return FilesTogether(config, log)


class FilesTogether(LoadFileScheduling):
    """Tests of one file run in one process; of a folder that shares an Airflow, all its files do."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((folder for folder in SHARED if file.startswith(folder)), file)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running server whose database `personapulse` is prepared and stays empty: tests copy it."""
    with server_folder("tests") as folder, EmbeddedPostgres(Home.open(folder / "home")) as server:
        _do_not_wait_for_the_disk(server)
        prepare(server)
        yield server


def _do_not_wait_for_the_disk(server: EmbeddedPostgres) -> None:
    """Nobody needs this data after the machine has crashed, and a thousand databases are made."""
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '256MB'"):
            connection.execute(f"alter system set {setting}".encode())
        connection.execute("select pg_reload_conf()")

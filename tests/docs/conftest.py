"""A home with a small shop, whose newest day is the one the docs speak of; the commands of the docs run in it."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from personapulse import ingest, roles
from personapulse.cli import application
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.intent import decisions
from personapulse.intent.champions import promote
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.environment import Credentials
from personapulse.warehouse import AIRFLOW_DATABASE, DATABASE, connect, prepare

from ..e2e.small_shop import FIRST_DAY, write_day
from ..servers import server_folder
from ..sql.days import build, take_in
from ..sql.models import save
from ..sql.worlds import fingerprint

DAY = datetime.date(2026, 5, 31)
NEXT = datetime.date(2026, 6, 1)
ACCURACY = {
    "name": "accuracy",
    "value": 0.91,
    "comparison": "at least",
    "limit": 0.89,
    "why": "Promised.",
    "passed": True,
}


class Place:
    """A home whose server is running, and its warehouse."""

    def __init__(self, folder: Path) -> None:
        self.home = Home.open(folder)
        self.postgres = EmbeddedPostgres(self.home)

    def run(self, *arguments: str) -> Result:
        around = {"COLUMNS": "200", "PERSONAPULSE_HOME": str(self.home.root)}
        return CliRunner(env=around).invoke(application, arguments)

    def told(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert (result.exit_code, result.exception) == (0, None), (result.output, result.exception)
        return result.stdout

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert isinstance(result.exception, PersonaPulseError), result.output
        return str(result.exception)

    def connect(self, role: str = "postgres") -> psycopg.Connection[Any]:
        return connect(self.postgres.conninfo(DATABASE, role))

    def hashes(self, *schemas: str) -> dict[str, str]:
        with self.connect() as connection:
            return fingerprint(connection, *schemas)

    def take_in(self, source: ingest.Source, *days: datetime.date) -> None:
        """As the dags do, with the rights of each role."""
        with self.connect(roles.LOADER) as loader:
            take_in(loader, source, *days)
        with self.connect(roles.MODELER) as modeler:
            build(modeler, source.settings, days[-1])


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    with server_folder("docs") as folder:
        yield folder


@pytest.fixture(scope="package")
def source(folder: Path) -> ingest.Source:
    for day in (FIRST_DAY, DAY, NEXT):  # the first one tells of users and products
        write_day(folder / "shop", day)
    return ingest.Source(str(folder / "shop"))


@pytest.fixture(scope="package")
def shop(folder: Path, source: ingest.Source) -> Iterator[Place]:
    """The home: a day of marts, a champion, and something Airflow remembers."""
    place = Place(folder / "home")
    with place.postgres:
        prepare(place.postgres)
        place.take_in(source, FIRST_DAY, DAY)
        with place.connect() as connection:
            model = save(connection, place.home.models, trained_for=str(DAY)).model_version
            decisions.record(
                connection, model, decided_for=DAY, passed=True, reasons=[], criteria=[ACCURACY],
                measurements={"accuracy": {"value": 0.91}}, champion_version=None,
            )  # fmt: skip
            promote(
                connection, model, valid_from=DAY, kind="gate", promoted_by="ann", reason="it passed",
                expected_champion=None,
            )  # fmt: skip
        with psycopg.connect(place.postgres.conninfo(AIRFLOW_DATABASE)) as airflow:
            airflow.execute("create table dag_run as select 7 as id")
        Credentials.of(place.home)
        yield place

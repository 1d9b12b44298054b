"""A small shop under a real Airflow that stays, for faults that happen while a day is on its way: `make faults`."""

import datetime
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from personapulse import ingest
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.airflow import CHAIN
from personapulse.service.api import AirflowApi, Run
from personapulse.warehouse import DATABASE, connect, prepare
from tests.servers import server_folder
from tests.sql.days import build, take_in
from tests.sql.worlds import fingerprint

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from houses import Command, House, new_house
from small_shop import FIRST_DAY, make_shop, write_day

PATIENCE = 240  # seconds
HISTORY = 36  # days before the first that goes through Airflow
# What a night would wait minutes for; the defaults are in docs/runbook.md#faults.
SOON = {
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
}


def until(is_so: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Wait until something is so; return what it is."""
    end = time.monotonic() + patience
    while not (found := is_so()):
        assert time.monotonic() < end, f"not within {patience} seconds: {what}"
        time.sleep(0.2)
    return found


@dataclass
class Night:
    """A shop, its house with an Airflow in it, and the day that comes next."""

    house: House
    shop: Path
    day: datetime.date
    command: Command
    api: AirflowApi

    def restart(self) -> None:
        """Type `personapulse up` again."""
        self.api.close()
        self.command = self.house.start("up", "--source", str(self.shop), "--from", str(self.day), env=SOON)
        self.command.wait_for("Press Ctrl-C", PATIENCE)
        self.api = self.house.api(self.command)

    def deliver(self) -> datetime.date:
        """Write the next day's extract; return it."""
        self.day += datetime.timedelta(1)
        write_day(self.shop, self.day)
        return self.day

    def start(self) -> None:
        """Ask for the day, as a person does in Airflow's pages."""
        self.api.trigger_day(CHAIN[0], self.day)

    def runs(self, dag: str, day: datetime.date | None = None) -> list[Run]:
        return [run for run in self.api.runs() if run.dag == dag and run.day == str(day or self.day)]

    def is_published(self, day: datetime.date | None = None) -> bool:
        return any(run.state == "success" for run in self.runs(CHAIN[-1], day))

    def tries(self, task: str) -> int:
        """How often a task of the day's ingestion was tried."""
        (run,) = self.runs(CHAIN[0])
        return max(int(one["try_number"]) for one in self.api.tasks(dag_run_id=run.run) if one["task_id"] == task)

    @contextmanager
    def held_up(self, table: str) -> Iterator[None]:
        """Keep the day's run from writing to a table; yields when it has come there."""
        with self.house.warehouse() as connection, connection.transaction():
            connection.execute(f"lock table {table} in share mode".encode())
            self.start()
            waiting = "select count(*) from pg_locks where not granted and locktype = 'relation'"
            with self.house.warehouse() as looking:
                until(lambda: looking.execute(waiting.encode()).fetchone() != (0,), f"a run that writes to {table}")
            yield

    def processes(self, name: str) -> list[psutil.Process]:
        """Airflow's processes of this home whose command line says so."""
        return [process for process in self.house.processes() if name in " ".join(process.cmdline())]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    shop = make_shop(tmp_path_factory.mktemp("shop"), HISTORY)
    with new_house() as house:
        day = FIRST_DAY + datetime.timedelta(HISTORY - 1)
        command = house.start("up", "--source", str(shop), "--from", str(day), env=SOON)
        command.wait_for("Press Ctrl-C", PATIENCE)
        night = Night(house, shop, day, command, house.api(command))
        yield night
        night.api.close()
        night.command.interrupt()


@pytest.fixture(scope="module")
def undisturbed() -> Iterator[Callable[[Night], dict[str, str]]]:
    """Return a function that says what the night's warehouse must hold: the same days, taken in without any fault."""
    with server_folder("undisturbed") as folder, EmbeddedPostgres(Home.open(folder / "home")) as postgres:
        prepare(postgres)
        with connect(postgres.conninfo(DATABASE)) as connection:
            done: set[datetime.date] = set()
            yield lambda night: expected(connection, night, done)


def expected(connection: psycopg.Connection[Any], night: Night, done: set[datetime.date]) -> dict[str, str]:
    source = ingest.Source(str(night.shop))
    history = FIRST_DAY + datetime.timedelta(HISTORY - 2)
    if not done:
        ingest.load_history(connection, source, FIRST_DAY, history, lambda *_: None)
        days = [history]
    else:
        days = []
    days += [day for day in source.days() if history < day <= night.day and day not in done]
    for day in days:
        if day != history:
            take_in(connection, source, day)
        build(connection, source.settings, day)
        done.add(day)
    return fingerprint(connection)

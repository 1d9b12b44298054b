"""The shop of arithmetic under what docker-compose.yaml starts: `make test-celery`."""

import datetime
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.airflow import CHAIN, COMPONENTS, DAGS, HISTORY
from personapulse.service.api import AirflowApi, Run
from personapulse.warehouse import DATABASE, connect, prepare
from tests.faults.conftest import expected
from tests.servers import server_folder

from .deployment import KEEPERS, Deployment

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from small_shop import FIRST_DAY, make_shop, write_day

PATIENCE = 1200  # seconds
PAST = 36  # days before the first that goes through the dags
WORKERS = ("worker-1", "worker-2")


def until(is_so: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    end = time.monotonic() + patience
    while not (found := is_so()):
        assert time.monotonic() < end, f"not within {patience} seconds: {what}"
        time.sleep(0.3)
    return found


@dataclass
class Live:
    """The deployment, its shop's newest day, and a client of its API."""

    deployment: Deployment
    shop: Path
    day: datetime.date
    api: AirflowApi
    done: set[datetime.date] = field(default_factory=set)

    def deliver(self) -> datetime.date:
        self.day += datetime.timedelta(1)
        write_day(self.shop, self.day)
        return self.day

    def runs(self, dag: str, day: datetime.date | None = None) -> list[Run]:
        return [run for run in self.api.runs() if run.dag == dag and run.day == str(day or self.day)]

    def is_published(self, day: datetime.date | None = None) -> bool:
        return any(run.state == "success" for run in self.runs(CHAIN[-1], day))

    @contextmanager
    def warehouse(self) -> Iterator[psycopg.Connection[Any]]:
        with connect(self.deployment.postgres.conninfo(DATABASE)) as connection:
            yield connection

    @contextmanager
    def held_up(self, table: str) -> Iterator[None]:
        """Keep the day's run from writing to a table; yields when it has come there."""
        with self.warehouse() as connection, connection.transaction():
            connection.execute(f"lock table {table} in share mode".encode())
            self.api.trigger_day(CHAIN[0], self.day)
            waiting = b"select count(*) from pg_locks where not granted and locktype = 'relation'"
            with self.warehouse() as looking:
                until(lambda: looking.execute(waiting).fetchone() != (0,), f"a run that writes to {table}")
            yield


def start(deployment: Deployment) -> None:
    deployment.start("redis")
    until(lambda: deployment.is_healthy("redis"), "Redis")
    for once in ("warehouse-init", "airflow-init"):
        done = deployment.run(once)
        assert done.returncode == 0, done.stdout + done.stderr
    for name in KEEPERS:
        deployment.start(name)
    for host in WORKERS:
        deployment.start("worker", host)


def is_ready(api: AirflowApi) -> bool:
    health = api.health()
    if any(health.get(name) != "healthy" for name in COMPONENTS):
        return False
    assert api.import_errors() == []
    return set(DAGS) <= api.dags()


def load_past(live: Live) -> None:
    ends = {"first_day": str(FIRST_DAY), "last_day": str(live.day - datetime.timedelta(1))}
    run = live.api.trigger(HISTORY, ends)
    until(lambda: live.api.run(HISTORY, run).state in {"success", "failed"}, "the past loaded")
    assert live.api.run(HISTORY, run).state == "success", [
        live.api.log(task) for task in live.api.tasks(state="failed")
    ]


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    shop = make_shop(tmp_path_factory.mktemp("shop"), PAST)
    with server_folder("deployed") as folder:
        deployment = Deployment(folder, shop)
        try:
            with deployment.postgres:
                start(deployment)
                address, password = f"http://127.0.0.1:{deployment.web}", deployment.secret("airflow_admin_password")
                api = AirflowApi(address, "admin", password)
                until(lambda: is_ready(api), "Airflow healthy")
                live = Live(deployment, shop, FIRST_DAY + datetime.timedelta(PAST - 1), api)
                load_past(live)
                yield live
                api.close()
                deployment.processes.stop()
        finally:
            deployment.processes.stop()


@pytest.fixture(scope="session")
def undisturbed() -> Iterator[Callable[[Live], dict[str, str]]]:
    """Return a function that says what the warehouse must hold: the same days, without Airflow, without any fault."""
    with server_folder("undisturbed") as folder, EmbeddedPostgres(Home.open(folder / "home")) as postgres:
        prepare(postgres)
        with connect(postgres.conninfo(DATABASE)) as connection:
            yield lambda live: expected(connection, live, live.done)  # type: ignore[arg-type]

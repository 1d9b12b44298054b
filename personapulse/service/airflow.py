"""Airflow's four programs: started, watched until they are healthy, stopped."""

import importlib.metadata
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from personapulse import warehouse
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.api import AirflowApi
from personapulse.service.processes import Processes

INGEST, SEGMENTS, PUBLISH, HISTORY = "ingest_shop_data", "build_segments", "publish_dashboards", "load_history"
TRAIN, SCORE = "train_intent_model", "score_intent"
OVERRIDE, ROLLBACK = "override_intent_gate", "rollback_intent_model"
EXPORT, MAINTAIN, WATCH = "export_audiences", "maintain_warehouse", "watch_deadline"
CHAIN = (INGEST, SEGMENTS, TRAIN, SCORE, PUBLISH)  # what each day goes through, in this order
GOES_ON = {TRAIN, SCORE}  # where they fail the day goes on, without new scores
DAGS = (*CHAIN, HISTORY, OVERRIDE, ROLLBACK, EXPORT, MAINTAIN, WATCH)

# Logs are read from disk by the API server, so nobody needs to serve them over further ports.
PROGRAMS: dict[str, Sequence[str]] = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")  # as the health page names them
START_SECONDS = 240
POLL = 0.5  # seconds
TAIL = 15  # lines


class Airflow:
    """The Airflow of one home.

    Parameters
    ----------
    home : Home
        Logs go to `home.airflow / "logs"`.
    environment : mapping of str to str
        Of every program, from `airflow_environment`.
    processes : Processes
        Keeps the record of what was started.
    """

    def __init__(self, home: Home, environment: Mapping[str, str], processes: Processes) -> None:
        self._home = home
        self._environment = environment
        self._processes = processes
        self._logs = home.airflow / "logs"
        self._is_heard = False

    def migrate(self, postgres: EmbeddedPostgres) -> bool:
        """Bring Airflow's database up to date; return False if this version has done so before."""
        self._home.airflow.mkdir(parents=True, exist_ok=True)
        marker = self._home.airflow / "migrated.json"
        version = importlib.metadata.version("apache-airflow")
        if _has_tables(postgres) and marker.exists() and json.loads(marker.read_text()) == version:
            return False
        log = self._logs / "migrate.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            done = subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=dict(self._environment),
                cwd=self._home.airflow,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if done.returncode:
            raise PersonaPulseError(f"Airflow's database could not be made. {_tail(log)}")
        marker.write_text(json.dumps(version))
        return True

    def start(self) -> None:
        """Start the four programs; they become healthy later."""
        for name, arguments in PROGRAMS.items():
            self._processes.start(
                name,
                [sys.executable, "-m", "airflow", *arguments],
                environment=self._environment,
                folder=self._home.airflow,
                log=self._logs / f"{name}.log",
            )

    def wait_until_healthy(self, api: AirflowApi) -> None:
        """Wait for every component, and for the dags to be read.

        Raises
        ------
        PersonaPulseError
            If a program ends, a dag cannot be read, or it takes too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready(api):
            self.refuse_if_ended()
            if time.monotonic() > deadline:
                health = ", ".join(f"{name}: {status}" for name, status in api.health().items()) or "no answer"
                raise PersonaPulseError(
                    f"Airflow is not healthy after {START_SECONDS} seconds ({health}). Its logs are in {self._logs}."
                )
            time.sleep(POLL)

    def refuse_if_ended(self) -> None:
        """Raise if one of the programs has ended by itself."""
        if name := self._processes.ended():
            raise PersonaPulseError(f"Airflow's {name} has ended. {_tail(self._logs / f'{name}.log')}")

    def _is_ready(self, api: AirflowApi) -> bool:
        self._is_heard = self._is_heard or self._processes.listens("api-server", api.port)
        if not self._is_heard:
            return False  # else another Airflow might answer at the same address
        health = api.health()
        if any(health.get(name) != "healthy" for name in COMPONENTS):
            return False
        if errors := api.import_errors():
            raise PersonaPulseError("Airflow cannot read a dag.\n" + "\n".join(errors))
        return set(DAGS) <= api.dags()


def local_address(port: int) -> str:
    """Address of the API server on this machine."""
    return f"http://127.0.0.1:{port}"


def _has_tables(postgres: EmbeddedPostgres) -> bool:
    with psycopg.connect(postgres.conninfo(warehouse.AIRFLOW_DATABASE)) as connection:
        row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    return bool(row and row[0])


def _tail(log: Path) -> str:
    """Return the last lines of a log, and where it is."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL:]
    return f"The end of {log}:\n  " + "\n  ".join(lines)

"""Each service says itself whether it is well, holds its own secrets only, and writes nowhere but where it may."""

import csv
import io
import json
from pathlib import Path

import psutil
import pytest

from .conftest import WORKERS, Live, until
from .deployment import KEEPERS

# In the image, and the volumes on it.
IN_AIRFLOWS_HOME = {"airflow.cfg", "init.sh", "personapulse", "logs", "models", "report"}


@pytest.mark.parametrize("name", ["redis", *KEEPERS])
def test_a_service_that_runs_is_healthy(live: Live, name: str) -> None:
    assert live.deployment.is_healthy(name)


def test_a_worker_that_was_killed_is_red_and_green_once_it_is_back(live: Live) -> None:
    host = WORKERS[0]
    if is_up(live, host):
        live.deployment.kill(host)
    assert not live.deployment.is_healthy("worker", host)
    live.deployment.start("worker", host)
    until(lambda: live.deployment.is_healthy("worker", host), f"{host} healthy")


def is_up(live: Live, host: str) -> bool:
    return any(session.name == host for session in live.deployment.processes.leftovers())


def test_a_worker_knows_one_secret(live: Live) -> None:
    deployment = live.deployment
    assert {file.name for file in (deployment.folder / "given" / "worker").iterdir()} == {"celery_broker_url"}
    living = [process for host in WORKERS if is_up(live, host) for process in deployment.session(host)]
    told = "\n".join(map(environment, living))
    assert "AIRFLOW__CELERY__BROKER_URL_CMD" in told
    assert [name for name, value in secrets(live).items() if value in told] == []


def environment(process: psutil.Process) -> str:
    try:
        return str(process.environ())
    except psutil.Error:  # a task that has ended
        return ""


def secrets(live: Live) -> dict[str, str]:
    """Every password and key by itself, whatever file it is in."""
    files = live.deployment.secrets()
    return {name: text for name, text in files.items() if not name.endswith((".json", ".acl"))} | passwords(files)


def passwords(files: dict[str, str]) -> dict[str, str]:
    return dict(json.loads(files["roles.json"]))


def test_no_secret_is_written_into_a_log(live: Live) -> None:
    files = [*log_files(live.deployment.folder / "output"), *log_files(live.deployment.airflow / "logs")]
    assert len(files) > 20
    texts = {file: file.read_text(errors="replace") for file in files}
    told = {(name, file.name) for name, value in secrets(live).items() for file in texts if value in texts[file]}
    assert told == set()


def log_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_nothing_is_written_where_a_container_could_not(live: Live) -> None:
    home = "home"  # of the commands by hand: in memory, gone with their container
    assert {path.name for path in live.deployment.airflow.iterdir()} - {home} == IN_AIRFLOWS_HOME


def test_by_hand_a_command_asks_the_same_warehouse(live: Live) -> None:
    question = "select count(distinct as_of_date) as days, max(as_of_date) as newest from marts.rfm"
    done = live.deployment.run("tools", ["personapulse", "query", question])
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["newest"] == str(live.day), done.stderr
    assert live.deployment.run("tools", ["personapulse", "query", "drop table marts.rfm"]).returncode == 1
    assert "Small shop" in live.deployment.run("tools", ["personapulse", "doctor"]).stdout

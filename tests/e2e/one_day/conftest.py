"""One shop day through the real scheduler, for every test in this folder: mail, a web hook, Power BI, metrics and
logs in JSON are set up, and `up` stays. The tests build on each other in the order of the files and in them, as a
start of Airflow takes its time; they run in one process (`tests/conftest.py`).

The shop has no pattern in it, so the gate refuses the model of the day.
"""

import datetime
from dataclasses import dataclass
from pathlib import Path

import pytest
from houses import new_house

from personapulse.powerbi_service.double import PowerBIDouble
from personapulse.service.api import AirflowApi
from personapulse.simulate import extracts

from .inbox import Hook, Mails
from .watchers import Meter

PATIENCE = 480  # seconds
FIRST, DAYS = datetime.date(2026, 1, 1), 56  # just old enough to train on


@dataclass(frozen=True)
class Shop:
    """A shop's extracts up to a day; the next day's are at hand."""

    folder: Path
    newest: datetime.date
    _aside: Path

    @property
    def next(self):
        return self.newest + datetime.timedelta(1)

    def deliver_next(self):
        self._aside.rename(self.folder / str(self.next))


@pytest.fixture(scope="package")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("noise")
    simulated = {"users": 150, "days": DAYS + 1, "seed": 3, "first_day": FIRST, "has_signal": False}
    extracts.simulate_shop(folder / "extracts", lambda *told: None, **simulated)
    shop = Shop(folder / "extracts", FIRST + datetime.timedelta(DAYS - 1), folder / "next")
    (shop.folder / str(shop.next)).rename(folder / "next")
    return shop


@pytest.fixture(scope="package")
def double(tmp_path_factory):
    with PowerBIDouble(tmp_path_factory.mktemp("double")) as double:
        yield double


@pytest.fixture(scope="package")
def mails():
    with Mails() as mails:
        yield mails


@pytest.fixture(scope="package")
def hook():
    with Hook() as hook:
        yield hook


@pytest.fixture(scope="package")
def meter():
    with Meter() as meter:
        yield meter


@pytest.fixture(scope="package")
def opener(tmp_path_factory):
    """Stands for the browser of who starts `up`: writes down the address it is to open."""
    program = tmp_path_factory.mktemp("opener") / "open"
    program.write_text(f'#!/bin/sh\necho "$1" > {program}.txt\n')
    program.chmod(0o755)
    return program


@pytest.fixture(scope="package")
def house():
    with new_house() as house:
        yield house


@dataclass(frozen=True)
class Up:
    """`up`, which has taken the newest day through the dags and stays; and its Airflow."""

    output: str
    api: AirflowApi


@pytest.fixture(scope="package")
def up(house, shop, double, mails, hook, meter, opener):
    around = {
        "BROWSER": f"{opener} %s",
        "AIRFLOW_CONN_SMTP_DEFAULT": mails.connection,
        "AIRFLOW_CONN_APPRISE_DEFAULT": hook.connection,
        "AIRFLOW_VAR_PERSONAPULSE_ALERT_TO": "ada@example.org, bob@example.org",
        "AIRFLOW_VAR_PERSONAPULSE_DIGEST_TO": "eve@example.org",
        "AIRFLOW_VAR_PERSONAPULSE_DIGEST_DAY": shop.newest.strftime("%A"),
        "AIRFLOW__LOGGING__JSON_LOGS": "True",
    }
    arguments = ("--source", str(shop.folder), "--from", str(shop.newest), "--open")
    command = house.start("up", *arguments, env=double.environment() | meter.environment | around)
    command.wait_for("Press Ctrl-C", PATIENCE)
    api = house.api(command)
    yield Up(command.output, api)
    api.close()
    command.interrupt()


@pytest.fixture(scope="package")
def api(up):
    return up.api

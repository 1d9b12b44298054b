"""The double of Power BI as `up --with-powerbi-double` starts it."""

import json
import ssl

import httpx
import pytest

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.powerbi_service.double import RECORD
from personapulse.service import doubles
from personapulse.service.leftovers import process_record
from personapulse.service.processes import Processes


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path)


@pytest.fixture
def processes(home):
    processes = Processes(process_record(home))
    yield processes
    processes.stop()
    assert processes.members() == []


def test_it_answers_whom_it_has_told_how_and_only_on_this_machine(home, processes, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "intranet")
    (home.run / RECORD).write_text("of the time before")
    doubles.start_double(home, processes)
    double = doubles.wait_for_double(home, processes)
    assert double.address.startswith("https://127.0.0.1:")
    assert double.environment["NO_PROXY"] == "intranet,127.0.0.1"
    connection = json.loads(double.environment["AIRFLOW_CONN_POWERBI_DEFAULT"])
    trusting = ssl.create_default_context(cafile=connection["extra"]["verify"])
    with httpx.Client(verify=trusting, trust_env=False) as client:
        assert client.get(double.address).json() == {"refreshes": []}
        told = client.post(f"{double.address}/double/next", json={"status": "Cancelled"})
        assert told.json()["next"][0]["status"] == "Cancelled"
        assert client.post(f"{double.address}/double/next", json={"status": "Cancelled", "odd": 1}).status_code == 400


def test_one_that_does_not_start_is_told_with_its_log(home, processes, monkeypatch):
    monkeypatch.setattr(doubles.sys, "executable", "/bin/false")
    doubles.start_double(home, processes)
    with pytest.raises(PersonaPulseError, match=r"powerbi-double\.log"):
        doubles.wait_for_double(home, processes)

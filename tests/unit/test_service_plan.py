import dataclasses
import datetime
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

import pytest

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.ingest import Source
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.environment import NEVER, Credentials, Shop, airflow_environment
from personapulse.service.interrupts import Interrupts
from personapulse.service.leftovers import stop_home
from personapulse.service.lock import HomeLock
from personapulse.service.plan import bind_source, claimed_port, make_plan


def day(text):
    return datetime.date.fromisoformat(text)


@pytest.fixture
def shop(tmp_path):
    """Return a function that makes a source with the given days."""

    def make(*days):
        folder = tmp_path / "shop"
        for name in days:
            (folder / name).mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        return folder

    return make


@pytest.fixture
def home(tmp_path):
    return Home.open(tmp_path / "home")


def test_the_newest_three_days_are_run_by_default_and_the_days_before_are_the_past(shop):
    plan = make_plan(str(shop("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04")), None, None)
    assert plan.days == (day("2026-01-02"), day("2026-01-03"), day("2026-01-04"))
    assert plan.before == (day("2026-01-01"),)


def test_a_source_with_fewer_days_is_run_whole(shop):
    assert make_plan(str(shop("2026-01-01")), None, None).days == (day("2026-01-01"),)


def test_days_after_the_wanted_ones_are_left_alone(shop):
    plan = make_plan(str(shop("2026-01-01", "2026-01-02", "2026-01-03")), "2026-01-02", "2026-01-02")
    assert (plan.days, plan.before) == ((day("2026-01-02"),), (day("2026-01-01"),))


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-01-03", "2026-01-01", r"--from 2026-01-03 is after --to 2026-01-01"),
        ("2025-12-31", None, r"--from 2025-12-31: .* it has 2026-01-01 to 2026-01-05"),
        (None, "2026-01-06", r"--to 2026-01-06: .* it has 2026-01-01 to 2026-01-05"),
        ("1.2.2026", None, r"--from '1\.2\.2026' is no day; write it like 2026-01-31"),
        (None, "20260102", r"--to '20260102' is no day"),
        ("2026-01-01", "2026-01-05", r"no folder for 2026-01-04\. Deliver it"),
    ],
)
def test_days_that_cannot_be_run_are_refused_with_a_way_out(shop, first, last, message):
    source = shop("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-05")
    with pytest.raises(PersonaPulseError, match=message):
        make_plan(str(source), first, last)


def test_a_source_without_days_is_refused(shop):
    with pytest.raises(PersonaPulseError, match="holds no days"):
        make_plan(str(shop()), None, None)


def test_a_relative_source_is_made_absolute(shop, monkeypatch):
    folder = shop("2026-01-01")
    monkeypatch.chdir(folder.parent)
    assert make_plan("shop", None, None).source.url == str(folder)


def test_nights_are_run_only_for_a_shop_that_still_delivers(shop):
    old = make_plan(str(shop("2026-01-01")), None, None)
    assert old.shop().first_night == NEVER
    today = datetime.datetime.now(datetime.UTC).date()
    yesterday = today - datetime.timedelta(days=1)
    live = make_plan(str(shop(yesterday.isoformat())), yesterday.isoformat(), None)
    assert live.shop().first_night == today + datetime.timedelta(days=1)  # takes in today, at its end


def test_a_home_stays_with_its_source(home, shop):
    source = Source(str(shop("2026-01-01")))
    bind_source(home, source)
    bind_source(home, source)
    with pytest.raises(PersonaPulseError, match=r"holds the shop of .*/shop, not of .*--home"):
        bind_source(home, Source(str(home.root)))


def test_a_port_in_use_is_refused_when_asked_for_and_avoided_when_not(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("personapulse.service.plan.DEFAULT_PORT", port)
        with pytest.raises(PersonaPulseError, match=f"Port {port} is in use"), claimed_port(port):
            pass
        with claimed_port(None) as other:
            assert other != port
    with claimed_port(port) as claimed:
        assert claimed == port


def test_two_that_start_at_once_choose_different_ports():
    with claimed_port(None) as first:
        with claimed_port(None) as second:
            assert second != first
        with pytest.raises(PersonaPulseError, match=f"Port {first} is in use"), claimed_port(first):
            pass
    with claimed_port(first) as again:
        assert again == first


def test_a_number_that_is_no_port_is_refused():
    with pytest.raises(PersonaPulseError, match="Port 70000 is no port"), claimed_port(70000):
        pass


def test_a_second_holder_is_told_who_the_first_is(home):
    with HomeLock(home) as first:
        first.tell("http://127.0.0.1:8080")
        with pytest.raises(PersonaPulseError, match=r"process \d+, http://127.0.0.1:8080"), HomeLock(home):
            pass
    with HomeLock(home):
        pass


def test_the_lock_of_a_killed_holder_is_free(home):
    script = (
        "import sys, time; from pathlib import Path; from personapulse.home import Home\n"
        "from personapulse.service.lock import HomeLock\n"
        "with HomeLock(Home.open(Path(sys.argv[1]))): print('held', flush=True); time.sleep(600)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(home.root)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    assert not HomeLock(home).try_lock()
    holder.kill()
    holder.wait()
    assert HomeLock(home).try_lock()


def test_down_ends_the_holder_and_says_so(home):
    script = (
        "import sys, time; from pathlib import Path; from personapulse.home import Home\n"
        "from personapulse.service.lock import HomeLock\n"
        "with HomeLock(Home.open(Path(sys.argv[1]))): print('held', flush=True); time.sleep(600)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, str(home.root)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    assert stop_home(home) == [f"process {holder.pid}"]
    assert holder.wait(10) != 0
    assert stop_home(home) == []


def test_secrets_are_made_once_and_readable_by_their_owner_only(home):
    first = Credentials.of(home)
    assert Credentials.of(home) == first
    assert len(first.password) >= 16
    for name in ("keys.json", "login.json"):
        assert stat.S_IMODE((home.root / name).stat().st_mode) == 0o600


def test_airflow_is_bound_to_this_machine_and_to_this_home(home, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("AIRFLOW__API__HOST", "0.0.0.0")
    monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", "kept")
    shop = Shop("file:///shop", "Asia/Tokyo", NEVER)
    environment = airflow_environment(home, EmbeddedPostgres(home), shop, 8123)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__API__PORT"] == "8123"
    assert environment["AIRFLOW_HOME"] == str(home.airflow)
    assert environment["PERSONAPULSE_TIME_ZONE"] == "Asia/Tokyo"
    assert environment["PERSONAPULSE_DEADLINE"] == "06:00"
    assert int(environment["AIRFLOW__CORE__TASK_SUCCESS_OVERTIME"]) > 60  # an alert over a slow mail server
    never = airflow_environment(home, EmbeddedPostgres(home), dataclasses.replace(shop, deadline=None), 8123)
    assert never["PERSONAPULSE_DEADLINE"] == "off"
    assert environment["AIRFLOW_CONN_POWERBI_DEFAULT"] == "kept"
    assert "PYTHONDONTWRITEBYTECODE" not in environment  # every start would compile Airflow anew
    assert json.loads(environment["AIRFLOW_CONN_SHOP_WAREHOUSE"])["schema"] == "personapulse"


INTERRUPTED = """
import os, signal, sys, threading
from personapulse.service.interrupts import Interrupts
hurry = threading.Event()
interrupts = Interrupts(hurry)
number = getattr(signal, sys.argv[1])
with interrupts.handled():
    try:
        with interrupts.held():
            os.kill(os.getpid(), number)
            print("finished what was held")
        print("not reached")
    except KeyboardInterrupt:
        print("interrupted", hurry.is_set())
    os.kill(os.getpid(), number)
    print("hurry", hurry.is_set())
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_signal_interrupts_and_the_second_hurries(name):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, name], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["finished what was held", "interrupted False", "hurry True"]


def test_a_signal_while_stopping_only_hurries():
    hurry = threading.Event()
    interrupts = Interrupts(hurry)
    with interrupts.handled():
        interrupts.stopping()
        os.kill(os.getpid(), signal.SIGTERM)
        assert hurry.wait(5)

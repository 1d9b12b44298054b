"""Power BI's refresh at the end of the chain: the real operator, scheduler and triggerer, against a double on loopback.

The tests build on each other in the order of the file, because each start of Airflow takes its time.
"""

import datetime
import time

import pytest
from inbox import Mails
from small_shop import FIRST_DAY, make_shop, write_day

from personapulse.powerbi_service.double import PowerBIDouble, Scripted
from personapulse.service.airflow import INGEST, PUBLISH

DAYS, BACKFILLED = 7, 5
NEWEST = FIRST_DAY + datetime.timedelta(DAYS - 1)
FIRST_BACKFILLED = NEWEST - datetime.timedelta(BACKFILLED - 1)
PATIENCE = 240  # seconds


@pytest.fixture(scope="module")
def double(tmp_path_factory):
    with PowerBIDouble(tmp_path_factory.mktemp("double")) as double:
        yield double


@pytest.fixture(scope="module")
def mails():
    with Mails() as mails:
        yield mails


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"), DAYS)


@pytest.fixture(scope="module")
def api(house, shop, double, mails):
    """Airflow after a backfill of five days, with Power BI and mail set up; it stays."""
    alerts = {
        "AIRFLOW_CONN_SMTP_DEFAULT": mails.connection,
        "AIRFLOW_VAR_PERSONAPULSE_ALERT_TO": "ada@example.org",
    }
    command = house.start(
        "up", "--source", str(shop), "--from", str(FIRST_BACKFILLED), env=double.environment() | alerts
    )
    command.wait_for("Press Ctrl-C", 2 * PATIENCE)
    api = house.api(command)
    yield api
    api.close()
    command.interrupt()


def newest_run(api, day):
    return max((run for run in api.runs() if run.dag == PUBLISH and run.day == str(day)), key=lambda run: run.since)


def tasks_of(api, run):
    tasks = api._all(f"/api/v2/dags/{PUBLISH}/dagRuns/{run.run}/taskInstances", "task_instances")
    return {task["task_id"]: task for task in tasks}


def states_of(api, run):
    return {name: task["state"] for name, task in tasks_of(api, run).items()}


def log_of(api, run, task):
    return " ".join(str(line) for line in api.log(tasks_of(api, run)[task]))


def until(found):
    """Wait until `found` returns something, and return that."""
    end = time.monotonic() + PATIENCE
    while not (it := found()):
        assert time.monotonic() < end
        time.sleep(0.5)
    return it


def publish_again(api):
    """Trigger the newest day's publication by hand; return its run."""
    before = {run.run for run in api.runs()}
    api.trigger_day(PUBLISH, NEWEST)
    return until(lambda: next((run for run in api.runs() if run.dag == PUBLISH and run.run not in before), None))


def ended(api, run):
    """Wait for a run's end; return it as it is then."""
    return until(lambda: (now := api.run(PUBLISH, run.run)).state in {"success", "failed"} and now)


def test_a_backfill_of_five_days_refreshes_once_for_the_newest(api, double):
    assert double.model.asked("POST") == 1
    states = {
        day: states_of(api, newest_run(api, day))
        for day in (FIRST_BACKFILLED + datetime.timedelta(number) for number in range(BACKFILLED))
    }
    newest = states.pop(NEWEST)
    assert newest == {"write_report": "success", "wait_for_turn": "success", "refresh_powerbi": "success"}
    waiting = {"write_report": "success", "wait_for_turn": "skipped", "refresh_powerbi": "skipped"}
    assert list(states.values()) == [waiting] * (BACKFILLED - 1)
    eve = FIRST_BACKFILLED - datetime.timedelta(1)  # of the history that was loaded before
    assert states_of(api, newest_run(api, eve)) == waiting


def test_a_failed_refresh_is_red_at_once_with_power_bis_words_and_people_are_told(api, double, mails):
    error = {"errorCode": "ModelRefreshFailed_CredentialsNotSpecified", "errorDescription": "No credentials."}
    double.model.script.append(Scripted("Failed", error=error))
    run = ended(api, publish_again(api))
    assert run.state == "failed"
    words = "Power BI says the refresh is Failed. ModelRefreshFailed_CredentialsNotSpecified: No credentials."
    assert words in log_of(api, run, "refresh_powerbi")
    assert tasks_of(api, run)["refresh_powerbi"]["try_number"] == 1
    ((_, mail),) = mails.received
    assert f"does not show {NEWEST}" in mail["subject"]
    assert words in " ".join(mail.get_body(("html",)).get_content().split())


def test_used_up_refreshes_skip_the_day_and_people_are_told(api, double, mails):
    told = len(mails.received)
    for _ in range(8):
        double.model.remember("Scheduled", ago=5, plan=Scripted(seconds=0))
    run = ended(api, publish_again(api))
    assert run.state == "success"
    assert states_of(api, run)["refresh_powerbi"] == "skipped"
    assert "and the licence allows 8" in log_of(api, run, "refresh_powerbi")
    assert len(mails.received) == told + 1
    double.model.refreshes.clear()


def test_a_cleared_run_asks_for_a_new_refresh(api, double):
    double.model.script.append(Scripted("Cancelled"))
    run = ended(api, publish_again(api))
    assert "Power BI says the refresh is Cancelled. It gives no reason." in log_of(api, run, "refresh_powerbi")
    asked = double.model.asked("POST")
    api.clear(run)
    until(lambda: api.run(PUBLISH, run.run).state == "success")
    assert double.model.asked("POST") == asked + 1


def test_the_newest_day_waits_for_one_on_its_way_which_then_refreshes_in_its_place(api, shop, double):
    following, asked = NEWEST + datetime.timedelta(1), double.model.asked("POST")
    write_day(shop, following)
    api._call("PATCH", f"/api/v2/dags/{INGEST}", json={"is_paused": True})
    api.backfill(INGEST, following, following, again=False)
    run = publish_again(api)
    until(lambda: states_of(api, run).get("wait_for_turn") == "deferred")
    api.unpause(INGEST)
    assert ended(api, run).state == "success"
    assert states_of(api, run) == {"write_report": "success", "wait_for_turn": "skipped", "refresh_powerbi": "skipped"}
    assert f"{following} is in core and newer" in log_of(api, run, "wait_for_turn")
    its_own = until(lambda: next((run for run in api.runs() if run.dag == PUBLISH and run.day == str(following)), None))
    assert ended(api, its_own).state == "success"
    assert states_of(api, its_own)["refresh_powerbi"] == "success"
    assert double.model.asked("POST") == asked + 1

"""What is asked of Power BI and when, and how the task ends: the real hook and sign-in against the double."""

import datetime
import json
import time
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, TaskDeferred
from refreshing import HOUR, MINUTE, TABLES, begun, outcome, trigger

from personapulse.errors import PersonaPulseError
from personapulse.powerbi_service.double import Fault, Scripted
from personapulse.powerbi_service.history import GOING_ON
from personapulse_airflow import alerts
from personapulse_airflow.refresh import RefreshPowerBI

FIVE_MINUTES = 5 * MINUTE
QUICK = Scripted(seconds=0)


def test_a_refresh_that_ends_well_is_green(power_bi):
    event = outcome(trigger())
    assert (event["status"], event["dataset_refresh_status"]) == ("success", "Completed")
    assert event["dataset_refresh_id"] == power_bi.refreshes[0].request_id
    assert power_bi.asked("POST") == 1


@pytest.mark.parametrize("status", ["Failed", "Disabled", "Cancelled", "TimedOut"])
def test_any_other_end_is_told_at_once_in_power_bis_own_words(power_bi, status):
    power_bi.script.append(
        Scripted(status, 0.2, {"errorCode": "ModelRefreshFailed", "errorDescription": "No gateway."})
    )
    event = outcome(trigger())
    assert event["status"] == "error"
    assert f"Power BI says the refresh is {status}. ModelRefreshFailed: No gateway." in event["message"]
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


def test_a_refresh_somebody_cancels_meanwhile_is_told(power_bi):
    power_bi.script.append(Scripted(seconds=60))
    power_bi.faults.append(Fault("GET", 500, seconds=0))  # a look that goes wrong in between

    async def cancel():
        power_bi.cancel(await begun(power_bi))

    assert "says the refresh is Cancelled" in outcome(trigger(), meanwhile=cancel)["message"]


def test_a_refresh_that_runs_is_waited_for_before_one_is_asked_for(power_bi):
    power_bi.remember("Scheduled", ago=FIVE_MINUTES, plan=Scripted(seconds=FIVE_MINUTES + 1))
    assert outcome(trigger())["status"] == "success"
    assert [one.kind for one in power_bi.refreshes] == ["Scheduled", "ViaApi"]
    assert power_bi.asked("POST") == 1  # none was refused


def test_a_refresh_that_runs_on_and_on_is_named(power_bi):
    other = power_bi.remember("OnDemand", ago=FIVE_MINUTES, plan=Scripted(seconds=HOUR))
    event = outcome(trigger(seconds=0.5))
    assert event["status"] == "error"
    assert f"{other.request_id}, OnDemand" in event["message"]
    assert power_bi.asked("POST") == 0


def test_one_that_begins_between_look_and_request_is_waited_for(power_bi, monkeypatch):
    look, looks = power_bi.history, []

    def late(top=None):
        if not looks:
            looks.append(1)
            rows = look(top)
            power_bi.remember("OnDemand", ago=60, plan=Scripted(seconds=61))  # after the look, and before the request
            return rows
        return look(top)

    monkeypatch.setattr(power_bi, "history", late)
    assert outcome(trigger())["status"] == "success"
    assert power_bi.asked("POST") == 2  # one was refused as another was executing
    assert [one.kind for one in power_bi.refreshes] == ["OnDemand", "ViaApi"]


@pytest.mark.parametrize("kind", ["Scheduled", "OnDemand", "ViaApi"])
@pytest.mark.parametrize("seconds", [0, 1])
def test_one_that_began_after_the_figures_were_there_needs_no_other(power_bi, kind, seconds):
    asked = trigger()
    other = power_bi.remember(kind, plan=Scripted(seconds=seconds))
    event = outcome(asked)
    assert (event["status"], event["dataset_refresh_id"]) == ("success", other.request_id)
    assert power_bi.asked("POST") == 0


def test_a_failure_of_somebody_elses_is_not_ours(power_bi):
    asked = trigger()
    power_bi.remember("Scheduled", plan=Scripted("Failed", 0))
    assert outcome(asked)["status"] == "success"
    assert power_bi.asked("POST") == 1


def test_used_up_refreshes_skip_the_day_and_nothing_is_asked_for(power_bi):
    for number in range(8):
        power_bi.remember("Scheduled" if number % 2 else "ViaApi", ago=3 - number / 8, plan=QUICK)
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)).isoformat()
    event = outcome(trigger(since=soon))
    assert event["status"] == "skipped"
    assert "refreshed 8 times today" in event["message"]
    assert "the licence allows 8" in event["message"]
    assert power_bi.asked("POST") == 0


def test_a_running_refresh_is_looked_at_no_more_often_than_asked(power_bi):
    power_bi.script.append(Scripted(seconds=1))
    outcome(trigger(check_interval=0.25))
    assert 3 <= power_bi.asked("GET") <= 6


def test_a_slow_refresh_is_left_running_when_its_time_is_up(power_bi):
    power_bi.script.append(Scripted(seconds=HOUR))
    event = outcome(trigger(seconds=1))
    assert event["status"] == "error"
    assert "still runs after the time it is given" in event["message"]
    assert power_bi.asked("DELETE") == 0


def test_chosen_tables_are_refreshed_where_the_capacity_allows_it(power_bi):
    power_bi.is_premium = True
    assert outcome(trigger(request_body=TABLES, daily_limit=None))["status"] == "success"
    assert (power_bi.refreshes[0].kind, power_bi.refreshes[0].body) == ("ViaEnhancedApi", TABLES)


def test_chosen_tables_are_refused_on_shared_capacity(power_bi):
    event = outcome(trigger(request_body=TABLES, daily_limit=None))
    assert event["status"] == "error"
    assert "Enhanced refresh needs a Premium capacity" in event["message"]


def test_an_ordinary_refresh_sends_no_body(power_bi):
    outcome(trigger())
    assert power_bi.refreshes[0].body is None


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_clocks_that_differ_do_not_matter(power_bi, ahead):
    power_bi.clock_ahead = ahead
    earlier = power_bi.remember("Scheduled", ago=FIVE_MINUTES, plan=QUICK)
    since = datetime.datetime.now(datetime.UTC).isoformat()
    event = outcome(trigger(since=since))
    assert event["dataset_refresh_id"] != earlier.request_id
    assert outcome(trigger(since=since))["dataset_refresh_id"] == event["dataset_refresh_id"]
    assert power_bi.asked("POST") == 1


CONTEXT = {"partition_key": "2026-03-01", "dag_run": SimpleNamespace(start_date=datetime.datetime.now(datetime.UTC))}


@pytest.fixture
def told(monkeypatch):
    told = []
    monkeypatch.setattr(alerts, "power_bi_is_stale", lambda context, reason: told.append(reason))
    return told


@pytest.mark.parametrize(
    ("status", "error"), [("skipped", AirflowSkipException), ("error", PersonaPulseError), ("away", AirflowException)]
)
def test_only_what_may_get_better_is_tried_again(status, error, told):
    event = {"status": status, "message": "words", "dataset_refresh_id": None, "dataset_refresh_status": None}
    with pytest.raises(error, match="words") as raised:
        RefreshPowerBI(task_id="refresh").execute_complete(CONTEXT, event)
    assert type(raised.value) is error
    assert told == (["words"] if status == "skipped" else [])  # a failed task's own callback tells the others


def test_what_the_variable_says_is_asked_for(monkeypatch):
    said = {"workspace": "w", "dataset": "d", "tables": ["Months"], "timeout_minutes": 10, "check_seconds": 5}
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_POWERBI", json.dumps(said))
    with pytest.raises(TaskDeferred) as deferred:
        RefreshPowerBI(task_id="refresh").execute(CONTEXT)
    arguments = deferred.value.trigger.serialize()[1]
    assert (arguments["group_id"], arguments["dataset_id"], arguments["check_interval"]) == ("w", "d", 5)
    assert (arguments["request_body"], arguments["daily_limit"]) == (TABLES, None)
    assert arguments["deadline"] - time.time() == pytest.approx(600, abs=30)
    assert arguments["since"] == CONTEXT["dag_run"].start_date.isoformat()


def test_every_running_state_the_service_knows_is_waited_for():
    assert {"Unknown", "InProgress", "NotStarted"} == GOING_ON

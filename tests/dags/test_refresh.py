"""What becomes of a refresh however Power BI behaves: the real hook and sign-in against the double."""

import asyncio
import contextlib
import datetime
import json
import time
from types import SimpleNamespace

import pytest
from airflow.providers.microsoft.azure.hooks.msgraph import KiotaRequestAdapterHook
from airflow.providers.microsoft.azure.hooks.powerbi import PowerBIHook
from airflow.sdk.exceptions import AirflowException, AirflowSkipException, TaskDeferred

from personapulse.errors import PersonaPulseError
from personapulse.powerbi_service.double import DATASET, WORKSPACE, Fault, PowerBIDouble, Scripted
from personapulse.powerbi_service.history import GOING_ON
from personapulse_airflow import alerts, refresh
from personapulse_airflow.refresh import RefreshPowerBI, RefreshTrigger

FIVE_MINUTES, HOUR = 300, 3600
TABLES = {"type": "full", "commitMode": "transactional", "applyRefreshPolicy": True, "objects": [{"table": "Months"}]}
QUICK = Scripted(seconds=0)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with PowerBIDouble(tmp_path_factory.mktemp("double")) as double:
        yield double


@pytest.fixture
def double(running, monkeypatch):
    """The service with an empty history, and the Airflow connection to it."""
    running.model.reset()
    running.forget_tokens()
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    KiotaRequestAdapterHook.cached_request_adapters.clear()
    return running


@pytest.fixture
def power_bi(double):
    return double.model


def trigger(seconds=20.0, **changed):
    arguments = {
        "conn_id": "powerbi_default",
        "group_id": WORKSPACE,
        "dataset_id": DATASET,
        "check_interval": 0.1,
        "since": datetime.datetime.now(datetime.UTC).isoformat(),
        "deadline": time.time() + seconds,
        "daily_limit": 8,
    }
    return RefreshTrigger(**(arguments | changed))


def outcome(asked, at_most=30.0):
    """Run a trigger to its end, the way the triggerer does; return what it tells the task."""

    async def first():
        try:
            return (await asyncio.wait_for(anext(asked.run()), at_most)).payload
        finally:
            await PowerBIHook().close()

    return asyncio.run(first())


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
        while not power_bi.refreshes:
            await asyncio.sleep(0.05)
        power_bi.cancel(power_bi.refreshes[0].request_id)

    async def both():
        cancelling = asyncio.create_task(cancel())
        try:
            return (await asyncio.wait_for(anext(trigger().run()), 20)).payload
        finally:
            await cancelling
            await PowerBIHook().close()

    assert "says the refresh is Cancelled" in asyncio.run(both())["message"]


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


def test_throttling_is_honoured_to_the_second(power_bi):
    power_bi.faults.append(Fault("POST", 429, {"Retry-After": "2"}))
    began = time.monotonic()
    assert outcome(trigger())["status"] == "success"
    assert time.monotonic() - began > 2
    assert (power_bi.asked("POST"), len(power_bi.refreshes)) == (2, 1)


def test_throttled_looks_are_honoured_too(power_bi):
    power_bi.faults.append(Fault("GET", 429, {"Retry-After": "1"}))
    began = time.monotonic()
    assert outcome(trigger())["status"] == "success"
    assert time.monotonic() - began > 1


def test_throttled_for_longer_than_there_is_time_is_tried_again_later(power_bi):
    power_bi.faults.append(
        Fault("POST", 429, {"Retry-After": "7200"}, {"error": {"code": "TooMany", "message": "Rest."}})
    )
    event = outcome(trigger())
    assert event["status"] == "away"
    assert "Power BI answered 429: TooMany: Rest." in event["message"]
    assert power_bi.refreshes == []


@pytest.mark.parametrize("status", [None, 500, 503, 504])
def test_an_answer_that_is_lost_does_not_lead_to_a_second_refresh(power_bi, status):
    power_bi.faults.append(Fault("POST", status, takes_effect=True))
    assert outcome(trigger())["status"] == "success"
    assert (power_bi.asked("POST"), len(power_bi.refreshes)) == (1, 1)


@pytest.mark.parametrize("status", [None, 503])
def test_a_request_that_was_lost_is_sent_again_after_a_look(power_bi, status):
    power_bi.faults.append(Fault("POST", status))
    assert outcome(trigger())["status"] == "success"
    asked = [method for method, _ in power_bi.requests if method in {"GET", "POST"}]
    assert asked[:4] == ["GET", "POST", "GET", "POST"]
    assert len(power_bi.refreshes) == 1


def test_dropped_connections_while_it_runs_change_nothing(power_bi):
    power_bi.script.append(Scripted(seconds=1))
    for _ in range(3):
        power_bi.faults.append(Fault("GET"))
    assert outcome(trigger())["status"] == "success"
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


def test_without_any_answer_airflow_tries_again_later_and_nothing_is_cancelled(power_bi):
    power_bi.faults += [Fault("GET")] * 50
    event = outcome(trigger())
    assert event["status"] == "away"
    assert "Power BI did not answer" in event["message"]
    assert (power_bi.asked("GET"), power_bi.asked("POST"), power_bi.asked("DELETE")) == (refresh.TRIES, 0, 0)


def test_the_next_try_takes_up_the_refresh_it_lost_sight_of(power_bi):
    since = datetime.datetime.now(datetime.UTC).isoformat()
    power_bi.script.append(Scripted(seconds=1))
    first = trigger(since=since)
    first._follow = lost
    assert outcome(first)["status"] == "away"
    event = outcome(trigger(since=since))
    assert (event["status"], event["dataset_refresh_id"]) == ("success", power_bi.refreshes[0].request_id)
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


async def lost(calls, request_id):
    from personapulse_airflow.powerbi_calls import AwayError  # noqa: PLC0415

    raise AwayError("Power BI did not answer")


def test_a_restarted_triggerer_goes_on_with_the_refresh_that_runs(power_bi):
    power_bi.script.append(Scripted(seconds=2))
    asked = trigger()
    with contextlib.suppress(TimeoutError):
        outcome(asked, at_most=1)  # killed
    assert len(power_bi.refreshes) == 1
    _, arguments = asked.serialize()
    assert outcome(RefreshTrigger(**arguments))["status"] == "success"
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


def test_an_expired_token_is_renewed(double, power_bi):
    power_bi.script.append(Scripted(seconds=0.5))

    async def expire():
        while not power_bi.refreshes:
            await asyncio.sleep(0.05)
        double.forget_tokens()

    async def both():
        expiring = asyncio.create_task(expire())
        try:
            return (await asyncio.wait_for(anext(trigger().run()), 20)).payload
        finally:
            await expiring
            await PowerBIHook().close()

    assert asyncio.run(both())["status"] == "success"
    assert (power_bi.asked("TOKEN"), power_bi.asked("POST"), power_bi.asked("DELETE")) == (2, 1, 0)


def test_a_wrong_secret_is_told_in_the_sign_ins_words(double, power_bi, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection(password="old"))
    event = outcome(trigger())
    assert event["status"] == "error"
    assert "AADSTS7000215: Invalid client secret provided." in event["message"]
    assert power_bi.asked("POST") == 0


def test_a_secret_mended_meanwhile_is_taken_without_a_restart(double, power_bi, monkeypatch):
    async def both():
        monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection(password="old"))
        first = (await anext(trigger().run())).payload
        monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection())
        second = (await anext(trigger().run())).payload
        await PowerBIHook().close()
        return first["status"], second["status"]

    assert asyncio.run(both()) == ("error", "success")


def test_a_sign_in_that_is_away_is_tried_again(power_bi):
    power_bi.faults.append(Fault("TOKEN", 503))
    assert outcome(trigger())["status"] == "success"


def test_a_connection_without_tenant_says_so(double, monkeypatch):
    extra = json.loads(double.connection())["extra"]
    del extra["tenant_id"]
    monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection(extra=extra))
    event = outcome(trigger())
    assert event["status"] == "error"
    assert "The connection cannot be used" in event["message"]
    assert "tenant" in event["message"]


def test_missing_rights_are_told_in_power_bis_words(power_bi):
    body = {"error": {"code": "PowerBINotAuthorizedException", "message": "No rights."}}
    power_bi.faults += [Fault("POST", 403, body=body)] * 2
    event = outcome(trigger())
    assert event["status"] == "error"
    assert "Power BI answered 403: PowerBINotAuthorizedException: No rights." in event["message"]


def test_a_model_that_is_not_there_is_told(power_bi):
    event = outcome(trigger(dataset_id="nobody"))
    assert event["status"] == "error"
    assert "Power BI answered 404: ItemNotFound: Dataset is not found" in event["message"]


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


def test_a_refresh_that_was_accepted_without_a_name_is_found(power_bi):
    power_bi.faults.append(Fault("POST", 202, takes_effect=True))
    event = outcome(trigger())
    assert (event["status"], event["dataset_refresh_id"]) == ("success", power_bi.refreshes[0].request_id)


def test_a_refresh_that_vanishes_is_told(power_bi, monkeypatch):
    monkeypatch.setattr(power_bi, "history", lambda top=None: [])
    event = outcome(trigger(check_interval=0.02))
    assert event["status"] == "error"
    assert "does not list it" in event["message"]


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

import asyncio
import contextlib
import time

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException, TaskDeferred

from personapulse.errors import PersonaPulseError
from personapulse_airflow import shared, turn
from personapulse_airflow.turn import TurnTrigger, WaitForTurn

DAY, LATER = "2026-03-01", "2026-03-02"
CONTEXT = {"partition_key": DAY}


class House:
    """What core and Airflow would say."""

    def __init__(self):
        self.newest, self.coming = DAY, 0


@pytest.fixture
def house(monkeypatch):
    house = House()
    monkeypatch.setattr(turn, "newest_day", lambda: shared.day_of(house.newest))
    monkeypatch.setattr(turn, "days_on_their_way", lambda: house.coming)
    monkeypatch.setattr(shared, "Connection", type("Known", (), {"get": staticmethod(lambda name: name)}))
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_POWERBI", '{"workspace": "w", "dataset": "d", "wait_minutes": 2}')
    return house


def test_the_newest_day_goes_on_when_no_other_is_coming(house):
    WaitForTurn(task_id="wait").execute(CONTEXT)


def test_an_older_day_is_skipped_whatever_is_coming(house):
    house.newest = LATER
    for house.coming in (0, 3):
        with pytest.raises(AirflowSkipException, match="2026-03-02 is in core and newer than 2026-03-01"):
            WaitForTurn(task_id="wait").execute(CONTEXT)


def test_the_newest_so_far_waits_while_another_is_coming(house):
    house.coming = 1
    with pytest.raises(TaskDeferred) as deferred:
        WaitForTurn(task_id="wait").execute(CONTEXT)
    assert deferred.value.trigger.deadline - time.time() == pytest.approx(120, abs=30)
    assert deferred.value.method_name == "after_waiting"


def test_after_waiting_it_goes_on_unless_a_newer_one_came(house):
    WaitForTurn(task_id="wait").after_waiting(CONTEXT, {})
    house.newest = LATER
    with pytest.raises(AirflowSkipException):
        WaitForTurn(task_id="wait").after_waiting(CONTEXT, {})


def fires(trigger, within):
    async def first():
        await asyncio.wait_for(anext(trigger.run()), within)

    try:
        asyncio.run(first())
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(("newest", "coming", "fired"), [(DAY, 1, False), (DAY, 0, True), (LATER, 1, True)])
def test_waiting_ends_when_it_is_clear_whose_turn_it_is(house, newest, coming, fired):
    house.newest, house.coming = newest, coming
    assert fires(TurnTrigger(DAY, time.time() + 60, poll_seconds=0.05), 0.5) is fired


def test_waiting_ends_when_its_time_is_up_so_that_a_stuck_run_holds_up_nobody(house):
    house.coming = 1
    assert fires(TurnTrigger(DAY, time.time() + 0.2, poll_seconds=0.05), 5)


def test_a_restarted_triggerer_makes_the_same_trigger_again():
    path, arguments = TurnTrigger(DAY, deadline=12.5, poll_seconds=3).serialize()
    assert path == f"{TurnTrigger.__module__}.TurnTrigger"
    assert TurnTrigger(**arguments).serialize() == (path, arguments)


def test_nightly_runs_that_wait_for_the_shop_are_not_on_their_way(monkeypatch):
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance  # noqa: PLC0415

    asked = []

    def runs(*, dag_id, states):
        asked.append((dag_id, tuple(states)))
        return {"ingest_shop_data": 3, "load_history": 1}[dag_id]

    monkeypatch.setattr(RuntimeTaskInstance, "get_dr_count", staticmethod(runs))
    monkeypatch.setattr(RuntimeTaskInstance, "get_ti_count", staticmethod(lambda **_: 1))
    assert turn.days_on_their_way() == 3
    assert set(asked) == {("ingest_shop_data", ("queued", "running")), ("load_history", ("queued", "running"))}


def unknown(name):
    raise AirflowNotFoundException(name)


def test_without_a_connection_the_day_is_skipped_and_it_is_said(house, monkeypatch):
    monkeypatch.setattr(shared.Connection, "get", staticmethod(unknown))
    with pytest.raises(AirflowSkipException, match=r"not set up \(no connection powerbi_default"):
        WaitForTurn(task_id="wait").execute(CONTEXT)


def test_without_a_variable_the_day_is_skipped_and_it_is_said(house, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_POWERBI", "")
    with pytest.raises(AirflowSkipException, match=r"not set up \(no Variable personapulse_powerbi"):
        WaitForTurn(task_id="wait").execute(CONTEXT)


def test_a_wrong_variable_fails_before_anybody_waits(house, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_POWERBI", "{}")
    with pytest.raises(PersonaPulseError, match="lacks 'workspace'"):
        WaitForTurn(task_id="wait").execute(CONTEXT)


@pytest.mark.parametrize(("days", "newest"), [([DAY, LATER], LATER), ([], "0001-01-01")])
def test_the_newest_day_is_the_newest_that_is_whole(monkeypatch, days, newest):
    monkeypatch.setattr(turn.shared, "warehouse", contextlib.nullcontext)
    monkeypatch.setattr(turn.ingest, "loaded_days", lambda connection: {shared.day_of(day) for day in days})
    assert str(turn.newest_day()) == newest

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import TaskDeferred

from personapulse.errors import PersonaPulseError
from personapulse_airflow.extract import ExtractTrigger, WaitForExtract

DAY = "2026-01-02"
SETTINGS = "lacks: [returns, product_views]\n"


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A shop that delivers users, products and orders; its day has everything but the orders."""
    (tmp_path / "source.yaml").write_text(SETTINGS)
    (tmp_path / DAY).mkdir()
    (tmp_path / DAY / "users.csv").write_text("user_id\n")
    (tmp_path / DAY / "products.csv").write_text("product_id,name,category\n")
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_SOURCE", str(tmp_path))
    return tmp_path


def deliver_orders(source):
    (source / DAY / "orders.csv").write_text("order_id,user_id,order_date,payment_status,product_id,amount\n")


def run_of(run_type):
    return {"partition_key": DAY, "dag_run": SimpleNamespace(run_type=run_type)}


@pytest.mark.parametrize("run_type", ["backfill", "manual", "asset_triggered"])
def test_a_run_that_is_not_nightly_fails_at_once_and_names_what_is_missing(source, run_type):
    with pytest.raises(PersonaPulseError, match=f"{DAY}.*{source}/{DAY}/orders.csv"):
        WaitForExtract(task_id="wait").execute(run_of(run_type))


def test_a_complete_extract_is_not_waited_for(source):
    deliver_orders(source)
    WaitForExtract(task_id="wait").execute(run_of("scheduled"))


def test_a_nightly_run_waits_as_long_as_the_variable_says(source, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_WAIT_HOURS", "2")
    with pytest.raises(TaskDeferred) as deferred:
        WaitForExtract(task_id="wait").execute(run_of("scheduled"))
    assert deferred.value.trigger.deadline - time.time() == pytest.approx(2 * 3600, abs=60)
    assert deferred.value.method_name == "after_waiting"


@pytest.mark.parametrize("said", ["six", "", "-1", "nan", "1e9"])
def test_hours_that_cannot_be_waited_are_refused_by_the_variables_name(source, monkeypatch, said):
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_WAIT_HOURS", said)
    with pytest.raises(PersonaPulseError, match="personapulse_wait_hours must be hours from 0 to 168"):
        WaitForExtract(task_id="wait").execute(run_of("scheduled"))


def test_waiting_ends_when_the_last_file_arrives(source):
    trigger = ExtractTrigger(str(source), DAY, deadline=time.time() + 60, poll_seconds=0.05)
    threading.Timer(0.3, deliver_orders, [source]).start()
    assert event_of(trigger) == {"missing": []}
    WaitForExtract(task_id="wait").after_waiting(run_of("scheduled"), {"missing": []})


def test_waiting_in_vain_fails_naming_what_is_missing(source):
    event = event_of(ExtractTrigger(str(source), DAY, deadline=time.time() + 0.2, poll_seconds=0.05))
    assert event == {"missing": [f"{source}/{DAY}/orders.csv", f"{source}/{DAY}/order_items.csv"]}
    with pytest.raises(PersonaPulseError, match=r"orders\.csv"):
        WaitForExtract(task_id="wait").after_waiting(run_of("scheduled"), event)


def test_a_file_that_is_still_arriving_is_waited_for(source):
    (source / DAY / "orders.csv").write_text("order_id,us")
    with pytest.raises(TaskDeferred):
        WaitForExtract(task_id="wait").execute(run_of("scheduled"))
    trigger = ExtractTrigger(str(source), DAY, deadline=time.time() + 60, poll_seconds=0.05)
    threading.Timer(0.3, deliver_orders, [source]).start()
    assert event_of(trigger) == {"missing": []}


def test_looking_does_not_hold_up_other_triggers(source, monkeypatch):
    slow = ExtractTrigger(str(source), DAY, deadline=0)
    monkeypatch.setattr(slow, "_missing", lambda: time.sleep(0.5) or [])

    async def beats():
        waiting = asyncio.create_task(_first(slow))
        count = 0
        while not waiting.done():
            count += 1
            await asyncio.sleep(0.02)
        return count

    assert asyncio.run(beats()) > 5


def test_a_restarted_triggerer_makes_the_same_trigger_again(source):
    path, arguments = ExtractTrigger(str(source), DAY, deadline=12.5, poll_seconds=3).serialize()
    assert path == f"{ExtractTrigger.__module__}.ExtractTrigger"
    assert ExtractTrigger(**arguments).serialize() == (path, arguments)


def event_of(trigger):
    return asyncio.run(asyncio.wait_for(_first(trigger), 10))


async def _first(trigger):
    return (await anext(trigger.run())).payload

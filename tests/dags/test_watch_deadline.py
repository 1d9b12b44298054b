"""When the watch looks, and what a book that cannot be kept does to a run: nothing."""

import datetime
import json
import logging
import socket
import time
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from psycopg.conninfo import conninfo_to_dict

import personapulse_ledger
from personapulse.postgres import EmbeddedPostgres
from tests.servers import database


def watch(monkeypatch, read_dags, deadline):
    monkeypatch.setenv("PERSONAPULSE_TIME_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("PERSONAPULSE_DEADLINE", deadline)
    return read_dags()


def test_it_looks_at_the_deadline_where_the_shop_is_for_the_day_that_ended(monkeypatch, read_dags):
    dag = watch(monkeypatch, read_dags, "06:30").dags["watch_deadline"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    midnight = datetime.datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Tokyo"))
    run = timetable.next_dagrun_info_v2(
        last_dagrun_info=None, restriction=TimeRestriction(earliest=midnight, latest=None, catchup=True)
    )
    assert run.run_after == midnight.replace(hour=6, minute=30)
    assert run.partition_key == "2026-03-01"


def test_it_does_not_look_where_nobody_waits(monkeypatch, read_dags):
    bag = watch(monkeypatch, read_dags, "off")
    assert bag.import_errors == {}
    assert not bag.dags["watch_deadline"].timetable.can_be_scheduled


def test_a_deadline_that_is_none_is_an_import_error_that_names_it(monkeypatch, read_dags):
    (error,) = watch(monkeypatch, read_dags, "6 o'clock").import_errors.values()
    assert "PERSONAPULSE_DEADLINE must be a time of day such as 06:00, or off" in error


def test_a_backfills_days_are_skipped_and_a_skipped_task_tells_nobody(bag):
    task = bag.dags["watch_deadline"].get_task("is_published")
    with pytest.raises(AirflowSkipException, match="Nobody waits this morning for 2026-03-01"):
        task.python_callable(partition_key="2026-03-01", dag_run=SimpleNamespace(run_type="backfill"))
    assert task.on_failure_callback
    assert not task.on_skipped_callback


def test_a_backfill_of_it_has_each_days_own_key(monkeypatch, read_dags):
    dag = watch(monkeypatch, read_dags, "06:30").dags["watch_deadline"]
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    first = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    infos = timetable.iter_partition_dagrun_infos(earliest=first, latest=first + datetime.timedelta(1))
    assert [info.partition_key for info in infos] == [
        "2026-03-01"
    ]  # as its tick is not midnight, the last day is left out


@pytest.fixture
def run():
    """A run as the scheduler hands it to its listeners."""
    started = datetime.datetime(2026, 3, 2, tzinfo=datetime.UTC)
    tasks = [
        SimpleNamespace(task_id="stage_extract", try_number=1, state="success"),
        SimpleNamespace(task_id="merge_core", try_number=3, state="failed"),
        SimpleNamespace(task_id="never", try_number=0, state="upstream_failed"),
    ]
    return SimpleNamespace(
        dag_id="ingest_shop_data", run_id="scheduled__1", partition_key="2026-03-01", run_type="scheduled",
        start_date=started, end_date=started + datetime.timedelta(seconds=5), task_instances=tasks,
    )  # fmt: skip


def connect_to(monkeypatch, **where):
    address = json.dumps({"conn_type": "postgres", **where})
    for name in ("SHOP_MODELER", "SHOP_WAREHOUSE"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", address)


def test_a_failed_run_is_in_the_ledger_with_its_tries_and_what_failed(monkeypatch, postgres: EmbeddedPostgres, run):
    with database(postgres, "ledger") as conninfo:
        where = conninfo_to_dict(conninfo)
        connect_to(
            monkeypatch, host=where["host"], port=int(where["port"]), login=where["user"], schema=where["dbname"]
        )
        personapulse_ledger.on_dag_run_running(run, "")
        personapulse_ledger.on_dag_run_failed(run, "")
        run.dag_id = "somebody_elses"
        personapulse_ledger.on_dag_run_success(run, "")
        with psycopg.connect(conninfo) as connection:
            told = connection.execute(
                "select dag_id, day::text, outcome, seconds::int, tasks_tried, failed_tasks from ops.runs"
            )
            assert told.fetchall() == [("ingest_shop_data", "2026-03-01", "failed", 5, 4, ["merge_core"])]


def test_a_warehouse_that_does_not_answer_costs_a_row_and_seconds_and_never_the_run(monkeypatch, run, caplog):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection and says nothing
        connect_to(monkeypatch, host="127.0.0.1", port=silent.getsockname()[1], login="x", schema="x")
        begin = time.monotonic()
        with caplog.at_level(logging.WARNING):
            personapulse_ledger.on_dag_run_success(run, "")
        assert time.monotonic() - begin < 15
    assert "The run scheduled__1 of ingest_shop_data is not in ops.runs" in caplog.text

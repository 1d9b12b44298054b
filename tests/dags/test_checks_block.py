"""A mart check that fails fails its task, and the day, which that task would announce, is not published."""

import datetime
from contextlib import contextmanager

import pytest

from personapulse.errors import PersonaPulseError
from personapulse.ingest import Source
from personapulse.warehouse import connect
from personapulse_airflow import shared
from tests.servers import database

DAY = datetime.date(2026, 3, 2)
FOLLOWING = {"train_intent_model": "marts", "score_intent": "intent_model"}


@pytest.fixture
def conninfo(postgres):
    """A warehouse in which no mart was ever built."""
    with database(postgres, "blocked") as conninfo:
        yield conninfo


def test_a_failing_check_fails_the_task_that_would_announce_the_day(bag, conninfo, tmp_path, monkeypatch):
    @contextmanager
    def warehouse(login):
        assert login == shared.MODELER
        with connect(conninfo) as connection:
            yield connection

    monkeypatch.setattr(shared, "warehouse", warehouse)
    monkeypatch.setattr(shared, "source", lambda: Source(tmp_path.as_uri()))
    task = bag.dags["build_segments"].get_task("check_marts")
    with pytest.raises(PersonaPulseError, match="Check kpi_daily_is_there of marts failed for 2026-03-02"):
        task.python_callable(partition_key=str(DAY), params={"restated": False})
    assert [outlet.name for outlet in task.outlets] == ["marts"]
    assert task.trigger_rule == "all_success"
    with connect(conninfo) as connection:
        told = connection.execute("select rule from ops.data_quality where finding_count > 0 and severity = 'fail'")
        assert "kpi_daily_is_there" in {rule for (rule,) in told}


def test_only_an_announced_day_is_scored_and_published(bag):
    follows = {dag: bag.dags[dag].timetable.asset_condition.name for dag in (*FOLLOWING, "publish_dashboards")}
    assert follows == FOLLOWING | {"publish_dashboards": "purchase_intent"}

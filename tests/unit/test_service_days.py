import datetime

import pytest

from personapulse.service.airflow import CHAIN
from personapulse.service.api import Run
from personapulse.service.days import Days, explain

DAY = datetime.date(2026, 1, 2)
INGEST, SEGMENTS, TRAIN, SCORE, PUBLISH = CHAIN


class Told:
    """Stands where the REST API does, and tells what a test gives it."""

    def __init__(self):
        self.rows = []
        self.tasks = []
        self.lines = []

    def runs(self, since=None):
        return iter(self.rows)

    def failed_tasks(self, run):
        return self.tasks

    def log(self, task):
        return self.lines


def run_of(dag, state, number=1, seconds=1.0):
    return Run(dag, f"run-{number}", str(DAY), state, seconds, f"2026-01-03T00:00:0{number}Z")


def days_after(*rows):
    told = Told()
    days = Days(told, (DAY,))
    read(days, told, *rows)
    return days, told


def read(days, told, *rows):
    told.rows = list(rows)
    days.read()


def test_a_day_is_green_when_all_its_dags_are():
    days, told = days_after(*(run_of(dag, "success") for dag in CHAIN[:-1]))
    assert (days.is_green(DAY), days.is_settled(DAY), days.done()) == (False, False, 4)
    read(days, told, run_of(PUBLISH, "success"))
    assert (days.is_green(DAY), days.is_settled(DAY), days.done()) == (True, True, 5)


@pytest.mark.parametrize(("dag", "is_green"), [(TRAIN, True), (SCORE, False)])
def test_a_day_goes_on_where_no_model_can_serve_it(dag, is_green):
    days, told = days_after(*(run_of(one, "failed" if one == dag else "success") for one in CHAIN[:-1]))
    assert not days.is_settled(DAY)
    read(days, told, run_of(PUBLISH, "success"))
    assert (days.is_green(DAY), days.is_settled(DAY)) == (is_green, True)


def test_the_newest_run_of_a_day_counts_whatever_the_order():
    days, _ = days_after(run_of(INGEST, "success", number=2), run_of(INGEST, "failed", number=1))
    assert days.state(INGEST, DAY) == "success"


def test_a_day_is_settled_where_its_chain_breaks():
    days, _ = days_after(run_of(INGEST, "success"), run_of(SEGMENTS, "failed"))
    assert (days.is_green(DAY), days.is_settled(DAY)) == (False, True)


def test_a_link_that_never_comes_is_given_up(monkeypatch):
    days, _ = days_after(run_of(INGEST, "success"))
    assert not days.is_settled(DAY)
    monkeypatch.setattr("personapulse.service.days.LINK_SECONDS", -1.0)
    assert days.is_settled(DAY)


def test_runs_of_other_days_and_dags_do_not_count():
    other = Run(INGEST, "x", "2026-01-09", "success", 1.0, "")
    days, _ = days_after(other, run_of("load_history", "success"))
    assert days.done() == 0


def test_forgotten_runs_count_again_only_when_they_change():
    before = [run_of(dag, "success") for dag in CHAIN]
    days, told = days_after(*before)
    days.forget(DAY)
    read(days, told, *before)
    assert days.done() == 0
    # cancelled while the scheduler had just started it: it runs on, and no new run is made
    read(days, told, run_of(INGEST, "running", seconds=None))
    assert days.state(INGEST, DAY) == "running"


def test_a_failure_is_told_in_the_errors_own_words():
    told = Told()
    told.tasks = [{"task_id": "stage_extract"}]
    told.lines = [
        {"event": "/logs/attempt=1.log"},
        {
            "event": "Task failed",
            "error_detail": [{"exc_type": "PersonaPulseError", "exc_value": "orders.csv, line 7"}],
        },
        {"event": "afterwards", "level": "error"},
    ]
    (failure,) = explain(told, run_of(INGEST, "failed"))
    assert (failure.task, failure.reason, failure.log) == ("stage_extract", "orders.csv, line 7", "/logs/attempt=1.log")


def test_an_error_of_another_kind_is_told_with_its_kind():
    told = Told()
    told.tasks = [{"task_id": "build_sales"}]
    told.lines = [{"error_detail": [{"exc_type": "UndefinedColumn", "exc_value": "no column x"}]}]
    (failure,) = explain(told, run_of(SEGMENTS, "failed"))
    assert failure.reason == "UndefinedColumn: no column x"


def test_a_run_that_no_task_failed_says_so():
    (failure,) = explain(Told(), run_of(INGEST, "failed"))
    assert "ended from outside" in failure.reason

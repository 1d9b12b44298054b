"""Days go through two Celery workers, one of them killed: each is published once, with the figures it should have."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil

from personapulse.service.airflow import CHAIN
from tests.sql.worlds import fingerprint

from .conftest import WORKERS, Live, until

Expected = Callable[[Live], dict[str, str]]


def is_whole(live: Live, undisturbed: Expected) -> None:
    with live.warehouse() as connection:
        held = fingerprint(connection)
    wanted = undisturbed(live)
    assert {name for name in wanted if held[name] != wanted[name]} == set()


def test_two_days_in_a_backfill(live: Live, undisturbed: Expected) -> None:
    first, last = live.day, live.deliver()
    live.api.backfill(CHAIN[0], first, last, again=False)
    until(lambda: live.is_published(first) and live.is_published(last), f"{first} and {last} published")
    is_whole(live, undisturbed)


def test_a_worker_killed_in_the_middle_of_a_task(live: Live, undisturbed: Expected) -> None:
    live.deliver()
    with live.held_up("core.order_facts"):
        host = until(lambda: worker_at(live, "merge_core"), "a worker at merge_core")
        live.deployment.kill(host)
        assert not live.deployment.is_healthy("worker", host)
    until(live.is_published, f"{live.day} published by the other worker")
    is_whole(live, undisturbed)
    assert task_of(live, "merge_core")["try_number"] == 2


def task_of(live: Live, name: str) -> dict[str, Any]:
    """A task of the newest day's ingestion, which has begun."""
    (run,) = live.runs(CHAIN[0])
    (task,) = [task for task in live.api.tasks() if (task["dag_run_id"], task["task_id"]) == (run.run, name)]
    return task


def worker_at(live: Live, name: str) -> str | None:
    """The worker that has a task under way: one of its processes has the task's id as its title."""
    title = f"airflow worker -- {task_of(live, name)['id']}"
    return next((host for host in WORKERS if title in titles(live, host)), None)


def titles(live: Live, host: str) -> str:
    told = []
    for process in live.deployment.session(host):
        with suppress(psutil.Error):  # it has ended
            told += process.cmdline()
    return "\n".join(told)


def test_the_worker_that_is_left_loaded_what_tasks_need_before_they_came(live: Live) -> None:
    (host,) = [session.name for session in live.deployment.processes.leftovers() if session.name in WORKERS]
    main = live.deployment.session(host)[0]
    assert "MainProcess" in " ".join(main.cmdline())
    assert any("sklearn" in library.path for library in main.memory_maps())

"""Days go through two Celery workers, one of them killed: each is published once, with the figures it should have."""

from collections.abc import Callable
from typing import Any

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
        (host,) = [host for host in WORKERS if is_at(live, host, "merge_core")]
        live.deployment.kill(host)
        assert not live.deployment.is_healthy("worker", host)
    until(live.is_published, f"{live.day} published by the other worker")
    is_whole(live, undisturbed)
    assert task_of(live, "merge_core")["try_number"] == 2


def task_of(live: Live, name: str) -> dict[str, Any]:
    """A task of the newest day's ingestion."""
    (run,) = live.runs(CHAIN[0])
    (task,) = [task for task in live.api.tasks(dag_run_id=run.run) if task["task_id"] == name]
    return task


def is_at(live: Live, host: str, name: str) -> bool:
    """Whether a worker has a task under way: a process of its own has the task's id as its title."""
    title = f"airflow worker -- {task_of(live, name)['id']}"
    return any(title in " ".join(process.cmdline()) for process in live.deployment.session(host))


def test_the_worker_that_is_left_loaded_what_tasks_need_before_they_came(live: Live) -> None:
    (host,) = [session.name for session in live.deployment.processes.leftovers() if session.name in WORKERS]
    main = live.deployment.session(host)[0]
    assert "MainProcess" in " ".join(main.cmdline())
    assert any("sklearn" in library.path for library in main.memory_maps())

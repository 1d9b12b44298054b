"""Days go through two Celery workers, one of them killed: each is published once, with the figures it should have."""

import datetime
from collections.abc import Callable

from personapulse.service.airflow import CHAIN
from tests.sql.worlds import fingerprint

from .conftest import WORKERS, Live, until

Expected = Callable[[Live], dict[str, str]]


def is_whole(live: Live, undisturbed: Expected) -> None:
    with live.warehouse() as connection:
        held = fingerprint(connection)
    wanted = undisturbed(live)
    assert {name for name in wanted if held[name] != wanted[name]} == set()


def test_three_days_in_a_backfill(live: Live, undisturbed: Expected) -> None:
    first = live.day
    for _ in range(2):
        live.deliver()
    live.api.backfill(CHAIN[0], first, live.day, again=False)
    for number in range(3):
        day = first + datetime.timedelta(number)
        until(lambda day=day: live.is_published(day), f"{day} published")  # type: ignore[misc]
    is_whole(live, undisturbed)


def test_a_worker_killed_in_the_middle_of_a_task(live: Live, undisturbed: Expected) -> None:
    live.deliver()
    with live.held_up("core.order_facts"):
        (host,) = [host for host in WORKERS if is_at_work(live, host)]
        live.deployment.kill(host)
        assert not live.deployment.is_healthy("worker", host)
    until(live.is_published, f"{live.day} published by the other worker")
    is_whole(live, undisturbed)
    (run,) = live.runs(CHAIN[0])
    tries = {task["task_id"]: task["try_number"] for task in live.api.tasks(dag_run_id=run.run)}
    assert tries["merge_core"] == 2


def is_at_work(live: Live, host: str) -> bool:
    """Whether a worker has a task under way: those are its children's children."""
    return any("supervisor" in " ".join(process.cmdline()) for process in live.deployment.session(host))

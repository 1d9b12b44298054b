"""What breaks while a day is on its way; each time the day is published in the end, with the figures it should have."""

import datetime
import re
from collections.abc import Callable

import pytest

from personapulse.errors import PersonaPulseError
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.airflow import CHAIN
from tests.sql.worlds import fingerprint

from .conftest import PATIENCE, Night, until

Expected = Callable[[Night], dict[str, str]]


def is_whole(night: Night, undisturbed: Expected) -> None:
    """The newest day is published, and the warehouse holds what it holds without a fault."""
    until(night.is_published, f"{night.day} published")
    with night.house.warehouse() as connection:
        held = fingerprint(connection)
    wanted = undisturbed(night)
    assert {name for name in wanted if held[name] != wanted[name]} == set()


@pytest.mark.parametrize("title", ["airflow worker -- 0", "airflow worker -- LocalExecutor: 0"], ids=["task", "worker"])
def test_a_killed_worker(night: Night, undisturbed: Expected, title: str) -> None:
    night.deliver()
    with night.held_up("core.order_facts"):
        (victim,) = night.processes(title)[:1]
        for process in [*victim.children(recursive=True), victim]:
            process.kill()
    is_whole(night, undisturbed)
    assert night.tries("merge_core") == 2


def test_a_killed_scheduler(night: Night, undisturbed: Expected) -> None:
    night.deliver()
    with night.held_up("core.order_facts"):
        (scheduler,) = night.processes("-m airflow scheduler")
        scheduler.kill()
        assert night.command.wait(PATIENCE) == 1
        assert "Airflow's scheduler has ended." in night.command.output
    night.restart()
    is_whole(night, undisturbed)


def test_a_database_that_is_killed_and_started_again(night: Night, undisturbed: Expected) -> None:
    night.deliver()
    postgres = EmbeddedPostgres(night.house.home)
    night.start()
    until(lambda: any(run.state == "running" for run in night.runs(CHAIN[0])), "a run under way")
    server = postgres.process()
    assert server
    server.kill()
    server.wait(PATIENCE)
    with postgres:  # as who looks after it does
        until(lambda: is_settled(night), "published, or `up` ended")
        if night.command.process.poll() is not None:
            assert re.search(r"Airflow's \S+ has ended\.", night.command.output)
            night.restart()
        is_whole(night, undisturbed)


def is_settled(night: Night) -> bool:
    """Whether the day is published, or `up` has given up."""
    try:
        return night.command.process.poll() is not None or night.is_published()
    except PersonaPulseError:  # `up` is about to end
        return False


def test_the_same_day_asked_for_three_times_at_once(night: Night, undisturbed: Expected) -> None:
    day = night.deliver()
    night.api.backfill(CHAIN[0], day, day, again=False)
    for _ in range(2):
        night.start()
    runs = until(lambda: ended(night, CHAIN[0], 3), "three runs of the day")
    assert runs == ["success"] * 3
    until(lambda: ended(night, CHAIN[1], 1), "segments")
    is_whole(night, undisturbed)


def ended(night: Night, dag: str, count: int) -> list[str]:
    """States of the day's runs of a dag, once so many have ended and none is on its way."""
    states = [run.state for run in night.runs(dag)]
    return states if len(states) >= count and set(states) <= {"success", "failed"} else []


def test_a_day_that_arrives_late_is_waited_for(night: Night) -> None:
    """A backfill does not wait: it fails with the address of what is missing, and is taken up when it has come."""
    missing = night.day + datetime.timedelta(1)
    until(lambda: not night.api.open_backfills(CHAIN[0]), "no backfill under way")
    night.api.backfill(CHAIN[0], missing, missing, again=False)
    until(lambda: any(run.state == "failed" for run in night.runs(CHAIN[0], missing)), "a failed run")
    (run,) = night.runs(CHAIN[0], missing)
    (task,) = night.api.failed_tasks(run)
    said = " ".join(str(line) for line in night.api.log(task))
    assert re.search(rf"The extract of {missing} is incomplete; missing: \S+/{missing}", said)
    night.deliver()
    night.api.clear(run)
    until(night.is_published, f"{missing} published")

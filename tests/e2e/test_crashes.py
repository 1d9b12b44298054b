"""Killed at any moment, run again: nothing is lost, nothing is doubled. Two runs at once take turns.

Workers are real processes, the server is one of our own; both die of kill -9 here, at random moments of real work.
"""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any

import psutil
import psycopg
import pytest
from crash_house import DELIVERED, PATIENCE, STORY, CrashHouse, Worker
from crowd import BAD
from ingesting import LOST, REFUSED

from personapulse.warehouse import connect, prepare
from tests.servers import server_folder
from tests.sql.oracle import COUNTED, Oracle

TRIES = 12  # a round in which a kill came too late is played again


@pytest.fixture(scope="module")
def house() -> Iterator[CrashHouse]:
    with server_folder("crashes") as folder:
        house = CrashHouse(folder)
        with house.postgres:
            prepare(house.postgres)
            yield house


class Undisturbed:
    """What a run without a crash ends as, and how long it takes."""

    def __init__(self, house: CrashHouse, way: str) -> None:
        conninfo = house.new_warehouse()
        worker = house.worker(conninfo, way)
        began = time.monotonic()
        worker.go().finish()
        self.seconds = time.monotonic() - began
        self.conninfo = conninfo
        self.result = house.result(conninfo)


@pytest.fixture(scope="module")
def undisturbed(house: CrashHouse) -> dict[str, Undisturbed]:
    return {way: Undisturbed(house, way) for way in ("days", "history")}


def test_an_undisturbed_run_loads_what_the_files_say(undisturbed: dict[str, Undisturbed]) -> None:
    """What the crashes are compared with is right, not only always the same."""
    run = undisturbed["days"]
    assert undisturbed["history"].result == run.result
    for day, file, rows, staged, quarantined, _, state in run.result["loads"]:
        delivered = len(DELIVERED[day][file])
        bad = int(file in BAD)
        assert (rows, staged, quarantined, state) == (delivered, delivered - bad, bad, "loaded"), (day, file)
    assert len(run.result["loads"]) == sum(map(len, DELIVERED.values()))
    assert len(run.result["quarantine"]) == len(BAD) * len(DELIVERED)
    with connect(run.conninfo) as connection:
        query = "select sum(paid_orders), sum(gross_revenue), sum(returns_amount) from core.customers_as_of(%s, %s)"
        told = connection.execute(query, (STORY.last, STORY.last)).fetchone() or ()
    totals = [sum(numbers) for numbers in zip(*Oracle(STORY, STORY.last).days().values(), strict=True)]
    expected = [totals[COUNTED.index(name)] for name in ("paid_orders", "gross_revenue", "returns_amount")]
    assert [round(Fraction(number), 6) for number in told] == [round(number, 6) for number in expected]


def kill_worker(house: CrashHouse, worker: Worker) -> int:
    worker.process.kill()
    return -signal.SIGKILL


def kill_server(house: CrashHouse, worker: Worker) -> int:
    server = house.server_process()
    server.kill()
    server.wait(PATIENCE)
    return LOST


def kill_session(house: CrashHouse, worker: Worker) -> int:
    """Kill the one process of the server that works for the worker; the server restarts all of its own."""
    with suppress(psutil.NoSuchProcess):
        worker.session.kill()
    return LOST


Kill = Callable[[CrashHouse, Worker], int]  # returns the worker's exit code if it was hit


@pytest.mark.parametrize(
    ("way", "again", "kill"),
    [
        ("days", "days", kill_worker),
        ("history", "history", kill_worker),
        ("days", "merges", kill_server),
        ("history", "history", kill_server),
        ("days", "merges", kill_session),
    ],
)
def test_killed_twice_and_run_again_ends_as_an_undisturbed_run(
    house: CrashHouse,
    undisturbed: dict[str, Undisturbed],
    way: str,
    again: str,
    kill: Kill,
) -> None:
    """Ten kills in all, each in the middle of a run: one that came too late does not count and is tried again."""
    chance = random.Random(f"{way} {kill.__name__}")
    seconds = undisturbed[way].seconds
    for _ in range(TRIES):
        conninfo = house.new_warehouse()
        moments = chance.uniform(0, seconds), chance.uniform(0, seconds / 2)
        hits = [killed(house, conninfo, kind, moment, kill) for kind, moment in zip((way, again), moments, strict=True)]
        house.worker(conninfo, again).go().finish()
        assert house.result(conninfo) == undisturbed[way].result, moments
        if all(hits):
            return
        seconds *= 0.8  # a run beside other tests takes longer than one alone
    pytest.fail(f"in {TRIES} tries the two kills never both hit a running ingestion")


def killed(house: CrashHouse, conninfo: str, way: str, moment: float, kill: Kill) -> bool:
    """Run and kill after so many seconds; return whether the kill hit a running ingestion."""
    worker = house.worker(conninfo, way).go()
    if worker.ends_within(moment):
        worker.finish()
        return False
    code_if_hit = kill(house, worker)
    code, said = worker.end()
    assert code in {code_if_hit, 0}, said
    house.recover()
    return code == code_if_hit


@pytest.mark.parametrize("other", ["days", "history"])
def test_two_runs_for_the_same_day_at_once_end_as_one(
    house: CrashHouse, undisturbed: dict[str, Undisturbed], other: str
) -> None:
    conninfo = house.new_warehouse()
    both = house.worker(conninfo, "days"), house.worker(conninfo, other)
    for worker in both:
        worker.go()
    ends = [worker.end() for worker in both]
    assert {code for code, _ in ends} <= {0, REFUSED}, ends
    assert 0 in {code for code, _ in ends}, ends
    assert house.result(conninfo) == undisturbed["days"].result


def test_the_second_run_waits_for_the_first(house: CrashHouse, undisturbed: dict[str, Undisturbed]) -> None:
    conninfo = house.new_warehouse()
    with held_up(house, conninfo) as first:
        second = house.worker(conninfo, "days").go()
        wait_until(conninfo, second, is_granted=False)
        assert first.process.poll() is None
    first.finish()
    second.finish()
    assert house.result(conninfo) == undisturbed["days"].result


def test_a_run_killed_while_it_holds_the_lock_does_not_block_the_next(
    house: CrashHouse, undisturbed: dict[str, Undisturbed]
) -> None:
    conninfo = house.new_warehouse()
    with held_up(house, conninfo) as first:
        assert killed_at_once(house, first)
    house.worker(conninfo, "days").go().finish()
    assert house.result(conninfo) == undisturbed["days"].result
    with connect(conninfo) as connection:
        assert locks(connection) == []


def killed_at_once(house: CrashHouse, worker: Worker) -> bool:
    return kill_worker(house, worker) == worker.end()[0]


@contextmanager
def held_up(house: CrashHouse, conninfo: str) -> Iterator[Worker]:
    """Yield a run that has the lock and gets no further: we keep it from writing to a table until the block ends."""
    with connect(conninfo) as reader, reader.transaction():
        reader.execute("lock table core.users in share mode")
        worker = house.worker(conninfo, "days").go()
        wait_until(conninfo, worker, is_granted=True)
        wait_until(conninfo, worker, is_granted=False, kind="relation")
        yield worker


def wait_until(conninfo: str, worker: Worker, *, is_granted: bool, kind: str = "advisory") -> None:
    """Wait until the run's session has, or waits for, a lock of the kind."""
    end = time.monotonic() + PATIENCE
    with connect(conninfo) as connection:
        while (worker.session.pid, kind, is_granted) not in locks(connection, kind):
            assert worker.process.poll() is None, worker.end()
            assert time.monotonic() < end, locks(connection, kind)
            time.sleep(0.02)


def locks(connection: psycopg.Connection[Any], kind: str = "advisory") -> list[tuple[int, str, bool]]:
    """Session, kind and whether it is granted, of this database's locks of a kind."""
    return connection.execute(
        "select pid, locktype, granted from pg_locks where locktype = %s"
        " and database = (select oid from pg_database where datname = current_database())",
        (kind,),
    ).fetchall()

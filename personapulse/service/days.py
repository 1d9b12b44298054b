"""How far the wanted days are on their way through the dags."""

import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from personapulse.service.airflow import CHAIN, GOES_ON, TRAIN
from personapulse.service.api import AirflowApi, Run

POLL = 2.0  # seconds; each asks the API server several times, which takes a fifth of a second of a core
OVERLAP = datetime.timedelta(seconds=20)  # runs are asked for again this far back, so that no change is missed
OUR_WORDS = {"PersonaPulseError", "UnreachableError"}  # what they say needs no name of a class before it
LINK_SECONDS = 120.0  # the scheduler starts the next dag within seconds; after this it never will


@dataclass(frozen=True)
class Failure:
    """One failed task, as a person needs it.

    Parameters
    ----------
    run : Run
        Where it happened.
    task : str
        Task id; empty if the run failed before any task could.
    reason : str
        The error's own words.
    log : str
        Path of the task's log; empty if there is none.
    """

    run: Run
    task: str
    reason: str
    log: str


class Days:
    """The runs of the wanted days: the newest one of each day and dag counts.

    Parameters
    ----------
    api : AirflowApi
        Where they are read.
    days : sequence of datetime.date
        The wanted days, oldest first.
    """

    def __init__(self, api: AirflowApi, days: tuple[datetime.date, ...]) -> None:
        self._api = api
        self.days = days
        self._keys = {day.isoformat() for day in days}
        self._runs: dict[tuple[str, str], Run] = {}
        self._read_at: datetime.datetime | None = None
        self._green_at: dict[tuple[str, str], float] = {}
        self._forgotten: dict[tuple[str, str], Run] = {}
        self._began = time.monotonic()

    def read(self) -> None:
        """Read what has changed since the last time."""
        now = datetime.datetime.now(datetime.UTC)
        for run in self._api.runs(self._read_at - OVERLAP if self._read_at else None):
            self._take(run)
        self._read_at = now

    def _take(self, run: Run) -> None:
        if run.day not in self._keys or run.dag not in CHAIN or self._forgotten.get((run.dag, run.run)) == run:
            return
        known = self._runs.get((run.dag, run.day))
        if known is None or run.since >= known.since:
            self._runs[run.dag, run.day] = run
            if _is_through(run.dag, run.state):
                self._green_at.setdefault((run.dag, run.day), time.monotonic())

    def adopt(self, day: datetime.date, run: Run) -> None:
        """Count a run of load_history that announced the day as the day's ingest."""
        self._runs[CHAIN[0], day.isoformat()] = run
        self._green_at[CHAIN[0], day.isoformat()] = time.monotonic()

    def run(self, dag: str, day: datetime.date) -> Run | None:
        """Return the newest run of a dag for a day, if there is one."""
        return self._runs.get((dag, day.isoformat()))

    def state(self, dag: str, day: datetime.date) -> str:
        """State of a dag's newest run for a day; empty if there is none."""
        run = self.run(dag, day)
        return run.state if run else ""

    def is_green(self, day: datetime.date) -> bool:
        """Whether the day has gone through the whole chain; that the gate refused a model makes it no worse."""
        return all(self.state(dag, day) == "success" or (dag == TRAIN and self.is_through(dag, day)) for dag in CHAIN)

    def is_through(self, dag: str, day: datetime.date) -> bool:
        """Whether a dag has done with the day and the next one follows."""
        return _is_through(dag, self.state(dag, day))

    def is_settled(self, day: datetime.date) -> bool:
        """Whether nothing more will happen to the day: green, failed somewhere, or the next dag never started."""
        for before, dag in zip((None, *CHAIN), CHAIN, strict=False):
            state = self.state(dag, day)
            if self.is_through(dag, day):
                continue
            return state == "failed" or (not state and self._link_is_broken(before, day))
        return True

    def _link_is_broken(self, before: str | None, day: datetime.date) -> bool:
        since = self._green_at.get((before, day.isoformat())) if before else self._began
        return since is not None and time.monotonic() - since > LINK_SECONDS

    def are_settled(self) -> bool:
        """Whether nothing more will happen to any of the days."""
        return all(self.is_settled(day) for day in self.days)

    def are_green(self) -> bool:
        """Whether every day has gone through the whole chain."""
        return all(self.is_green(day) for day in self.days)

    def done(self) -> int:
        """How many of the days' runs are through."""
        return sum(self.is_through(dag, day) for day in self.days for dag in CHAIN)

    def forget(self, day: datetime.date) -> None:
        """Count the day's runs as they are now no longer: new ones are coming, or these change."""
        for dag in CHAIN:
            self._green_at.pop((dag, day.isoformat()), None)
            if run := self._runs.pop((dag, day.isoformat()), None):
                self._forgotten[dag, run.run] = run

    def failures(self) -> Iterator[Failure]:
        """Yield the failed tasks of the wanted days, with their reasons."""
        for day in self.days:
            for dag in CHAIN:
                run = self.run(dag, day)
                if run and run.state == "failed":
                    yield from explain(self._api, run)


def _is_through(dag: str, state: str) -> bool:
    return state == "success" or (state == "failed" and dag in GOES_ON)


def explain(api: AirflowApi, run: Run) -> Iterator[Failure]:
    """Yield why a run failed: one failure for each task that failed by itself."""
    tasks = api.failed_tasks(run)
    for task in tasks:
        lines = api.log(task)
        yield Failure(run, str(task["task_id"]), _reason(lines), _log_path(lines))
    if not tasks:
        yield Failure(run, "", "no task failed; the run was ended from outside", "")


def follow(followed: Sequence[Days], show: Callable[[], None], check: Callable[[], None]) -> None:
    """Read again and again until all are settled.

    Parameters
    ----------
    followed : sequence of Days
        What is read.
    show : callable
        Shows the progress after each reading.
    check : callable
        Raises if Airflow has ended.
    """
    while True:
        check()
        for days in followed:
            days.read()
        show()
        if all(days.are_settled() for days in followed):
            return
        time.sleep(POLL)


def _reason(lines: list[dict[str, Any]]) -> str:
    """Return the last error's own words, else the last error line."""
    for line in reversed(lines):
        if details := line.get("error_detail"):
            last = details[-1]
            words = str(last.get("exc_value", "")).strip()
            return words if last.get("exc_type") in OUR_WORDS else f"{last.get('exc_type')}: {words}"
    errors = [str(line.get("event", "")) for line in lines if line.get("level") in {"error", "critical"}]
    return errors[-1] if errors else "its log names no error; perhaps its process was ended from outside"


def _log_path(lines: list[dict[str, Any]]) -> str:
    """Airflow begins a log with the path it was read from."""
    return next((str(line["event"]) for line in lines if str(line.get("event", "")).endswith(".log")), "")

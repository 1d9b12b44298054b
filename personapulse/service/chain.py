"""The work of `up` once Airflow runs: the past in one go, then each wanted day through all dags of the chain."""

import datetime
import itertools
import time
from dataclasses import dataclass
from typing import Any

from personapulse import ingest, warehouse
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.airflow import CHAIN, EXPORT, HISTORY, INGEST, TRAIN, Airflow
from personapulse.service.api import AirflowApi, Run
from personapulse.service.days import Days, follow
from personapulse.service.plan import Plan
from personapulse.service.screen import DayProgress, Screen

POLL = 0.5  # seconds
EXPORT_SECONDS = 600.0  # a receiver that is away is tried for longer; that may go on with the next `up`


@dataclass(frozen=True)
class Parts:
    """What the work needs: the home, its running programs, and the screen."""

    home: Home
    postgres: EmbeddedPostgres
    airflow: Airflow
    api: AirflowApi
    screen: Screen


def run(parts: Parts, plan: Plan, *, again: bool) -> bool:
    """Load the past, take the wanted days through the dags, and tell what became of them.

    Parameters
    ----------
    parts : Parts
        The running programs.
    plan : Plan
        Which days.
    again : bool
        Whether to run days that are green already.

    Returns
    -------
    bool
        Whether every wanted day is green.
    """
    _close_backfills(parts)
    eve = _load_past(parts, plan)
    if not all(eve.state(INGEST, day) == "success" for day in eve.days):
        return False
    days = Days(parts.api, plan.days)
    days.read()
    green = [] if again else [day for day in plan.days if days.is_green(day)]
    _tell_days(parts.screen, plan, green)
    _start_days(parts, days, green, again=again)
    progress = DayProgress(parts.screen, days)
    progress.skip(green)
    with progress.shown():
        follow(
            (days, eve),
            show=lambda: progress.update(_running(parts.api)),
            check=parts.airflow.refuse_if_ended,
        )
    _close_backfills(parts)
    parts.screen.summary(days, green, _rows(parts, plan.days))
    parts.screen.failures([*eve.failures(), *days.failures()])
    return eve.are_green() and days.are_green()


def _close_backfills(parts: Parts) -> None:
    """End our own backfill, also a killed `up`'s, and one that has nothing left to do; wait for any other.

    Airflow allows one at a time, and takes up to half a minute to notice that one is through.
    """
    for backfill in parts.api.open_backfills(INGEST):
        if backfill.is_ours or not parts.api.has_unfinished_backfill_runs(INGEST):
            parts.api.cancel_backfill(backfill)
    if parts.api.open_backfills(INGEST):
        with parts.screen.step("Wait for a backfill that was started in Airflow"):
            while parts.api.open_backfills(INGEST):
                parts.airflow.refuse_if_ended()
                time.sleep(POLL)


def _load_past(parts: Parts, plan: Plan) -> Days:
    """Load the days before the wanted ones that are not in the warehouse yet.

    Returns
    -------
    Days
        The last day that was loaded so: the past's only day that goes on through the chain. Empty if none was.
    """
    with warehouse.connect(parts.postgres.conninfo(warehouse.DATABASE)) as connection:
        known = ingest.loaded_days(connection)
    missing = [day for day in plan.before if day not in known]
    eve = Days(parts.api, tuple(missing[-1:]))
    running = next((run for run in parts.api.runs() if run.dag == HISTORY and run.state in {"queued", "running"}), None)
    if not missing and not running:
        return eve
    what = f"Load {len(missing)} days of history" if missing else "Finish loading history"
    with parts.screen.step(what) as step:
        if running:  # an interrupted run's; Airflow goes on with it
            _wait_for(parts, running.run)
        if missing:
            step.note = f"{missing[0]} to {missing[-1]}"
            ends = {"first_day": str(missing[0]), "last_day": str(missing[-1])}
            eve.adopt(missing[-1], _wait_for(parts, parts.api.trigger(HISTORY, ends)))
    parts.screen.failures(list(eve.failures()))
    return eve


def _wait_for(parts: Parts, run: str) -> Run:
    while True:
        parts.airflow.refuse_if_ended()
        now = parts.api.run(HISTORY, run)
        if now.state in {"success", "failed"}:
            return now
        time.sleep(POLL)


def finish_exports(parts: Parts) -> None:
    """Wait for audiences on their way out: stopped now, they would leave with the next `up` at the earliest."""

    def are_leaving() -> bool:
        return any(run.dag == EXPORT and run.state in {"queued", "running"} for run in parts.api.runs())

    if are_leaving():
        with parts.screen.step("Export audiences") as step:
            deadline = time.monotonic() + EXPORT_SECONDS
            while are_leaving():
                parts.airflow.refuse_if_ended()
                if time.monotonic() > deadline:
                    step.note = "not over yet; the next `up` goes on with it"
                    return
                time.sleep(POLL)


def _tell_days(screen: Screen, plan: Plan, green: list[datetime.date]) -> None:
    name = plan.source.settings.name
    screen.say(f"{name}: {plan.days[0]} to {plan.days[-1]} through {', '.join(CHAIN)}")
    if green:
        screen.say(f"  {len(green)} of {len(plan.days)} days are done already (--rerun runs them again)")


def _start_days(parts: Parts, days: Days, green: list[datetime.date], *, again: bool) -> None:
    """Start what each day still needs: its ingest, or only the dag where its chain is broken."""
    wanted = [day for day in days.days if day not in green]
    to_ingest = [
        day for day in wanted if days.state(INGEST, day) in ({"", "failed", "success"} if again else {"", "failed"})
    ]  # not those an interrupted `up` has left queued or running: Airflow goes on with them
    for day in to_ingest:
        days.forget(day)
    for day in wanted:
        if day not in to_ingest:
            _mend_chain(parts.api, days, day)
    if to_ingest:
        parts.api.backfill(INGEST, to_ingest[0], to_ingest[-1], again=again)


def _mend_chain(api: AirflowApi, days: Days, day: datetime.date) -> None:
    """Start the dag that failed, or never started, for a day that is in core."""
    for before, dag in itertools.pairwise(CHAIN):
        run = days.run(dag, day)
        if not days.is_through(before, day):
            return
        if run and run.state == "failed" and dag != TRAIN:  # a refused model stays refused
            api.clear(run)
        elif not run:
            api.trigger_day(dag, day)


def _running(api: AirflowApi) -> list[str]:
    """Return what runs now, such as `2026-01-31 build_segments.build_sales`."""
    return [
        f"{task['dag_id']}.{task['task_id']}" + (" (waits to be tried again)" if task["state"] != "running" else "")
        for task in api.tasks(state=["running", "up_for_retry"])
    ]


def _rows(parts: Parts, days: tuple[datetime.date, ...]) -> dict[datetime.date, int]:
    """Return how many rows each day brought."""
    with warehouse.connect(parts.postgres.conninfo(warehouse.DATABASE)) as connection:
        found: list[Any] = connection.execute(
            "select source_day, sum(staged_count)::bigint from ops.loads"
            " where source_day between %s and %s and state = 'loaded' group by source_day",
            (days[0], days[-1]),
        ).fetchall()
    return dict(found)

"""Who is told that a day is not published by the shop's deadline: once for each day, with what to do."""

import datetime
from typing import Any

import psycopg

from personapulse.errors import PersonaPulseError
from personapulse.ingest import Source
from personapulse.messages import Message, rendered
from personapulse.nights.standing import Standing, look
from personapulse.service.airflow import INGEST, PUBLISH, SCORE, SEGMENTS, TRAIN

DOES = {
    INGEST: "taking the day in",
    SEGMENTS: "building its segments",
    TRAIN: "training the model that is due",
    SCORE: "scoring its customers",
    PUBLISH: "publishing its dashboards",
}
UNKNOWN = "unknown"  # in the place of a standing, where the warehouse does not say


class NightIsLateError(PersonaPulseError):
    """A day is not published though it should be; `standing` says how far it has come."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        super().__init__(f"{standing.day} is not published: {in_words(standing)}")


def demand_published(connection: psycopg.Connection[Any], source: Source, day: datetime.date) -> None:
    """Look whether a day is published.

    Raises
    ------
    NightIsLateError
        If it is not.
    """
    standing = look(connection, source, day)
    if standing.state != "published":
        raise NightIsLateError(standing)


def claim(connection: psycopg.Connection[Any], day: datetime.date, state: str) -> bool:
    """Write down that people are told of a late day; return False if they have been told already."""
    told = connection.execute(
        "insert into ops.late_nights (day, standing) values (%s, %s) on conflict do nothing returning day", (day, state)
    )
    return told.fetchone() is not None


def in_words(standing: Standing) -> str:
    """Say in a sentence how far a day has come."""
    does = DOES[standing.dag]
    if standing.state == "not_delivered":
        waits = " Its run waits for it." if standing.is_under_way else ""
        return f"the shop has not delivered it; missing: {', '.join(standing.missing)}.{waits}"
    if standing.state == "not_begun":
        return f"{standing.dag} ({does}) has not begun."
    if standing.state == "running":
        return f"{standing.dag} ({does}) is still at work."
    tasks = standing.run.failed_tasks if standing.run else ()
    return f"{standing.dag} ({does}) failed{' in ' if tasks else ''}{', '.join(tasks)}."


def message(standing: Standing, deadline: str, shop: str, airflow: str) -> Message:
    """Tell that a day is late.

    Parameters
    ----------
    standing : Standing
        How far it has come.
    deadline : str
        Time of day it should have been published by, where the shop is.
    shop : str
        Name of the shop.
    airflow : str
        Address of Airflow's pages.
    """
    return rendered(
        "personapulse.nights",
        "late",
        subject=f"{shop}: {standing.day} is not published, and it is past {deadline}",
        what=in_words(standing),
        shown=standing.shown,
        steps=_steps(standing, airflow.rstrip("/")),
        day=standing.day,
        page=standing.dag,
    )


def unknown(day: datetime.date, reason: str, deadline: str, shop: str) -> Message:
    """Tell that nobody can say whether a day is published, because whoever could say so does not answer."""
    return rendered(
        "personapulse.nights",
        "late",
        subject=f"{shop}: it cannot be said whether {day} is published, and it is past {deadline}",
        what=reason,
        shown=None,
        steps=["Is PostgreSQL running, and is its disk full? personapulse doctor says what it sees."],
        day=day,
        page="watch_deadline",
    )


def _steps(standing: Standing, airflow: str) -> list[str]:
    """Say what to do, what helps most first."""
    run = f"{airflow}/dags/{standing.dag}/runs/{standing.run.run_id}" if standing.run else ""
    if standing.state == "not_delivered":
        goes_on = (
            "Nothing else: the run goes on by itself when they are there, as long as it may wait."
            if standing.is_under_way
            else f"When they are there: clear the run {run} (only failed tasks)."
            if run
            else f"When they are there: backfill {standing.dag} for {standing.day} at {airflow}/dags/{standing.dag}."
        )
        return [f"Ask the shop for: {', '.join(standing.missing)}", goes_on]
    if standing.state == "not_begun":
        how = "backfill it for" if standing.dag == INGEST else "trigger it with partition key"
        return [
            f"Look whether {standing.dag} is paused, and unpause it: {airflow}/dags/{standing.dag}",
            f"If it is not, {how} {standing.day}. Was the machine on at midnight?",
        ]
    if standing.state == "running":
        return [f"Look what it is at: {run}", "Nothing, if its log goes on; the rest of the chain follows by itself."]
    return [
        f"Find the reason in the log of the red task: {run}",
        "Mend it, then clear the run (only failed tasks). The rest of the chain follows by itself.",
    ]

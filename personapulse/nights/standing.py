"""How far a day has come on its way from the shop's folder to the dashboards."""

import datetime
from dataclasses import dataclass, replace
from typing import Any, Literal

import psycopg

from personapulse.errors import PersonaPulseError
from personapulse.ingest import Source
from personapulse.nights import ledger
from personapulse.nights.ledger import Entry
from personapulse.service.airflow import CHAIN, GOES_ON, INGEST, PUBLISH

State = Literal["published", "not_begun", "not_delivered", "running", "failed"]


@dataclass(frozen=True)
class Standing:
    """How far a day has come.

    Parameters
    ----------
    day : datetime.date
        The shop day.
    state : str
        `published`; else what is the matter at `dag`: `not_begun`, `running`, `failed`, or `not_delivered`: the shop
        has not delivered what the day needs.
    dag : str
        The dag of the chain the day has come to.
    run : Entry, optional
        Its newest run for the day.
    missing : tuple of str
        Addresses of what is not delivered, or why that cannot be said.
    shown : datetime.date, optional
        The newest day before that is published: what people see meanwhile.
    """

    day: datetime.date
    state: State
    dag: str
    run: Entry | None = None
    missing: tuple[str, ...] = ()
    shown: datetime.date | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether a run is at work on it, or waits for it."""
        return self.run is not None and self.run.outcome == ledger.RUNNING


def look(connection: psycopg.Connection[Any], source: Source, day: datetime.date) -> Standing:
    """Say how far a day has come, by the books and by what lies at the shop's address.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the warehouse, as who may read `ops`.
    source : Source
        The shop's extracts; looked at only while the day is not taken in.
    day : datetime.date
        The shop day.
    """
    published = connection.execute("select max(as_of_date) from ops.dashboards where as_of_date <= %s", (day,))
    (shown,) = published.fetchone() or (None,)
    if shown == day:
        return Standing(day, "published", PUBLISH)
    runs = ledger.of_day(connection, day)
    dag = _reached(runs, is_loaded=_is_loaded(connection, day))
    found = Standing(day, "not_begun", dag, runs.get(dag), shown=shown)
    if dag == INGEST and (missing := _missing(source, day)):
        return replace(found, state="not_delivered", missing=missing)
    if found.run is None:
        return found
    if found.run.outcome == ledger.SUCCESS:  # only the last of the chain
        return replace(found, state="published")
    return replace(found, state="running" if found.is_under_way else "failed")


def _reached(runs: dict[str, Entry], *, is_loaded: bool) -> str:
    """Return the dag of the chain that has begun last, or the one after it if that one is through."""
    begun = [dag for dag in CHAIN if dag in runs]
    if not begun:
        return CHAIN[1] if is_loaded else INGEST
    last = begun[-1]
    outcome = runs[last].outcome
    is_through = outcome == ledger.SUCCESS or (outcome == ledger.FAILED and last in GOES_ON)
    return CHAIN[min(CHAIN.index(last) + is_through, len(CHAIN) - 1)]


def _is_loaded(connection: psycopg.Connection[Any], day: datetime.date) -> bool:
    found = connection.execute("select bool_and(state = 'loaded') from ops.loads where source_day = %s", (day,))
    return found.fetchone() == (True,)


def _missing(source: Source, day: datetime.date) -> tuple[str, ...]:
    try:
        return tuple(source.missing(day))
    except PersonaPulseError as error:
        return (str(error),)  # an address that does not answer

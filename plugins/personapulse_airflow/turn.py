"""Whose turn it is to leave the house: only the newest day's, and once, however many days come in a row."""

import asyncio
import datetime
import logging
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Variable
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from personapulse import ingest
from personapulse.powerbi_service.settings import CONNECTION, VARIABLE, read_settings
from personapulse_airflow import shared

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

INGEST, HISTORY = "ingest_shop_data", "load_history"
POLL_SECONDS = 5.0


def newest_day() -> datetime.date:
    """Return the newest day in core."""
    with shared.warehouse() as connection:
        return max(ingest.loaded_days(connection), default=datetime.date.min)


def days_on_their_way() -> int:
    """Count the runs that may bring another day into core; nightly ones that wait for the shop's extract do not."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance as Runs  # noqa: PLC0415

    unfinished: int = sum(Runs.get_dr_count(dag_id=dag, states=["queued", "running"]) for dag in (INGEST, HISTORY))
    waiting: int = Runs.get_ti_count(dag_id=INGEST, task_ids=["wait_for_extract"], states=["deferred"])
    return unfinished - waiting


class TurnTrigger(BaseTrigger):
    """Fires when no other day is on its way, when a newer one is in core, or when its time is up.

    Parameters
    ----------
    day : str
        The day whose turn it may be, `YYYY-MM-DD`.
    deadline : float
        Unix time, in seconds.
    poll_seconds : float, default=5
        Pause between two looks.
    """

    def __init__(self, day: str, deadline: float, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()
        self.day = day
        self.deadline = deadline
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Tell the triggerer how to make this trigger again."""
        arguments = {name: getattr(self, name) for name in ("day", "deadline", "poll_seconds")}
        return "personapulse_airflow.turn.TurnTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until it is clear whose turn it is."""
        while time.time() < self.deadline and await asyncio.to_thread(self._must_wait):
            await asyncio.sleep(self.poll_seconds)
        yield TriggerEvent({})

    def _must_wait(self) -> bool:
        return days_on_their_way() > 0 and newest_day() <= shared.day_of(self.day)


class WaitForNewestDay(BaseOperator):
    """Lets the newest day through and skips any other, and all while there is nothing to wait for.

    While another day is on its way into core (a backfill), the newest so far waits to see whether a newer one arrives:
    so the days of a backfill have their effect once, and a backfill of old days never has.
    """

    does = "goes on"  # what the newest day's run does, for the log

    def wait_minutes(self) -> float:
        """Say how long to wait for newer days; raise `AirflowSkipException` if what follows is not set up."""
        raise NotImplementedError

    def execute(self, context: "Context") -> None:
        """Look, and wait if a newer day may be coming."""
        wait_minutes = self.wait_minutes()
        day = shared.day_of(context["partition_key"])
        self._demand_newest(day)
        if count := days_on_their_way():
            self.log.info("%d runs may bring a newer day than %s: waiting.", count, day)
            deadline = time.time() + wait_minutes * 60
            self.defer(trigger=TurnTrigger(day.isoformat(), deadline), method_name=self.after_waiting.__name__)

    def after_waiting(self, context: "Context", event: dict[str, Any]) -> None:  # noqa: ARG002 - named by Airflow
        """Skip if a newer day has arrived meanwhile."""
        self._demand_newest(shared.day_of(context["partition_key"]))

    def _demand_newest(self, day: datetime.date) -> None:
        newest = newest_day()
        if newest > day:
            raise AirflowSkipException(f"{newest} is in core and newer than {day}: its own run {self.does}.")
        self.log.info("%s is the newest day in core.", day)


class WaitForTurn(WaitForNewestDay):
    """Lets the newest day refresh Power BI; skips all while Power BI is not set up."""

    does = "refreshes Power BI"

    def wait_minutes(self) -> float:
        """Read the settings of the refresh; skip without them."""
        missing = f"no connection {CONNECTION}"
        if shared.is_set_up(CONNECTION):
            if found := str(Variable.get(VARIABLE, default="")):
                return read_settings(found).wait_minutes
            missing = f"no Variable {VARIABLE}"
        raise AirflowSkipException(f"Power BI is not set up ({missing}), so it is not refreshed. docs/powerbi.md")

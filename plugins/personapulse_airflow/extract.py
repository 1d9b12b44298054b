"""Waiting for a day's extract without holding a worker."""

import asyncio
import datetime
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, Variable
from airflow.triggers.base import BaseTrigger, TriggerEvent

from personapulse.errors import PersonaPulseError
from personapulse.ingest import Source
from personapulse_airflow import shared

if TYPE_CHECKING:
    from airflow.sdk import Context

POLL_SECONDS = 60.0
WAIT_HOURS, MOST_HOURS = "personapulse_wait_hours", 168


def wait_hours() -> float:
    """Return how long a nightly run waits: what the Airflow Variable `personapulse_wait_hours` says, else 6.

    Raises
    ------
    PersonaPulseError
        If it says anything but hours from 0 to a week's.
    """
    said = str(Variable.get(WAIT_HOURS, default="6"))
    try:
        hours = float(said)
    except ValueError:
        hours = -1
    if not 0 <= hours <= MOST_HOURS:
        raise PersonaPulseError(
            f"The Airflow Variable {WAIT_HOURS} must be hours from 0 to {MOST_HOURS}, such as 6, got {said!r}."
        )
    return hours


class ExtractTrigger(BaseTrigger):
    """Fires when nothing of the day is missing any more, or when its time is up.

    Parameters
    ----------
    url : str
        Address of the shop's extracts.
    day : str
        The shop day, `YYYY-MM-DD`.
    deadline : float
        Unix time, in seconds, after which it gives up; a restarted triggerer keeps to it.
    poll_seconds : float, default=60
        Pause between two looks.
    """

    def __init__(self, url: str, day: str, deadline: float, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()
        self.url = url
        self.day = day
        self.deadline = deadline
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Tell the triggerer how to make this trigger again."""
        arguments = {name: getattr(self, name) for name in ("url", "day", "deadline", "poll_seconds")}
        return "personapulse_airflow.extract.ExtractTrigger", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until the extract is complete or the time is up; tell what is missing (an empty list if nothing is)."""
        while True:
            # the source may be anywhere, and looking there must not hold up other triggers
            missing = await asyncio.to_thread(self._missing)
            left = self.deadline - datetime.datetime.now(datetime.UTC).timestamp()
            if not missing or left <= 0:
                yield TriggerEvent({"missing": missing})
                return
            self.log.info("%s is missing %s; %.0f minutes left", self.day, ", ".join(missing), left / 60)
            await asyncio.sleep(min(self.poll_seconds, left))

    def _missing(self) -> list[str]:
        try:
            source = Source(self.url)
            source.filesystem.invalidate_cache()  # some remember listings; this one must be news
            return source.missing(shared.day_of(self.day))
        except PersonaPulseError as error:
            return [str(error)]  # a file that is still arriving, a bucket that is away: the night is long


class WaitForExtract(BaseOperator):
    """Holds the run until the day's extract is complete.

    A nightly run waits up to the Airflow Variable `personapulse_wait_hours` (6) and holds no worker meanwhile; any
    other run (a backfill, or by hand) looks once. What is missing then fails the task by its address.
    """

    def execute(self, context: "Context") -> None:
        """Look; wait if this is a nightly run and something is missing."""
        source = shared.source()
        day = shared.day_of(context["partition_key"])
        is_nightly = context["dag_run"].run_type == "scheduled"
        try:
            missing = source.missing(day)
        except PersonaPulseError as error:
            if not is_nightly:
                raise
            missing = [str(error)]  # perhaps still arriving
        if missing and is_nightly:
            deadline = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=wait_hours())
            self.log.info("Waiting until %s for %s", deadline.isoformat(timespec="minutes"), ", ".join(missing))
            self.defer(
                trigger=ExtractTrigger(source.url, day.isoformat(), deadline.timestamp()),
                method_name="after_waiting",
            )
        self._demand(source, day, missing)

    def after_waiting(self, context: "Context", event: dict[str, list[str]]) -> None:
        """Go on when the extract is complete, fail when the time was up."""
        self._demand(shared.source(), shared.day_of(context["partition_key"]), event["missing"])

    def _demand(self, source: Source, day: datetime.date, missing: list[str]) -> None:
        if missing:
            raise PersonaPulseError(f"The extract of {day} is incomplete; missing: {', '.join(missing)}")
        self.log.info("The extract of %s is complete in %s", day, source.url)

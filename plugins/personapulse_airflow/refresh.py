"""Refreshing the Power BI report: once, truthfully, and without holding a worker.

Built on the provider's operator and trigger; what is done differently, and why, is in
`docs/decisions/0022-one-refresh-and-power-bis-own-words.md`.
"""

import asyncio
import datetime
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.microsoft.azure.operators.powerbi import PowerBIDatasetRefreshOperator
from airflow.providers.microsoft.azure.triggers.powerbi import PowerBITrigger
from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowException, AirflowSkipException
from airflow.triggers.base import TriggerEvent

from personapulse.errors import PersonaPulseError
from personapulse.powerbi_service import history
from personapulse.powerbi_service.history import Refresh
from personapulse.powerbi_service.settings import CONNECTION, VARIABLE, read_settings
from personapulse_airflow import alerts, shared

if TYPE_CHECKING:
    from airflow.sdk import Context

    from personapulse_airflow.powerbi_calls import PowerBICalls

T = TypeVar("T")

TRIES = 5  # in a row without an answer, before the task fails and Airflow tries it again later
UNLISTED = 10  # looks before a refresh that was accepted must be in the history
SUCCESS, SKIPPED, REFUSED, AWAY = "success", "skipped", "error", "away"


class RefreshTrigger(PowerBITrigger):
    """Looks before it asks for a refresh, asks once, and follows it to its end.

    A restarted triggerer runs it anew from the beginning: it then finds in the history what it has asked for.

    Parameters
    ----------
    since : str
        When the day's figures were there, as ISO text: a refresh that began later shows them.
    deadline : float
        Unix time, in seconds, at which it gives up.
    daily_limit : int, optional
        Refreshes the licence allows on one day.
    zone : str
        IANA zone in which that day runs.
    """

    def __init__(
        self, *, since: str, deadline: float, daily_limit: int | None = None, zone: str = "UTC", **provider: Any
    ) -> None:
        super().__init__(**provider)
        self.since = since
        self.deadline = deadline
        self.daily_limit = daily_limit
        self.zone = zone

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Tell the triggerer how to make this trigger again."""
        arguments = super().serialize()[1]
        ours = {name: getattr(self, name) for name in ("since", "deadline", "daily_limit", "zone")}
        return "personapulse_airflow.refresh.RefreshTrigger", arguments | ours

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield what became of the refresh: success, skipped, error (a person must mend it) or away (try again)."""
        from personapulse_airflow.powerbi_calls import AwayError, PowerBICalls, RefusedError  # noqa: PLC0415

        calls = PowerBICalls(self.conn_id, self.group_id, self.dataset_id)
        try:
            found = await self._find_or_start(calls)
            event = found if isinstance(found, TriggerEvent) else await self._follow(calls, found)
        except RefusedError as error:
            event = _event(REFUSED, str(error))
        except AwayError as error:
            event = _event(AWAY, f"{error}. A refresh that was asked for may go on: the next try looks for it.")
        yield event

    async def _find_or_start(self, calls: "PowerBICalls") -> str | TriggerEvent:
        """Return the id of the refresh to follow, or how it ended before it began."""
        from personapulse_airflow.powerbi_calls import AwayError, BusyError  # noqa: PLC0415

        refusals = 0
        while True:
            rows, now = await self._patiently(calls.history)
            step = self._next_step(rows, now)
            if isinstance(step, history.Adopt):
                self.log.info("Refresh %s began at %s: no other is needed.", step.refresh.request_id, _at(step.refresh))
                return step.refresh.request_id
            if isinstance(step, history.UsedUp):
                return _event(SKIPPED, _used_up(step.count, self.daily_limit, self.zone))
            if isinstance(step, history.WaitFor):
                if not await self._pause(self.check_interval):
                    return _event(REFUSED, f"Refresh {step.refresh.request_id}, {step.refresh.kind}, began at "
                                  f"{_at(step.refresh)} and still runs, so none was asked for.")  # fmt: skip
                continue
            try:
                return await calls.start(self.request_body) or await self._unnamed(calls)
            except AwayError as error:
                self.log.warning("%s", error)
                refusals += not isinstance(error, BusyError)
                # it may have started all the same: the next round looks before it asks again
                if refusals >= TRIES or not await self._pause(error.seconds or self.check_interval):
                    raise

    def _next_step(self, rows: tuple[Refresh, ...], now: datetime.datetime) -> Any:
        skew = now - datetime.datetime.now(datetime.UTC)
        since = datetime.datetime.fromisoformat(self.since) + skew
        step = history.next_step(rows, since=since, now=now, daily_limit=self.daily_limit, zone=self.zone)
        self.log.info("%d refreshes in the history; next: %s", len(rows), step)
        return step

    async def _unnamed(self, calls: "PowerBICalls") -> str:
        """Return the id of a refresh that was accepted without being named."""
        from personapulse_airflow.powerbi_calls import AwayError  # noqa: PLC0415

        for _ in range(UNLISTED):
            rows, now = await self._patiently(calls.history)
            if isinstance(step := self._next_step(rows, now), history.Adopt):
                return step.refresh.request_id
            await self._pause(self.check_interval)
        raise AwayError("Power BI accepted the refresh, and does not list it")

    async def _follow(self, calls: "PowerBICalls", request_id: str) -> TriggerEvent:
        """Look at a refresh until it has ended."""
        unlisted = 0
        while True:
            rows, _ = await self._patiently(calls.history)
            refresh = next((row for row in rows if row.request_id == request_id), None)
            unlisted = 0 if refresh else unlisted + 1
            if unlisted > UNLISTED:
                return _event(REFUSED, f"Power BI accepted refresh {request_id}, and does not list it.", request_id)
            if refresh and not refresh.is_going_on:
                return _ended(refresh)
            self.log.info("Refresh %s: %s", request_id, refresh.status if refresh else "not listed yet")
            if not await self._pause(self.check_interval):
                words = f"Refresh {request_id} still runs after the time it is given. It was not cancelled."
                return _event(REFUSED, words, request_id)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call; when there is no answer, call again after a while."""
        from personapulse_airflow.powerbi_calls import AwayError  # noqa: PLC0415

        for left in range(TRIES - 1, -1, -1):
            try:
                return await call()
            except AwayError as error:
                self.log.warning("%s; %d tries left", error, left)
                if not left or not await self._pause(error.seconds or self.check_interval):
                    raise
        raise AssertionError

    async def _pause(self, seconds: float) -> bool:
        """Sleep; return False if the time would be up before the end of it."""
        if time.time() + seconds > self.deadline:
            return False
        await asyncio.sleep(seconds)
        return True


class RefreshPowerBI(PowerBIDatasetRefreshOperator):
    """Refreshes the semantic model the Variable `personapulse_powerbi` names, and waits for the end.

    Skipped if today's refreshes are used up. Fails at once with Power BI's own words when a refresh is Failed,
    Cancelled or Disabled; when Power BI is away, Airflow tries again later, and a refresh already asked for is found.
    """

    def __init__(self, **arguments: Any) -> None:
        names = {
            field: f"{{{{ var.json.get('{VARIABLE}', {{}}).get('{key}', '') }}}}"
            for field, key in (("group_id", "workspace"), ("dataset_id", "dataset"))
        }
        super().__init__(conn_id=CONNECTION, **(names | arguments))

    def execute(self, context: "Context") -> None:
        """Hand over to the trigger."""
        settings = read_settings(Variable.get(VARIABLE, default=""))
        run: Any = context["dag_run"]
        self.defer(
            trigger=RefreshTrigger(
                conn_id=self.conn_id,
                group_id=settings.workspace,
                dataset_id=settings.dataset,
                timeout=settings.timeout_minutes * 60,
                check_interval=settings.check_seconds,
                request_body=settings.request_body(),
                since=run.start_date.isoformat(),
                deadline=time.time() + settings.timeout_minutes * 60,
                daily_limit=settings.daily_limit,
                zone=shared.time_zone(),
            ),
            method_name=self.execute_complete.__name__,
        )

    def execute_complete(self, context: "Context", event: dict[str, Any]) -> None:
        """End the way the refresh did.

        Raises
        ------
        AirflowSkipException
            If none was asked for.
        PersonaPulseError
            If a person must mend it; not tried again.
        AirflowException
            If Power BI was away; tried again.
        """
        if event["status"] == SKIPPED:
            alerts.power_bi_is_stale(context, event["message"])  # Airflow gives no reason to callbacks of skipped tasks
            raise AirflowSkipException(event["message"])
        if event["status"] == AWAY:
            raise AirflowException(event["message"])
        try:
            super().execute_complete(context, event)
        except AirflowException as error:
            raise PersonaPulseError(str(error)) from None


def _ended(refresh: Refresh) -> TriggerEvent:
    if refresh.is_completed:
        return _event(SUCCESS, f"Refresh {refresh.request_id} is completed.", refresh.request_id, refresh.status)
    words = f"Power BI says the refresh is {refresh.status}. {refresh.words or 'It gives no reason.'}"
    return _event(REFUSED, f"{words} (request {refresh.request_id})", refresh.request_id, refresh.status)


def _event(status: str, message: str, request_id: str | None = None, word: str | None = None) -> TriggerEvent:
    return TriggerEvent(
        {"status": status, "message": message, "dataset_refresh_id": request_id, "dataset_refresh_status": word}
    )


def _used_up(count: int, limit: int | None, zone: str) -> str:
    return (
        f"Power BI has been refreshed {count} times today ({zone}), and the licence allows {limit}. The report shows "
        "the figures of its last refresh. Tomorrow's run refreshes it again; docs/runbook.md#publish_dashboards."
    )


def _at(refresh: Refresh) -> str:
    return refresh.started_at.isoformat(timespec="seconds")

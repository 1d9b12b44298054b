"""What Power BI's refresh history says, and what follows from it."""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

GOING_ON = frozenset({"Unknown", "InProgress", "NotStarted"})  # Power BI calls a running refresh Unknown
COMPLETED = "Completed"
COUNTED = frozenset({"Scheduled", "ViaApi"})  # those by hand and enhanced ones are not counted
BY_API = frozenset({"ViaApi", "ViaEnhancedApi"})
ROUNDING = datetime.timedelta(seconds=2)  # a server tells its clock in whole seconds


@dataclass(frozen=True)
class Refresh:
    """One row of the history.

    Parameters
    ----------
    request_id : str
        Power BI's id of it.
    status : str
        Power BI's word: Unknown (it runs), Completed, Failed, Cancelled, Disabled, ...
    kind : str
        How it was started: Scheduled, OnDemand, ViaApi, ViaEnhancedApi, ...
    started_at : datetime.datetime
        With time zone, by Power BI's clock.
    words : str
        What Power BI says went wrong; empty if nothing.
    """

    request_id: str
    status: str
    kind: str
    started_at: datetime.datetime
    words: str = ""

    @property
    def is_going_on(self) -> bool:
        """Whether it has not ended yet."""
        return self.status in GOING_ON

    @property
    def is_completed(self) -> bool:
        """Whether it ended well."""
        return self.status == COMPLETED


@dataclass(frozen=True)
class Adopt:
    """A refresh that began after the day's figures were there, whoever started it: no other is needed."""

    refresh: Refresh


@dataclass(frozen=True)
class WaitFor:
    """A refresh that began earlier is running, and Power BI runs one at a time."""

    refresh: Refresh


@dataclass(frozen=True)
class UsedUp:
    """Today's refreshes are used up."""

    count: int


@dataclass(frozen=True)
class Start:
    """Nothing is in the way of a new refresh."""


def read_history(rows: Sequence[Mapping[str, Any]]) -> tuple[Refresh, ...]:
    """Read the `value` of Power BI's answer, newest first; rows without a start are left out."""
    found = [_refresh(row) for row in rows if row.get("startTime")]
    return tuple(sorted(found, key=lambda refresh: refresh.started_at, reverse=True))


def next_step(
    history: Sequence[Refresh],
    *,
    since: datetime.datetime,
    now: datetime.datetime,
    daily_limit: int | None,
    zone: str,
) -> Adopt | WaitFor | UsedUp | Start:
    """Decide what to do before a refresh is asked for.

    Parameters
    ----------
    history : sequence of Refresh
        What Power BI remembers.
    since : datetime.datetime
        When the day's figures were there, by Power BI's clock; what began later shows them.
    now : datetime.datetime
        Power BI's clock.
    daily_limit : int or None
        Refreshes the licence allows on one day; None if it does not count them.
    zone : str
        IANA zone whose midnight begins a new day's allowance.

    Returns
    -------
    Adopt, WaitFor, UsedUp or Start
        `Adopt` also for one asked for by API that has failed: it was ours, and is not tried again by itself.
    """
    for refresh in history:
        is_good = refresh.is_going_on or refresh.is_completed
        if refresh.started_at >= since - ROUNDING and (is_good or refresh.kind in BY_API):
            return Adopt(refresh)
    for refresh in history:
        if refresh.is_going_on:
            return WaitFor(refresh)
    today = now.astimezone(ZoneInfo(zone)).date()
    used = sum(
        refresh.kind in COUNTED and refresh.started_at.astimezone(ZoneInfo(zone)).date() == today for refresh in history
    )
    if daily_limit is not None and used >= daily_limit:
        return UsedUp(used)
    return Start()


def _refresh(row: Mapping[str, Any]) -> Refresh:
    started = datetime.datetime.fromisoformat(str(row["startTime"]))
    return Refresh(
        request_id=str(row.get("requestId", "")),
        status=str(row.get("status", "Unknown")),
        kind=str(row.get("refreshType", "")),
        started_at=started if started.tzinfo else started.replace(tzinfo=datetime.UTC),
        words=error_words(row.get("serviceExceptionJson")),
    )


def error_words(text: Any) -> str:
    """Return what Power BI says went wrong: of an error's JSON its code and description, else the text as it is."""
    if not text:
        return ""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return str(text)
    if not isinstance(found, dict):
        return str(text)
    if isinstance(found.get("error"), dict):
        found = found["error"]
    code, said = (
        next((str(found[name]) for name in names if found.get(name)), "")
        for names in (("errorCode", "code"), ("errorDescription", "message"))
    )
    return ": ".join(part for part in (code, said) if part) or json.dumps(found)

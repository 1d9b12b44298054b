"""What the double remembers, and how it is told to behave."""

import datetime
import json
import threading
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any

WORKSPACE = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
DATASET = "cfafbeb1-8037-4d0c-896e-a46fb27ff229"
CLIENT, SECRET, TENANT = "11111111-2222-3333-4444-555555555555", "double-secret", "double-tenant"
ON_SHARED_CAPACITY = {"notifyOption"}  # all a request's body may say there


@dataclass(frozen=True)
class Scripted:
    """How the next refresh goes.

    Parameters
    ----------
    status : str
        What it ends with: Completed, Failed, Cancelled, Disabled.
    seconds : float
        How long it runs.
    error : dict, optional
        `errorCode` and `errorDescription` of one that fails.
    """

    status: str = "Completed"
    seconds: float = 0.2
    error: dict[str, str] | None = None


@dataclass(frozen=True)
class Fault:
    """What happens to the next request of a kind, instead of its answer.

    Parameters
    ----------
    method : str
        GET, POST or DELETE of the API, or TOKEN.
    status : int, optional
        HTTP status to answer with; without it the connection is dropped.
    headers : dict
        Such as `Retry-After`.
    body : dict, optional
        JSON of the answer.
    seconds : float
        Pause before.
    takes_effect : bool
        Whether what was asked for is done all the same: an answer that is lost on its way.
    """

    method: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    seconds: float = 0.0
    takes_effect: bool = False


@dataclass
class Running:
    """One refresh as the double keeps it."""

    request_id: str
    kind: str
    started_at: datetime.datetime
    plan: Scripted
    body: dict[str, Any] | None = None
    cancelled_at: datetime.datetime | None = None

    def ends_at(self) -> datetime.datetime:
        """Return when it has ended, or will."""
        return self.cancelled_at or self.started_at + datetime.timedelta(seconds=self.plan.seconds)

    def row(self, now: datetime.datetime) -> dict[str, Any]:
        """Return its row of the history."""
        row: dict[str, Any] = {
            "requestId": self.request_id,
            "refreshType": self.kind,
            "startTime": _iso(self.started_at),
            "status": "Unknown",
        }
        if now >= self.ends_at():
            row |= {"endTime": _iso(self.ends_at()), "status": "Cancelled" if self.cancelled_at else self.plan.status}
            if self.plan.error:
                row["serviceExceptionJson"] = json.dumps(self.plan.error)
        return row


class PowerBIModel:
    """One workspace with one semantic model. Several threads may use it.

    Parameters
    ----------
    is_premium : bool, default=False
        Whether its capacity allows enhanced refreshes.
    clock_ahead : float, default=0
        Seconds by which its clock is ahead of ours.
    """

    def __init__(self, *, is_premium: bool = False, clock_ahead: float = 0.0) -> None:
        self.is_premium = is_premium
        self.clock_ahead = clock_ahead
        self.script: deque[Scripted] = deque()  # of the next refreshes; ordinary ones when it is used up
        self.faults: list[Fault] = []  # each happens once
        self.refreshes: list[Running] = []  # oldest first
        self.requests: list[tuple[str, str]] = []  # method and path of everything that was asked
        self.lock = threading.RLock()

    def reset(self) -> None:
        """Forget everything."""
        with self.lock:
            self.script.clear()
            for kept in (self.faults, self.refreshes, self.requests):
                kept.clear()
            self.is_premium, self.clock_ahead = False, 0.0

    def now(self) -> datetime.datetime:
        """Return the time by its clock."""
        return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=self.clock_ahead)

    def asked(self, method: str) -> int:
        """Return how often something was asked for."""
        with self.lock:
            return sum(one == method for one, _ in self.requests)

    def take_fault(self, method: str) -> Fault | None:
        """Return the next fault of a kind of request, if there is one."""
        with self.lock:
            found = next((fault for fault in self.faults if fault.method == method), None)
            if found:
                self.faults.remove(found)
            return found

    def remember(self, kind: str = "Scheduled", *, ago: float = 0.0, plan: Scripted | None = None) -> Running:
        """Put a refresh into the history that nobody has asked for here: `ago` is how many seconds since its start."""
        with self.lock:
            started = self.now() - datetime.timedelta(seconds=ago)
            refresh = Running(str(uuid.uuid4()), kind, started, plan or Scripted())
            self.refreshes.append(refresh)
            return refresh

    def start(self, body: dict[str, Any] | None) -> tuple[int, dict[str, Any], Running | None]:
        """Start a refresh as the service would; return status, answer and the refresh."""
        with self.lock:
            if any(self.now() < refresh.ends_at() for refresh in self.refreshes):
                return _refused("Invalid dataset refresh request. Another refresh request is already executing")
            if set(body or {}) - ON_SHARED_CAPACITY and not self.is_premium:
                return _refused("Invalid dataset refresh request. Enhanced refresh needs a Premium capacity")
            kind = "ViaEnhancedApi" if set(body or {}) - ON_SHARED_CAPACITY else "ViaApi"
            refresh = self.remember(kind, plan=self.script.popleft() if self.script else Scripted())
            refresh.body = body
            return 202, {}, refresh

    def cancel(self, request_id: str) -> int:
        """Cancel a running refresh; return the status to answer with."""
        with self.lock:
            for refresh in self.refreshes:
                if refresh.request_id == request_id and self.now() < refresh.ends_at():
                    refresh.cancelled_at = self.now()
                    return 200
            return 404

    def history(self, top: int | None = None) -> list[dict[str, Any]]:
        """Return the rows of the history, newest first."""
        with self.lock:
            rows = sorted(self.refreshes, key=lambda refresh: refresh.started_at, reverse=True)
            return [refresh.row(self.now()) for refresh in rows[:top]]


def _refused(message: str) -> tuple[int, dict[str, Any], None]:
    return 400, {"error": {"code": "InvalidRequest", "message": message}}, None


def _iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"

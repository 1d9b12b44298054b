"""Airflow's REST API, as much of it as `up` needs."""

import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from personapulse.errors import PersonaPulseError

PAGE = 100  # rows; Airflow gives no more at once
OURS = {"started_by": "personapulse up"}  # marks our backfills; the dags do not read it


@dataclass(frozen=True)
class Run:
    """One dag run.

    Parameters
    ----------
    dag : str
        Dag id.
    run : str
        Run id.
    day : str or None
        Partition key, `YYYY-MM-DD`; None for a run by hand without one.
    state : str
        queued, running, success or failed.
    seconds : float or None
        From start to end; None while it runs.
    since : str
        When it was last queued, as ISO text; the newest of a day's runs counts.
    """

    dag: str
    run: str
    day: str | None
    state: str
    seconds: float | None
    since: str


@dataclass(frozen=True)
class Backfill:
    """One backfill of Airflow's.

    Parameters
    ----------
    number : int
        Its id.
    is_ours : bool
        Whether an `up` has started it, and not a person.
    """

    number: int
    is_ours: bool


class AirflowApi:
    """A logged-in client of one API server.

    Parameters
    ----------
    address : str
        Such as `http://127.0.0.1:8080`.
    login, password : str
        Of the simple auth manager.
    """

    def __init__(self, address: str, login: str, password: str) -> None:
        self.address = address
        self._credentials = {"username": login, "password": password}
        # our own machine: proxies from the environment would only be in the way
        self._client = httpx.Client(base_url=address, timeout=30, trust_env=False)

    @property
    def port(self) -> int:
        """TCP port of the server."""
        return self._client.base_url.port or 80

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def health(self) -> dict[str, str]:
        """Status of each component (`healthy` or not); empty while nobody answers."""
        try:
            answer = self._client.get("/api/v2/monitor/health", timeout=5)
            return {name: str(part["status"]) for name, part in answer.json().items()} if answer.is_success else {}
        except (httpx.HTTPError, ValueError):
            return {}

    def dags(self) -> set[str]:
        """Ids of the dags Airflow has read."""
        return {dag["dag_id"] for dag in self._all("/api/v2/dags", "dags", exclude_stale=True)}

    def paused(self) -> set[str]:
        """Ids of the dags that do not run by themselves."""
        return {dag["dag_id"] for dag in self._all("/api/v2/dags", "dags", paused=True)}

    def import_errors(self) -> list[str]:
        """Files that could not be read, each with the reason."""
        errors = self._all("/api/v2/importErrors", "import_errors")
        return [f"{error['filename']}: {error['stack_trace']}" for error in errors]

    def unpause(self, dag: str) -> None:
        """Let the scheduler run a dag."""
        self._call("PATCH", f"/api/v2/dags/{dag}", json={"is_paused": False})

    def trigger(self, dag: str, conf: dict[str, Any]) -> str:
        """Start a run by hand; return its run id."""
        body = {"logical_date": None, "conf": conf}
        return str(self._call("POST", f"/api/v2/dags/{dag}/dagRuns", json=body)["dag_run_id"])

    def trigger_day(self, dag: str, day: datetime.date) -> None:
        """Start a run for one day of a dag that follows an asset."""
        body = {"logical_date": None, "partition_key": day.isoformat()}
        self._call("POST", f"/api/v2/dags/{dag}/dagRuns", json=body)

    def clear(self, run: Run) -> None:
        """Run the failed tasks of a run again."""
        self._call("POST", f"{_path(run.dag, run.run)}/clear", json={"dry_run": False, "only_failed": True})

    def delete(self, run: Run) -> None:
        """Forget a run."""
        self._checked(self._send("DELETE", _path(run.dag, run.run)))

    def backfill(self, dag: str, first: datetime.date, last: datetime.date, *, again: bool) -> None:
        """Start a backfill, one day at a time, of the days that have no good run (or, with `again`, of all)."""
        body = {
            "dag_id": dag,
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "max_active_runs": 1,
            "reprocess_behavior": "completed" if again else "failed",
            "dag_run_conf": OURS,
        }
        self._call("POST", "/api/v2/backfills", json=body)

    def open_backfills(self, dag: str) -> list[Backfill]:
        """Return the dag's backfills that are not finished; Airflow allows one."""
        rows = self._all("/api/v2/backfills", "backfills", dag_id=dag)
        return [Backfill(row["id"], row["dag_run_conf"] == OURS) for row in rows if row["completed_at"] is None]

    def has_unfinished_backfill_runs(self, dag: str) -> bool:
        """Whether a run of any backfill of the dag is queued or running."""
        which = {"run_type": "backfill", "state": ["queued", "running"]}
        return any(True for _ in self._all(f"/api/v2/dags/{dag}/dagRuns", "dag_runs", **which))

    def cancel_backfill(self, backfill: Backfill) -> None:
        """End a backfill: what runs goes on, what is queued fails."""
        answer = self._send("PUT", f"/api/v2/backfills/{backfill.number}/cancel")
        if answer.status_code != httpx.codes.CONFLICT:  # finished meanwhile
            self._checked(answer)

    def run(self, dag: str, run: str) -> Run:
        """Return one run."""
        return _run(self._call("GET", _path(dag, run)))

    def runs(self, since: datetime.datetime | None = None) -> Iterator[Run]:
        """Return the runs of every dag, oldest first; with `since` only those that changed after it."""
        limits = {"updated_at_gte": since.isoformat()} if since else {}
        for row in self._all("/api/v2/dags/~/dagRuns", "dag_runs", order_by="id", **limits):
            yield _run(row)

    def tasks(self, **which: Any) -> list[dict[str, Any]]:
        """Return task instances of any dag, such as `state="running"`."""
        return list(self._all("/api/v2/dags/~/dagRuns/~/taskInstances", "task_instances", **which))

    def failed_tasks(self, run: Run) -> list[dict[str, Any]]:
        """Return the task instances of a run that failed by themselves."""
        return list(self._all(f"{_path(run.dag, run.run)}/taskInstances", "task_instances", state="failed"))

    def log(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the lines of a task's last try, as structured events."""
        path = f"{_path(task['dag_id'], task['dag_run_id'])}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        content = self._call("GET", path).get("content", [])
        return [line for line in content if isinstance(line, dict)]

    def _all(self, path: str, field: str, **which: Any) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self._call("GET", path, params={**which, "limit": PAGE, "offset": offset})
            yield from page[field]
            offset += PAGE
            if len(page[field]) < PAGE:
                return

    def _call(self, method: str, path: str, **content: Any) -> Any:
        return self._checked(self._send(method, path, **content)).json()

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        if "Authorization" not in self._client.headers:
            self._log_in()
        answer = self._try(method, path, **content)
        if answer.status_code == httpx.codes.UNAUTHORIZED:  # the token lives a day
            self._log_in()
            answer = self._try(method, path, **content)
        return answer

    def _log_in(self) -> None:
        answer = self._checked(self._try("POST", "/auth/token", json=self._credentials))
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _try(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send; questions (not orders) are asked again while the server is too busy to answer."""
        for pause in (0.5, 1.0, 2.0):
            try:
                return self._client.request(method, path, **content)
            except httpx.TransportError:
                if method != "GET":
                    break
                time.sleep(pause)
        try:
            return self._client.request(method, path, **content)
        except httpx.TransportError as error:
            raise PersonaPulseError(f"Airflow at {self.address} does not answer ({error}).") from None

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            request = answer.request
            raise PersonaPulseError(
                f"Airflow refused {request.method} {request.url.path} ({answer.status_code}): {answer.text[:500]}"
            )
        return answer


def _path(dag: str, run: str) -> str:
    return f"/api/v2/dags/{dag}/dagRuns/{quote(run, safe='')}"


def _run(row: dict[str, Any]) -> Run:
    return Run(
        dag=row["dag_id"],
        run=row["dag_run_id"],
        day=row["partition_key"],
        state=row["state"],
        seconds=row["duration"],
        since=row["queued_at"] or row["start_date"] or "",
    )

"""Each run of our dags is written down when it starts and when it ends, whatever became of it.

A listener, because a dag's own `on_failure_callback` may never fire, and a run that fails before its first task has no
task to hang one on (`docs/decisions/0030-a-dag-watches-the-nights.md`). It is called by the scheduler, and by the API
server when a person marks a run.
"""

import datetime
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from airflow.configuration import ensure_secrets_loaded
from airflow.listeners import hookimpl
from airflow.observability import stats
from airflow.plugins_manager import AirflowPlugin
from airflow.secrets.metastore import MetastoreBackend
from airflow.utils.session import create_session

if TYPE_CHECKING:
    import psycopg

    from personapulse.nights import Entry

log = logging.getLogger(__name__)

# The scheduler waits for it, so it must be short: a warehouse that does not answer within this is not waited for.
PATIENCE = {"connect_timeout": "3", "tcp_user_timeout": "3000"}
STATEMENTS_END_AFTER = "3s"


@hookimpl
def on_dag_run_running(dag_run: Any, msg: str) -> None:  # noqa: ARG001 - as Airflow calls it
    """Write down a run that has started, or starts again after it was cleared."""
    _write(dag_run, "running")


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:  # noqa: ARG001
    """Write down a run that has ended well."""
    _write(dag_run, "success")


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:  # noqa: ARG001
    """Write down a run that has failed."""
    _write(dag_run, "failed")


def _write(dag_run: Any, outcome: str) -> None:
    from personapulse.service.airflow import DAGS  # noqa: PLC0415 - every program of Airflow reads this plugin

    if dag_run.dag_id not in DAGS:
        return
    try:
        from personapulse.nights import ledger  # noqa: PLC0415

        entry = _entry(dag_run, outcome)
        with _warehouse() as connection:
            rows = ledger.write(connection, entry)
    except Exception as error:  # noqa: BLE001 - a book that cannot be kept must not hold up the night
        log.warning("The run %s of %s is not in ops.runs: %s", dag_run.run_id, dag_run.dag_id, error)
        return
    _measure(entry, rows)


def _entry(dag_run: Any, outcome: str) -> "Entry":
    from personapulse.nights.ledger import Entry  # noqa: PLC0415

    has_ended = outcome != "running"
    # they are read in the session the run was read in, which a listener must neither commit nor close
    tasks = list(dag_run.task_instances) if has_ended else []
    now = datetime.datetime.now(datetime.UTC)
    return Entry(
        dag_run.dag_id,
        dag_run.run_id,
        _day(dag_run.partition_key),
        str(getattr(dag_run.run_type, "value", dag_run.run_type)),
        outcome,
        dag_run.start_date or now,
        (dag_run.end_date or now) if has_ended else None,
        tasks_tried=sum(task.try_number for task in tasks) if has_ended else None,
        failed_tasks=tuple(sorted(task.task_id for task in tasks if task.state == "failed")),
    )


def _day(partition_key: str | None) -> datetime.date | None:
    with suppress(ValueError):
        return datetime.date.fromisoformat(partition_key or "")
    return None


def _measure(entry: "Entry", rows: int | None) -> None:
    """Tell whoever collects metrics (docs/watching.md#metrics)."""
    if entry.ended_at is None:
        return
    stats.incr(f"personapulse.{entry.dag_id}.{entry.outcome}")
    stats.gauge(f"personapulse.{entry.dag_id}.seconds", (entry.ended_at - entry.started_at).total_seconds())
    if rows is not None:
        stats.gauge(f"personapulse.{entry.dag_id}.rows", rows)


@contextmanager
def _warehouse() -> "Iterator[psycopg.Connection[Any]]":
    """Open the warehouse as who publishes."""
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    from personapulse import warehouse  # noqa: PLC0415

    address = _connection("shop_modeler") or _connection("shop_warehouse")
    conninfo = make_conninfo(
        host=address.host,
        port=address.port,
        user=address.login,
        password=address.password,
        dbname=address.schema,
        **PATIENCE | address.extra_dejson,
    )
    with warehouse.connect(conninfo) as connection:
        connection.execute(f"set statement_timeout = '{STATEMENTS_END_AFTER}'".encode())
        yield connection


def _connection(name: str) -> Any:
    """Return Airflow's connection of that id, if there is one.

    Airflow's own way would ask its database in the session the scheduler is using, and commit that.
    """
    for backend in ensure_secrets_loaded():
        if isinstance(backend, MetastoreBackend):
            with create_session(scoped=False) as session:
                found = backend.get_connection(name, session=session)
        else:
            found = backend.get_connection(name)
        if found:
            return found
    return None


class LedgerPlugin(AirflowPlugin):
    """Listens for the start and the end of runs."""

    name = "personapulse_ledger"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - as Airflow reads it

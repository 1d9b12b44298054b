"""What tasks and dag files need is loaded once, by the programs whose forks they run in.

With the LocalExecutor a task is a fork of the scheduler, with Celery of a worker, and a dag file is read by a fork of
the dag processor. To load pandas, SciPy, scikit-learn and the chart libraries takes a task longer than most tasks' own
work (`docs/decisions/0024-tasks-find-their-libraries-loaded.md`).
"""

import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from airflow.configuration import conf
from airflow.jobs.job import Job
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

# What dag files load, and what tasks load besides.
OF_DAGS = (
    "airflow.providers.standard.decorators.python",
    "airflow.providers.standard.decorators.short_circuit",
    "airflow.providers.standard.operators.hitl",
    "airflow.providers.standard.operators.trigger_dagrun",
    "personapulse.ingest",
    "personapulse.lineage",
    "personapulse.marts",
    "personapulse.nights",
    "personapulse.nights.late",
    "personapulse_airflow.alerts",
    "personapulse_airflow.audiences",
    "personapulse_airflow.extract",
    "personapulse_airflow.intent",
    "personapulse_airflow.refresh",
    "personapulse_airflow.turn",
    "sqlglot.dialects.postgres",
)
OF_TASKS = (
    "matplotlib.backends.backend_svg",
    "matplotlib.pyplot",
    "personapulse.clv.nightly",
    "personapulse.insights.nightly",
    "personapulse.insights.outcomes",
    "personapulse.intent.calendar",
    "personapulse.intent.candidates",
    "personapulse.intent.champions",
    "personapulse.intent.messages",
    "personapulse.intent.scoring",
    "personapulse.intent.snapshots",
    "personapulse.intent.watching",
    "personapulse.powerbi_service.messages",
    "personapulse_airflow.digest",
    "personapulse_airflow.powerbi_calls",
    "personapulse_airflow.publishing",
    "plotly",
)


@hookimpl
def on_starting(component: Any) -> None:
    """Load the modules in a program that forks for each task or dag file; a new job does not know its kind yet."""
    if not isinstance(component, Job):
        return
    if "dag-processor" in sys.argv:
        _load(OF_DAGS)
    elif "scheduler" in sys.argv and conf.get("core", "executor") == "LocalExecutor":
        load_for_tasks()


def load_for_tasks() -> None:
    """Load whatever a task may need; a Celery worker does so by `personapulse_airflow.in_worker`."""
    _load(OF_DAGS + OF_TASKS)
    _prove_rules()


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        importlib.import_module(name)


def _prove_rules() -> None:
    """Prove the persona rules: kept by what the file says, so a changed file is read and proven again."""
    from personapulse import personas  # noqa: PLC0415 - other programs of Airflow read this plugin, too
    from personapulse.errors import PersonaPulseError  # noqa: PLC0415

    with suppress(PersonaPulseError):  # the dag that needs the rules says what is wrong with them
        personas.load_rule_sets()


class PreloadPlugin(AirflowPlugin):
    """Listens for the start of a scheduler or dag processor."""

    name = "personapulse_preload"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - as Airflow reads it

"""Look whether the day that ended is published by the shop's deadline, and tell people if it is not.

1. `is_published`: asks the books how far the day has come. If it is not published, whoever gets alerts is told once
   what it waits for, who is affected and what to do, and the task is red. Of a backfill's days nobody is told.

**Starts** every day at the shop's `deadline` (`source.yaml`; 06:00 without one), for the day that ended at midnight;
its partition key is that day. Not at all where the deadline is `off`. **Running it again is safe**: it looks anew, and
tells nobody twice. **When it fails**: `docs/runbook.md#watch_deadline`.
"""

import logging
from typing import Any

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from personapulse import nights
from personapulse_airflow import alerts, shared
from personapulse_nights import ShopNights

log = logging.getLogger(__name__)
DEADLINE = shared.deadline()


@task(on_failure_callback=alerts.night_is_late)
def is_published(partition_key: str | None = None, dag_run: Any = None) -> None:
    """Say whether the day is published; fail if it is not."""
    day = shared.day_of(partition_key)
    if dag_run.run_type == "backfill":
        raise AirflowSkipException(f"Nobody waits this morning for {day}: it is looked at by a backfill.")
    with shared.warehouse() as connection:
        nights.demand_published(connection, shared.source(), day)
    log.info("%s is published.", day)


@dag(
    schedule=ShopNights(shared.time_zone(), DEADLINE) if DEADLINE else None,
    start_date=shared.first_night(),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:upkeep", "impact:medium"],
)
def watch_deadline() -> None:
    """Look whether the day that ended is published."""
    is_published()


watch_deadline()

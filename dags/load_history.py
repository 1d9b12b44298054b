"""Load a whole past (months or years of extracts) in one pass, then announce only its last day.

1. `load_days`: bulk-loads the days from `first_day` to `last_day` (left empty: every day the source has) that are not
   loaded yet, a month at a time, each checked before it is committed. Then announces `last_day` as a partition of
   `core`, so the marts are built once and not for every day of the past.

**Starts** by hand only. **Running it again is safe**: it goes on where it was. To have marts for *every* day of a
range, backfill `ingest_shop_data` instead. **When it fails**: `docs/runbook.md#load_history`.
"""

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, PartitionedAtRuntime, dag, task

from personapulse import ingest
from personapulse_airflow import shared

log = logging.getLogger(__name__)
DAY: dict[str, Any] = {"type": ["null", "string"], "format": "date"}


@task(outlets=[shared.CORE], execution_timeout=timedelta(hours=6))
def load_days(params: Any = None, outlet_events: Any = None) -> None:
    """Load the days in one pass, check the result, announce the last day."""
    source = shared.source()
    first, last = shared.days_between(source, params["first_day"], params["last_day"])
    with shared.warehouse(shared.LOADER) as connection:
        ingest.load_history(connection, source, first, last, log.info)
    outlet_events[shared.CORE].add_partitions(last.isoformat())
    log.info("%s to %s are loaded; announced %s.", first, last, last)


@dag(
    schedule=PartitionedAtRuntime(),
    catchup=False,
    max_active_runs=1,
    params={
        "first_day": Param(None, description="Empty: the source's first day.", **DAY),
        "last_day": Param(None, description="Empty: the source's newest day.", **DAY),
    },
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:core", "impact:medium"],
)
def load_history() -> None:
    """Load a whole past in one pass."""
    load_days()


load_history()

"""Take in one shop day: its extract becomes clean, checked facts.

1. `wait_for_extract`: a nightly run waits, without holding a worker, until the day's folder is complete: at most
   the hours in the Variable `personapulse_wait_hours` (6). A backfill or a run by hand looks once.
2. `stage_extract`: loads the files, sets bad rows aside in `ops.quarantine`, refuses the day if there are too many.
3. `check_extract`: looks at what the day brought, before core changes: is anything missing, stale, or far from usual?
4. `merge_core`: merges the day into the `core` tables and moves each customer's state on, in one transaction that the
   checks of `core` must let pass; then announces the day as a partition of the asset `core`.

**Starts** every midnight in the shop's time zone, for the day just ended; its partition key is that day. **Running it
again is safe**: a day replaces itself. **When it fails**: `docs/runbook.md#ingest_shop_data`.
"""

import logging

from airflow.sdk import chain, dag, task

from personapulse import ingest
from personapulse import lineage as flows
from personapulse_airflow import lineage, shared
from personapulse_airflow.extract import WaitForExtract
from personapulse_nights import ShopNights

log = logging.getLogger(__name__)


@task
def stage_extract(partition_key: str | None = None) -> None:
    """Load the day's files into staging, bad rows into quarantine."""
    day, source = shared.day_of(partition_key), shared.source()
    lineage.tell(flows.of_staging(), source.address(day))
    with shared.warehouse(shared.LOADER) as connection:
        for file, counts in ingest.stage(connection, source, day).items():
            log.info("%s: %s", file, ", ".join(f"{count} {name}" for name, count in counts.items()))


@task
def check_extract(partition_key: str | None = None) -> None:
    """Check what the day brought, before core changes."""
    shared.check("staging", shared.day_of(partition_key))


@task(outlets=[shared.CORE])
def merge_core(partition_key: str | None = None) -> None:
    """Merge the staged day into the core tables, check them, announce the day."""
    day = shared.day_of(partition_key)
    lineage.tell(flows.of_core())
    with shared.warehouse(shared.LOADER) as connection:
        for file, counts in ingest.merge(connection, shared.source(), day).items():
            log.info("%s: %s", file, ", ".join(f"{count} {name}" for name, count in counts.items()))


@dag(
    schedule=ShopNights(shared.time_zone()),
    start_date=shared.first_night(),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:core", "impact:high"],
)
def ingest_shop_data() -> None:
    """Take in one shop day."""
    chain(WaitForExtract(task_id="wait_for_extract"), stage_extract(), check_extract(), merge_core())


ingest_shop_data()

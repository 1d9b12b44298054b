"""Rebuild every mart as of one day: indicators, RFM, lifetime value, profiles and personas.

1. `build_<mart>`, one task for each mart, after the marts it reads.
2. `check_marts`: checks them and announces the day as a partition of the asset `marts`.

**Starts** when a day of `core` has arrived; its partition key is the day the shop is looked at from. The marts show
what was known that night; trigger it by hand with `restated` to use what is known today. **Running it again is safe**:
a mart replaces its own day and no other. **When it fails**: `docs/runbook.md#build_segments`.
"""

import datetime
import logging
from typing import Any

from airflow.sdk import Param, dag, task

from personapulse import marts, personas
from personapulse_airflow import shared

log = logging.getLogger(__name__)
personas.load_rule_sets()  # a broken rule is an import error here, not a failed night


def known_on(params: dict[str, Any]) -> datetime.date | None:
    """Whether to use all that is known today, or (None) what was known that night."""
    return marts.RESTATED if params["restated"] else None


@task
def build_mart(name: str, partition_key: str | None = None, params: Any = None) -> None:
    """Build one mart for the run's day."""
    day = shared.day_of(partition_key)
    with shared.warehouse() as connection:
        rows = marts.build(connection, name, day, shared.source().settings, known_on=known_on(params))
    log.info("marts.%s: %d rows for %s", name, rows, day)


@task(outlets=[shared.MARTS])
def check_marts(partition_key: str | None = None, params: Any = None) -> None:
    """Check the marts, then announce the day."""
    shared.check("marts", shared.day_of(partition_key), known_on(params))


@dag(
    schedule=shared.when(shared.CORE),
    catchup=False,
    max_active_runs=1,
    params={"restated": Param(False, type="boolean", description="Use what is known today about the day.")},
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:marts", "impact:high"],
)
def build_segments() -> None:
    """Build every mart for one day."""
    builds = {name: build_mart.override(task_id=f"build_{name}")(name) for name in marts.NAMES}
    for name, read in marts.NEEDS.items():
        builds[name].set_upstream([builds[needed] for needed in read])
    list(builds.values()) >> check_marts()


build_segments()

"""Rebuild every mart as of one day: sales, lifetime value, personas, behaviour, dashboards and insights.

1. `build_<group>`, one task for each group of marts, after the groups it reads; its log names the mart it is at.
2. `check_marts`: checks them and announces the day as a partition of the asset `marts`.

**Starts** when a day of `core` has arrived; its partition key is the day the shop is looked at from. The marts show
what was known that night; trigger it by hand with `restated` to use what is known today. **Running it again is safe**:
a mart replaces its own day and no other. **When it fails**: `docs/runbook.md#build_segments`.
"""

import datetime
import logging
from typing import Any

from airflow.sdk import Param, dag, task

from personapulse import lineage as flows
from personapulse import marts, personas
from personapulse_airflow import lineage, shared

log = logging.getLogger(__name__)
personas.load_rule_sets()  # a broken rule is an import error here, not a failed night


def known_on(params: dict[str, Any]) -> datetime.date | None:
    """Whether to use all that is known today, or (None) what was known that night."""
    return marts.RESTATED if params["restated"] else None


@task
def build_marts(group: str, partition_key: str | None = None, params: Any = None) -> None:
    """Build a group's marts for the run's day, one after the other."""
    day, settings = shared.day_of(partition_key), shared.source().settings
    lineage.tell(flows.of_marts(group))
    with shared.warehouse() as connection:
        for name in marts.GROUPS[group]:
            log.info("marts.%s: building %s", name, day)
            rows = marts.build(connection, name, day, settings, known_on=known_on(params))
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
    builds = {group: build_marts.override(task_id=f"build_{group}")(group) for group in marts.GROUPS}
    for group, build in builds.items():
        build.set_upstream([builds[before] for before in sorted(marts.groups_before(group))])
    list(builds.values()) >> check_marts()


build_segments()

"""Keep house: erase who asked for it, let go of what is old enough, give room back; every Monday morning.

1. `erase_customers`: erases everybody `personapulse erase-user` has written down since, everywhere, and checks that
   nothing of them is left. It waits until no day is on its way in or being built.
2. `let_go`: daily marts of customers after `daily_snapshots_days` (35; month ends stay), set-aside rows after
   `quarantine_days` (90), what has run after `runs_days` (400), what was staged and never merged, models no version
   names.
3. `tidy`: vacuum and analyze.

**Starts** Mondays at five, where the shop is. **Running it again is safe**: it finds nothing more to do. **When it
fails**: `docs/runbook.md#maintain_warehouse`.
"""

import logging

from airflow.sdk import CronTriggerTimetable, Variable, chain, dag, task

from personapulse.errors import PersonaPulseError
from personapulse.upkeep import erasure, retention
from personapulse_airflow import shared

log = logging.getLogger(__name__)


@task
def erase_customers() -> None:
    """Erase who asked for it; fail if anything of them is left."""
    with shared.warehouse(shared.ADMIN) as connection:
        done = erasure.erase_requested(connection)
    if not done:
        log.info("Nobody has asked to be erased.")
        return
    log.info("%d customers erased: %s", done.customers, dict(done.found))
    if done.models:
        log.warning("Learned from them, to be trained anew: %s", ", ".join(done.models))
    if done.left_over:
        raise PersonaPulseError(f"Of {done.customers} erased customers something is left: {dict(done.left_over)}")


@task
def let_go() -> None:
    """Let go of what has been kept long enough."""
    with shared.warehouse(shared.ADMIN) as connection:
        for gone in retention.let_go(connection, shared.source().settings):
            log.info("%s: %d rows of %d days, from %s", gone.what, gone.rows, len(gone.days), gone.days[0])
        for url in retention.orphaned_models(connection, Variable.get("personapulse_models")):
            log.info("%s: no version names it", url)


@task
def tidy() -> None:
    """Give back the room of dead rows, and tell the planner what is there."""
    with shared.warehouse(shared.ADMIN) as connection:
        retention.tidy(connection)


@dag(
    schedule=CronTriggerTimetable("0 5 * * MON", timezone=shared.time_zone()),
    start_date=shared.first_night(),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:upkeep", "impact:low"],
)
def maintain_warehouse() -> None:
    """Keep house."""
    chain(erase_customers(), let_go(), tidy())


maintain_warehouse()

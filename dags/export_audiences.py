"""Export the newest day's audiences to where they are used.

1. `wait_for_turn`: lets the newest day go on and skips any other; while a newer one is on its way it waits for that.
   So a backfill exports once, or not at all. Skips all while no destination is set up.
2. `export`: sends each audience of `include/audiences.yaml` to its destinations, as far as they are set up: the folder
   in the Variable `personapulse_audiences`, webhooks by their connections. Who is suppressed or held out stays.

**Starts** when a day is scored, or known not to be; its partition key is the day. **Running it again is safe**: what
was sent before, unchanged, is not sent again. **When it fails**: `docs/runbook.md#export_audiences`.
"""

from airflow.sdk import dag, task

from personapulse.audiences import load_audiences
from personapulse_airflow import shared
from personapulse_airflow.audiences import WaitToExport, export_all


@task
def export(partition_key: str | None = None, run_id: str | None = None) -> None:
    """Export every audience."""
    export_all(shared.day_of(partition_key), run_id)


@dag(
    schedule=shared.when(shared.INTENT),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:publish", "impact:medium"],
)
def export_audiences() -> None:
    """Export one day's audiences."""
    load_audiences()  # a mistake in them is an import error of this dag
    WaitToExport(task_id="wait_for_turn") >> export()


export_audiences()

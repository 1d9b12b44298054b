"""Publish one day's figures for people to read.

1. `write_report`: keeps the day's dashboard for Airflow's pages, and writes it as the folder `latest` into that named
   by the Variable `personapulse_report`, unless a newer day is in front already: taking in an old day never puts old
   figures there.
2. `send_digest`: mails the week on one page (PDF) to the addresses in the Variable `personapulse_digest_to`, on the
   last day of the week only (Sunday, or the Variable `personapulse_digest_day`), and only of the newest day. Skipped
   while the Variable or the connection `smtp_default` is absent.
3. `wait_for_turn`: lets the newest day go on to Power BI and skips any other; while a newer one is on its way it waits
   for that. So a backfill refreshes Power BI once, or not at all. Skips all while Power BI is not set up.
4. `refresh_powerbi`: refreshes the semantic model and waits for the end. It looks at Power BI's history first: waits
   for a refresh that is running, is skipped if today's are used up, and never asks twice for the same day.

**Starts** when a day is scored, or known not to be; its partition key is the day shown. **Running it again is safe**:
the report is written anew, Power BI is refreshed anew, and a digest is sent again only to who asks for it by clearing
its task. **When it fails**: `docs/runbook.md#publish_dashboards`.
"""

import logging

from airflow.sdk import dag, task

from personapulse import lineage as flows
from personapulse_airflow import alerts, lineage, shared
from personapulse_airflow.refresh import RefreshPowerBI
from personapulse_airflow.turn import WaitForTurn

log = logging.getLogger(__name__)


@task
def write_report(partition_key: str | None = None) -> None:
    """Keep the day's dashboard and write it as a folder, unless a newer day is in front."""
    from personapulse_airflow.publishing import publish  # noqa: PLC0415 - loads the chart libraries

    day = shared.day_of(partition_key)
    lineage.tell(flows.of_dashboards())
    with shared.warehouse() as connection:
        log.info(publish(connection, day, shared.report_folder(), shared.source().settings))
    log.info("The day in the browser: %s", shared.dashboard_url(day))


@task
def send_digest(partition_key: str | None = None) -> None:
    """Mail the week on one page, when it is over."""
    from personapulse_airflow import digest  # noqa: PLC0415 - loads the chart libraries

    digest.send(shared.day_of(partition_key), shared.report_folder())


@dag(
    schedule=shared.when(shared.INTENT),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:publish", "impact:medium"],
)
def publish_dashboards() -> None:
    """Publish one day's figures."""
    write_report() >> send_digest()
    refresh = RefreshPowerBI(task_id="refresh_powerbi", on_failure_callback=alerts.power_bi_is_stale)
    WaitForTurn(task_id="wait_for_turn") >> refresh


publish_dashboards()

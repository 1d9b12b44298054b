"""Score every customer known on a day with the champion of that day.

1. `score`: writes `marts.purchase_intent`: how likely each customer is to buy within the horizon, and why. Skipped
   while no model has been promoted.
2. `check_scores`: checks them.
3. `announce_scores`: announces the day, scored or not, so that its figures are published.

**Starts** when the day's training, if one was due, is over; its partition key is the day. **Running it again is safe**:
the champion of a day does not change, and scores replace the day's former ones. **When it fails**:
`docs/runbook.md#score_intent`.
"""

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from personapulse import lineage as flows
from personapulse_airflow import intent, lineage, shared


@task
def score(partition_key: str | None = None) -> None:
    """Score the day's customers."""
    day = shared.day_of(partition_key)
    lineage.tell(flows.of_scores())
    if not intent.score(day):
        raise AirflowSkipException(f"No model has been promoted by {day}, so nobody is scored (docs/model.md).")


@task
def check_scores(partition_key: str | None = None) -> None:
    """Check the day's scores."""
    shared.check("scores", shared.day_of(partition_key))


@task(outlets=[shared.INTENT])
def announce_scores() -> None:
    """Announce the day, scored or not."""


@dag(
    schedule=shared.when(shared.INTENT_MODEL),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:models", "impact:medium"],
)
def score_intent() -> None:
    """Score a day's customers."""
    # a teardown runs whatever became of the tasks before it, and the run is as red as they are
    score() >> check_scores() >> announce_scores().as_teardown()


score_intent()

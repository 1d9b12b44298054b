"""Once a week, train a purchase intent model and let the gate decide whether it may serve.

1. `is_due`: a model is trained once a week; on other days, and while the shop's history is too short, what follows is
   skipped.
2. `watch_served`: what was served is held against what came since; fails, and alerts, if it fell below the floor.
3. `build_features`: what was known of every customer on each of the days to learn from.
4. `train_and_judge`: trains, measures on the newest complete window, keeps model, card and the gate's decision.
5. `gate`: fails, and alerts, if the gate refused the model. A person may promote it all the same: if
   `is_for_people_to_decide`, `ask_for_override` starts `override_intent_gate`.
6. `promote`: makes a model that passed the champion.
7. `announce_model`: announces the day, whatever became of the training, so that it is scored.

**Starts** when a day of `marts` has been checked; its partition key is the day nothing later than which may be known.
**Running it again is safe**: the same data give the same version, and a champion stays the champion. **When it
fails**: `docs/runbook.md#train_intent_model`.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from personapulse_airflow import alerts, intent, shared

OVERRIDE = "override_intent_gate"


@task.short_circuit(ignore_downstream_trigger_rules=False)
def is_due(partition_key: str | None = None) -> bool:
    """Tell whether a model is to be trained as of the day."""
    return intent.training_is_due(shared.day_of(partition_key))


@task(on_failure_callback=alerts.fell_below_floor)
def watch_served(partition_key: str | None = None) -> None:
    """Hold what was served against what came."""
    intent.watch_served(shared.day_of(partition_key))


@task
def build_features(partition_key: str | None = None) -> None:
    """Build the features of the days to learn from."""
    intent.build_features(shared.day_of(partition_key))


@task
def train_and_judge(partition_key: str | None = None) -> str:
    """Train a model and keep it with its verdict; return its version."""
    return intent.train_and_judge(shared.day_of(partition_key))


@task(outlets=[shared.INTENT_MODEL])
def announce_model() -> None:
    """Announce the day: whoever is the champion now scores it."""


@dag(
    schedule=shared.when(shared.MARTS),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:models", "impact:medium"],
)
def train_intent_model() -> None:
    """Train a model once a week, and promote it if the gate lets it."""
    due, version = is_due(), train_and_judge()
    due >> watch_served()
    due >> build_features() >> version
    decided = task(on_failure_callback=alerts.gate_refused)(intent.gate)(version)
    promoted = decided >> task(intent.promote)(version, by="train_intent_model")
    ask = {"model_version": "{{ ti.xcom_pull(task_ids='train_and_judge') }}"}
    task.short_circuit(intent.is_for_people_to_decide)(version) >> TriggerDagRunOperator(
        task_id="ask_for_override", trigger_dag_id=OVERRIDE, conf=ask
    )
    # a teardown runs whatever became of the tasks before it, and leaves the run as red as they are
    promoted >> announce_model().as_teardown()


train_intent_model()

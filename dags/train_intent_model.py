"""Once a week, train a purchase intent model and let the gate decide whether it may serve.

1. `is_due`: a model is trained once a week; on other days, and while the shop's history is too short, the next four
   tasks are skipped.
2. `watch_served`: what was served is held against what came since; fails, and alerts, if it fell below the floor.
3. `build_features`: what was known of every customer on each of the days to learn from, by SQL.
4. `train_and_judge`: trains, measures on the newest complete window, keeps the model, its card and the gate's decision.
5. `gate`: fails, and alerts, if the gate refused the model. `ask_for_override` then starts `override_intent_gate`, where
   a person may promote it all the same.
6. `promote`: makes a model that passed the champion.
7. `announce_model`: announces the day, whatever became of the training, so that it is scored.

**Starts** when a day of `marts` has been checked; its partition key is the day nothing later than which may be known.
**Running it again is safe**: the same data give the same version, and a champion stays the champion. **When it fails**:
`docs/runbook.md#train_intent_model`.
"""

import logging

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task

from personapulse.errors import PersonaPulseError
from personapulse_airflow import alerts, shared

log = logging.getLogger(__name__)


@task.short_circuit(ignore_downstream_trigger_rules=False)
def is_due(partition_key: str | None = None) -> bool:
    """Tell whether a model is to be trained as of the day."""
    from personapulse.intent.calendar import training_due  # noqa: PLC0415 - loads scikit-learn

    with shared.warehouse() as connection:
        due = training_due(connection, shared.day_of(partition_key), shared.source().settings)
    log.info(due.why)
    return due.is_due


@task(on_failure_callback=alerts.fell_below_floor)
def watch_served(partition_key: str | None = None) -> None:
    """Hold what was served against what came."""
    from personapulse.intent import watching  # noqa: PLC0415 - loads scikit-learn

    with shared.warehouse() as connection:
        found = watching.measure(connection, shared.day_of(partition_key), shared.source().settings)
    if isinstance(found, watching.NothingMatured):
        log.info("No day has been scored whose horizon has passed: there is nothing to watch yet.")
    elif found.complaints:
        raise PersonaPulseError(" ".join(found.complaints))


@task
def build_features(partition_key: str | None = None) -> None:
    """Build the features of the days to learn from and to be judged on, where they are not there yet."""
    from personapulse.intent import snapshots  # noqa: PLC0415 - loads scikit-learn

    day, settings = shared.day_of(partition_key), shared.source().settings
    with shared.warehouse() as connection:
        days = snapshots.cut_offs(connection, day, settings.intent_horizon_days)
        for cut_off in (*days.training, days.hold_out):
            if not snapshots.is_built(connection, cut_off, settings):
                log.info("ml.features: %d customers as of %s", snapshots.build(connection, cut_off, settings), cut_off)


@task
def train_and_judge(partition_key: str | None = None) -> str:
    """Train a model, judge it, keep it with its verdict; return its version."""
    from personapulse.intent import candidates  # noqa: PLC0415 - loads scikit-learn

    day = shared.day_of(partition_key)
    with shared.warehouse() as connection:
        candidate = candidates.train(connection, day, shared.registry(), shared.source().settings)
    log.info("%s; its card: %s", candidate.version.model_version, candidate.version.card_url)
    return candidate.version.model_version


@task(on_failure_callback=alerts.gate_refused)
def gate(version: str) -> None:
    """Fail if the gate refused the model."""
    from personapulse.intent import decisions  # noqa: PLC0415 - loads scikit-learn

    with shared.warehouse() as connection:
        decision = decisions.newest(connection, version)
    if decision is None or not decision.passed:
        raise PersonaPulseError(f"The gate refused {version}. " + " ".join(decision.reasons if decision else ()))
    log.info("%s passed all %d criteria.", version, len(decision.criteria))


@task
def promote(version: str) -> None:
    """Make a model that passed the champion, unless it was trained for a day long past."""
    from personapulse.intent import candidates, champions  # noqa: PLC0415 - loads scikit-learn

    with shared.warehouse() as connection:
        try:
            promotion = candidates.promote(connection, version, promoted_by="train_intent_model")
        except champions.PastTrainingError as error:
            log.info("%s stays a candidate. %s", version, error)
        else:
            log.info("%s scores from %s on.", promotion.model_version, promotion.valid_from)


@task.short_circuit
def is_for_people_to_decide(version: str) -> bool:
    """Tell whether the gate refused a model that could still serve."""
    from personapulse.intent import candidates  # noqa: PLC0415 - loads scikit-learn

    with shared.warehouse() as connection:
        return candidates.may_be_overridden(connection, version)


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
    due = is_due()
    version = train_and_judge()
    promoted = promote(version)
    ask = TriggerDagRunOperator(
        task_id="ask_for_override",
        trigger_dag_id="override_intent_gate",
        conf={"model_version": "{{ ti.xcom_pull(task_ids='train_and_judge') }}"},
    )
    due >> [watch_served(), build_features() >> version]
    version >> gate(version) >> promoted
    version >> is_for_people_to_decide(version) >> ask
    # a teardown runs whatever became of the tasks before it, and the run is as red as they are
    promoted >> announce_model().as_teardown()


train_intent_model()

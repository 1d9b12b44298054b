"""Ask a person whether a model that the gate refused is to be promoted anyway.

1. `reasons`: what the gate said, for who is asked.
2. `ask`: waits in Airflow's Required Actions, at most three days, without holding a worker; no answer means no.
3. `promote_anyway`: makes the model the champion, with the person's name and reason; skipped if the answer was no.

**Starts** when `train_intent_model` has trained a model that the gate refused. **Running it again is safe**: a champion
stays the champion. **When it fails**: `docs/runbook.md#override_intent_gate`.
"""

import datetime
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from personapulse_airflow import intent, shared

KEEP, PROMOTE = "Keep the champion", "Promote anyway"
PATIENCE = datetime.timedelta(days=3)


@task
def reasons(params: Any = None) -> str:
    """Return what the gate said, for who is asked."""
    return intent.question(params["model_version"])


@task
def promote_anyway(answer: Any, params: Any = None) -> None:
    """Promote the model if the answer was yes."""
    if answer["chosen_options"] != [PROMOTE]:
        raise AirflowSkipException(f"{params['model_version']} is not promoted.")
    who = (answer["responded_by_user"] or {}).get("name") or "Airflow"
    intent.override(params["model_version"], who, answer["params_input"].get("reason") or "")


@dag(
    schedule=None,
    catchup=False,
    params={"model_version": Param("", type="string", description="A version of `personapulse model list`.")},
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:models", "impact:medium"],
)
def override_intent_gate() -> None:
    """Ask whether a refused model is to be promoted."""
    told = reasons()
    ask = HITLOperator(
        task_id="ask",
        subject="Promote the refused model {{ params.model_version }} anyway?",
        body="{{ ti.xcom_pull(task_ids='reasons') }}",
        options=[KEEP, PROMOTE],
        defaults=KEEP,
        params={"reason": Param("", type="string", description="Why; it is kept with your name.")},
        response_timeout=PATIENCE,
    )
    told >> ask
    promote_anyway(ask.output)


override_intent_gate()

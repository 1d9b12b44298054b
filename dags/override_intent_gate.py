"""Ask a person whether a model that the gate refused is to be promoted anyway.

1. `ask`: waits in Airflow's Required Actions, at most three days, without holding a worker; no answer means no.
2. `promote_anyway`: makes the model the champion, with the person's name and reason; skipped if the answer was no.

**Starts** when `train_intent_model` has trained a model that the gate refused. **Running it again is safe**: a champion
stays the champion. **When it fails**: `docs/runbook.md#override_intent_gate`.
"""

import datetime
import logging
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from personapulse_airflow import shared

log = logging.getLogger(__name__)

KEEP, PROMOTE = "Keep the champion", "Promote anyway"
PATIENCE = datetime.timedelta(days=3)


@task
def reasons(params: Any = None) -> str:
    """Return what the gate said, in Markdown, for who is asked."""
    from personapulse.intent import decisions, messages  # noqa: PLC0415 - loads the chart libraries

    with shared.warehouse() as connection:
        decision = decisions.newest(connection, params["model_version"])
    return messages.question(decision, params["model_version"])


@task
def promote_anyway(answer: Any, params: Any = None) -> None:
    """Promote the model if the answer was yes."""
    from personapulse.intent import candidates  # noqa: PLC0415 - loads scikit-learn

    version = params["model_version"]
    if answer["chosen_options"] != [PROMOTE]:
        raise AirflowSkipException(f"{version} is not promoted.")
    with shared.warehouse() as connection:
        promotion = candidates.override(
            connection,
            version,
            promoted_by=(answer["responded_by_user"] or {}).get("name") or "Airflow",
            reason=answer["params_input"].get("reason") or "",
        )
    log.info("%s scores from %s on.", promotion.model_version, promotion.valid_from)


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

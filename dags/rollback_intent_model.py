"""Go back to the champion before this one; by hand, from Airflow's pages.

1. `roll_back`: makes the champion before the present one the champion again, with the name and reason given. It scores
   from the first day on that is not scored yet; past days keep the model they had.

**Starts** by hand only: Trigger, with who decides and why. **Running it again** goes back one champion further.
**When it fails**: `docs/runbook.md#rollback_intent_model`.
"""

from typing import Any

from airflow.sdk import Param, dag, task

from personapulse_airflow import intent, shared


@task
def roll_back(params: Any = None) -> None:
    """Make the champion before the present one the champion again."""
    intent.roll_back(params["promoted_by"], params["reason"])


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    params={
        "promoted_by": Param(type="string", minLength=1, description="Who decides; it is kept."),
        "reason": Param(type="string", minLength=1, description="Why; it is kept."),
    },
    doc_md=__doc__,
    default_args=shared.DEFAULT_ARGS,
    tags=["layer:models", "impact:medium"],
)
def rollback_intent_model() -> None:
    """Go back to the champion before this one."""
    roll_back()


rollback_intent_model()

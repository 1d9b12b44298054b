"""What people are told when a model is refused, or when what is served falls below the gate's floor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from personapulse.intent import plots
from personapulse.intent.decisions import GateDecision
from personapulse.intent.watching import LiveMetrics
from personapulse.messages import Message, rendered

PACKAGE = "personapulse.intent"
SHOWN = (
    "accuracy",
    "majority",
    "accuracy_above_majority",
    "roc_auc",
    "pr_auc",
    "base_rate",
    "brier",
    "calibration_error",
)


def refused(decision: GateDecision, shop: str, run_url: str, folder: Path) -> Message:
    """Tell that the gate refused a model, with its reasons, numbers and pictures.

    Parameters
    ----------
    decision : GateDecision
        What the gate said.
    shop : str
        Name of the shop.
    run_url : str
        Address of the run in Airflow.
    folder : Path
        Where pictures are drawn; it must stay until the message is sent.
    """
    pictures = plots.draw(decision.measurements, folder)
    failed = [criterion for criterion in decision.criteria if not criterion["passed"]]
    return rendered(
        PACKAGE,
        "refused",
        subject=f"{shop}: purchase intent model {decision.model_version} was refused",
        files=tuple(pictures.values()),
        decision=decision,
        failed=failed,
        numbers=_numbers(decision.measurements),
        run_url=run_url,
    )


def below_floor(complaints: Sequence[str], metrics: Sequence[LiveMetrics], shop: str, run_url: str) -> Message:
    """Tell that what was served turned out worse than the gate's floor allows.

    Parameters
    ----------
    complaints : sequence of str
        Of `watching.measure`.
    metrics : sequence of LiveMetrics
        Everybody first, then each persona.
    shop : str
        Name of the shop.
    run_url : str
        Address of the run in Airflow.
    """
    day = metrics[0].served_on
    return rendered(
        PACKAGE,
        "below_floor",
        subject=f"{shop}: purchase intent as served on {day} fell below the floor",
        complaints=complaints,
        metrics=metrics,
        run_url=run_url,
    )


def question(decision: GateDecision, shop: str) -> str:
    """Ask, in Markdown, whether a model that was refused is to be promoted anyway."""
    criteria = "\n".join(
        f"| {'holds' if one['passed'] else '**does not hold**'} | {one['says']} | {one['why']} |"
        for one in sorted(decision.criteria, key=lambda one: bool(one["passed"]))
    )
    champion = decision.champion_version or "nobody: customers have no scores"
    return (
        f"The gate refused model **{decision.model_version}** of {shop}, trained for {decision.decided_for}. "
        f"Champion: {champion}.\n\n| | criterion | why |\n|---|---|---|\n{criteria}\n"
    )


def _numbers(measurements: dict[str, Any]) -> list[tuple[str, str]]:
    """Write the numbers people ask for first, with their intervals."""
    told = []
    for name in SHOWN:
        found = measurements.get(name)
        if isinstance(found, dict):
            low, high = found.get("low"), found.get("high")
            interval = f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else ""
            found = found.get("value")
        else:
            interval = ""
        told.append((name.replace("_", " "), "not measured" if found is None else f"{found:.3f}{interval}"))
    return told

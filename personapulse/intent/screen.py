"""Models as people read them: the list, and what is known of one."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personapulse import wording
from personapulse.intent.champions import Promotion, spans
from personapulse.intent.decisions import GateDecision
from personapulse.intent.registry import ModelVersion
from personapulse.intent.watching import LiveMetrics

MEASURES = {"accuracy": "accuracy", "majority": "majority", "PR-AUC": "pr_auc", "Brier": "brier"}  # on the hold-out
DAYS_SHOWN = 5  # of those it served
PASSED, REFUSED = Text("✓", style="bold green"), Text("✗", style="bold red")


def show_list(
    console: Console,
    versions: Sequence[ModelVersion],
    decisions: dict[str, GateDecision],
    promotions: Sequence[Promotion],
) -> None:
    """Print every version with what the gate said of it and the days it serves, the newest first."""
    serving = spans(promotions)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("model", no_wrap=True, style="cyan")
    table.add_column("trained for", no_wrap=True)
    table.add_column("learned from", justify="right")
    table.add_column("size", justify="right", no_wrap=True)
    for name in MEASURES:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("gate", no_wrap=True)
    table.add_column("serves")
    for one in versions:
        table.add_row(
            one.model_version,
            str(one.trained_for),
            wording.counted(one.rows_trained, "row"),
            _size(one.artifact_bytes),
            *(_measured(decisions.get(one.model_version), name) for name in MEASURES.values()),
            _verdict(decisions.get(one.model_version)),
            "; ".join(map(_span, serving.get(one.model_version, []))),
        )
    console.print(table)
    console.print("\npersonapulse model explain MODEL says what the gate saw in one.")


def show_version(
    console: Console,
    version: ModelVersion,
    decision: GateDecision | None,
    promotions: Sequence[Promotion],
    live: Sequence[LiveMetrics] = (),
) -> None:
    """Print what is known of a version: its verdict, how it served, its promotions, what it was made of.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    version : ModelVersion
        The version.
    decision : GateDecision or None
        What the gate said last.
    promotions : sequence of Promotion
        All there were, oldest first.
    live : sequence of LiveMetrics
        How days it scored went, newest first.
    """
    console.print(Text(version.model_version, style="bold cyan"))
    if decision:
        _show_decision(console, decision)
    else:
        console.print("The gate has not judged it.")
    console.print()
    console.print(_facts(version, [one for one in promotions if one.model_version == version.model_version], live))


def _show_decision(console: Console, decision: GateDecision) -> None:
    champion = (
        f"against the champion {decision.champion_version}" if decision.champion_version else "without a champion"
    )
    verdict = Text.assemble("The gate ", _verdict(decision), f" it for {decision.decided_for}, {champion}.")
    console.print(verdict)
    for reason in decision.reasons:
        console.print(Text(f"  {reason}"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column("criterion", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("must be", no_wrap=True)
    table.add_column("because")
    for one in decision.criteria:
        table.add_row(
            PASSED if one["passed"] else REFUSED,
            one["name"],
            _value(one["value"]),
            f"{one['comparison']} {_value(one['limit'])}",
            Text(one["why"]),
        )
    console.print()
    console.print(table)


def _facts(version: ModelVersion, promotions: Sequence[Promotion], live: Sequence[LiveMetrics]) -> Table:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for one in promotions:
        facts.add_row("Promoted", Text(f"from {one.valid_from} on, by {one.promoted_by} ({one.kind}): {one.reason}"))
    for day in live[:DAYS_SHOWN]:
        facts.add_row(f"Served {day.served_on}", _went(day))
    days = f"{version.cut_offs[0]} to {version.cut_offs[-1]}" if version.cut_offs else "no day"
    facts.add_row("Says", f"how likely a customer is to buy within {version.horizon_days} days")
    facts.add_row(
        "Learned from",
        f"{wording.counted(version.rows_trained, 'row')}: customers as of {len(version.cut_offs)} days, {days}",
    )
    facts.add_row("Judged on", f"customers as of {version.hold_out}")
    facts.add_row("Settings", Text(_value(version.parameters)))
    facts.add_row("Libraries", Text(_value(version.libraries)))
    facts.add_row("Artifact", Text(f"{version.artifact_url} ({_size(version.artifact_bytes)})"))
    if version.card_url:
        facts.add_row("Card", Text(version.card_url))
    return facts


def _verdict(decision: GateDecision | None) -> Text:
    if decision is None:
        return Text("not judged", style="yellow")
    return Text("passed", style="bold green") if decision.passed else Text("refused", style="bold red")


def _measured(decision: GateDecision | None, name: str) -> str:
    """Write a number the gate saw; nothing where there was none."""
    found = decision.measurements.get(name) if decision else None
    return "" if not found or found["value"] is None else f"{found['value']:.3f}"


def _went(day: LiveMetrics) -> str:
    """Say how a day was foretold."""
    told = f"{wording.number(day.positives)} of {wording.number(day.customers)} bought"
    if day.accuracy is not None:
        told += f"; accuracy {day.accuracy:.3f} ({day.accuracy_low:.3f} to {day.accuracy_high:.3f})"
    if day.pr_auc is not None:
        told += f", PR-AUC {day.pr_auc:.3f}"
    return told


def _span(days: tuple[datetime.date, datetime.date | None]) -> str:
    first, last = days
    return f"{first} to {last}" if last else f"champion from {first} on"


def _size(of_bytes: int) -> str:
    return f"{of_bytes / 1e6:.1f} MB"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return "none" if value is None else str(value)

"""Metrics as people read them: a number in its unit, the list of all, and the rows behind one."""

import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from personapulse import wording
from personapulse.metrics.answers import Answer, Number, StoredValue
from personapulse.metrics.definitions import Catalogue, Metric


def written(value: Number | None, metric: Metric, currency: str) -> str:
    """Write a metric's number for people, such as `EUR 1 234.50` or `31.4 %`; `none` where there is none."""
    if value is None:
        return "none"
    if metric.format == "money":
        return f"{currency}{wording.NO_BREAK}{wording.cents(value, currency)}"
    if metric.format == "percent":
        return wording.percent(value, metric.digits)
    return wording.number(value, metric.digits)


def unit(metric: Metric, currency: str) -> str:
    """Name a metric's unit."""
    return currency if metric.unit == "currency" else metric.unit


def show_catalogue(console: Console, catalogue: Catalogue, currency: str) -> None:
    """Print every metric with its unit and definition, by group."""
    for group, metrics in catalogue.groups.items():
        table = Table(title=group, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
        table.add_column("metric", no_wrap=True, style="cyan")
        table.add_column("unit", no_wrap=True)
        table.add_column("what it is", overflow="fold")
        for metric in metrics:
            table.add_row(metric.name, unit(metric, currency), Text(metric.definition))
        console.print(table)
        console.print()
    console.print("personapulse metric NAME says the number; --show-rows what it is made of. More: docs/definitions.md")


def show_answer(console: Console, answer: Answer, currency: str) -> None:
    """Print a metric's number, what it means, what was counted, and what the marts hold."""
    metric = answer.metric
    console.print(
        Text.assemble((metric.label, "bold"), ": ", (written(answer.value, metric, currency), "bold green")),
        soft_wrap=True,
    )
    console.print(Text(_circumstances(answer), style="dim"))
    console.print(Text(f"{metric.definition} {metric.details}".rstrip()))
    if metric.population:
        counted = wording.counted(answer.count or 0, metric.population.grain)
        console.print(Text(f"Counted: {counted}. {metric.population.definition}"))
    for stored in answer.stored:
        console.print(Text(_agreement(stored, answer, currency)), style="" if stored.is_same else "yellow")


def _circumstances(answer: Answer) -> str:
    known = "as known that night" if answer.known_on == answer.as_of_date else "as restated by all that came later"
    whose = f", {answer.persona} only" if answer.persona is not None else ""
    return f"{answer.metric.name} as of {answer.as_of_date}, {known}{whose}"


def _agreement(stored: StoredValue, answer: Answer, currency: str) -> str:
    place = str(stored.stored).replace("%(persona)s", f"'{answer.persona}'").replace("%%", "%")
    if stored.is_same:
        return f"The same as {place}."
    return f"{place} is {written(stored.value, answer.metric, currency)}: the day as it was built."


def show_rows(console: Console, answer: Answer, currency: str) -> None:
    """Print the rows asked for as a table, and say how many there are."""
    if not answer.metric.population:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(answer.columns):
        is_number = any(isinstance(row[place], Decimal | int | float) for row in answer.rows)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in answer.rows:
        table.add_row(*(Text(_cell(value, currency)) for value in row))
    console.print()
    console.print(table)
    if (answer.count or 0) > len(answer.rows):
        console.print(f"{len(answer.rows)} of {wording.number(answer.count or 0)} rows; --limit shows more, --csv all.")


def _cell(value: Any, currency: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return wording.cents(value, currency)
    return str(value)


def as_json(answer: Answer, currency: str, *, is_with_rows: bool) -> dict[str, Any]:
    """Return an answer for machines: numbers as numbers, days as ISO dates."""
    metric = answer.metric
    told: dict[str, Any] = {
        "metric": metric.name,
        "label": metric.label,
        "as_of_date": str(answer.as_of_date),
        "known_on": str(answer.known_on),
        "persona": answer.persona,
        "value": plain(answer.value),
        "unit": unit(metric, currency),
        "written": written(answer.value, metric, currency),
        "definition": metric.definition,
        "counted": metric.population and {"grain": metric.population.grain, "rows": answer.count},
        "stored": [
            {"where": str(one.stored), "value": plain(one.value), "is_same": one.is_same} for one in answer.stored
        ],
    }
    if is_with_rows:
        told["rows"] = [dict(zip(answer.columns, map(plain, row), strict=True)) for row in answer.rows]
    return told


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; a whole number stays one."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, datetime.date) else value

"""`personapulse clv`: try the lifetime value models on a file of one's own."""

import datetime
import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from personapulse.commands.console import console

if TYPE_CHECKING:
    from personapulse.clv.checking import Answer

commands = typer.Typer(
    name="clv",
    help="Predicted lifetime value: fit BG/NBD and Gamma-Gamma to a file (docs/lifetime-value.md).",
    no_args_is_help=True,
)


class Unit(StrEnum):
    """In which times are counted."""

    days = "days"
    weeks = "weeks"


@commands.callback()
def clv() -> None:
    """Keep `fit` a command of its own, though it is the only one."""


@commands.command()
def fit(
    file: Annotated[
        Path,
        typer.Argument(
            help="Transactions (customer, date, value) or a summary (frequency, recency, T, monetary value), as .csv,"
            " .csv.gz, .txt or .parquet."
        ),
    ],
    *,
    customer: Annotated[
        str, typer.Option(help="Column of the customer: its name, or its number in a file without header.")
    ] = "",
    date: Annotated[str, typer.Option(help="Column of the day.")] = "",
    value: Annotated[str, typer.Option(help="Column of what was paid.")] = "",
    frequency: Annotated[str, typer.Option(help="Summary: column of repeat purchases.")] = "",
    recency: Annotated[str, typer.Option(help="Summary: column of the time from first to last purchase.")] = "",
    age: Annotated[str, typer.Option(help="Summary: column of the time from first purchase to the end (T).")] = "",
    mean_value: Annotated[str, typer.Option(help="Summary: column of the mean worth of repeat purchases.")] = "",
    unit: Annotated[Unit, typer.Option(help="In which times are counted; those of a summary are in it.")] = Unit.days,
    calibration_end: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day the models see; what came later is foretold and compared."),
    ] = None,
    horizon: Annotated[
        float | None,
        typer.Option(min=0.001, help="How far to look ahead, in the unit. [default: the time held out, or 12 months]"),
    ] = None,
    all_values: Annotated[
        bool,
        typer.Option("--all-values", help="Count the first purchase in a customer's mean worth, as the marts do."),
    ] = False,
    top: Annotated[int, typer.Option(min=0, help="Customers shown.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Fit both models to a file; print parameters, expected totals, the best customers and a backtest.

    Purchases of one day count as one. Columns are found by their names. For example:

    personapulse clv fit orders.csv --calibration-end 2026-03-31

    personapulse clv fit CDNOW_sample.txt --customer 2 --date 3 --value 5 --unit weeks --calibration-end 1997-09-30
    """
    # SciPy takes its time to load: only who fits waits for it.
    from personapulse.clv.checking import Question, check  # noqa: PLC0415

    names = {
        "customer": customer, "date": date, "value": value,
        "frequency": frequency, "recency": recency, "age": age, "mean_value": mean_value,
    }  # fmt: skip
    question = Question(unit.value, calibration_end and calibration_end.date(), horizon, all_values)
    answer = check(file, {what: name for what, name in names.items() if name}, question)
    if as_json:
        typer.echo(json.dumps(answer.as_dict(top), indent=2))
    else:
        _show(answer, top)


def _show(answer: "Answer", top: int) -> None:
    output = console(markup=False, soft_wrap=True)
    repeat_buyers = int((answer.histories.frequency > 0).sum())
    end = f" up to {answer.end}" if answer.end else ""
    output.print(f"{answer.file}: {len(answer.histories):,} customers{end}, {repeat_buyers:,} of them bought again")
    for name, told in answer.parameters().items():
        output.print(f"\n{name}: log-likelihood {told['log_likelihood']:,.1f}")
        output.print(_table(
            ("parameter", "value", "standard error"),
            [(p, _number(one["value"]), _number(one["standard_error"])) for p, one in told["parameters"].items()],
        ))  # fmt: skip
    unit = answer.question.unit
    output.print(f"\nThe next {answer.horizon:g} {unit}, with 80 % intervals")
    named = zip(("purchases", "value"), answer.totals, strict=True)
    output.print(_table(
        ("in all", "expected", "low", "high"),
        [
            (what, *(f"{number:,.0f}" for number in (total.expected, total.low, total.high)))
            for what, total in named if what == "purchases" or answer.has_values
        ],
    ))  # fmt: skip
    if answer.warning:
        output.print(f"Careful: {answer.warning}.")
    if top:
        output.print("\nOf whom most is expected")
        output.print(_top(answer, top))
    if answer.backtest:
        _show_backtest(output, answer)


def _top(answer: "Answer", rows: int) -> Table:
    frame = answer.top(rows)
    columns = [name for name in frame.columns if answer.has_values or name not in {"value", "low", "high"}]
    digits = {"frequency": 0, "recency": 2, "T": 2, "probability_alive": 3, "purchases": 2}
    lines = [
        tuple(str(row[name]) if name == "customer" else f"{row[name]:,.{digits.get(name, 2)}f}" for name in columns)
        for row in frame.to_dict(orient="records")
    ]
    return _table(tuple(columns), lines)


def _show_backtest(output: Console, answer: "Answer") -> None:
    output.print(f"\nForetold on {answer.end} and held against what came")
    lines = [
        (
            score.measure,
            score.method,
            _number(score.predicted, ",.0f"),
            f"{score.actual:,.0f}",
            _number(score.total_error, "+.1%"),
            _number(score.rmse, ",.3f"),
            _number(score.correlation, ".3f"),
        )
        for score in sorted(answer.backtest, key=lambda score: score.measure)
    ]
    output.print(_table(("measure", "method", "predicted", "actual", "error in all", "RMSE", "correlation"), lines))


def _number(number: float | None, form: str = ".4g") -> str:
    return "-" if number is None else f"{number:{form}}"


def _table(header: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> Table:
    table = Table(*header)
    for column in table.columns[1:]:
        column.justify = "right"
    for line in lines:
        table.add_row(*line)
    return table

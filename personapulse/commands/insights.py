"""`personapulse insights`: what may be said of the shop, and what it rests on."""

import datetime
import textwrap
from decimal import Decimal
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.insights.reading import Insight, read_insights
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded

WIDTH = 100


def insights(
    context: typer.Context,
    *,
    as_of: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Day to speak of; by default the newest one built."),
    ] = None,
    why: Annotated[
        int | None, typer.Option(metavar="N", help="Show the query behind the insight of this number, and its rows.")
    ] = None,
) -> None:
    """Print what the day's data say of the shop: sentences, their figures, and what is not said.

    Only what holds beyond chance is said, all tests of the day taken into account (docs/insights.md). For example:

    personapulse insights --as-of 2026-05-31 --why 1
    """
    with embedded(EmbeddedPostgres(Home.open(context.obj))) as connection:
        day = as_of.date() if as_of else _newest_day(connection)
        found = read_insights(connection, day)
        if not found:
            raise PersonaPulseError(f"No insights are built for {day}. Backfill it with the dag ingest_shop_data.")
        if why is None:
            _tell(found, day)
        else:
            _explain(connection, _numbered(found, why))


def _newest_day(connection: psycopg.Connection[Any]) -> datetime.date:
    row = connection.execute("select max(as_of_date) from marts.insights").fetchone()
    if row is None or row[0] is None:
        raise PersonaPulseError(
            "No day has been built yet, so there is nothing to say. "
            "Run `personapulse up --once`, or let the dag build_segments finish a day."
        )
    day: datetime.date = row[0]
    return day


def _numbered(found: list[Insight], number: int) -> Insight:
    if 1 <= number <= len(found):
        return found[number - 1]
    raise PersonaPulseError(f"There is no insight {number}: the day has 1 to {len(found)}.")


def _tell(found: list[Insight], day: datetime.date) -> None:
    said = sum(insight.is_said for insight in found)
    typer.echo(f"As of {day}, {said} of {len(found)} insights hold beyond chance.\n")
    for number, insight in enumerate(found, 1):
        if number == said + 1:
            typer.echo("Not said:\n")
        mark = f"{number:>2}. "
        sentence = insight.sentence if insight.is_said else f"{insight.question}: {insight.reason}"
        typer.echo(textwrap.fill(sentence, WIDTH, initial_indent=mark, subsequent_indent="    "))
        if insight.is_said:
            typer.echo(textwrap.fill(insight.evidence, WIDTH, initial_indent="    ", subsequent_indent="    ") + "\n")
    typer.echo("\nThe query behind one, and its rows: personapulse insights --why N")


def _explain(connection: psycopg.Connection[Any], insight: Insight) -> None:
    typer.echo(f"{insight.sentence}\n{insight.evidence}\n\n{insight.query}\n")
    cursor = connection.execute(insight.query.replace("%", "%%").encode(), {})
    table = Table(*[column.name for column in cursor.description or ()], box=None, pad_edge=False)
    for row in cursor:
        table.add_row(*map(_cell, row))
    Console(width=max(Console().width, 40 * len(table.columns))).print(table)


def _cell(value: object) -> str:
    if isinstance(value, Decimal | float):
        return f"{float(value):.6g}"
    return "" if value is None else str(value)

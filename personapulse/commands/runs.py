"""`personapulse runs`: what has run, night by night."""

import csv
import dataclasses
import sys
from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from personapulse import roles
from personapulse.commands.console import console
from personapulse.home import Home
from personapulse.nights.ledger import Entry, read
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded

STYLES = {"success": "green", "failed": "bold red", "running": "yellow"}


def runs(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, metavar="N", help="Runs of the newest N days.")] = 3,
    as_csv: Annotated[bool, typer.Option("--csv", help="Everything as CSV, times in UTC, for machines.")] = False,
) -> None:
    """Show what has run of each day: when, for how long, what became of it, how many rows, how often it was tried.

    Times are the shop's. A run without a day (upkeep, a rollback) stands under the day it started. The same is in the
    table ops.runs (docs/watching.md). For example:

    personapulse runs --days 7
    """
    with embedded(EmbeddedPostgres(Home.open(context.obj)), roles.AUDITOR) as connection:
        entries = read(connection, days)
        zone = ZoneInfo((connection.execute("select time_zone from ops.shop").fetchone() or ("UTC",))[0])
    if as_csv:
        _write(entries)
    elif not entries:
        typer.echo("Nothing has run yet. Start it with: personapulse up")
    else:
        console().print(_table(entries, zone))


def _table(entries: Sequence[Entry], zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("day", "dag", f"started ({zone.key})", "seconds", "outcome", "rows", "tries", "by"):
        table.add_column(name, justify="right" if name in ("seconds", "rows", "tries") else "left", no_wrap=True)
    shown = None
    for entry in entries:
        day = str(entry.day or "-")
        outcome = entry.outcome + (f": {', '.join(entry.failed_tasks)}" if entry.failed_tasks else "")
        table.add_row(
            day if day != shown else "",
            entry.dag_id,
            f"{entry.started_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
            "" if entry.seconds is None else f"{entry.seconds:,.1f}",
            Text(outcome, style=STYLES.get(entry.outcome, "")),
            "" if entry.row_count is None else f"{entry.row_count:,}",
            "" if entry.tasks_tried is None else str(entry.tasks_tried),
            entry.run_type,
        )
        shown = day
    return table


def _write(entries: Sequence[Entry]) -> None:
    names = [field.name for field in dataclasses.fields(Entry)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for entry in entries:
        values = dataclasses.asdict(entry) | {"failed_tasks": " ".join(entry.failed_tasks)}
        writer.writerow(["" if values[name] is None else values[name] for name in names])

"""`personapulse metric`: any number people quote, and the orders or customers behind it."""

import csv
import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.marts import RESTATED
from personapulse.marts.days import built_days, check_built, snapshot
from personapulse.metrics import Answer, Metric, answer, load_metrics, screen
from personapulse.metrics.definitions import choices
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings
from personapulse.warehouse import embedded

ROWS_SHOWN = 20


def metric(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Without it, all metrics are listed.")] = None,
    *,
    as_of: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Day to look from; by default the newest one built."),
    ] = None,
    persona: Annotated[str | None, typer.Option(help="Only customers with this persona on the day.")] = None,
    restated: Annotated[
        bool, typer.Option("--restated", help="With all that was delivered since, not only what was known that night.")
    ] = False,
    show_rows: Annotated[
        bool, typer.Option("--show-rows", help="Also print the orders, returns or customers it is made of.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=f"Rows to print. [default: {ROWS_SHOWN}; as CSV, all]")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Only the rows, all of them, as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for machines.")] = False,
) -> None:
    """Print a metric, what it means, and the rows it is made of.

    Definitions: include/metrics.yaml, for reading docs/definitions.md. For example:

    personapulse metric net_revenue_to_date --as-of 2026-05-31 --persona Loyalist --show-rows
    """
    catalogue = load_metrics()
    console = Console(highlight=False)
    if name is None:
        _refuse(as_csv or show_rows, "Rows are shown of one metric: personapulse metric NAME --show-rows")
        screen.show_catalogue(console, catalogue, "currency")
        return
    wanted = catalogue.metric(name)
    _refuse(as_csv and as_json, "Choose one of --csv and --json.")
    _refuse((as_csv or show_rows) and not wanted.population, f"{name} is computed from marts; it has no rows to show.")
    rows = limit or (ROWS_SHOWN if not (as_csv or as_json) else None) if as_csv or show_rows else 0
    with _warehouse(context, wanted) as (connection, shop):
        day = as_of.date() if as_of else built_days(connection)[-1]
        check_built(connection, day)
        _check_persona(connection, day, persona, is_needed=wanted.needs_persona)
        known_on = RESTATED if restated else None
        found = answer(connection, wanted, day, shop, known_on=known_on, persona=persona, limit=rows)
    if as_csv:
        _write_csv(found)
    elif as_json:
        typer.echo(json.dumps(screen.as_json(found, shop.currency, is_with_rows=show_rows), indent=2))
    else:
        screen.show_answer(console, found, shop.currency)
        if show_rows:
            screen.show_rows(console, found, shop.currency)


def _refuse(is_wrong: bool, message: str) -> None:
    if is_wrong:
        raise PersonaPulseError(message)


@contextmanager
def _warehouse(context: typer.Context, wanted: Metric) -> Iterator[tuple[psycopg.Connection[Any], ShopSettings]]:
    """Open the warehouse for reading, as of one moment, with what the metric needs to know of the shop."""
    with embedded(EmbeddedPostgres(Home.open(context.obj))) as connection, snapshot(connection):
        row = connection.execute("select name, currency, time_zone, source_url from ops.shop").fetchone()
        if not row:
            yield connection, ShopSettings()
            return
        known = ShopSettings(name=row[0], currency=row[1], time_zone=row[2])
        yield connection, _with_windows(row[3]) if wanted.reads_settings else known


def _with_windows(source_url: str) -> ShopSettings:
    """Read the shop's own file: only who asks for its windows waits for its storage."""
    from personapulse.ingest import Source  # noqa: PLC0415 - reading Parquet takes its time to load

    return Source(source_url).settings


def _check_persona(
    connection: psycopg.Connection[Any], day: datetime.date, persona: str | None, *, is_needed: bool
) -> None:
    rows = connection.execute("select distinct persona from marts.personas where as_of_date = %s order by 1", (day,))
    known = [name for (name,) in rows]
    if persona is None and is_needed:
        raise PersonaPulseError(f"This is a number of one persona; name it with --persona. {choices('', known)}")
    if persona is not None and persona not in known:
        raise PersonaPulseError(f"Nobody is called {persona!r} on {day}. {choices(persona, known)}")


def _write_csv(found: Answer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(found.columns)
    writer.writerows(found.rows)

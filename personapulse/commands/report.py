"""`personapulse report`: a shop's figures as one page for people to read."""

import datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings
from personapulse.warehouse import embedded


def report(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(help="Folder for index.html; an earlier report in it is replaced.")],
    as_of: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Day to report on; by default the newest one built."),
    ] = None,
) -> None:
    """Write the report of one day as a page that needs neither network nor server."""
    # matplotlib takes its time to load: only who reports waits for it.
    from personapulse.report import built_days, write_report  # noqa: PLC0415

    with embedded(EmbeddedPostgres(Home.open(context.obj))) as connection:
        day = as_of.date() if as_of else built_days(connection)[-1]
        written = write_report(connection, day, out, _shop(connection))
    typer.echo(f"{written} shows {day}.")


def _shop(connection: psycopg.Connection[Any]) -> ShopSettings:
    """Return what the warehouse knows of its shop; defaults for a warehouse that nobody has named."""
    row = connection.execute("select name, currency, time_zone from ops.shop").fetchone()
    return ShopSettings(name=row[0], currency=row[1], time_zone=row[2]) if row else ShopSettings()

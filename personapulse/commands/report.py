"""`personapulse report`: a shop's figures as a dashboard that opens from a disk, a page to print, and a workbook."""

import datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings
from personapulse.warehouse import embedded


def report(
    context: typer.Context,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the dashboard (index.html) and one page to print (summary.html).")
    ] = None,
    xlsx: Annotated[Path | None, typer.Option(help="File for the tables as an Excel workbook.")] = None,
    as_of: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Day to report on; by default the newest one built."),
    ] = None,
) -> None:
    """Write one day's figures, with the days published before it, as files that need neither network nor server."""
    if not out and not xlsx:
        raise PersonaPulseError("Say what to write: --out FOLDER (the dashboard), --xlsx FILE (a workbook), or both.")
    # The chart libraries take their time to load: only who reports waits for them.
    from personapulse.dashboard.document import make_document  # noqa: PLC0415
    from personapulse.dashboard.folder import write_day  # noqa: PLC0415
    from personapulse.dashboard.workbook import write_workbook  # noqa: PLC0415
    from personapulse.report import built_days  # noqa: PLC0415

    with embedded(EmbeddedPostgres(Home.open(context.obj))) as connection:
        day = as_of.date() if as_of else built_days(connection)[-1]
        settings = _shop(connection)
        document = make_document(connection, day, settings)
        if out:
            typer.echo(f"{write_day(connection, document, out, settings)} shows {day}.")
        if xlsx:
            typer.echo(f"{write_workbook(document, xlsx)} holds the tables of {day}.")


def _shop(connection: psycopg.Connection[Any]) -> ShopSettings:
    """Return the settings of the shop's source; what the warehouse knows of it where the source is out of reach."""
    from personapulse.ingest import Source  # noqa: PLC0415 - needed by who reports alone

    row = connection.execute("select name, currency, time_zone, source_url from ops.shop").fetchone()
    if not row:
        return ShopSettings()
    try:
        return Source(row[3]).settings
    except (PersonaPulseError, OSError, ImportError):
        return ShopSettings(name=row[0], currency=row[1], time_zone=row[2])

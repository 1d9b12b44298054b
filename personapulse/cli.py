"""The command line: `personapulse --help`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from personapulse import __version__
from personapulse.commands import (
    audience,
    backup,
    clv,
    convert,
    doctor,
    insights,
    metric,
    model,
    prepare_server,
    query,
    report,
    runs,
    simulate,
    up,
    upkeep,
)
from personapulse.errors import PersonaPulseError

application = typer.Typer(
    name="personapulse",
    help="Tells an online shop who its customers are and what they will do next.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help texts have square brackets of their own
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@application.callback()
def settings(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(envvar="PERSONAPULSE_HOME", help="Folder of all state. [default: .personapulse]"),
    ] = None,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True)] = False,  # noqa: ARG001
) -> None:
    """Keep what every command shares."""
    context.obj = home


application.command()(up.up)
application.command()(up.down)
application.add_typer(audience.commands)
application.command()(backup.backup)
application.command()(backup.restore)
application.add_typer(clv.commands)
application.add_typer(convert.commands)
application.command()(prepare_server.prepare_server)
application.add_typer(query.commands)
application.command()(doctor.doctor)
application.command()(metric.metric)
application.command()(insights.insights)
application.add_typer(model.commands)
application.command()(report.report)
application.command()(runs.runs)
application.command()(simulate.simulate)
application.command()(upkeep.erase_user)
application.command()(upkeep.maintain)


def app() -> None:
    """Run a command; print what people can mend without a traceback."""
    try:
        application()
    except PersonaPulseError as error:
        typer.secho(f"Error: {error}", fg="red", err=True)
        sys.exit(1)

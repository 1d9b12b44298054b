"""`personapulse audience`: which audiences there are, taking one out, and who never leaves."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import psycopg
import typer
from rich.table import Table

from personapulse import roles
from personapulse.commands.console import console
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded

if TYPE_CHECKING:
    from personapulse.audiences.exports import SetUp
    from personapulse.audiences.receivers import Receiver
    from personapulse.audiences.settings import Audience

FOLDER = "PERSONAPULSE_AUDIENCES"  # environment variable: the house's own folder for audiences
SHOWN = 5  # ids in a message, and exports of one audience

commands = typer.Typer(
    name="audience",
    help="Audiences: the customers a marketer takes out, and those who never leave (docs/audiences.md).",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in include/audiences.yaml.")]
Ids = Annotated[
    str,
    typer.Argument(
        metavar="FILE|ID", help="A user_id, or a file with one user_id per line; write -- before an ID like -5."
    ),
]


@commands.command(name="list")
def list_() -> None:
    """List the audiences: who is in them, which share is held out, and where they go."""
    from personapulse.audiences import load_audiences  # noqa: PLC0415 - checks persona names, which takes its time

    table = Table("audience", "who", "held out", "goes to", box=None, pad_edge=False)
    for audience in load_audiences().by_name.values():
        table.add_row(audience.name, audience.selection(), f"{audience.hold_out:.0%}", ", ".join(_places(audience)))
    console(200, markup=False).print(table)


@commands.command()
def show(context: typer.Context, name: Name) -> None:
    """Show one audience: its meaning, how many customers it has on the newest day, and its last exports.

    Nothing leaves. For example:

    personapulse audience show win-back
    """
    from personapulse.audiences import exports, load_audiences  # noqa: PLC0415
    from personapulse.audiences.content import prepared  # noqa: PLC0415

    audiences = load_audiences()
    audience = audiences.find(name)
    with _warehouse(context) as connection:
        day = exports.newest_day(connection)
        if reason := exports.why_nobody(connection, audience, day):
            raise PersonaPulseError(reason)
        with prepared(connection, audience, day, audiences.salt) as content:
            typer.echo(f"{audience.name}: {audience.description}")
            typer.echo(f"Who: {audience.selection()}")
            typer.echo(f"Held out: {audience.hold_out:.0%}. Goes to: {', '.join(_places(audience))}.")
            typer.echo(
                f"As of {day}: {content.customers} would leave, {content.held_out} are held out, "
                f"{content.suppressed} are suppressed."
            )
        _show_history(connection, name, SHOWN)


@commands.command()
def export(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which audiences; by default all of them.")
    ] = None,
    *,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder or fsspec URL that takes the CSVs, and nothing else does.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Send also what was sent before, with the same key.")] = False,
) -> None:
    """Export audiences of the newest day: to --out, or to their destinations as far as they are set up here.

    Set up are the folder in the environment variable PERSONAPULSE_AUDIENCES, and each webhook whose address and secret
    are in PERSONAPULSE_AUDIENCE_WEBHOOK_URL and ..._SECRET (AUDIENCE_WEBHOOK being the connection's name in capitals).
    What was exported before, unchanged, is not sent again. The exit code is 1 if something failed. For example:

    personapulse audience export win-back --out audiences
    """
    from personapulse.audiences import Folder, books, exports, load_audiences  # noqa: PLC0415

    audiences = load_audiences()
    wanted = [audiences.find(name) for name in names] if names else list(audiences.by_name.values())
    if out:
        wanted = [replace(audience, destinations=(Folder(out),)) for audience in wanted]
    who = books.Who(exported_by=getpass.getuser())
    is_good = True
    with _warehouse(context) as connection:
        day = exports.newest_day(connection)
        for audience in wanted:
            for outcome in exports.export(connection, audiences, audience, day, set_up=_set_up(), who=who, again=again):
                is_good &= outcome.state != "failed"
                typer.secho(
                    outcome.told, fg=None if outcome.state != "failed" else "red", err=outcome.state == "failed"
                )
    raise typer.Exit(not is_good)


@commands.command()
def suppress(
    context: typer.Context,
    given: Ids,
    *,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
) -> None:
    """Keep customers from ever leaving with an audience, from now on; they need not be known yet.

    For example:

    personapulse audience suppress unsubscribed.csv --reason "unsubscribed in March"
    """
    from personapulse.audiences import suppression  # noqa: PLC0415

    ids = suppression.read_ids(given)
    with _warehouse(context) as connection:
        added = suppression.suppress(connection, ids, reason)
        typer.echo(f"{added} suppressed, {len(ids) - added} were suppressed already.")
        if strangers := suppression.unknown(connection, ids):
            more = f" and {len(strangers) - SHOWN} more" if len(strangers) > SHOWN else ""
            typer.echo(
                f"No customer of the newest day is called {', '.join(strangers[:SHOWN])}{more}: "
                "suppressed all the same, in case they come."
            )


@commands.command()
def unsuppress(context: typer.Context, given: Ids) -> None:
    """Let customers leave again with the next export."""
    from personapulse.audiences import suppression  # noqa: PLC0415

    ids = suppression.read_ids(given)
    with _warehouse(context) as connection:
        removed = suppression.unsuppress(connection, ids)
    typer.echo(f"{removed} taken off the list, {len(ids) - removed} were not on it.")


@commands.command()
def history(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="One audience; by default all.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many exports, the newest first.")] = 20,
) -> None:
    """Show what was exported when, to where, by whom, and what became of it."""
    with _warehouse(context) as connection:
        _show_history(connection, name, last)


def _show_history(connection: psycopg.Connection[Any], name: str | None, last: int) -> None:
    from personapulse.audiences import books  # noqa: PLC0415

    rows = books.history(connection, name, last)
    if not rows:
        typer.echo("Nothing was exported yet.")
        return
    table = Table(
        "started (UTC)", "audience", "day", "to", "customers", "held out", "suppressed", "state", "by", "sha256",
        box=None, pad_edge=False,
    )  # fmt: skip
    for row in rows:
        state = row["state"] if row["state"] != "failed" else f"failed: {row['error']}"
        cells = (row["audience"], row["as_of_date"], row["destination"], row["customers"], row["held_out"])
        by = row["exported_by"] if not row["run_id"] else f"{row['exported_by']} ({row['run_id']})"
        table.add_row(
            f"{row['started_utc']:%Y-%m-%d %H:%M}",
            *map(str, (*cells, row["suppressed"])),
            state,
            by,
            row["sha256"][:12],
        )
    console(200, markup=False).print(table)


def _places(audience: "Audience") -> Iterator[str]:
    from personapulse.audiences import Folder  # noqa: PLC0415

    for destination in audience.destinations:
        if isinstance(destination, Folder):
            yield destination.url or "folder"
        else:
            yield f"webhook {destination.connection}"


def _set_up() -> "SetUp":
    """Return what the environment sets up."""
    from personapulse.audiences.exports import SetUp  # noqa: PLC0415

    return SetUp(folder=os.environ.get(FOLDER) or None, receivers=_receiver)


def _receiver(connection: str) -> "Receiver | None":
    from personapulse.audiences.receivers import Receiver  # noqa: PLC0415

    url, secret = (f"PERSONAPULSE_{connection.upper()}_{what}" for what in ("URL", "SECRET"))
    if not os.environ.get(url):
        return None
    if not os.environ.get(secret):
        raise PersonaPulseError(f"{url} is set and {secret} is not: nothing is sent unsigned. Set both.")
    return Receiver(connection, os.environ[url], os.environ[secret])


@contextmanager
def _warehouse(context: typer.Context) -> Iterator[psycopg.Connection[Any]]:
    """Open the home's warehouse as who keeps its books."""
    with embedded(EmbeddedPostgres(Home.open(context.obj)), roles.ADMIN) as connection:
        yield connection

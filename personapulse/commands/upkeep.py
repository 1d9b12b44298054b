"""`personapulse erase-user` and `personapulse maintain`: who wants to be forgotten, and what is old enough to go."""

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from personapulse import customer_ids
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.ingest.shop import known_settings
from personapulse.postgres import EmbeddedPostgres
from personapulse.upkeep import erasure, retention
from personapulse.warehouse import embedded

SHOWN = 3  # days named of each table


def erase_user(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Customers, as the shop names them.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", exists=True, dir_okay=False, help="One id on each line.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who asks. [default: your login]")] = None,
    now: Annotated[bool, typer.Option("--now", help="Erase at once; else maintain_warehouse does, on Monday.")] = False,
) -> None:
    """Erase customers: their facts stay in the sums, under a key that leads to nobody (docs/privacy.md).

    With --now it prints the proof: what was erased where, and that nothing is found any more. ops.erasures keeps it.

    personapulse erase-user u0017 --now
    """
    named = [*(ids or []), *(customer_ids.read_file(file) if file else [])]
    if not named:
        raise PersonaPulseError(
            "Name the customers: personapulse erase-user ID, or --file FILE with one id on each line."
        )
    with embedded(EmbeddedPostgres(Home.open(context.obj))) as connection:
        new = erasure.request(connection, named, by or getpass.getuser())
        if not now:
            typer.echo(
                f"{new} of {len(named)} written down; maintain_warehouse erases them on Monday (--now: at once)."
            )
            return
        done = erasure.erase_requested(connection)
    if done:
        _show(done)


def _show(done: erasure.Erasure) -> None:
    """Print the proof; exit with 1 if anything is left over."""
    if done.found:
        table = Table("where", "values erased", title=f"Erased: {done.customers} asked for")
        for place, count in done.found.items():
            table.add_row(place, f"{count:,}")
        Console().print(table)
    else:
        typer.echo("Nobody of that name is known here. Rows that name them will be refused.")
    typer.echo("Nothing is left of them in any column." if not done.left_over else f"LEFT OVER: {dict(done.left_over)}")
    if done.elsewhere:
        typer.echo(f"The same text stands for something else in {dict(done.elsewhere)}; look whether it does.")
    if done.models:
        typer.echo(f"Learned from them, to be trained anew: {', '.join(done.models)} (personapulse model train)")
    if done.left_over:
        raise typer.Exit(1)


def maintain(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Let go of what has been kept long enough, as maintain_warehouse does every Monday (docs/privacy.md).

    How long is set in source.yaml: daily_snapshots_days (35), quarantine_days (90), runs_days (400).
    """
    home = Home.open(context.obj)
    with embedded(EmbeddedPostgres(home)) as connection:
        told = retention.let_go(connection, known_settings(connection), is_dry_run=dry_run)
        models = retention.orphaned_models(connection, str(home.models), is_dry_run=dry_run)
        if not dry_run:
            retention.tidy(connection)
    if not told and not models:
        typer.echo("Nothing has been kept long enough to go.")
        return
    table = Table("what", "days", "rows", title="Would go" if dry_run else "Gone")
    for one in told:
        days = [str(day) for day in one.days[:SHOWN]] + ["..."] * (len(one.days) > SHOWN)
        table.add_row(one.what, f"{len(one.days)}: {', '.join(days)}", f"{one.rows:,}")
    for url in models:
        table.add_row(url, "", "")
    Console().print(table)

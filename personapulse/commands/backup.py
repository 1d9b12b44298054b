"""`personapulse backup` and `personapulse restore`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from personapulse.home import Home


def backup(
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(help="Folder to write; it must be new, or empty.")],
) -> None:
    """Save databases, roles, models and keys of this home in one folder, whole or not at all (docs/backup.md).

    It may run while `personapulse up` does. Extracts are not in it: they are the shop's. It holds customers and keys.

    personapulse backup --out backups/monday
    """
    from personapulse.backup.making import make  # noqa: PLC0415 - only who needs it loads it

    with _told() as tell:
        manifest = make(Home.open(context.obj), out, tell)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    typer.echo(f"{out} holds the backup of {manifest.told}: {len(manifest.files)} files, {size / 1e6:,.1f} MB.")


def restore(
    context: typer.Context,
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `personapulse backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Lose what this home holds. What customers asked for since is kept.")
    ] = False,
) -> None:
    """Bring a backup back into an empty home, or in place of what this one holds (docs/backup.md).

    Every file is checked before anything is changed, and what is loaded takes its place in one step at the end.

    personapulse --home anew restore backups/monday
    """
    from personapulse.backup.restoring import restore as bring_back  # noqa: PLC0415 - only who needs it loads it

    home = Home.open(context.obj)
    with _told() as tell:
        done = bring_back(home, folder, tell, replace=replace)
    typer.echo(f"{home.root} holds the backup of {done.manifest.told}.")
    if done.migrations:
        typer.echo(f"Its warehouse was brought up to date: {', '.join(done.migrations)}.")
    if done.erased or done.suppressed:
        typer.echo(
            f"Since it was made, customers have asked: {done.erased} erased again, {done.suppressed} not exported."
        )
    typer.echo(
        "Days since are to be taken in: personapulse up. The dashboard's folder is written with the next day, or by: "
        f"personapulse report --out {home.report / 'latest'}"
    )


@contextmanager
def _told() -> Iterator[Callable[[str], None]]:
    """Print each step when it begins, and how long all of them took."""
    start = time.monotonic()
    yield lambda step: typer.echo(f"{time.monotonic() - start:5.0f} s  {step}")
    typer.echo(f"{time.monotonic() - start:5.0f} s  done")

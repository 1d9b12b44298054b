"""`python -m personapulse.reference write` (or `make docs`): bring docs/configuration.md up to date with the code."""

import sys

import typer

from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT
from personapulse.reference.page import pages
from personapulse.whole_files import write_stale


def main(arguments: list[str]) -> int:
    """Write the page, and say whether it changed."""
    if arguments != ["write"]:
        typer.echo("Usage: python -m personapulse.reference write", err=True)
        return 2
    if not (ROOT / "docs").is_dir():
        typer.secho(f"Error: {ROOT} is no checkout: pages are written where docs/ is.", fg="red", err=True)
        return 1
    try:
        changed = write_stale(pages())
    except PersonaPulseError as error:
        typer.secho(f"Error: {error}", fg="red", err=True)
        return 1
    for file in changed:
        typer.echo(f"{file.relative_to(ROOT)} written")
    typer.echo("docs/configuration.md says what the code reads.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m personapulse.metrics write` (or `make docs`): bring the pages up to date with include/metrics.yaml."""

import sys

import typer

from personapulse.errors import PersonaPulseError
from personapulse.metrics.loading import load_metrics
from personapulse.metrics.pages import write
from personapulse.paths import ROOT


def main(arguments: list[str]) -> int:
    """Write the pages, and name those that changed."""
    if arguments != ["write"]:
        typer.echo("Usage: python -m personapulse.metrics write", err=True)
        return 2
    try:
        changed = write(load_metrics())
    except PersonaPulseError as error:
        typer.secho(f"Error: {error}", fg="red", err=True)
        return 1
    for file in changed:
        typer.echo(f"{file.relative_to(ROOT)} written")
    typer.echo("docs/definitions.md and the dictionary pages say what include/metrics.yaml says.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

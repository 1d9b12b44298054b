"""`python -m personapulse.powerbi write` (or `make powerbi`): bring the Power BI model up to date."""

import sys

import typer

from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT
from personapulse.powerbi.design import load_design
from personapulse.powerbi.files import write


def main(arguments: list[str]) -> int:
    """Write the model, and name the files that changed."""
    if arguments != ["write"]:
        typer.echo("Usage: python -m personapulse.powerbi write", err=True)
        return 2
    try:
        changed = write(load_design())
    except PersonaPulseError as error:
        typer.secho(f"Error: {error}", fg="red", err=True)
        return 1
    for file in changed:
        typer.echo(f"{file.relative_to(ROOT)} {'written' if file.exists() else 'removed'}")
    typer.echo("powerbi/PersonaPulse.SemanticModel is what include/powerbi.yaml and include/metrics.yaml say.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m personapulse.powerbi write` (or `make powerbi`): bring the Power BI project up to date.

The model is written anew; of the report, which people edit, only colours are painted and pictures of its pages drawn.
`check` writes nothing: it says what is wrong with the report, and ends with 1 if anything is.
"""

import sys

import typer

from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT
from personapulse.powerbi.design import load_design
from personapulse.powerbi.files import write
from personapulse.powerbi.report.upkeep import bring_up_to_date, check


def main(arguments: list[str]) -> int:
    """Write the project and name the files that changed, or check it."""
    commands = {"write": _write, "check": _check}
    if len(arguments) != 1 or arguments[0] not in commands:
        typer.echo(f"Usage: python -m personapulse.powerbi {' | '.join(commands)}", err=True)
        return 2
    try:
        return commands[arguments[0]]()
    except PersonaPulseError as error:
        typer.secho(f"Error: {error}", fg="red", err=True)
        return 1


def _write() -> int:
    for file in [*write(load_design()), *bring_up_to_date()]:
        typer.echo(f"{file.relative_to(ROOT)} {'written' if file.exists() else 'removed'}")
    typer.echo("powerbi/PersonaPulse.SemanticModel is what include/powerbi.yaml and include/metrics.yaml say.")
    return _check()


def _check() -> int:
    found = check()
    for fault in found:
        typer.secho(fault, fg="red", err=True)
    typer.echo(f"powerbi/PersonaPulse.Report: {len(found) or 'no'} {'fault' if len(found) == 1 else 'faults'}.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

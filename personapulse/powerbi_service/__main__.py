"""`python -m personapulse.powerbi_service ENVIRONMENT [--dry-run] [--out FOLDER]`: what `make powerbi-deploy` runs."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT
from personapulse.powerbi_service.deploying import Part, deploy, dry_run
from personapulse.powerbi_service.environments import read_environment

PROJECT = ROOT / "powerbi"


def main(arguments: list[str]) -> int:
    """Deploy, or show what would be deployed; return the exit code."""
    parser = argparse.ArgumentParser(prog="make powerbi-deploy", description=__doc__)
    parser.add_argument("environment", help="an entry of powerbi/environments.yaml")
    parser.add_argument("--dry-run", action="store_true", help="send nothing; needs no sign-in")
    parser.add_argument("--out", type=Path, help="with --dry-run: write there what would be sent")
    parser.add_argument("--project", type=Path, default=PROJECT, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    try:
        environment = read_environment(chosen.project / "environments.yaml", chosen.environment)
        if chosen.dry_run:
            _tell(dry_run(chosen.project, environment), chosen.out)
            _say(f"Nothing was sent. Workspace {environment.workspace}, warehouse {environment.server}.")
        else:
            deploy(chosen.project, environment)
            _say(f"Deployed to workspace {environment.workspace}. docs/powerbi.md says what is left to do by hand.")
    except PersonaPulseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _tell(parts: list[Part], out: Path | None) -> None:
    for item, count in Counter(part.item for part in parts).items():
        _say(f"{item}: {count} files")
    if not out:
        return
    for part in parts:
        file = out / part.item / part.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(part.content, encoding="utf-8")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

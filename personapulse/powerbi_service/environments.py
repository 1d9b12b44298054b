"""The places the report is deployed to: `powerbi/environments.yaml`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from personapulse.errors import PersonaPulseError

NOBODYS = "00000000-0000-0000-0000-000000000000"
KEYS = ("workspace", "server", "database", "connection")
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PLAIN = re.compile(r"[^\"\\\s]+")  # what may stand between the quotes of a model's parameter


@dataclass(frozen=True)
class Environment:
    """One place.

    Parameters
    ----------
    name : str
        Such as `production`.
    workspace : str
        Id of the workspace.
    server, database : str
        The warehouse, as Power BI or its gateway reaches it.
    connection : str
        Id of the gateway or cloud connection the model is bound to; empty to leave that to a person.
    """

    name: str
    workspace: str
    server: str
    database: str
    connection: str = ""

    @property
    def is_filled_in(self) -> bool:
        """Whether somebody has written their own workspace there."""
        return self.workspace != NOBODYS

    def parameters(self) -> dict[str, Any]:
        """Return what fabric-cicd is to change on the way: its `parameter.yml`."""
        values = {"Server": self.server, "Database": self.database}
        changes: dict[str, Any] = {
            "find_replace": [
                {
                    "find_value": f'expression {name} = "([^"]+)"',
                    "is_regex": "true",
                    "replace_value": {self.name: value},
                    "item_type": "SemanticModel",
                    "file_path": "**/expressions.tmdl",
                }
                for name, value in values.items()
            ]
        }
        if self.connection:
            changes["semantic_model_binding"] = {"default": {"connection_id": {self.name: self.connection}}}
        return changes


def read_environment(file: Path, name: str) -> Environment:
    """Read one entry of the file.

    Raises
    ------
    PersonaPulseError
        If there is no such entry, or one of its keys is missing, unknown or wrong.
    """
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get(name), dict):
        known = ", ".join(found) if isinstance(found, dict) else "none"
        raise PersonaPulseError(f"{file} has no environment {name!r}; it has {known}.")
    entry = found[name]
    if wrong := sorted(set(entry) - set(KEYS)) or [key for key in KEYS[:3] if key not in entry]:
        raise PersonaPulseError(f"{file}: {name}: {wrong[0]!r} is missing or unknown; the keys are {', '.join(KEYS)}.")
    for key, value in entry.items():
        shape = ID if key in {"workspace", "connection"} else PLAIN
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise PersonaPulseError(f"{file}: {name}: {key}: {value!r} cannot be used as {key}.")
    return Environment(name, **entry)

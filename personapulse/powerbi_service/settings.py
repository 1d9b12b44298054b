"""Which semantic model is refreshed, and how: the Airflow Variable `personapulse_powerbi`."""

import json
from dataclasses import dataclass, fields
from typing import Any

from personapulse.errors import PersonaPulseError

VARIABLE = "personapulse_powerbi"
CONNECTION = "powerbi_default"
IDS = ("workspace", "dataset")
NUMBERS = ("refreshes_per_day", "timeout_minutes", "check_seconds", "wait_minutes")


@dataclass(frozen=True)
class PowerBISettings:
    """What the refresh needs to know; who may refresh is in the connection `powerbi_default`.

    Parameters
    ----------
    workspace, dataset : str
        Ids of the workspace and of the semantic model, as in its address in Power BI.
    tables : tuple of str
        Tables of the model to refresh; empty for all of them. Naming any makes it an *enhanced* refresh, which only
        Premium, Premium per user and Fabric capacities allow.
    refreshes_per_day : int
        How many refreshes the licence allows on one day: 8 on shared capacity, 48 on the others. Enhanced refreshes are
        not counted.
    timeout_minutes : float
        How long a refresh, and whatever it has to wait for, may take.
    check_seconds : float
        Pause between two looks at a running refresh.
    wait_minutes : float
        How long a day waits for newer days that are on their way into core.
    """

    workspace: str
    dataset: str
    tables: tuple[str, ...] = ()
    refreshes_per_day: int = 8
    timeout_minutes: float = 120
    check_seconds: float = 60
    wait_minutes: float = 30

    def request_body(self) -> dict[str, Any] | None:
        """Return the body of the refresh request: none but for an enhanced refresh, as shared capacities allow none."""
        if not self.tables:
            return None
        tables = [{"table": table} for table in self.tables]
        return {"type": "full", "commitMode": "transactional", "applyRefreshPolicy": True, "objects": tables}

    @property
    def daily_limit(self) -> int | None:
        """Refreshes allowed on one day; None for enhanced refreshes, which have no such limit."""
        return None if self.tables else self.refreshes_per_day


def read_settings(text: str) -> PowerBISettings:
    """Read the Variable's JSON.

    Raises
    ------
    PersonaPulseError
        If it is no JSON object, or a key is missing, unknown or of the wrong kind; the message names it.
    """
    try:
        found = json.loads(text)
    except ValueError as error:
        raise _wrong(f"is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise _wrong("is no JSON object")
    known = [field.name for field in fields(PowerBISettings)]
    if unknown := sorted(set(found) - set(known)):
        raise _wrong(f"has an unknown key {unknown[0]!r}; known are {', '.join(known)}")
    for name in IDS:
        if not isinstance(found.get(name), str) or not found[name].strip():
            raise _wrong(f"lacks {name!r}")
    for name in NUMBERS:
        if name in found and (isinstance(found[name], bool) or not isinstance(found[name], int | float)):
            raise _wrong(f"says {name}: {found[name]!r}, which is no number")
        if found.get(name, 1) <= 0:
            raise _wrong(f"says {name}: {found[name]!r}; it must be above 0")
    return PowerBISettings(**{**found, "tables": _tables(found.get("tables", []))})


def _tables(found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(table, str) and table for table in found):
        raise _wrong(f"says tables: {found!r}; write a list of names")
    return tuple(found)


def _wrong(what: str) -> PersonaPulseError:
    return PersonaPulseError(
        f'The Airflow Variable {VARIABLE} {what}. Write it like {{"workspace": "<id>", "dataset": "<id>"}}; '
        "docs/powerbi.md explains every key."
    )

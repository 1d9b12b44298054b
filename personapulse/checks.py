"""Checks: SQL that returns what is wrong. A finding of a `fail` check stops the day, a `warn` is written down.

A check returns one row per finding: its key, and how many rows of the day it stands for if it is more than one.
"""

import dataclasses
import datetime
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import psycopg

from personapulse.contract import BY_NAME
from personapulse.errors import PersonaPulseError
from personapulse.paths import SQL
from personapulse.settings import ShopSettings
from personapulse.warehouse import run_file, take_lock

Layer = Literal["staging", "core", "marts"]

SAMPLE = 5  # keys kept of a check's findings


@dataclasses.dataclass(frozen=True)
class Finding:
    """What one check found on one day.

    Parameters
    ----------
    rule : str
        Name of the check, which is its file's.
    severity : str
        `fail` or `warn`.
    description : str
        What the check says of a row it finds (`warn`) or demands (`fail`).
    count : int
        Rows found; 0 is good.
    sample : list of str
        Up to five of their keys, smallest first.
    """

    rule: str
    severity: str
    description: str
    count: int
    sample: list[str]


def check_files(layer: Layer) -> list[Path]:
    """Files of the checks of one layer, by name."""
    return sorted((SQL / "checks" / layer).glob("*.sql"))


def run(
    connection: psycopg.Connection[Any],
    layer: Layer,
    as_of_date: datetime.date,
    *,
    known_on: datetime.date | None = None,
    settings: ShopSettings | None = None,
) -> list[Finding]:
    """Find, record, and refuse the day if a `fail` check found anything; what was found is written down all the same.

    Parameters, return value and errors are those of `find`, `record` and `refuse`.
    """
    with connection.transaction():
        take_lock(connection, f"checks.{layer}")
        findings = find(connection, layer, as_of_date, known_on=known_on, settings=settings)
        record(connection, layer, as_of_date, findings)
    refuse(layer, as_of_date, findings)
    return findings


def find(
    connection: psycopg.Connection[Any],
    layer: Layer,
    as_of_date: datetime.date,
    *,
    known_on: datetime.date | None = None,
    settings: ShopSettings | None = None,
) -> list[Finding]:
    """Run a layer's checks for one day. Only reads, in the caller's transaction if there is one.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    layer : str
        `staging` (what the day brought, before core changes), `core` or `marts`.
    as_of_date : datetime.date
        The day that is checked.
    known_on : datetime.date, optional
        As in `personapulse.marts.build`.
    settings : ShopSettings, optional
        Limits of the quarantine, and severities of the shop's own; the defaults without them.

    Returns
    -------
    list of Finding
        One per check, also of those that found nothing.
    """
    settings = settings or ShopSettings()
    return [
        _find(connection, file, layer, _parameters(as_of_date, known_on, settings), settings.checks)
        for file in check_files(layer)
    ]


def record(
    connection: psycopg.Connection[Any], layer: Layer, as_of_date: datetime.date, findings: Iterable[Finding]
) -> None:
    """Write findings to `ops.data_quality` in place of the day's earlier ones of the layer, in one transaction."""
    with connection.transaction():
        connection.execute("delete from ops.data_quality where as_of_date = %s and layer = %s", (as_of_date, layer))
        connection.cursor().executemany(
            "insert into ops.data_quality"
            " (as_of_date, layer, rule, severity, finding_count, sample_keys, description)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [(as_of_date, layer, f.rule, f.severity, f.count, f.sample, f.description) for f in findings],
        )


def refuse(layer: Layer, as_of_date: datetime.date, findings: Iterable[Finding]) -> None:
    """Refuse the day if a `fail` check found anything.

    Raises
    ------
    PersonaPulseError
        Naming each such check, what it found, and what a person can do.
    """
    failed = [finding for finding in findings if finding.count and finding.severity == "fail"]
    if failed:
        raise PersonaPulseError("\n".join(_sentence(finding, layer, as_of_date) for finding in failed))


def look_back(
    connection: psycopg.Connection[Any],
    first: datetime.date,
    last: datetime.date,
    *,
    settings: ShopSettings | None = None,
) -> list[datetime.date]:
    """Check the loaded days of a past that were never checked as they came, and record what is found as `warn`.

    For a past loaded in bulk: its days were not held up one by one, and nobody is woken for them. Checks that read the
    staged rows are left out, for these are gone; the others know from `ops` what each day brought.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    first, last : datetime.date
        Both included.
    settings : ShopSettings, optional
        As in `find`.

    Returns
    -------
    list of datetime.date
        Days something was found on, oldest first.
    """
    settings = settings or ShopSettings()
    files = [file for file in check_files("staging") if not _reads_staging(file)]
    days = connection.execute(
        "select distinct source_day from ops.loads where state = 'loaded' and source_day between %s and %s"
        " and not exists (select from ops.data_quality where as_of_date = source_day and layer = 'staging') order by 1",
        (first, last),
    ).fetchall()
    striking = []
    with connection.transaction():
        take_lock(connection, "checks.staging")
        for (day,) in days:
            found = [_find(connection, file, "staging", _parameters(day, None, settings), {}) for file in files]
            record(connection, "staging", day, [dataclasses.replace(finding, severity="warn") for finding in found])
            striking += [day] if any(finding.count for finding in found) else []
    return striking


def _find(
    connection: psycopg.Connection[Any],
    file: Path,
    layer: Layer,
    parameters: dict[str, Any],
    severities: Mapping[str, str],
) -> Finding:
    severity, _, description = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ").partition(": ")
    found = run_file(connection, f"checks/{layer}/{file.name}", parameters).fetchall()
    keys = {str(key) for key, *_ in found}
    kept = _kept(connection, file.stem, parameters["as_of_date"]) - keys if _reads_staging(file) else set()
    count = sum(rest[0] if rest else 1 for _, *rest in found) + len(kept)
    severity = severities.get(file.stem, severity)
    return Finding(file.stem, severity, description, count, sorted(keys | kept)[:SAMPLE])


def _reads_staging(file: Path) -> bool:
    return "from staging." in file.read_text(encoding="utf-8")


def _kept(connection: psycopg.Connection[Any], rule: str, day: datetime.date) -> set[str]:
    """Keys a check found in files that are loaded and not staged now: unchanged files are skipped, and stay as bad."""
    found = connection.execute(
        "select key from ops.data_quality, unnest(sample_keys) as keys (key)"
        " where as_of_date = %s and layer = 'staging' and rule = %s and split_part(key, ':', 1) in"
        " (select file from ops.loads where source_day = as_of_date and state = 'loaded')",
        (day, rule),
    )
    return {key for (key,) in found}


def _parameters(as_of_date: datetime.date, known_on: datetime.date | None, settings: ShopSettings) -> dict[str, Any]:
    limits = {name: settings.limits(name) for name in BY_NAME}
    told = {name: {"threshold": of.threshold, "rules": list(of.rules)} for name, of in limits.items()}
    return {"as_of_date": as_of_date, "known_on": known_on or as_of_date, "limits": json.dumps(told)}


def _sentence(finding: Finding, layer: Layer, as_of_date: datetime.date) -> str:
    mend = f" If the data are right, put `checks: {{{finding.rule}: warn}}` into source.yaml." * (layer == "staging")
    return (
        f"Check {finding.rule} of {layer} failed for {as_of_date}: {finding.description} "
        f"Found {finding.count}, such as: {', '.join(finding.sample)}. "
        f"The check is include/sql/checks/{layer}/{finding.rule}.sql.{mend}"
    )

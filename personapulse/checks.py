"""Checks: SQL that returns what is wrong. A finding of a `fail` check stops the day, a `warn` is written down."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg

from personapulse.errors import PersonaPulseError
from personapulse.paths import SQL
from personapulse.warehouse import run_file, take_lock

SAMPLE = 5  # keys kept of a check's findings


@dataclass(frozen=True)
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


def check_files(layer: str) -> list[Path]:
    """Files of the checks of one layer, by name."""
    return sorted((SQL / "checks" / layer).glob("*.sql"))


def run(
    connection: psycopg.Connection[Any],
    layer: Literal["core", "marts"],
    as_of_date: datetime.date,
    *,
    known_on: datetime.date | None = None,
) -> list[Finding]:
    """Run a layer's checks for one day and write what they found to `ops.data_quality`, replacing the day's rows.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    layer : str
        `core` or `marts`.
    as_of_date : datetime.date
        The day that is checked.
    known_on : datetime.date, optional
        As in `personapulse.marts.build`.

    Returns
    -------
    list of Finding
        One per check, also of those that found nothing.

    Raises
    ------
    PersonaPulseError
        If a `fail` check found anything; what was found is written down all the same.
    """
    parameters = {"as_of_date": as_of_date, "known_on": known_on or as_of_date}
    with connection.transaction():
        take_lock(connection, f"checks.{layer}")
        findings = [_run_one(connection, file, layer, parameters) for file in check_files(layer)]
        connection.execute("delete from ops.data_quality where as_of_date = %s and layer = %s", (as_of_date, layer))
        connection.cursor().executemany(
            "insert into ops.data_quality"
            " (as_of_date, layer, rule, severity, finding_count, sample_keys, description)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [(as_of_date, layer, f.rule, f.severity, f.count, f.sample, f.description) for f in findings],
        )
    failed = [finding for finding in findings if finding.count and finding.severity == "fail"]
    if failed:
        raise PersonaPulseError("\n".join(_sentence(finding, layer, as_of_date) for finding in failed))
    return findings


def _run_one(connection: psycopg.Connection[Any], file: Path, layer: str, parameters: dict[str, Any]) -> Finding:
    severity, _, description = file.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ").partition(": ")
    keys = sorted(str(key) for (key,) in run_file(connection, f"checks/{layer}/{file.name}", parameters))
    return Finding(file.stem, severity, description, len(keys), keys[:SAMPLE])


def _sentence(finding: Finding, layer: str, as_of_date: datetime.date) -> str:
    return (
        f"Check {finding.rule} of {layer} failed for {as_of_date}: {finding.description} "
        f"Found {finding.count} against it, such as: {', '.join(finding.sample)}. "
        f"The check is include/sql/checks/{layer}/{finding.rule}.sql."
    )

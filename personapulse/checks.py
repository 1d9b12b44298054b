"""Checks: SQL that returns what is wrong. A finding of a `fail` check stops the day, a `warn` is written down.

A check returns one row per finding, with the columns `key`, `row_count` if it stands for several rows of the day, and
`as_of_date` if it looks at several days in one pass.
"""

import dataclasses
import datetime
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import psycopg

from personapulse.contract import BY_NAME
from personapulse.errors import PersonaPulseError
from personapulse.paths import SQL
from personapulse.settings import ShopSettings
from personapulse.warehouse import run_file, take_lock

Layer = Literal["staging", "core", "marts", "scores"]

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
        `staging` (what the day brought, before core changes), `core`, `marts` or `scores` (purchase intent).
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
    return find_days(connection, layer, [as_of_date], known_on=known_on, settings=settings)[as_of_date]


def find_days(
    connection: psycopg.Connection[Any],
    layer: Layer,
    days: Sequence[datetime.date],
    *,
    known_on: datetime.date | None = None,
    settings: ShopSettings | None = None,
) -> dict[datetime.date, list[Finding]]:
    """Run a layer's checks for several days, given oldest first: those of `core` in one pass over all of them.

    Everything else is as in `find`, each day checked as it was known that night.
    """
    return _find(connection, layer, check_files(layer), days, known_on=known_on, settings=settings)


def record(
    connection: psycopg.Connection[Any], layer: Layer, as_of_date: datetime.date, findings: Iterable[Finding]
) -> None:
    """Write findings to `ops.data_quality` in place of the day's earlier ones of the layer, in one transaction.

    Two callers at once take turns.
    """
    with connection.transaction():
        take_lock(connection, f"checks.{layer}")
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
    if failed := _failed(findings):
        raise PersonaPulseError("\n".join(_sentence(finding, layer, as_of_date) for finding in failed))


def look_back(
    connection: psycopg.Connection[Any],
    first: datetime.date,
    last: datetime.date,
    *,
    settings: ShopSettings | None = None,
) -> list[datetime.date]:
    """Check the loaded days of a past that were never checked as they came, and write down what is found.

    For a past loaded in bulk: its days were not held up one by one, so what `staging` finds is a `warn`. Checks that
    read the staged rows are left out, for these are gone; the others know from `ops` what each day brought.

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
        Days that look unusual (`staging`) or failed (`core`), oldest first.
    """
    of_extracts = [file for file in check_files("staging") if not _reads_staging(file)]
    with connection.transaction():
        take_lock(connection, "checks.staging")
        days = _never_checked(connection, "staging", first, last)
        extracts = _find(connection, "staging", of_extracts, days, settings=settings)
        for day, findings in extracts.items():
            record(connection, "staging", day, [dataclasses.replace(finding, severity="warn") for finding in findings])
        take_lock(connection, "checks.core")
        core = find_days(connection, "core", _never_checked(connection, "core", first, last), settings=settings)
        for day, findings in core.items():
            record(connection, "core", day, findings)
    unusual = {day for day, findings in extracts.items() if any(finding.count for finding in findings)}
    return sorted(unusual | {day for day, findings in core.items() if _failed(findings)})


def _never_checked(
    connection: psycopg.Connection[Any], layer: Layer, first: datetime.date, last: datetime.date
) -> list[datetime.date]:
    days = connection.execute(
        "select source_day from ops.loads where source_day between %s and %s and not exists"
        " (select from ops.data_quality where as_of_date = source_day and layer = %s)"
        " group by source_day having bool_and(state = 'loaded') order by 1",
        (first, last, layer),
    )
    return [day for (day,) in days]


def _find(
    connection: psycopg.Connection[Any],
    layer: Layer,
    files: Sequence[Path],
    days: Sequence[datetime.date],
    *,
    known_on: datetime.date | None = None,
    settings: ShopSettings | None = None,
) -> dict[datetime.date, list[Finding]]:
    settings = settings or ShopSettings()
    found: dict[datetime.date, list[Finding]] = {day: [] for day in days}
    for span in [days] * bool(days) if layer == "core" else [[day] for day in days]:
        parameters = _parameters(span, known_on, settings)
        for file in files:
            severity, _, description = (
                file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("-- ").partition(": ")
            )
            severity = settings.checks.get(file.stem, severity)
            counted = _count(connection, file, span, parameters)
            for day in span:
                keys: Counter[str] = counted.get(day, Counter())
                found[day].append(Finding(file.stem, severity, description, sum(keys.values()), sorted(keys)[:SAMPLE]))
    return found


def _count(
    connection: psycopg.Connection[Any], file: Path, days: Sequence[datetime.date], parameters: Mapping[str, Any]
) -> dict[datetime.date, Counter[str]]:
    """Run one check; return, per day it found anything on, the keys and how many rows each stands for."""
    rows = run_file(connection, str(file.relative_to(SQL)), parameters)
    columns = [column.name for column in rows.description or ()]
    counted: dict[datetime.date, Counter[str]] = {}
    for row in rows:
        told = dict(zip(columns, row, strict=True))
        keys = counted.setdefault(told.get("as_of_date", days[-1]), Counter())
        keys[str(told["key"])] += told.get("row_count", 1)
    if _reads_staging(file):
        for key in _kept(connection, file.stem, days[-1]):
            counted.setdefault(days[-1], Counter()).setdefault(key, 1)
    return counted


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


def _parameters(
    days: Sequence[datetime.date], known_on: datetime.date | None, settings: ShopSettings
) -> dict[str, Any]:
    limits = {name: settings.limits(name) for name in BY_NAME}
    told = {name: {"threshold": of.threshold, "rules": list(of.rules)} for name, of in limits.items()}
    return {
        "first_day": days[0],
        "as_of_date": days[-1],
        "known_on": known_on or days[-1],
        "limits": json.dumps(told),
    }


def _failed(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.count and finding.severity == "fail"]


def _sentence(finding: Finding, layer: Layer, as_of_date: datetime.date) -> str:
    mend = f" If the data are right, put `checks: {{{finding.rule}: warn}}` into source.yaml." * (layer == "staging")
    return (
        f"Check {finding.rule} of {layer} failed for {as_of_date}: {finding.description} "
        f"Found {finding.count}, such as: {', '.join(finding.sample)}. "
        f"The check is include/sql/checks/{layer}/{finding.rule}.sql.{mend}"
    )

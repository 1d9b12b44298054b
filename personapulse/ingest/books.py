"""What is written down of each file: `ops.loads`, `ops.quarantine`, `ops.ignored_columns`."""

import datetime
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from personapulse.ingest import erased
from personapulse.ingest.explaining import Rejection
from personapulse.ingest.files import ExtractFile
from personapulse.paths import SQL
from personapulse.settings import QuarantineLimits, ShopSettings

log = logging.getLogger(__name__)


def rules_sha256(file: ExtractFile, settings: ShopSettings, *, is_simple_form: bool) -> str:
    """Hash what decides how the file is read, apart from its bytes: its name, its rules, the shop's settings."""
    limits = settings.limits(file.extract.name)
    deciding = [
        (SQL / "staging" / f"{file.extract.name}.sql").read_text(encoding="utf-8"),
        settings.time_zone,
        settings.zero_price,
        limits.threshold,
        sorted(limits.rules.items()),
        is_simple_form,
        file.file,
    ]
    return hashlib.sha256(json.dumps(deciding).encode()).hexdigest()


def is_loaded(connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date, *hashes: str) -> bool:
    """Whether the very file was loaded for the day by the very rules (`hashes`: of the file, of the rules)."""
    found = connection.execute(
        "select 1 from ops.loads where source_day = %s and file = %s and sha256 = %s and rules_sha256 = %s"
        " and state = 'loaded'",
        (day, file.extract.name, *hashes),
    )
    return found.fetchone() is not None


def record(
    connection: psycopg.Connection[Any],
    file: ExtractFile,
    day: datetime.date,
    fingerprint: tuple[int, str, str],
    outcome: tuple[int, list[Rejection]],
) -> None:
    """Write down a staged file and its bad rows, in the place of what was written of the day's file before.

    Parameters
    ----------
    fingerprint : tuple
        Size in bytes, SHA-256 of the file, SHA-256 of its rules.
    outcome : tuple
        Rows staged, and those rejected.
    """
    staged, rejections = outcome
    place = (day, file.extract.name)
    connection.execute(
        "delete from ops.quarantine where source_day = %s and file = %s;"
        "delete from ops.loads where source_day = %s and file = %s;"
        "insert into ops.loads (source_day, file, address, byte_count, sha256, rules_sha256, row_count, staged_count,"
        " quarantined_count, state) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'staged')",
        (*place, *place, *place, file.address, *fingerprint, staged + len(rejections), staged, len(rejections)),
    )
    if not rejections:
        return
    with (
        connection.cursor() as cursor,
        cursor.copy("copy ops.quarantine (source_day, file, line_no, rule, reason, raw) from stdin") as copy,
    ):
        for bad in rejections:
            copy.write_row((day, file.extract.name, bad.line_no, bad.rule, bad.reason, bad.raw))


def record_absent(connection: psycopg.Connection[Any], file: str, day: datetime.date) -> None:
    """Write down that a file the day once had is not delivered any more."""
    connection.execute("delete from ops.quarantine where source_day = %s and file = %s", (day, file))
    connection.execute(
        "update ops.loads set byte_count = 0, sha256 = '', row_count = 0, staged_count = 0, quarantined_count = 0,"
        " loaded_count = null, updated_count = null, unchanged_count = null, state = 'staged'"
        " where source_day = %s and file = %s",
        (day, file),
    )


def forget(connection: psycopg.Connection[Any], day: datetime.date, *, except_for: Iterable[str]) -> None:
    """Delete what is written of a day's files that are neither delivered nor in core."""
    kept = list(except_for)
    connection.execute("delete from ops.quarantine where source_day = %s and file <> all(%s)", (day, kept))
    connection.execute("delete from ops.loads where source_day = %s and file <> all(%s)", (day, kept))


def settle(
    connection: psycopg.Connection[Any],
    days: Sequence[datetime.date],
    arrivals: Mapping[tuple[datetime.date, str], tuple[int, int, int]],
) -> None:
    """Write down that core has the staged files of the days, and what was new in them."""
    connection.cursor().executemany(
        "update ops.loads set state = 'loaded', loaded_count = %s, updated_count = %s, unchanged_count = %s,"
        " changed_at = clock_timestamp() where source_day = %s and file = %s and state = 'staged'",
        [(*counts, day, file) for (day, file), counts in arrivals.items() if day in days],
    )


def tell_ignored_columns(connection: psycopg.Connection[Any], file: ExtractFile) -> None:
    """Log columns the contract does not know, each once in the life of a warehouse."""
    for column in file.ignored_columns:
        is_new = connection.execute(
            "insert into ops.ignored_columns (file, column_name, first_seen_in) values (%s, %s, %s)"
            " on conflict do nothing",
            (file.extract.name, column, file.address),
        ).rowcount
        if is_new:
            log.warning("%s: column %r is not in the contract and is ignored.", file.address, column)


def refusal(
    file: ExtractFile, day: datetime.date, limits: QuarantineLimits, staged: int, rejections: Sequence[Rejection]
) -> str | None:
    """Say why the file is refused, if it is: its share of bad rows, or of one rule's, is above the limit."""
    # that a customer has been erased is no fault of the file's
    rejections = [rejection for rejection in rejections if rejection.rule != erased.RULE]
    by_rule = Counter(rejection.rule for rejection in rejections)
    rows = staged + by_rule.total()
    counted = {"bad rows": (by_rule.total() - sum(by_rule[rule] for rule in limits.rules), limits.threshold)}
    counted |= {f"rows with {rule}": (by_rule[rule], share) for rule, share in limits.rules.items()}
    for what, (bad, share) in counted.items():
        if bad > share * rows:
            first = rejections[0]
            return (
                f"{file.address}: {bad} of {rows} rows are {what} ({bad / rows:.1%}, allowed are {share:.1%}), so the "
                f"day is refused. First, line {first.line_no}: {first.reason}. Most: {_most(by_rule)}. All of them: "
                f"table ops.quarantine, source_day {day}, file {file.extract.name}. "
                "Deliver a mended file, or raise the limit in source.yaml under quarantine."
            )
    return None


def _most(by_rule: Counter[str]) -> str:
    return ", ".join(f"{rule} ({count})" for rule, count in by_rule.most_common(3))

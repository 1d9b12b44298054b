"""Days of extracts into the warehouse: stage, merge, and years of them at once."""

import datetime
import itertools
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from personapulse.errors import PersonaPulseError
from personapulse.ingest.files import ExtractFile
from personapulse.ingest.shop import claim
from personapulse.ingest.source import Source
from personapulse.ingest.staging import Rejection, stage_file
from personapulse.settings import QuarantineLimits, ShopSettings
from personapulse.warehouse import run_file, take_lock

log = logging.getLogger(__name__)

Counts = dict[str, dict[str, int]]

# Order matters: orders.sql leaves touched_orders for order_items.sql and returns.sql.
CORE = ("users", "products", "orders", "order_items", "returns", "product_views", "contacts")
LOCK = "core"


def stage(connection: psycopg.Connection[Any], source: Source, day: datetime.date) -> Counts:
    """Load a day's files into `staging` and their bad rows into `ops.quarantine`, replacing what the day left before.

    Core is not touched. The quarantine is kept even when the day is refused, so that people can look at it.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    source : Source
        The shop's extracts.
    day : datetime.date
        The shop day to load.

    Returns
    -------
    dict of str to dict
        Per file: `rows`, `staged`, `quarantined`.

    Raises
    ------
    PersonaPulseError
        If a required file or column is missing, a file is unreadable, or more of a file is bad than its limit allows.
    """
    files = source.require(day)
    counts: Counts = {}
    refusals: list[str] = []
    with connection.transaction():
        take_lock(connection, LOCK)
        claim(connection, source)
        _forget_staged(connection, day)
        connection.execute("delete from ops.quarantine where source_day = %s", (day,))
        connection.execute("delete from ops.loads where source_day = %s", (day,))
        for name, file in files.items():
            staged, rejections = _stage_file(connection, source.settings, files, file, day)
            _tell_ignored_columns(connection, file)
            refusal = _refusal(file, day, source.settings.limits(name), staged, rejections)
            _record(connection, file, day, staged, rejections)
            counts[name] = {
                "rows": staged + len(rejections),
                "staged": staged,
                "quarantined": len(rejections),
            }
            refusals += [refusal] if refusal else []
        if refusals:
            _forget_staged(connection, day)
            connection.execute("update ops.loads set state = 'refused' where source_day = %s", (day,))
        else:
            connection.execute("insert into staging.batches (source_day) values (%s)", (day,))
    if refusals:
        raise PersonaPulseError("\n".join(refusals))
    return counts


def merge(connection: psycopg.Connection[Any], source: Source, day: datetime.date) -> Counts:
    """Move a staged day into `core`: the day's earlier versions are replaced, in one transaction.

    Stages the day again if staging has lost it (its tables do not outlive a crash of the server).

    Returns
    -------
    dict of str to dict
        Per core table: `rows`, the versions this day delivered.
    """
    if not _is_staged(connection, day):
        stage(connection, source, day)
    return _merge_days(connection, source.settings, day, day)


def load_history(
    connection: psycopg.Connection[Any],
    source: Source,
    first: datetime.date,
    last: datetime.date,
    report: Callable[[str], None],
) -> int:
    """Load a whole past, a calendar month at a time: each month's days are staged, then merged in one pass.

    Days that are loaded already are passed over, so a stopped history goes on with the month it was in.

    Parameters
    ----------
    connection, source
        As in `stage`.
    first, last : datetime.date
        Both included; days without a folder are passed over.
    report : callable
        Told one sentence per month.

    Returns
    -------
    int
        Days loaded by this call.
    """
    done = loaded_days(connection)
    days = [day for day in source.days() if first <= day <= last and day not in done]
    finished = 0
    for month, in_month in itertools.groupby(days, key=lambda day: day.replace(day=1)):
        chunk = list(in_month)
        for day in chunk:
            stage(connection, source, day)
        counts = _merge_days(connection, source.settings, chunk[0], chunk[-1])
        finished += len(chunk)
        rows = sum(table["rows"] for table in counts.values())
        report(f"{month:%Y-%m}: {len(chunk)} days, {rows:,} rows loaded ({finished} of {len(days)} days)")
    return finished


def loaded_days(connection: psycopg.Connection[Any]) -> set[datetime.date]:
    """Days that are in core."""
    return {day for (day,) in connection.execute("select distinct source_day from ops.loads where state = 'loaded'")}


def _stage_file(
    connection: psycopg.Connection[Any],
    settings: ShopSettings,
    files: dict[str, ExtractFile],
    file: ExtractFile,
    day: datetime.date,
) -> tuple[int, list[Rejection]]:
    is_simple_form = "order_items" not in files
    staged, rejections = stage_file(connection, file, day, settings, is_simple_form=is_simple_form)
    if file.extract.name == "orders" and is_simple_form:
        run_file(connection, "staging/order_items_from_orders.sql", {"source_day": day})
    return staged, rejections


def _tell_ignored_columns(connection: psycopg.Connection[Any], file: ExtractFile) -> None:
    """Log columns the contract does not know, each once in the life of a warehouse."""
    for column in file.ignored_columns:
        is_new = connection.execute(
            "insert into ops.ignored_columns (file, column_name, first_seen_in) values (%s, %s, %s)"
            " on conflict do nothing",
            (file.extract.name, column, file.address),
        ).rowcount
        if is_new:
            log.warning("%s: column %r is not in the contract and is ignored.", file.address, column)


def _refusal(
    file: ExtractFile, day: datetime.date, limits: QuarantineLimits, staged: int, rejections: Sequence[Rejection]
) -> str | None:
    """Say why the file is refused, if it is: its share of bad rows, or of one rule's, is above the limit."""
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


def _record(
    connection: psycopg.Connection[Any],
    file: ExtractFile,
    day: datetime.date,
    staged: int,
    rejections: list[Rejection],
) -> None:
    size, sha256 = file.fingerprint()
    connection.execute(
        "insert into ops.loads (source_day, file, address, byte_count, sha256, row_count, staged_count,"
        " quarantined_count, state) values (%s, %s, %s, %s, %s, %s, %s, %s, 'staged')",
        (day, file.extract.name, file.address, size, sha256, staged + len(rejections), staged, len(rejections)),
    )
    with (
        connection.cursor() as cursor,
        cursor.copy("copy ops.quarantine (source_day, file, line_no, rule, reason, raw) from stdin") as copy,
    ):
        for bad in rejections:
            copy.write_row((day, file.extract.name, bad.line_no, bad.rule, bad.reason, bad.raw))


def _forget_staged(connection: psycopg.Connection[Any], day: datetime.date) -> None:
    for table in (*CORE, "batches"):
        statement = sql.SQL("delete from staging.{} where source_day = %s").format(sql.Identifier(table))
        connection.execute(statement, (day,))


def _is_staged(connection: psycopg.Connection[Any], day: datetime.date) -> bool:
    found = connection.execute("select 1 from staging.batches where source_day = %s", (day,))
    return found.fetchone() is not None


def _merge_days(
    connection: psycopg.Connection[Any], settings: ShopSettings, first: datetime.date, last: datetime.date
) -> Counts:
    parameters = {"first_day": first, "last_day": last, "time_zone": settings.time_zone}
    counts: Counts = {}
    with connection.transaction():
        take_lock(connection, LOCK)
        days = [day for (day,) in connection.execute(
            "select source_day from staging.batches where source_day between %s and %s", (first, last)
        )]  # fmt: skip
        for table in CORE:
            run_file(connection, f"core/{table}.sql", parameters)
            counts[table] = {"rows": _row_count(connection, table, first, last)}
        connection.execute(
            "update ops.loads set state = 'loaded', changed_at = clock_timestamp() where source_day = any(%s)",
            (days,),
        )
        for day in days:
            _forget_staged(connection, day)
    return counts


def _row_count(connection: psycopg.Connection[Any], table: str, first: datetime.date, last: datetime.date) -> int:
    count = connection.execute(
        sql.SQL("select count(*) from staging.{} where source_day between %s and %s").format(sql.Identifier(table)),
        (first, last),
    ).fetchone()
    return int(count[0]) if count else 0

"""Days of extracts into the warehouse: stage, merge, and years of them at once."""

import datetime
import itertools
import logging
from collections.abc import Callable, Sequence
from typing import Any

import psycopg

from personapulse import checks
from personapulse.contract import BY_NAME, ORDER_ITEMS, ORDERS
from personapulse.errors import PersonaPulseError
from personapulse.ingest import books, merging
from personapulse.ingest.files import ExtractFile
from personapulse.ingest.shop import claim
from personapulse.ingest.source import Source
from personapulse.ingest.staging import stage_file, stage_order_lines
from personapulse.warehouse import take_lock

log = logging.getLogger(__name__)

Counts = dict[str, dict[str, int]]
LOCK = "core"


def stage(connection: psycopg.Connection[Any], source: Source, day: datetime.date) -> Counts:
    """Load a day's files into `staging` and their bad rows into `ops.quarantine`, replacing what the day left before.

    A file that was loaded for the day already, byte for byte, is skipped. Core is not touched. The quarantine is kept
    even when the day is refused, so that people can look at it.

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
        Per file: `rows`, `staged`, `quarantined`; `skipped` is 1 for a file that was loaded before.

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
        merging.forget_staged(connection, {name: [day] for name in BY_NAME})
        for name, file in files.items():
            with file.fetched() as local:
                counts[name], refused = _stage_one(connection, source, files, local, day)
            refusals += [refused] if refused else []
        if refusals:
            merging.forget_staged(connection, {name: [day] for name in BY_NAME})
            connection.execute(
                "update ops.loads set state = 'refused' where source_day = %s and state = 'staged'", (day,)
            )
        else:
            _stage_absent(connection, files, day)
    if refusals:
        raise PersonaPulseError("\n".join(refusals))
    return counts


def _stage_one(
    connection: psycopg.Connection[Any],
    source: Source,
    files: dict[str, ExtractFile],
    file: ExtractFile,
    day: datetime.date,
) -> tuple[dict[str, int], str | None]:
    """Stage one file; return its counts and, if it is refused, why."""
    is_simple_form = ORDER_ITEMS.name not in files
    size, sha256 = file.fingerprint()
    rules_sha256 = books.rules_sha256(file, source.settings, is_simple_form=is_simple_form)
    if books.is_loaded(connection, file, day, sha256, rules_sha256):
        log.info("%s was loaded before, byte for byte (SHA-256 %s...): skipped.", file.address, sha256[:12])
        return {"rows": 0, "staged": 0, "quarantined": 0, "skipped": 1}, None
    staged, rejections = stage_file(connection, file, day, source.settings, is_simple_form=is_simple_form)
    _mark_staged(connection, file.extract.name, day)
    if file.extract is ORDERS and is_simple_form:
        stage_order_lines(connection, day)
        _mark_staged(connection, ORDER_ITEMS.name, day)
    books.tell_ignored_columns(connection, file)
    books.record(connection, file, day, (size, sha256, rules_sha256), (staged, rejections))
    refused = books.refusal(file, day, source.settings.limits(file.extract.name), staged, rejections)
    counts = {"rows": staged + len(rejections), "staged": staged, "quarantined": len(rejections), "skipped": 0}
    return counts, refused


def _mark_staged(connection: psycopg.Connection[Any], file: str, day: datetime.date) -> None:
    connection.execute("insert into staging.files (known_from, file) values (%s, %s)", (day, file))


def _stage_absent(connection: psycopg.Connection[Any], files: dict[str, ExtractFile], day: datetime.date) -> None:
    """Stage nothing for files that core has of the day and that are not delivered any more: they are taken back.

    Of one that never got into core, nothing is left.
    """
    delivered = set(files)
    if ORDERS.name in files and ORDER_ITEMS.name not in files and files[ORDERS.name].is_simple_form():
        delivered.add(ORDER_ITEMS.name)
    stored = {
        name for (name,) in connection.execute("select file from core.deliveries where known_from = %s", (day,))
    }  # fmt: skip
    for name in stored - delivered:
        books.record_absent(connection, name, day)
        _mark_staged(connection, name, day)
    books.forget(connection, day, except_for=set(files) | stored - delivered)


def merge(connection: psycopg.Connection[Any], source: Source, day: datetime.date) -> Counts:
    """Move a staged day into `core`: what the day told before is replaced, in one transaction.

    Stages the day first if it is not staged. The checks of `core`
    look at the outcome before it is committed: a finding of a `fail` check leaves core as it was.

    Returns
    -------
    dict of str to dict
        Per file that was staged: rows `loaded` (a new key), `updated` (something new), `unchanged` (told again).

    Raises
    ------
    PersonaPulseError
        If a `fail` check of `core` found anything; what all checks found is in `ops.data_quality` all the same.
    """
    if not _is_staged(connection, day):
        stage(connection, source, day)
    return _merge_days(connection, source, [day])


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
        counts = _merge_days(connection, source, chunk)
        finished += len(chunk)
        rows = sum(sum(file.values()) for file in counts.values())
        report(f"{month:%Y-%m}: {len(chunk)} days, {rows:,} rows loaded ({finished} of {len(days)} days)")
    if striking := checks.look_back(connection, first, last, settings=source.settings):
        some = ", ".join(map(str, striking[:5])) + (" ..." if len(striking) > 5 else "")
        report(f"Days that look unusual: {len(striking)} ({some}); personapulse doctor tells why.")
    return finished


def loaded_days(connection: psycopg.Connection[Any]) -> set[datetime.date]:
    """Days of which core has every file."""
    return {
        day
        for (day,) in connection.execute(
            "select source_day from ops.loads group by source_day having bool_and(state = 'loaded')"
        )
    }


def _is_staged(connection: psycopg.Connection[Any], day: datetime.date) -> bool:
    """Whether staging has what `ops.loads` says is staged of the day, if anything is."""
    found = connection.execute(
        "select exists (select from ops.loads where source_day = %(day)s)"
        " and not exists (select from ops.loads where source_day = %(day)s and state <> 'loaded'"
        " and file not in (select files.file from staging.files as files where files.known_from = %(day)s))",
        {"day": day},
    ).fetchone()
    return bool(found and found[0])


def _merge_days(connection: psycopg.Connection[Any], source: Source, days: Sequence[datetime.date]) -> Counts:
    """Merge days in one transaction, and check the last of them before it is committed."""
    findings: list[checks.Finding] = []
    try:
        with connection.transaction():
            work = _merge_staged(connection, source, days)
            findings = checks.find(connection, "core", days[-1], settings=source.settings)
            checks.refuse("core", days[-1], findings)
    finally:
        if findings:
            checks.record(connection, "core", days[-1], findings)
    return work.counts()


def _merge_staged(connection: psycopg.Connection[Any], source: Source, days: Sequence[datetime.date]) -> merging.Merge:
    take_lock(connection, LOCK)
    work = merging.Merge(_staged_files(connection, days), _files_in_core(connection), source.settings)
    merging.merge_told(connection, work)
    merging.merge_derived(connection, work)
    merging.remember(connection, work)
    books.settle(connection, days, work.arrivals)
    merging.forget_staged(connection, work.staged)
    return work


def _staged_files(connection: psycopg.Connection[Any], days: Sequence[datetime.date]) -> dict[str, list[datetime.date]]:
    """Per file, which of the days are staged, oldest first."""
    found = connection.execute(
        "select file, array_agg(known_from order by known_from) from staging.files"
        " where known_from = any(%s) group by file",
        (list(days),),
    )
    return dict(found.fetchall())


def _files_in_core(connection: psycopg.Connection[Any]) -> dict[str, set[datetime.date]]:
    found = connection.execute("select file, array_agg(known_from) from core.deliveries group by file")
    return {file: set(days) for file, days in found}

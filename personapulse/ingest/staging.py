"""One file of the contract into `staging`: typed by COPY, then judged by its rules, every bad row explained."""

import datetime
from typing import Any

import psycopg
from psycopg import sql

from personapulse.contract import EVENT_TYPES, ORDER_ITEMS, ORDERS, PAYMENT_STATUSES, Extract
from personapulse.errors import PersonaPulseError
from personapulse.ingest import partitions
from personapulse.ingest.copying import Findings, copy_file
from personapulse.ingest.erased import Erased
from personapulse.ingest.explaining import Rejection, explain
from personapulse.ingest.files import ExtractFile
from personapulse.settings import ShopSettings
from personapulse.warehouse import run_file

LONGEST_KEY = 500  # characters


def stage_file(
    connection: psycopg.Connection[Any],
    file: ExtractFile,
    day: datetime.date,
    settings: ShopSettings,
    *,
    is_simple_form: bool,
) -> tuple[int, list[Rejection]]:
    """Load one file into `staging`, in the caller's transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, inside a transaction.
    file : ExtractFile
        The file; its rows become the day's partition of the staging table of its name, which must not be there yet.
    day : datetime.date
        Source day of the rows.
    settings : ShopSettings
        Time zone of naive timestamps, and what a price of 0 means.
    is_simple_form : bool
        Whether orders bring their one line along; it is staged too.

    Returns
    -------
    staged : int
        Rows staged.
    rejections : list of Rejection
        Rows that were not, in file order; at most one reason each.

    Raises
    ------
    PersonaPulseError
        If the file has no usable header, is not UTF-8, or cannot be read as CSV at all.
    """
    connection.execute(
        "select set_config('timezone', %s, true), set_config('client_min_messages', 'notice', true),"
        " set_config('work_mem', '256MB', true), set_config('maintenance_work_mem', '1GB', true),"
        # the planner takes it that most rows are bad, and dear to pass on between processes
        " set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),"
        # a sample of a few thousand rows tells the planner enough of a day, and does not read all of it
        " set_config('default_statistics_target', '10', true)",
        (settings.time_zone,),
    )
    findings = copy_file(connection, file, day)
    parameters = {
        "day": day,
        "header": file.header,
        "payment_statuses": list(PAYMENT_STATUSES),
        "event_types": list(EVENT_TYPES),
        "is_simple_form": is_simple_form,
        "time_zone": settings.time_zone,
        "zero_price": settings.zero_price,
        "longest_key": LONGEST_KEY,
    }
    erased = Erased.of(connection)
    _judge(connection, file, day, findings, parameters, erased=erased)
    rejections = [erased.without_text(file, rejection) for rejection in explain(file, findings)]
    _check_accounts(file, findings, rejections)
    partitions.attach(connection, file.extract, day, partitions.ignored_columns(file))
    return findings.copied - len(findings.rejected), rejections


def stage_order_lines(connection: psycopg.Connection[Any], day: datetime.date) -> None:
    """Stage the lines that orders of the simple form bring along, one each."""
    partitions.create(connection, ORDER_ITEMS, day, [])
    _run(connection, "order_lines", ORDER_ITEMS, day, {}, orders=partitions.partition("staging", ORDERS, day))
    partitions.analyze(connection, ORDER_ITEMS, day)
    partitions.attach(connection, ORDER_ITEMS, day, [])


def _judge(
    connection: psycopg.Connection[Any],
    file: ExtractFile,
    day: datetime.date,
    findings: Findings,
    parameters: dict[str, Any],
    *,
    erased: Erased,
) -> None:
    """Take the rows that cannot be used out of the staged table, and add them to the findings."""
    extract = file.extract
    if not findings.copied:
        if extract.is_event:
            partitions.add_index(connection, extract, day)
        return
    partitions.analyze(connection, extract, day)
    _run(connection, extract.name, extract, day, parameters)
    if extract.is_event:
        partitions.add_index(connection, extract, day)
        _run(connection, "event_duplicates", extract, day, parameters, **_event_names(extract))
    elif extract.key:
        named = ", ".join(f"'{name} ' || {name}" for name in extract.key)
        _run(connection, "duplicates", extract, day, {}, key=_names(extract), names_of_key=f"concat_ws(', ', {named})")
    if erased.hashes and "user_id" in file.header:
        _run(connection, "erased", extract, day, {})
    for row_no, verdict in connection.execute("select row_no, verdict from rejected"):
        rule, _, reason = verdict.partition(": ")
        findings.rejected[row_no] = (rule, reason)
    connection.execute(
        sql.SQL("delete from {} where ctid = any(array(select row_id from rejected)); drop table rejected").format(
            partitions.partition("staging", extract, day)
        )
    )


def _names(extract: Extract) -> str:
    return ", ".join(extract.stored_as(name) for name in extract.key)


def _event_names(extract: Extract) -> dict[str, str]:
    time, *others = partitions.PROBES[extract.name]
    return {"key": _names(extract), "time": time, "probe": ", ".join([time, *others])}


def _run(
    connection: psycopg.Connection[Any],
    name: str,
    extract: Extract,
    day: datetime.date,
    parameters: dict[str, Any],
    **fragments: sql.Composable | str,
) -> None:
    """Run a file of `include/sql/staging` over the day's partition."""
    fragments["staged"] = partitions.partition("staging", extract, day)
    texts = {
        key: part if isinstance(part, str) else part.as_string(connection) for key, part in fragments.items()
    }  # fmt: skip
    run_file(connection, f"staging/{name}.sql", parameters, **texts)


def _check_accounts(file: ExtractFile, findings: Findings, rejections: list[Rejection]) -> None:
    """Raise if a row that was set aside has not been found again in the file."""
    if len(rejections) != len(findings):
        raise PersonaPulseError(
            f"{file.address}: {len(findings)} rows were set aside, and {len(rejections)} found again in the file. "
            "Nothing was loaded. Deliver it with every text in quotes."
        )

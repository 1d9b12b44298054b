"""One file into its staging table: copied, checked by SQL, what cannot be used set aside with its reason.

Only a file with bad rows is read a second time, to keep their raw text.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from personapulse.contract import EVENT_TYPES, PAYMENT_STATUSES
from personapulse.errors import PersonaPulseError
from personapulse.ingest.copying import DATES, Findings, copy_file, make_incoming, skipped_rows_have_numbers
from personapulse.ingest.files import ExtractFile
from personapulse.settings import ShopSettings
from personapulse.warehouse import run_file

_ISO_DATE = r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?$"
LONGEST_KEY = 500  # characters


@dataclass(frozen=True)
class Rejection:
    """A row that cannot be used."""

    line_no: int
    rule: str
    reason: str
    raw: str


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
        The file; its rows are added to the staging table of its name.
    day : datetime.date
        Source day the rows are marked with.
    settings : ShopSettings
        Time zone of naive timestamps, and what a price of 0 means.
    is_simple_form : bool
        Whether orders bring their one line along.

    Returns
    -------
    staged : int
        Rows added.
    rejections : list of Rejection
        Rows that were not, in file order; at most one reason each.

    Raises
    ------
    PersonaPulseError
        If the file has no usable header, is not UTF-8, or cannot be read as CSV at all.
    """
    make_incoming(connection, file, settings)
    findings = copy_file(connection, file)
    parameters = {
        "source_day": day,
        "header": file.header,
        "payment_statuses": list(PAYMENT_STATUSES),
        "event_types": list(EVENT_TYPES),
        "is_simple_form": is_simple_form,
        "time_zone": settings.time_zone,
        "zero_price": settings.zero_price,
    }
    _type_dates(connection, file)
    findings.rejected = _reject(connection, file, parameters)
    findings.skipped_rows_have_numbers = skipped_rows_have_numbers(connection, file, findings)
    table = sql.Identifier(file.extract.name)
    columns = sql.SQL(", ").join(map(sql.Identifier, file.extract.columns))
    staged = connection.execute(
        sql.SQL(
            "insert into staging.{table} (source_day, row_no, {columns}) select {day}, row_no, {columns} from incoming"
            " where row_no not in (select rejected.row_no from rejected)"
        ).format(table=table, columns=columns, day=day)
    ).rowcount
    connection.execute("drop table incoming; drop table rejected")
    rejections = list(_explain(file, findings)) if findings else []
    if len(rejections) != len(findings):
        raise PersonaPulseError(
            f"{file.address}: {len(findings)} rows were set aside, and {len(rejections)} found again in the file. "
            "Nothing was loaded. Deliver it with every text in quotes."
        )
    return staged, rejections


def _type_dates(connection: psycopg.Connection[Any], file: ExtractFile) -> None:
    """Turn the date columns, which COPY took as text, into dates; reject what is not written as ISO 8601."""
    for column in [name for name in file.header if name in DATES and name in file.extract.columns]:
        parts = {
            "column": sql.Identifier(column),
            "kind": sql.SQL(DATES[column]),
            "type": DATES[column],
            "rule": f"untypable_{column}",
            "reason": f"{column} %L is not a date"
            + (" or time (YYYY-MM-DD HH:MM:SS)" if "time" in DATES[column] else " (YYYY-MM-DD)"),
            "iso": _ISO_DATE,
        }
        connection.execute(
            sql.SQL(
                "insert into rejected (row_no, rule, reason) select row_no, {rule}, format({reason}, {column})"
                " from incoming where {column} !~ {iso} or not pg_input_is_valid({column}, {type});"
                "update incoming set {column} = null where row_no in (select rejected.row_no from rejected);"
                "alter table incoming alter column {column} type {kind} using {column}::{kind}"
            ).format(**parts)
        )


def _reject(
    connection: psycopg.Connection[Any], file: ExtractFile, parameters: dict[str, Any]
) -> dict[int, tuple[str, str]]:
    """Run the file's rules over `incoming`; return the first reason of each rejected row."""
    for column in file.extract.never_empty:
        _reject_where(
            connection, column, f"missing_{column}", f"{column} is empty", "btrim({column}::text) = '' is not false"
        )
    for column in [name for name in file.extract.columns if name.endswith("_id")]:
        reason = f"{column} has over {LONGEST_KEY} characters"
        _reject_where(connection, column, f"impossible_{column}", reason, f"char_length({{column}}) > {LONGEST_KEY}")
    run_file(connection, f"staging/{file.extract.name}.sql", parameters)
    first = connection.execute(
        "select distinct on (row_no) row_no, rule, reason from rejected order by row_no, reason_no"
    )
    return {row_no: (rule, reason) for row_no, rule, reason in first}


def _reject_where(connection: psycopg.Connection[Any], column: str, rule: str, reason: str, condition: str) -> None:
    insert = sql.SQL("insert into rejected (row_no, rule, reason) select row_no, {}, {} from incoming where ")
    where = sql.SQL(condition).format(column=sql.Identifier(column))
    connection.execute(insert.format(rule, reason) + where)


def _explain(file: ExtractFile, findings: Findings) -> Iterator[Rejection]:
    """Read the file again beside the findings, to tell each bad row's line and raw text."""
    line_copy_saw, row_no = 1, 0
    for row in file.rows():
        raw = row.raw.decode(errors="replace").replace("\x00", "")
        if uneven := findings.uneven.get(row.line_no):
            yield Rejection(row.line_no, "field_count", uneven, raw)
            continue
        line_copy_saw += row.line_count
        if line_copy_saw in findings.skipped:
            row_no += findings.skipped_rows_have_numbers
            yield Rejection(row.line_no, *findings.skipped[line_copy_saw], raw)
            continue
        row_no += 1
        if row_no in findings.rejected:
            yield Rejection(row.line_no, *findings.rejected[row_no], raw)

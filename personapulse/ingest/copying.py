"""One file into its staging table by COPY: typed, its bad rows skipped and told of.

The fast way is one COPY of the whole file: PostgreSQL types the values, skips rows it cannot type and names their line
and column. Only a file with stray quotes, line ends inside fields, or a wrong number of fields has its rows taken apart
here first.
"""

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.copy import QueuedLibpqWriter

from personapulse.errors import PersonaPulseError
from personapulse.ingest import partitions
from personapulse.ingest.dates import UnevenError, Verdict
from personapulse.ingest.feeding import Feed, counted_with, feeds
from personapulse.ingest.files import ExtractFile

PIECE = 1 << 15  # bytes; psycopg may queue a thousand pieces

_SKIPPED = re.compile(r'at line (\d+) for column "(.+?)": (?:"(.*)"|null input)$', re.DOTALL)
_COPY_LINE = re.compile(r"line (\d+)")
_KIND = {
    "numeric": "a number",
    "integer": "a whole number",
    "date": "a date (YYYY-MM-DD)",
    "timestamp with time zone": "a date or time (YYYY-MM-DD HH:MM:SS)",
}


@dataclass
class Findings:
    """What was found bad so far, by the places it was found at."""

    is_line_by_line: bool  # every line below the header is one row
    copied: int = 0  # rows
    held_back: dict[int, Verdict] = field(default_factory=dict)  # line of the file; COPY did not see it
    skipped: dict[int, Verdict] = field(default_factory=dict)  # line COPY saw
    rejected: dict[int, Verdict] = field(default_factory=dict)  # row_no COPY gave
    skipped_rows_have_numbers: bool = True  # PostgreSQL 18 numbers a row before it skips it, 17 after

    def __len__(self) -> int:
        return len(self.held_back) + len(self.skipped) + len(self.rejected)


def copy_file(connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date) -> Findings:
    """Make the file's staging table and COPY the file into it; if that would misread it, COPY the rows that are whole.

    Raises
    ------
    PersonaPulseError
        If the file is not UTF-8, or cannot be read as CSV at all.
    """
    if not file.has_rows():  # a small shop's days have many such files
        partitions.create(connection, file.extract, day, partitions.ignored_columns(file))
        return Findings(is_line_by_line=True)
    connection.execute("create temporary sequence if not exists row_numbers cache 1000")
    fast, slow = feeds(file)
    try:
        with connection.transaction():
            return _copy(connection, file, day, fast)
    except (psycopg.errors.BadCopyFileFormat, UnevenError):
        pass
    try:
        with connection.transaction():
            return _copy(connection, file, day, slow)
    except (psycopg.errors.BadCopyFileFormat, UnevenError) as error:
        what = _first_line(error) if isinstance(error, psycopg.Error) else str(error)
        raise PersonaPulseError(f"{file.address} cannot be read as CSV: {what}.") from None


def _copy(connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date, feed: Feed) -> Findings:
    """COPY what a feed gives into a new staging table.

    Raises
    ------
    UnevenError
        If COPY saw another number of rows than it was given.
    """
    partitions.create(connection, file.extract, day, partitions.ignored_columns(file))
    connection.execute(
        sql.SQL(
            "select setval('row_numbers', 1, false); alter table {} alter row_no set default nextval('row_numbers')"
        ).format(partitions.partition("staging", file.extract, day))
    )
    copied, messages = _send(connection, file, day, feed)
    skipped = _skipped(connection, file, day, messages)
    findings = Findings(feed.is_line_by_line, copied, feed.held_back, skipped)
    findings.skipped_rows_have_numbers = _count_numbers(connection, file, findings) != copied
    if copied + len(skipped) != feed.given:
        raise UnevenError(f"PostgreSQL sees {copied + len(skipped)} rows where there are {feed.given}")
    return findings


def _send(
    connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date, feed: Feed
) -> tuple[int, list[str]]:
    """Return how many rows were copied, and what COPY said."""
    messages: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        messages.append(diagnostic.message_primary or "")

    connection.add_notice_handler(note)
    try:
        with connection.cursor() as cursor:
            # a thread of its own sends, so that the server need not wait for the next block to be looked at
            with cursor.copy(_statement(file, day), writer=QueuedLibpqWriter(cursor)) as copy:
                for block in feed.blocks():
                    for begin in range(0, len(block), PIECE):
                        copy.write(block[begin : begin + PIECE])
            return cursor.rowcount, messages
    except (psycopg.errors.CharacterNotInRepertoire, psycopg.errors.UntranslatableCharacter) as error:
        raise PersonaPulseError(
            f"{file.address}{_line_of(error, feed)}: not UTF-8 ({_first_line(error)}). Save the file as UTF-8."
        ) from None
    except psycopg.errors.BadCopyFileFormat:
        raise
    except psycopg.DataError as error:
        raise PersonaPulseError(f"{file.address}{_line_of(error, feed)}: {_first_line(error)}.") from None
    finally:
        connection.remove_notice_handler(note)


def _statement(file: ExtractFile, day: datetime.date) -> sql.Composed:
    columns = partitions.copied_columns(file)
    filled = [name for name in columns if name in file.extract.filled]
    return sql.SQL(
        "copy {table} ({columns}) from stdin"
        " (format csv, header true, freeze true, on_error ignore, log_verbosity verbose{force_null}{force_not_null})"
    ).format(
        table=partitions.partition("staging", file.extract, day),
        columns=_list(columns),
        force_null=sql.SQL(", force_null ({})").format(_list([name for name in columns if name not in filled])),
        force_not_null=sql.SQL(", force_not_null ({})").format(_list(filled)) if filled else sql.SQL(""),
    )


def _list(names: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _skipped(
    connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date, messages: list[str]
) -> dict[int, Verdict]:
    """Read the rows COPY skipped off what it said, by the line it saw them end on."""
    found = [match.groups() for match in map(_SKIPPED.search, messages) if match]
    kinds = _kinds(connection, file, day) if found else {}
    names = dict(zip(partitions.copied_columns(file), file.header, strict=True))
    return {
        int(line): (
            f"untypable_{names[column]}",
            f"{names[column]} {value!r} is not {_KIND.get(kinds[column], 'a value of its type')}",
        )
        for line, column, value in found
    }


def _kinds(connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date) -> dict[str, str]:
    """Types of the columns of the staging table."""
    columns = connection.execute(
        sql.SQL(
            "select attname, format_type(atttypid, null) from pg_attribute where attrelid = {}::regclass and attnum > 0"
        ).format(partitions.partition("staging", file.extract, day).as_string(connection))
    )
    return dict(columns.fetchall())


def _count_numbers(connection: psycopg.Connection[Any], file: ExtractFile, findings: Findings) -> int:
    """Count the numbers given to rows; raise if COPY did not tell of each row it skipped."""
    given = 0
    if connection.execute("select 1 from row_numbers where is_called").fetchone():
        ((given,),) = connection.execute("select currval('row_numbers')").fetchall()
    if given - findings.copied not in {0, len(findings.skipped)}:
        raise PersonaPulseError(
            f"{file.address}: PostgreSQL skipped {given - findings.copied} rows and told of {len(findings.skipped)}. "
            "Its messages must be in English (lc_messages = C) for the skipped rows to be kept."
        )
    return int(given)


def _line_of(error: psycopg.Error, feed: Feed) -> str:
    found = _COPY_LINE.search(error.diag.context or "")
    if not found:
        return ""
    return f", line {counted_with(feed.held_back)(int(found[1])) if feed.is_line_by_line else found[1]}"


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).splitlines()[0]

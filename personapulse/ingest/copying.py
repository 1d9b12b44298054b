"""One file into its staging table by COPY: typed, its bad rows skipped and told of.

The fast way is one COPY of the whole file: PostgreSQL types the values, skips rows it cannot type and names their line
and column. Only a file with stray quotes, line ends inside fields, or a wrong number of fields has its rows taken apart
here first.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from personapulse.errors import PersonaPulseError
from personapulse.ingest import partitions
from personapulse.ingest.dates import DateWatch, UnreadableError
from personapulse.ingest.files import CHUNK, ExtractFile

_SKIPPED = re.compile(r'at line (\d+) for column "(.+?)": (?:"(.*)"|null input)$', re.DOTALL)
_COPY_LINE = re.compile(r"line (\d+)")
_STRAY_QUOTE = re.compile(rb'(?<![,\r\n"])"(?![,\r\n"])')  # neither opens nor closes a field, nor is doubled
_KIND = {
    "numeric": "a number",
    "integer": "a whole number",
    "date": "a date (YYYY-MM-DD)",
    "timestamp with time zone": "a date or time (YYYY-MM-DD HH:MM:SS)",
}


class _UnevenError(Exception):
    """The file's rows cannot be left to COPY to tell apart."""


@dataclass
class Findings:
    """What was found bad so far, by the places it was found at."""

    copied: int = 0  # rows
    is_line_by_line: bool = False  # every line below the header is one row, and COPY saw them all
    skipped: dict[int, tuple[str, str]] = field(default_factory=dict)  # line COPY saw -> rule, reason
    uneven: dict[int, str] = field(default_factory=dict)  # line of the file -> reason
    undated: dict[int, tuple[str, str]] = field(default_factory=dict)  # row COPY saw, the first is 1 -> rule, reason
    rejected: dict[int, tuple[str, str]] = field(default_factory=dict)  # row_no COPY gave -> rule, reason
    skipped_rows_have_numbers: bool = True  # PostgreSQL 18 numbers a row before it skips it, 17 after

    def __len__(self) -> int:
        return len(self.skipped) + len(self.uneven) + len(self.rejected)


def copy_file(connection: psycopg.Connection[Any], file: ExtractFile, day: datetime.date) -> Findings:
    """Make the file's staging table and COPY the file into it; if that would misread it, COPY the rows that are whole.

    Raises
    ------
    PersonaPulseError
        If the file is not UTF-8, or cannot be read as CSV at all.
    """
    connection.execute("create temporary sequence if not exists row_numbers cache 1000")
    findings = Findings()
    try:
        with connection.transaction():
            _copy_csv(connection, file, day, file.blocks(), findings, is_strict=True)
        findings.is_line_by_line = True
    except (psycopg.errors.BadCopyFileFormat, _UnevenError, UnreadableError):
        findings = Findings()
        try:
            with connection.transaction():
                _copy_csv(connection, file, day, _even_rows(file, findings), findings, is_strict=False)
        except psycopg.errors.BadCopyFileFormat as error:
            raise PersonaPulseError(f"{file.address}{_line_of(error)}: {_first_line(error)}.") from None
    return findings


def _even_rows(file: ExtractFile, findings: Findings) -> Iterator[bytes]:
    block = bytearray(b"header\n")
    for row in file.rows():
        if row.problem:
            findings.uneven[row.line_no] = row.problem
            continue
        block += row.raw + b"\n"
        if len(block) > CHUNK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


class _QuoteWatch:
    """Counts the lines of a stream and notes whether it has quotes that open in the middle of a field."""

    def __init__(self) -> None:
        self.lines = 0
        self.has_stray_quotes = False

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.lines += block.count(b"\n") + (not block.endswith(b"\n"))
            # a block begins where a line does
            if b'"' in block and _STRAY_QUOTE.search(b"\n" + block):
                self.has_stray_quotes = True
            yield block


def _copy_csv(
    connection: psycopg.Connection[Any],
    file: ExtractFile,
    day: datetime.date,
    blocks: Iterable[bytes],
    findings: Findings,
    *,
    is_strict: bool,
) -> None:
    """COPY blocks of CSV into a new staging table, and add the rows that were skipped to `findings`.

    With `is_strict`, raise `_UnevenError` if there are stray quotes or fields with line ends: COPY reads both without
    complaint, and may have joined rows.
    """
    connection.execute("select setval('row_numbers', 1, false)")
    partitions.create(connection, file.extract, day, partitions.ignored_columns(file))
    connection.execute(
        sql.SQL("alter table {} alter row_no set default nextval('row_numbers')").format(
            partitions.partition("staging", file.extract, day)
        )
    )
    quotes = _QuoteWatch()
    dates = DateWatch(file.header, {name: kind for name, kind in file.extract.dates.items() if name in file.header})
    messages: list[str] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        messages.append(diagnostic.message_primary or "")

    connection.add_notice_handler(note)
    try:
        with connection.cursor() as cursor:
            with cursor.copy(_statement(file, day)) as copy:
                for block in quotes.watch(dates.watch(blocks)):
                    copy.write(block)
            copied = cursor.rowcount
    except (psycopg.errors.CharacterNotInRepertoire, psycopg.errors.UntranslatableCharacter) as error:
        raise PersonaPulseError(
            f"{file.address}{_line_of(error)}: not UTF-8 ({_first_line(error)}). Save the file as UTF-8."
        ) from None
    except psycopg.errors.BadCopyFileFormat:
        raise
    except psycopg.DataError as error:
        raise PersonaPulseError(f"{file.address}{_line_of(error)}: {_first_line(error)}.") from None
    finally:
        connection.remove_notice_handler(note)
    findings.skipped = _skipped(connection, file, day, messages)
    findings.undated = dates.undated
    findings.copied = copied
    rows = _rows_seen(connection, file, findings)
    if is_strict and (quotes.has_stray_quotes or rows != max(quotes.lines - 1, 0)):
        raise _UnevenError


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
) -> dict[int, tuple[str, str]]:
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


def _rows_seen(connection: psycopg.Connection[Any], file: ExtractFile, findings: Findings) -> int:
    """Count the rows COPY saw, skipped ones too; raise if it did not tell of each it skipped."""
    given = 0
    if connection.execute("select 1 from row_numbers where is_called").fetchone():
        ((given,),) = connection.execute("select currval('row_numbers')").fetchall()
    copied = findings.copied
    if given - copied not in {0, len(findings.skipped)}:
        raise PersonaPulseError(
            f"{file.address}: PostgreSQL skipped {given - copied} rows and told of {len(findings.skipped)}. "
            "Its messages must be in English (lc_messages = C) for the skipped rows to be kept."
        )
    findings.skipped_rows_have_numbers = given != copied
    return copied + len(findings.skipped)


def _line_of(error: psycopg.Error) -> str:
    found = _COPY_LINE.search(error.diag.context or "")
    return f", line {found.group(1)}" if found else ""


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).splitlines()[0]

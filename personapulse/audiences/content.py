"""What leaves: an audience's customers of a day as one CSV, always the same bytes for the same customers."""

import csv
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from personapulse import warehouse
from personapulse.audiences.settings import Audience

COLUMNS = (
    "audience", "as_of_date", "user_id", "persona", "segment", "recency_days", "frequency", "monetary",
    "expected_value_12_months", "intent_probability", "intent_band",
)  # fmt: skip
NUMBERS: dict[str, type[int] | type[float]] = {
    "recency_days": int,
    "frequency": int,
    "monetary": float,
    "expected_value_12_months": float,
    "intent_probability": float,
    "intent_band": int,
}

# A cell that begins so is a formula to a spreadsheet. It gets an apostrophe in front, and so does one that begins with
# an apostrophe: what follows the first apostrophe of a cell is then always what the shop wrote.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")  # noqa: RUF001 - wide ones too


@dataclass(frozen=True)
class Content:
    """The customers of an audience on a day.

    Parameters
    ----------
    audience : str
        Its name.
    as_of_date : datetime.date
        The shop day.
    file : Path
        The CSV: UTF-8, a header, ordered by `user_id` byte by byte; gone when the export is over.
    customers, held_out, suppressed : int
        Rows of the file; customers kept back; customers who must never leave, held out or not.
    escaped : int
        Customers whose `user_id` has an apostrophe in front.
    sha256 : str
        Of the file.
    """

    audience: str
    as_of_date: date
    file: Path
    customers: int
    held_out: int
    suppressed: int
    escaped: int
    sha256: str

    @property
    def idempotency_key(self) -> str:
        """The same for the same audience, day and content; 32 hex digits."""
        named = f"{self.audience}\n{self.as_of_date}\n{self.sha256}"
        return hashlib.sha256(named.encode()).hexdigest()[:32]

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the rows with numbers as numbers, nothing as None, and no apostrophe that was put in front."""
        with self.file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {name: _value(name, cell) for name, cell in row.items()}

    def batches(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the rows in lists of `size`; one empty list if there are none, as that is news too."""
        records = self.records()
        yield list(islice(records, size))
        while batch := list(islice(records, size)):
            yield batch


@contextmanager
def prepared(connection: psycopg.Connection[Any], audience: Audience, as_of_date: date, salt: str) -> Iterator[Content]:
    """Select an audience's customers of a day and write them to a temporary file.

    While it is open, the temporary table `audience_now` holds everybody the selection names.

    Parameters
    ----------
    connection : psycopg.Connection
        From `warehouse.connect`.
    audience : Audience
        Whom to select, and the share to hold out.
    as_of_date : datetime.date
        A day whose marts are built; else nobody is found.
    salt : str
        Of the hold-out.
    """
    with tempfile.TemporaryDirectory(prefix="personapulse-audience-") as folder:
        connection.execute("drop table if exists pg_temp.audience_now")
        _select(connection, audience, as_of_date, salt)
        try:
            file = Path(folder) / f"{audience.name}.csv"
            escaped = _write(connection, audience.name, file)
            with file.open("rb") as written:
                sha256 = hashlib.file_digest(written, "sha256").hexdigest()
            yield Content(audience.name, as_of_date, file, *_count(connection), escaped, sha256)
        finally:
            connection.execute("drop table if exists pg_temp.audience_now")


def _select(connection: psycopg.Connection[Any], audience: Audience, as_of_date: date, salt: str) -> None:
    select = warehouse.read_file("audiences/members.sql").rstrip().rstrip(";")
    connection.execute(
        f"create temporary table audience_now as\n{select}".encode(),
        {
            "as_of_date": as_of_date,
            "salt": salt,
            "audience": audience.name,
            "hold_out": Decimal(str(audience.hold_out)),
            "personas": list(audience.personas) or None,
            "segments": list(audience.segments) or None,
            "intent_bands": list(audience.intent_bands) or None,
        },
    )


def _count(connection: psycopg.Connection[Any]) -> tuple[int, int, int]:
    """Count who leaves, who is held out, and who never leaves."""
    ((leaving, held_out, suppressed),) = connection.execute(
        "select count(*) filter (where not is_suppressed and not is_held_out),"
        " count(*) filter (where not is_suppressed and is_held_out), count(*) filter (where is_suppressed)"
        " from pg_temp.audience_now"
    ).fetchall()
    return leaving, held_out, suppressed


def _write(connection: psycopg.Connection[Any], audience: str, file: Path) -> int:
    """Write who leaves, in the order of their ids whatever the server's language; return how many ids were escaped."""
    columns = ", ".join(COLUMNS[1:])
    query = (
        f"copy (select {columns} from pg_temp.audience_now where not is_suppressed and not is_held_out"  # noqa: S608 - ours
        ' order by user_id collate "C") to stdout'
    )
    escaped = 0
    with file.open("w", encoding="utf-8", newline="") as output, connection.cursor() as cursor:
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(COLUMNS)
        with cursor.copy(query.encode()) as rows:
            for row in rows.rows():
                values = dict(zip(COLUMNS, (audience, *row), strict=True))
                cells = [value if name in NUMBERS else _escaped(value) for name, value in values.items()]
                escaped += cells[COLUMNS.index("user_id")] != values["user_id"]
                writer.writerow(cells)
    return escaped


def _escaped(text: str | None) -> str | None:
    return f"'{text}" if text and text.startswith(_RISKY) else text


def _value(name: str, cell: str) -> str | int | float | None:
    if cell == "":
        return None
    if name in NUMBERS:
        return NUMBERS[name](cell)
    return cell.removeprefix("'")

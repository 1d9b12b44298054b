"""A shop's whole history in five files as daily extracts: each row into the folder of the day it happened.

Rows are passed on as they are, columns nobody uses among them. A row whose day cannot be read goes to the last day,
where the quarantine names it and says why; returns without a date go there too, the day they became known.
"""

import csv
import dataclasses
import datetime
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import fsspec

from personapulse.contract import ORDERS, PRODUCT_VIEWS, PRODUCTS, RETURNS, USERS, Extract
from personapulse.day_folders import SETTINGS, DayFolders, Progress, new_source
from personapulse.errors import PersonaPulseError
from personapulse.ingest.files import ENDINGS, ExtractFile
from personapulse.ingest.rows import Row

# An order of a dump is its one line: the file of order lines has no place in it.
DUMPED_ORDERS = dataclasses.replace(ORDERS, required=(*ORDERS.required, *ORDERS.optional), optional=())
SOURCE_YAML = """\
# Written by `personapulse convert csv-dump`. Change what is not right for the shop; docs/extract-contract.md knows all
# settings. Another time_zone moves midnight for times that name a zone: convert the dump again after changing it.
name: {name}
currency: EUR
locale: en_GB
time_zone: UTC
"""
MOST_YEARS = 30  # a longer history is a mistyped year, and would make a folder for each of its days
FLUSH_AT = 32_000_000  # characters held before they are written


@dataclass(frozen=True)
class Dated:
    """A day, and where it was read.

    Parameters
    ----------
    day : datetime.date
        The day.
    where : str
        File and line.
    """

    day: datetime.date
    where: str


@dataclass
class FileCount:
    """What became of one file's rows.

    Parameters
    ----------
    name : str
        The file in the contract.
    rows : int
        All of them; each was written once.
    uneven : int
        With another number of fields than the header.
    undated : int
        With a date that should be there and cannot be read.
    """

    name: str
    rows: int = 0
    uneven: int = 0
    undated: int = 0


@dataclass(frozen=True)
class DumpCounts:
    """What `convert_csv_dump` wrote: first and last day, and each file's counts."""

    first: datetime.date
    last: datetime.date
    files: tuple[FileCount, ...]


def convert_csv_dump(dump: Path, out: Path, progress: Progress, *, replace: bool = False) -> DumpCounts:
    """Write a dump as daily extracts.

    Orders and views go to their day; users to the day they signed up, without one to the first day; products to the
    first day; returns to the day they came back, without one to the last day. First and last day are those of orders
    and views: users and returns from outside go to the nearer of the two.

    Parameters
    ----------
    dump : Path
        Folder with users, products, orders (with product_id and amount), returns and product_views, as `.csv`,
        `.csv.gz` or `.parquet`.
    out : Path
        Folder for the extracts; see `personapulse.day_folders.new_source`.
    progress : callable
        Told what is being done.
    replace : bool, default=False
        Whether earlier extracts in `out` may be replaced.

    Raises
    ------
    PersonaPulseError
        If a file or a required column is missing, a file is not UTF-8, no order or view has a readable day, the days
        span more than `MOST_YEARS`, or `out` must not be written.
    """
    files = {extract.name: _find(dump, extract) for extract in (USERS, PRODUCTS, DUMPED_ORDERS, RETURNS, PRODUCT_VIEWS)}
    for file in files.values():
        _ = file.header  # complains about a missing column before anything is written
    with new_source(out, replace=replace) as root:
        sorter = _Sorter(DayFolders(root), progress, sum(Path(file.path).stat().st_size for file in files.values()))
        counts = [
            sorter.sort(files["orders"], "order_date", span=None),
            sorter.sort(files["product_views"], "timestamp", span=None),
        ]
        first, last = _span(sorter, files)
        counts += [
            sorter.sort(files["users"], "signup_date", span=(first, last), without_date=first),
            sorter.sort(files["products"], None, span=(first, last), without_date=first),
            sorter.sort(files["returns"], "returned_at", span=(first, last), without_date=last),
        ]
        sorter.finish(first, last)
        name = json.dumps(dump.resolve().name, ensure_ascii=False)  # quoted, so that any name is YAML
        (root / SETTINGS).write_text(SOURCE_YAML.format(name=name), encoding="utf-8")
    return DumpCounts(first, last, tuple(counts))


def _find(dump: Path, extract: Extract) -> ExtractFile:
    if not dump.is_dir():
        raise PersonaPulseError(f"{dump} is not a folder. It must hold users.csv, products.csv, orders.csv and so on.")
    found = [path for ending in ENDINGS if (path := dump / f"{extract.name}{ending}").is_file()]
    if not found:
        raise PersonaPulseError(
            f"{dump / extract.name}.csv is missing. A file without rows is fine; its header must be there."
        )
    if len(found) > 1:
        raise PersonaPulseError(f"{dump} holds {extract.name} twice ({found[0].name} and {found[1].name}). Keep one.")
    return ExtractFile(fsspec.filesystem("file"), str(found[0]), str(found[0]), extract)


class _Sorter:
    """Sorts rows into days, and remembers the earliest and latest day it saw on the way."""

    def __init__(self, folders: DayFolders, progress: Progress, size: int) -> None:
        self.earliest: Dated | None = None
        self.latest: Dated | None = None
        self._folders, self._progress, self._size = folders, progress, size
        self._done = self._held = 0
        self._rows: dict[tuple[str, datetime.date], list[str]] = defaultdict(list)
        self._for_the_last_day: dict[str, list[str]] = defaultdict(list)

    def sort(
        self,
        file: ExtractFile,
        column: str | None,
        *,
        span: tuple[datetime.date, datetime.date] | None,
        without_date: datetime.date | None = None,
    ) -> FileCount:
        """Put each row of a file where it belongs.

        Parameters
        ----------
        file : ExtractFile
            The file.
        column : str or None
            Where a row's date stands; None, or a column the file lacks, where rows have none.
        span : tuple of datetime.date, optional
            Earliest and latest day for rows; without it every day a row names is one of the shop's.
        without_date : datetime.date, optional
            Day of rows whose date is empty or that have none; without it they cannot be placed.
        """
        name, header = file.extract.name, file.header
        place = header.index(column) if column in header else None
        count = FileCount(name)
        self._folders.declare(name, ",".join(header))
        for row in file.rows():
            count.rows += 1
            text = _text(row, file)
            self._advance(f"Sorting {name}", len(text))
            if row.problem:
                count.uneven += 1
                self._for_the_last_day[name].append(text)
                continue
            value = "" if place is None else _fields(text)[place].strip()
            day = _day(value) if value else without_date
            if day is None:
                count.undated += 1
                self._for_the_last_day[name].append(text)
            elif span:
                self._keep(name, min(max(day, span[0]), span[1]), text)
            else:
                self._see(Dated(day, f"{file.address}, line {row.line_no}"))
                self._keep(name, day, text)
        self._flush()
        return count

    def finish(self, first: datetime.date, last: datetime.date) -> None:
        """Write what waited for the last day, and headers for days without rows."""
        # After the good rows: a quote that is never closed then swallows none of them.
        for name, texts in self._for_the_last_day.items():
            self._folders.append(name, {last.isoformat(): "".join(texts)})
        self._folders.complete(first, last)

    def _see(self, seen: Dated) -> None:
        if self.earliest is None or seen.day < self.earliest.day:
            self.earliest = seen
        if self.latest is None or seen.day > self.latest.day:
            self.latest = seen

    def _keep(self, name: str, day: datetime.date, text: str) -> None:
        self._rows[name, day].append(text)
        self._held += len(text)
        if self._held >= FLUSH_AT:
            self._flush()

    def _flush(self) -> None:
        for (name, day), texts in self._rows.items():
            self._folders.append(name, {day.isoformat(): "".join(texts)})
        self._rows.clear()
        self._held = 0

    def _advance(self, what: str, size: int) -> None:
        before, self._done = self._done, self._done + size
        if before >> 20 != self._done >> 20:  # a megabyte more
            self._progress(what, min(self._done / self._size, 1.0))


def _span(sorter: _Sorter, files: dict[str, ExtractFile]) -> tuple[datetime.date, datetime.date]:
    earliest, latest = sorter.earliest, sorter.latest
    if earliest is None or latest is None:
        raise PersonaPulseError(
            f"{files['orders'].address} and {files['product_views'].address} hold no row with a date like 2026-03-01 "
            "or 2026-03-01 18:30:00 in order_date or timestamp, so there is no day to begin with."
        )
    if (latest.day - earliest.day).days > MOST_YEARS * 366:
        raise PersonaPulseError(
            f"The dump reaches from {earliest.day} ({earliest.where}) to {latest.day} ({latest.where}), more than "
            f"{MOST_YEARS} years. One of the two is probably a mistyped year: mend it, or take the row out."
        )
    return earliest.day, latest.day


def _text(row: Row, file: ExtractFile) -> str:
    try:
        return row.raw.replace(b"\r\n", b"\n").decode() + "\n"
    except UnicodeDecodeError:
        raise PersonaPulseError(f"{file.address}, line {row.line_no}: not UTF-8. Save the file as UTF-8.") from None


def _fields(text: str) -> list[str]:
    return next(csv.reader([text])) if '"' in text else text.split(",")


def _day(value: str) -> datetime.date | None:
    """Read the day of a date or time; a time that names its zone is taken to UTC, the shop's zone in `SOURCE_YAML`."""
    try:
        time = datetime.datetime.fromisoformat(value)
        return (time.astimezone(datetime.UTC) if time.tzinfo else time).date()
    except (ValueError, OverflowError):
        return None

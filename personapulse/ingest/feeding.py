"""What COPY is given of a file: rows that are whole, with dates that are dates; the rest is held back and told of."""

import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import numpy as np

from personapulse.errors import PersonaPulseError
from personapulse.ingest.dates import Dates, UnevenError, Verdict
from personapulse.ingest.files import ExtractFile, as_csv, line_ends

ROWS_AT_ONCE = 10_000
_STRAY_QUOTE = re.compile(rb'(?<![,\r\n"])"(?![,\r\n"])')  # neither opens nor closes a field, nor is doubled


class Feed(Protocol):
    """A file on its way to COPY."""

    is_line_by_line: bool  # lines of the file count like rows
    held_back: dict[int, Verdict]  # line of the file -> rule and reason
    given: int  # rows

    def blocks(self) -> Iterator[bytes]:
        """Yield CSV, its first line a header."""


class Lines(Feed):
    """The fast way: every line is a row, so that blocks of the file go to COPY as they are.

    Parameters
    ----------
    file : ExtractFile
        The file.
    """

    is_line_by_line = True

    def __init__(self, file: ExtractFile) -> None:
        self._file = file
        self._dates = Dates(file.header, file.extract.dates)
        self.held_back: dict[int, Verdict] = {}  # line of the file -> rule and reason
        self.given = 0  # rows

    def blocks(self) -> Iterator[bytes]:
        """Yield CSV with a header.

        Raises
        ------
        UnevenError
            If a line is no row. COPY takes quotes in the middle of a field, and line ends in quotes, without
            complaint, and may join rows.
        """
        line_no, header = 1, 1
        for block in self._file.blocks():
            lines = block.count(b"\n") + (not block.endswith(b"\n"))
            # a block begins where a line does
            if b'"' in block and _STRAY_QUOTE.search(b"\n" + block):
                raise UnevenError("a quote stands in the middle of a field")
            undated = self._dates.undated_in_csv(block, lines - header, skipped_rows=header)
            self.held_back |= {line_no + row: verdict for row, verdict in undated.items()}
            self.given += lines - header - len(undated)
            yield _without_lines(block, undated) if undated else block
            line_no, header = line_no + lines, 0


def _without_lines(block: bytes, unwanted: Iterable[int]) -> bytes:
    ends = line_ends(block)
    kept, begin = [], 0
    for place in sorted(unwanted):
        kept.append(block[begin : ends[place - 1] + 1 if place else 0])
        begin = ends[place] + 1
    return b"".join([*kept, block[begin:]])


class Batches(Feed):
    """The fast way of a Parquet file: its batches written as CSV, a line each row.

    Parameters
    ----------
    file : ExtractFile
        The file.
    """

    is_line_by_line = True

    def __init__(self, file: ExtractFile) -> None:
        self._file = file
        self._dates = Dates(file.header, file.extract.dates)
        self.held_back: dict[int, Verdict] = {}  # row, the first is 2 as it would be in a CSV file -> rule and reason
        self.given = 0  # rows

    def blocks(self) -> Iterator[bytes]:
        """Yield CSV with a line in place of the header.

        Raises
        ------
        UnevenError
            If a value has line ends, so that lines cannot stand for rows.
        """
        yield b"header\n"
        line_no = 2
        for batch in self._file.batches():
            undated = self._dates.undated(batch)
            self.held_back |= {line_no + row: verdict for row, verdict in undated.items()}
            dated = batch.take(np.delete(np.arange(batch.num_rows), list(undated))) if undated else batch
            block = as_csv(dated)
            # without quotes, no value has line ends
            if b'"' in block and block.count(b"\n") != dated.num_rows:
                raise UnevenError("a value has line ends")
            self.given += dated.num_rows
            yield block
            line_no += batch.num_rows


class Rows(Feed):
    """The slow way: rows are taken apart one by one, and those that are not whole held back.

    Parameters
    ----------
    file : ExtractFile
        The file.
    """

    is_line_by_line = False

    def __init__(self, file: ExtractFile) -> None:
        self._file = file
        self._dates = Dates(file.header, file.extract.dates)
        self.held_back: dict[int, Verdict] = {}  # line of the file its row begins on -> rule and reason
        self.given = 0  # rows

    def blocks(self) -> Iterator[bytes]:
        """Yield CSV with a line in place of the header.

        Raises
        ------
        PersonaPulseError
            If an ordinary CSV reader sees other rows than we do.
        """
        yield b"header\n"
        rows_left = self._file.rows()
        while batch := list(itertools.islice(rows_left, ROWS_AT_ONCE)):
            self.held_back |= {row.line_no: ("field_count", row.problem) for row in batch if row.problem}
            rows = [row for row in batch if not row.problem]
            try:
                undated = self._dates.undated_in_csv(b"".join(row.raw + b"\n" for row in rows), len(rows))
            except UnevenError as error:
                raise PersonaPulseError(f"{self._file.address} cannot be read as CSV: {error}.") from None
            self.held_back |= {rows[place].line_no: verdict for place, verdict in undated.items()}
            self.given += len(rows) - len(undated)
            yield b"".join(row.raw + b"\n" for place, row in enumerate(rows) if place not in undated)


def counted_with(left_out: Iterable[int]) -> Callable[[int], int]:
    """Give the function from a number counted without those left out to the number counted with them; from 1 on."""
    kept_before = [number - place for place, number in enumerate(sorted(left_out))]
    return lambda number: number + bisect_right(kept_before, number)


def feeds(file: ExtractFile) -> tuple[Feed, Feed]:
    """Give the fast way and the slow way for a file."""
    return (Batches(file) if file.is_parquet else Lines(file)), Rows(file)

"""One file of a day: its header, its bytes as CSV, and its rows one by one when somebody has to look at them."""

import gzip
import hashlib
import io
import re
import tempfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import fsspec
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from personapulse.contract import Extract
from personapulse.errors import PersonaPulseError

ENDINGS = (".csv", ".csv.gz", ".parquet")
CHUNK = 1 << 20  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LOOK_AHEAD = 1_000  # lines one quoted field may span; past that its quote is taken for a stray one
_FIELD = rb'(?:"[^"]*(?:""[^"]*)*"|[^",]*)'
_WELL_FORMED = re.compile(_FIELD + rb"(?:," + _FIELD + rb")*")
_QUOTED = re.compile(rb'"[^"]*"')


@contextmanager
def reached(what: str) -> Iterator[None]:
    """Say of what could not be reached, and why."""
    try:
        yield
    except PersonaPulseError:
        raise
    except Exception as error:  # each kind of store has errors of its own
        raise PersonaPulseError(f"{what} cannot be reached: {str(error) or type(error).__name__}") from error


@dataclass(frozen=True)
class Row:
    """One row of a CSV file as it lies there.

    Parameters
    ----------
    line_no : int
        Line the row begins on; the header is line 1.
    raw : bytes
        The row as delivered, without its line end; a quoted field may hold line ends.
    problem : str
        Why it cannot be a row under the file's header; empty if it can.
    """

    line_no: int
    raw: bytes
    problem: str = ""

    @property
    def line_count(self) -> int:
        """How many lines of the file the row takes up."""
        return self.raw.count(b"\n") + 1


@dataclass(frozen=True)
class ExtractFile:
    """A delivered file, in any of the three forms, read as one stream of CSV.

    Parameters
    ----------
    filesystem : fsspec.AbstractFileSystem
        Where it lies.
    path : str
        Its path there.
    address : str
        Its address as people know it, for messages.
    extract : Extract
        What it is in the contract.
    """

    filesystem: Any
    path: str
    address: str
    extract: Extract

    @property
    def file(self) -> str:
        """Its name, such as `orders.csv.gz`."""
        return self.path.rpartition("/")[2]

    @cached_property
    def header(self) -> list[str]:
        """Column names in the file's order.

        Raises
        ------
        PersonaPulseError
            If the file is empty or not UTF-8, a column stands there twice, or a required column is missing.
        """
        with reached(self.address):
            first = next(self.chunks(), b"").split(b"\n", 1)[0].rstrip(b"\r")
        try:
            names = [name.strip().strip('"').strip() for name in first.decode().split(",")]
        except UnicodeDecodeError:
            raise PersonaPulseError(f"{self.address}, line 1: not UTF-8. Save the file as UTF-8.") from None
        if names == [""]:
            raise PersonaPulseError(
                f"{self.address} is empty: not even a header. Expected columns: {self._expected()}."
            )
        if twice := {name for name in names if names.count(name) > 1}:
            raise PersonaPulseError(f"{self.address}, line 1: column {min(twice)!r} stands there twice.")
        if missing := [column for column in self.extract.required if column not in names]:
            hint = " Columns must be separated by commas." if len(names) == 1 and re.search("[;\t|]", names[0]) else ""
            raise PersonaPulseError(
                f"{self.address}, line 1: column {missing[0]!r} is missing.{hint} "
                f"Found: {', '.join(names)}. Expected: {self._expected()}."
            )
        return names

    def _expected(self) -> str:
        return ", ".join([*self.extract.required, *(f"[{column}]" for column in self.extract.optional)])

    @property
    def ignored_columns(self) -> list[str]:
        """Columns of the file that the contract does not know."""
        return [column for column in self.header if column not in self.extract.columns]

    def is_simple_form(self) -> bool:
        """Whether an orders file brings its one line along (product_id and amount)."""
        return {"product_id", "amount"} <= set(self.header)

    @contextmanager
    def fetched(self) -> Iterator["ExtractFile"]:
        """Give the file as a local one: what is read more than once is fetched from far away only once."""
        if "file" in self.filesystem.protocol:
            yield self
            return
        with tempfile.TemporaryDirectory(prefix="personapulse-") as folder:
            here = f"{folder}/{self.file}"
            with reached(self.address):
                self.filesystem.get_file(self.path, here)
            yield ExtractFile(fsspec.filesystem("file"), here, self.address, self.extract)

    def fingerprint(self) -> tuple[int, str]:
        """Return size in bytes and SHA-256 of the file as delivered."""
        digest, size = hashlib.sha256(), 0
        with self.filesystem.open(self.path, "rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the file as CSV with a header, without byte order mark, in pieces of about a megabyte."""
        if self.path.endswith(".parquet"):
            yield from self._parquet_as_csv()
            return
        try:
            with self.filesystem.open(self.path, "rb", compression="infer") as stream:
                chunk = stream.read(CHUNK).removeprefix(BYTE_ORDER_MARK)
                while chunk:
                    yield chunk
                    chunk = stream.read(CHUNK)
        except (EOFError, gzip.BadGzipFile) as error:
            raise PersonaPulseError(f"{self.address} is not a whole gzip file: {error}") from None

    def _parquet_as_csv(self) -> Iterator[bytes]:
        try:
            yield from self._parquet_chunks()
        except pyarrow.ArrowInvalid as error:
            raise PersonaPulseError(f"{self.address} is not a readable Parquet file: {error}") from None

    def _parquet_chunks(self) -> Iterator[bytes]:
        with self.filesystem.open(self.path, "rb") as stream:
            parquet = pyarrow.parquet.ParquetFile(stream)
            yield ",".join(parquet.schema_arrow.names).encode() + b"\n"
            for batch in parquet.iter_batches():
                try:
                    yield _as_csv(batch, "none")
                except pyarrow.ArrowInvalid:  # a value with a comma, a quote or a line end
                    yield _as_csv(batch, "needed")

    def blocks(self) -> Iterator[bytes]:
        """Yield the same in pieces that end where lines do."""
        rest = b""
        for chunk in self.chunks():
            whole, end, after = (rest + chunk).rpartition(b"\n")
            rest = after
            if whole or end:
                yield whole + end
        if rest:
            yield rest

    def lines_at(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield lines by their number (1 is the header), without looking at the others. `wanted` is sorted."""
        before = first = 0
        for block in self.blocks():
            after = before + block.count(b"\n") + (not block.endswith(b"\n"))
            last = bisect_right(wanted, after, first)
            if last > first:
                lines = block.split(b"\n")
                for number in wanted[first:last]:
                    yield number, lines[number - before - 1].removesuffix(b"\r")
            before, first = after, last

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header, for when the fast way does not serve.

        Stricter than PostgreSQL's COPY, which takes a quote in the middle of a field for the begin of a quoted part: a
        row with such a quote, or with one that is never closed, is a problem by itself and does not swallow the next.
        Empty lines are no rows, unless the file has a single column.
        """
        lines = _Lines(self.chunks())
        lines.take()
        width = len(self.header)
        while (line := lines.take()) is not None:
            if line.rstrip(b"\r") or width == 1:
                yield self._row(line, lines, width)

    @staticmethod
    def _row(first: bytes, lines: "_Lines", width: int) -> Row:
        line_no, taken, quotes = lines.line_no, [first], first.count(b'"')
        while quotes % 2 and len(taken) < LOOK_AHEAD and (line := lines.take()) is not None:
            taken.append(line)
            quotes += line.count(b'"')
        raw = b"\n".join(taken).removesuffix(b"\r")
        problem = _problem(raw, width)
        if problem and len(taken) > 1:
            lines.put_back(taken[1:])
            raw = first.removesuffix(b"\r")
        return Row(line_no, raw, problem)


def _as_csv(batch: pyarrow.RecordBatch, quoting: Literal["none", "needed"]) -> bytes:
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(batch, buffer, pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting))
    return buffer.getvalue()


def _problem(raw: bytes, width: int) -> str:
    if not _WELL_FORMED.fullmatch(raw):
        return "a quote is opened inside a field, or never closed"
    bare = _QUOTED.sub(b"", raw)
    if b"\r" in bare:
        return "a carriage return stands inside a field without quotes"
    fields = bare.count(b",") + 1
    return "" if fields == width else f"the row has {fields} fields, the header {width}"


class _Lines:
    """Lines of a byte stream, numbered from 1, some of which can be put back."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.line_no = 0
        self._fresh = self._split(chunks)
        self._again: list[bytes] = []

    def take(self) -> bytes | None:
        line = self._again.pop() if self._again else next(self._fresh, None)
        self.line_no += line is not None
        return line

    def put_back(self, lines: list[bytes]) -> None:
        self._again.extend(reversed(lines))
        self.line_no -= len(lines)

    @staticmethod
    def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
        rest = b""
        for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
        if rest:
            yield rest

"""One file of a day: its header, and what it holds as CSV in one of several portions."""

import csv
import gzip
import hashlib
import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import fsspec
import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from personapulse.contract import Extract
from personapulse.errors import PersonaPulseError, UnreachableError
from personapulse.ingest.rows import Row, take_apart

ENDINGS = (".csv", ".csv.gz", ".parquet")
CHUNK = 1 << 20  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


# Nothing is there, it may not be read, or its address is wrong: the same tomorrow.
FOR_A_PERSON = (
    FileNotFoundError,
    ImportError,
    IsADirectoryError,
    LookupError,
    NotADirectoryError,
    PermissionError,
    TypeError,
    ValueError,
)


def kind_of(error: Exception) -> type[PersonaPulseError]:
    """Return what an error of a store is for us: one that may pass, or one a person must mend."""
    return PersonaPulseError if isinstance(error, FOR_A_PERSON) else UnreachableError


@contextmanager
def reached(what: str) -> Iterator[None]:
    """Say of what could not be reached, and why.

    Raises
    ------
    UnreachableError
        If it may be there a little later.
    PersonaPulseError
        If a person must mend something first.
    """
    try:
        yield
    except PersonaPulseError:
        raise
    except Exception as error:  # each kind of store has errors of its own
        raise kind_of(error)(f"{what} cannot be reached: {str(error) or type(error).__name__}") from error


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
            names = [name.strip() for name in next(csv.reader([first.decode()], skipinitialspace=True), [])] or [""]
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

    def has_rows(self) -> bool:
        """Whether anything stands below the header."""
        chunks = self.chunks()
        return bool(next(chunks, b"").partition(b"\n")[2] or any(chunks))

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
        if self.is_parquet:
            yield from self._parquet_chunks()
            return
        try:
            with self.filesystem.open(self.path, "rb", compression="infer") as stream:
                chunk = stream.read(CHUNK).removeprefix(BYTE_ORDER_MARK)
                while chunk:
                    yield chunk
                    chunk = stream.read(CHUNK)
        except (EOFError, gzip.BadGzipFile) as error:
            raise PersonaPulseError(f"{self.address} is not a whole gzip file: {error}") from None

    @property
    def is_parquet(self) -> bool:
        """Whether it comes in typed batches."""
        return self.path.endswith(".parquet")

    def _parquet_chunks(self) -> Iterator[bytes]:
        yield self._parquet_header()
        yield from map(as_csv, self.batches())

    def _parquet_header(self) -> bytes:
        with self._parquet() as parquet:
            return ",".join(parquet.schema_arrow.names).encode() + b"\n"

    def batches(self, *, use_threads: bool = False) -> Iterator[pyarrow.RecordBatch]:
        """Yield the rows of a Parquet file; threads pay where no other core has COPY's work to do."""
        # a day has few seconds: as a dictionary's, each of them is looked at once
        with self._parquet(read_dictionary=[name for name in self.extract.dates if name in self.header]) as parquet:
            yield from parquet.iter_batches(use_threads=use_threads)

    @contextmanager
    def _parquet(self, **options: Any) -> Iterator[pyarrow.parquet.ParquetFile]:
        try:
            with self.filesystem.open(self.path, "rb") as stream:
                yield pyarrow.parquet.ParquetFile(stream, **options)
        except pyarrow.ArrowInvalid as error:
            raise PersonaPulseError(f"{self.address} is not a readable Parquet file: {error}") from None

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

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the header, for when the fast way does not serve; see `take_apart`."""
        return take_apart(self.chunks(), len(self.header))


def line_ends(block: bytes) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Find where a block's lines end; the last one ends with the block if no line end does."""
    ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n"))
    return ends if block.endswith(b"\n") else np.append(ends, len(block))


def as_csv(batch: pyarrow.RecordBatch) -> bytes:
    """Write the rows of a batch as CSV, one line each unless a value has line ends."""
    try:
        return _written(batch, "none")
    except pyarrow.ArrowInvalid:  # a value with a comma, a quote or a line end
        return _written(batch, "needed")


def _written(batch: pyarrow.RecordBatch, quoting: Literal["none", "needed"]) -> bytes:
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(batch, buffer, pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting))
    return buffer.getvalue()

"""Rows of a CSV file one by one, when somebody has to look at them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LOOK_AHEAD = 1_000  # lines one quoted field may span; past that its quote is taken for a stray one
_FIELD = rb'(?:"[^"]*(?:""[^"]*)*"|[^",]*)'
_WELL_FORMED = re.compile(_FIELD + rb"(?:," + _FIELD + rb")*")
_QUOTED = re.compile(rb'"[^"]*"')


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


def take_apart(chunks: Iterator[bytes], width: int) -> Iterator[Row]:
    """Yield the rows below the header.

    Stricter than PostgreSQL's COPY, which takes a quote in the middle of a field for the begin of a quoted part: a row
    with such a quote, or with one that is never closed, is a problem by itself and does not swallow the next. Empty
    lines are no rows, unless the file has a single column.

    Parameters
    ----------
    chunks : iterator of bytes
        The file.
    width : int
        Fields of the header.
    """
    lines = _Lines(chunks)
    lines.take()
    while (line := lines.take()) is not None:
        if line.rstrip(b"\r") or width == 1:
            yield _row(line, lines, width)


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

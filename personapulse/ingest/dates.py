"""Dates written as ISO 8601, watched for while a file streams by.

COPY would take "today", "01/03/26" and "-infinity" for dates; a shop that writes such things means something else.
"""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow
import pyarrow.compute
import pyarrow.csv

ISO = r"^(\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?)?$"  # or nothing at all


class UnreadableError(Exception):
    """A block's rows cannot be told apart by an ordinary CSV reader."""


class DateWatch:
    """Notes the rows whose dates are not written as dates.

    Parameters
    ----------
    header : sequence of str
        The file's columns.
    dates : mapping of str to bool
        Columns of it that hold dates, and whether with a time of day.
    """

    def __init__(self, header: list[str], dates: Mapping[str, bool]) -> None:
        self._header = header
        self._dates = dates
        self._rows_before = 0
        self.undated: dict[int, tuple[str, str]] = {}  # row (the first below the header is 1) -> rule, reason

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass on blocks of whole rows, the first one beginning with the header.

        Raises
        ------
        UnreadableError
            If a block has rows of another width, or quotes that do not close.
        """
        skipped_lines = 1
        for block in blocks:
            if self._dates:
                self._look_at(block, skipped_lines)
            skipped_lines = 0
            yield block

    def _look_at(self, block: bytes, skipped_lines: int) -> None:
        if block.count(b"\n") <= skipped_lines and not block.rpartition(b"\n")[2]:
            return  # the header alone
        try:
            columns = pyarrow.csv.read_csv(
                pyarrow.BufferReader(block),
                pyarrow.csv.ReadOptions(
                    column_names=[str(place) for place in range(len(self._header))],
                    skip_rows=skipped_lines,
                    block_size=len(block) + 1,
                    use_threads=False,
                ),
                pyarrow.csv.ParseOptions(newlines_in_values=True),
                pyarrow.csv.ConvertOptions(
                    include_columns=[str(self._header.index(name)) for name in self._dates],
                    column_types={str(self._header.index(name)): pyarrow.string() for name in self._dates},
                    check_utf8=False,
                ),
            )
        except pyarrow.ArrowInvalid as error:
            raise UnreadableError(str(error)) from None
        for name in self._dates:
            self._judge(name, columns[str(self._header.index(name))])
        self._rows_before += columns.num_rows

    def _judge(self, name: str, values: "pyarrow.ChunkedArray") -> None:
        is_date = pyarrow.compute.match_substring_regex(values, ISO)
        if pyarrow.compute.all(is_date).as_py() is not False:
            return
        wanted = "date or time (YYYY-MM-DD HH:MM:SS)" if self._dates[name] else "date (YYYY-MM-DD)"
        bad = pyarrow.compute.indices_nonzero(pyarrow.compute.invert(is_date)).to_pylist()
        for row in bad:
            reason = f"{name} {values[row].as_py()!r} is not a {wanted}"
            self.undated.setdefault(self._rows_before + row + 1, (f"untypable_{name}", reason))

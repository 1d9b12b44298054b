"""Dates written as ISO 8601, told from others before COPY sees them.

COPY would take "today", "01/03/26" and "-infinity" for dates; a shop that writes such things means something else.
"""

from collections.abc import Mapping

import pyarrow
import pyarrow.compute
import pyarrow.csv

ISO = r"^(\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?)?$"  # or nothing at all

Verdict = tuple[str, str]  # rule and reason


class UnevenError(Exception):
    """Rows cannot be told apart by an ordinary CSV reader."""


class Dates:
    """The columns of a file that hold dates.

    Parameters
    ----------
    header : sequence of str
        The file's columns.
    dates : mapping of str to bool
        Those that hold dates, and whether with a time of day; names the file does not have are passed over.
    """

    def __init__(self, header: list[str], dates: Mapping[str, bool]) -> None:
        self._columns = header
        self._has_time = {name: has_time for name, has_time in dates.items() if name in header}

    def undated_in_csv(self, block: bytes, row_count: int, *, skipped_rows: int = 0) -> dict[int, Verdict]:
        """Find the rows of a block of CSV whose dates are not written as dates.

        Parameters
        ----------
        block : bytes
            Whole rows, and a header if `skipped_rows` is 1.
        row_count : int
            How many rows it is known to have, without the header.
        skipped_rows : int
            Rows on top to leave out.

        Returns
        -------
        dict of int to tuple of str
            Rule and reason by row of the block, the header too; the first is 0.

        Raises
        ------
        UnevenError
            If the block has another number of rows, rows of another width, or quotes that do not close.
        """
        if not self._has_time or not row_count:
            return {}
        table = self._read(block, skipped_rows)
        if table.num_rows != row_count:
            raise UnevenError(f"{table.num_rows} rows where there should be {row_count}")
        return {skipped_rows + row: verdict for row, verdict in self.undated(table).items()}

    def undated(self, table: pyarrow.Table | pyarrow.RecordBatch) -> dict[int, Verdict]:
        """Find the rows of a table whose dates are neither of a type for dates nor written as such."""
        found: dict[int, Verdict] = {}
        for name in self._has_time:
            values = table[name]
            for row, reason in self._judge(name, values):
                found.setdefault(row, (f"untypable_{name}", reason))
        return found

    def _read(self, block: bytes, skipped_rows: int) -> pyarrow.Table:
        try:
            return pyarrow.csv.read_csv(
                pyarrow.BufferReader(block),
                pyarrow.csv.ReadOptions(
                    column_names=self._columns, skip_rows=skipped_rows, block_size=len(block) + 1, use_threads=False
                ),
                pyarrow.csv.ParseOptions(newlines_in_values=True),
                pyarrow.csv.ConvertOptions(
                    include_columns=list(self._has_time),
                    column_types=dict.fromkeys(self._has_time, pyarrow.string()),
                    check_utf8=False,
                ),
            )
        except pyarrow.ArrowInvalid as error:
            raise UnevenError(str(error)) from None

    def _judge(self, name: str, values: "pyarrow.ChunkedArray | pyarrow.Array") -> list[tuple[int, str]]:
        is_date = _is_date(values)
        if pyarrow.compute.all(is_date).as_py() is not False:
            return []
        wanted = "date or time (YYYY-MM-DD HH:MM:SS)" if self._has_time[name] else "date (YYYY-MM-DD)"
        bad = pyarrow.compute.indices_nonzero(pyarrow.compute.invert(is_date))
        texts = values.take(bad).to_pylist()
        return [
            (row, f"{name} {str(text)!r} is not a {wanted}") for row, text in zip(bad.to_pylist(), texts, strict=True)
        ]


def _is_date(values: "pyarrow.ChunkedArray | pyarrow.Array") -> "pyarrow.ChunkedArray | pyarrow.Array":
    """Tell which values are dates; null for those that are not there."""
    if pyarrow.types.is_temporal(values.type):
        return pyarrow.repeat(True, len(values))
    if isinstance(values, pyarrow.DictionaryArray):
        return _is_date(values.dictionary).take(values.indices)
    return pyarrow.compute.match_substring_regex(values.cast(pyarrow.string()), ISO)

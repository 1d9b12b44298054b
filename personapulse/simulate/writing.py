"""Tables of text into files: CSV (plain or gzip) or Parquet, the same bytes for the same rows."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FORMATS = ("csv", "csv.gz", "parquet")
_AT_A_TIME = 500_000  # rows turned into lines at a time


def write(folder: Path, name: str, rows: pa.Table, uneven: pa.Table, ending: str) -> None:
    """Write a file into a folder.

    Parameters
    ----------
    folder : Path
        An existing folder.
    name : str
        Name without ending.
    rows, uneven : pyarrow.Table
        Columns of text; the rows of `uneven` get a field too many (CSV only) and stand below.
    ending : str
        One of `FORMATS`. In Parquet all columns are text, as in CSV, and what is empty is null.
    """
    path = folder / f"{name}.{ending}"
    if ending == "parquet":
        columns = {column: pc.if_else(pc.equal(rows[column], ""), None, rows[column]) for column in rows.column_names}
        pq.write_table(pa.table(columns, schema=rows.schema), path)
        return
    with path.open("wb") as stream:
        if ending == "csv":
            stream.writelines(_lines(rows, uneven))
        else:
            with gzip.GzipFile("", "wb", 6, stream, mtime=0) as packed:
                packed.writelines(_lines(rows, uneven))


def append_csv(path: Path, rows: pa.Table) -> None:
    """Add rows to a CSV file; a new one begins with its header."""
    is_new = not path.exists()
    with path.open("ab") as stream:
        lines = _lines(rows, rows.slice(0, 0))
        header = next(lines)
        stream.writelines([header] if is_new else [])
        stream.writelines(lines)


def _lines(rows: pa.Table, uneven: pa.Table) -> Iterator[bytes]:
    yield (",".join(rows.column_names) + "\n").encode()
    for start in range(0, rows.num_rows, _AT_A_TIME):
        yield _joined(rows.slice(start, _AT_A_TIME), "")
    if uneven.num_rows:
        yield _joined(uneven, ",oops")


def _joined(rows: pa.Table, ending: str) -> bytes:
    """Join the fields of each row and its line end; the texts of one array lie behind one another in memory."""
    columns = [_quoted(rows[name].combine_chunks()) for name in rows.column_names]
    lines = pc.binary_join_element_wise(pc.binary_join_element_wise(*columns, ","), "", f"{ending}\n")
    offsets, data = lines.buffers()[1:]
    last = int.from_bytes(offsets[4 * rows.num_rows : 4 * rows.num_rows + 4].to_pybytes(), "little")
    joined: bytes = data[:last].to_pybytes()
    return joined


def _quoted(column: pa.Array) -> pa.Array:
    """Put fields that hold commas in quotes; no field of the shop holds quotes or line ends."""
    has_comma = pc.match_substring(column, ",")
    return (
        pc.if_else(has_comma, pc.binary_join_element_wise('"', column, '"', ""), column)
        if pc.any(has_comma).as_py()
        else column
    )

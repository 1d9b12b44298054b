"""Columns of numbers between PostgreSQL and NumPy, by COPY in its binary form: no number becomes text or an object."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from personapulse.clv.arrays import Floats, Integers

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_AROUND = len(_HEADER) + 2 + 4 + len(_TRAILER)  # bytes around one value: fields of the row and length of the value too
_PIECE = 1 << 18  # bytes


def copy_out(connection: psycopg.Connection[Any], query: str, parameters: Mapping[str, Any], columns: int) -> Floats:
    """Read a query's rows.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    query : str
        A select of numbers, none of them null.
    parameters : mapping
        Values for its `%(name)s`.
    columns : int
        How many it selects.

    Returns
    -------
    array of shape (rows, columns)
    """
    names = [f"c{number}" for number in range(columns)]
    sent = " || ".join(f"float8send({name}::double precision)" for name in names)
    # all rows in one value: row by row they would cost more than all the rest
    statement = (
        f"copy (select coalesce(string_agg({sent}, ''::bytea), '') from ({query}\n) as q ({', '.join(names)}))"  # noqa: S608 - our own query
        " to stdout (format binary)"
    )
    with connection.cursor() as cursor, cursor.copy(statement.encode(), dict(parameters)) as copy:
        data = b"".join(copy)
    numbers = np.frombuffer(data, ">f8", (len(data) - _AROUND) // 8, _AROUND - len(_TRAILER))
    return numbers.astype(np.float64).reshape(-1, columns)


def copy_in(connection: psycopg.Connection[Any], table: str, numbers: Integers, columns: Sequence[Floats]) -> None:
    """Fill a table of an integer and so many columns of double precision.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    table : str
        Its name.
    numbers : array of shape (rows,)
        For the first column.
    columns : sequence of array, each of shape (rows,)
        For the others.
    """
    data = np.empty(len(numbers), _row([">i4"] + [">f8"] * len(columns)))
    data["fields"] = len(columns) + 1
    for place, column in enumerate([numbers, *columns]):
        data[f"l{place}"] = data.dtype[f"v{place}"].itemsize
        data[f"v{place}"] = column
    piece = max(1, _PIECE // data.itemsize)
    with connection.cursor() as cursor:
        statement = sql.SQL("copy {} from stdin (format binary)").format(sql.Identifier(table))
        with cursor.copy(statement) as copy:
            copy.write(_HEADER)
            for begin in range(0, len(data), piece):
                copy.write(data[begin : begin + piece].tobytes())
            copy.write(_TRAILER)


def _row(types: Sequence[str]) -> np.dtype[Any]:
    """Lay out a row: how many fields, then each one's length and value, big-endian."""
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for place, name in enumerate(types):
        fields += [(f"l{place}", ">i4"), (f"v{place}", name)]
    return np.dtype(fields)

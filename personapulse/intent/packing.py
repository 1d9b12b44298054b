"""Rows of `ml.features` as bytes: SQL packs them when a day is built, NumPy unpacks them a million a second.

Sent number by number, a day costs more time than the model takes to score it. So a row is packed when it is written:
its number columns (NaN for null), the codes of its texts (from 1; 0 for null) and the length of its user id, as
big-endian four-byte numbers. All rows are of one length, so many of them are an array.
"""

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
from psycopg import sql

from personapulse.errors import PersonaPulseError
from personapulse.intent.features import FEATURES, numbers, texts

AT_A_TIME = 10_000  # rows of one answer: twenty times as many are slower, being copied as they grow

Connection = psycopg.Connection[Any]


def packed(query: str) -> str:
    """Add the column `packed` to a select of the columns of `ml.features`.

    Placeholders `%(categories_<column>)s` are left for the values of each text column, in the order of their codes.
    """
    casts = ", ".join(f"{name}::real as {name}" for name in numbers())
    others = ", ".join(["as_of_date", "user_id", *texts()])
    values = [
        *(f"coalesce({name}, 'NaN'::real)" for name in numbers()),
        *(f"coalesce(array_position(%(categories_{name})s::text[], {name}), 0)::real" for name in texts()),
        "octet_length(user_id)::real",
    ]
    row = " || ".join(f"float4send({value})" for value in values)
    typed = f"select {others}, {casts} from (\n{query.rstrip().rstrip(';')}\n) as told"  # noqa: S608 - our own names
    # without the offset the planner would put the casts into the row, and so compute everything twice
    return f"select *, {row} as packed from ({typed} offset 0) as typed"  # noqa: S608


@dataclass(frozen=True)
class StoredDay:
    """A day of `ml.features`.

    Parameters
    ----------
    day : datetime.date
        The cut-off.
    row_count : int
        Customers known on it.
    categories : mapping of str to sequence of str
        Values of each text column, by code.
    """

    day: datetime.date
    row_count: int
    categories: Mapping[str, Sequence[str]]


def _table(day: datetime.date) -> sql.Identifier:
    """Name the partition of a day."""
    return sql.Identifier("ml", f"features_{day:%Y%m%d}")


def find(connection: Connection, day: datetime.date) -> StoredDay:
    """Look a day up, and keep it from being replaced until the transaction ends.

    Raises
    ------
    PersonaPulseError
        If it is not built.
    """
    table = _table(day)
    (is_there,) = connection.execute("select to_regclass(%s) is not null", (table.as_string(),)).fetchone() or (False,)
    if is_there:
        connection.execute(sql.SQL("lock table {} in access share mode").format(table))
    found = connection.execute(
        "select row_count, categories from ml.feature_days where as_of_date = %s", (day,)
    ).fetchone()
    if found is None:
        raise PersonaPulseError(f"The features of {day} are not built. Build them with snapshots.build.")
    return StoredDay(day, *found)


def read(connection: Connection, stored: StoredDay, rows: int, share: float = 1.0) -> Iterator[pd.DataFrame]:
    """Give the customers of a day in frames of about so many rows, in no particular order.

    Parameters
    ----------
    connection : psycopg.Connection
        In a transaction, so that the day is not replaced meanwhile.
    stored : StoredDay
        The day.
    rows : int
        Rows of a frame, more or less.
    share : float, default=1.0
        Share of the customers, from 0 to 1, drawn by a hash of their ids.
    """
    answers = _answers(connection, stored, share)
    while some := list(itertools.islice(answers, max(1, round(rows / AT_A_TIME)))):
        counts, row_bytes, id_bytes = zip(*some, strict=True)
        yield _frame(stored, sum(counts), b"".join(row_bytes), b"".join(id_bytes))


def _answers(connection: Connection, stored: StoredDay, share: float) -> Iterator[tuple[int, bytes, bytes]]:
    """Give packed rows, how many they are, and their user ids, read off the table block by block."""
    size = sql.SQL("select pg_relation_size({}::regclass) / current_setting('block_size')::integer")
    table = _table(stored.day)
    (blocks,) = connection.execute(size.format(table.as_string(connection))).fetchone() or (0,)
    step = max(1, blocks * AT_A_TIME // max(1, stored.row_count))
    query = sql.SQL(
        "select count(*), string_agg(packed, ''::bytea), string_agg(textsend(user_id), ''::bytea) from {table}"
        " where ctid >= {first}::tid and ctid < {end}::tid{drawn}"
    )
    drawn: sql.Composable = sql.SQL("")
    if share < 1:
        limit = f"{int(share * 16**8):08x}"
        drawn = sql.SQL(' and left(md5(user_id), 8) collate "C" < {}').format(limit)
    with psycopg.Cursor(connection) as cursor:
        for block in range(0, blocks, step):
            first, end = f"({block},0)", f"({block + step},0)"
            asked = query.format(table=table, first=first, end=end, drawn=drawn)
            found = cursor.execute(asked, binary=True).fetchone()
            if found and found[0] > 0:
                yield found


def _frame(stored: StoredDay, count: int, row_bytes: bytes, id_bytes: bytes) -> pd.DataFrame:
    names = [*numbers(), *texts()]
    if len(row_bytes) != count * (len(names) + 1) * 4:
        raise PersonaPulseError(
            f"The features of {stored.day} were built by another version. Build them anew with snapshots.build."
        )
    matrix = np.frombuffer(row_bytes, ">f4").reshape(count, -1).astype(np.float32)
    told: dict[str, Any] = dict(zip(names, matrix.T, strict=False))
    for name in texts():
        codes = told[name].astype(np.int32) - 1
        told[name] = pd.Categorical.from_codes(codes, pd.Index(list(stored.categories[name]), dtype="str"))
    columns = {"user_id": _user_ids(matrix[:, -1], id_bytes), "cut_off": np.full(count, stored.day, "datetime64[s]")}
    columns |= {feature.name: told.pop(feature.name) for feature in FEATURES}
    return pd.DataFrame(columns | told, copy=False)  # slices that are no feature come last


def _user_ids(lengths: np.ndarray, id_bytes: bytes) -> Any:
    """Cut user ids out of one long text, without making an object of each."""
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    cut = pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(id_bytes))
    return pd.array(cut, dtype="str")

"""The scores of a day: gathered chunk by chunk, put into bands, and written as rows of COPY's binary form."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from psycopg.copy import QueuedLibpqWriter

from personapulse.errors import PersonaPulseError

BANDS = 10
REASONS = 3
COLUMNS = ("as_of_date", "user_id", "probability", "band", "model_version", "reason_1", "reason_2", "reason_3")
EPOCH = datetime.date(2000, 1, 1)  # PostgreSQL's
PIECE = 1 << 18  # bytes

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = (-1).to_bytes(4, "big", signed=True)


@dataclass
class Scores:
    """What is to be written of each customer: a few dozen bytes, however wide the snapshot was.

    Parameters
    ----------
    texts : sequence of str
        Every reason the model can give, by its code; the first is none.
    users : list of pyarrow.Array
        Ids as UTF-8, a chunk each; so are the others.
    probabilities : list of array of float32
        As they are stored: what is equal there is in one band.
    reasons : list of array of int16, each of shape (rows, 3)
        Codes, the strongest first.
    """

    texts: Sequence[str]
    users: list[pa.Array] = field(default_factory=list)
    probabilities: list[npt.NDArray[np.float32]] = field(default_factory=list)
    reasons: list[npt.NDArray[np.int16]] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, self.probabilities))

    def add(
        self, users: "pd.Series[str]", probabilities: npt.NDArray[np.floating], reasons: npt.NDArray[np.integer]
    ) -> None:
        """Add a chunk; parameters are as the fields, a chunk of each.

        Raises
        ------
        PersonaPulseError
            If a probability is not from 0 to 1; the message names the customer.
        """
        is_wrong = ~((probabilities >= 0) & (probabilities <= 1))
        if is_wrong.any():
            row = int(np.argmax(is_wrong))
            raise PersonaPulseError(
                f"The model gives customer {users.iloc[row]} the probability {probabilities[row]}. Nothing was "
                "written; serve another version: personapulse model rollback"
            )
        self.users.append(pa.array(users, type=pa.large_string()).cast(pa.large_binary()))
        self.probabilities.append(probabilities.astype(np.float32))
        self.reasons.append(reasons.astype(np.int16))

    def in_bands(self) -> list[npt.NDArray[np.int16]]:
        """Return the band of each customer among all, chunk by chunk."""
        ends = np.cumsum([len(chunk) for chunk in self.probabilities])
        return np.split(bands(np.concatenate([*self.probabilities, np.empty(0)])), ends[:-1]) if len(ends) else []


def bands(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Put customers into tenths of their number, 1 to 10, of whom those in 10 are the most likely to buy.

    Equal probabilities are in one band, in which the middle of them is: a band may have more or less than a tenth.
    All equal, they are in band 6.

    Parameters
    ----------
    probabilities : array of shape (customers,)
        Without NaN.

    Returns
    -------
    array of shape (customers,)

    Examples
    --------
    >>> bands(np.array([0.5, 0.1, 0.1, 0.1])).tolist()
    [9, 4, 4, 4]
    """
    _, place, count = np.unique(probabilities, return_inverse=True, return_counts=True)
    below = np.cumsum(count) - count
    of_each = 1 + BANDS * (2 * below + count) // (2 * max(len(probabilities), 1))
    return np.asarray(of_each[place], dtype=np.int16)


def copy_scores(
    connection: psycopg.Connection[Any], table: sql.Composable, day: datetime.date, model_version: str, scores: Scores
) -> None:
    """COPY scores into a table that has the columns of `marts.purchase_intent`, made in this transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, in a transaction.
    table : psycopg.sql.Composable
        Its name.
    day : datetime.date
        The day that is scored.
    model_version : str
        By whom.
    scores : Scores
        Of all customers of the day.
    """
    statement = sql.SQL("copy {} ({}) from stdin (format binary, freeze)").format(
        table, sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    )
    with connection.cursor() as cursor, cursor.copy(statement, writer=QueuedLibpqWriter(cursor)) as copy:
        copy.write(_HEADER)
        for rows in _rows(day, model_version, scores):
            for begin in range(0, len(rows), PIECE):
                copy.write(rows[begin : begin + PIECE])
        copy.write(_TRAILER)


def _rows(day: datetime.date, model_version: str, scores: Scores) -> Iterator[memoryview]:
    """Lay a chunk after the other out as COPY reads it: each value after its length, big-endian."""
    version = model_version.encode()
    head = np.dtype([("fields", ">i2"), ("d", ">i4"), ("day", ">i4"), ("u", ">i4")])
    tail = np.dtype([
        ("p", ">i4"), ("probability", ">f4"), ("b", ">i4"), ("band", ">i2"),
        ("v", ">i4"), ("version", f"S{len(version)}"),
    ])  # fmt: skip
    texts = pa.array([_NULL, *(_with_length(text.encode()) for text in scores.texts[1:])], pa.large_binary())
    chunks = zip(scores.users, scores.probabilities, scores.in_bands(), scores.reasons, strict=True)
    for users, probabilities, in_bands, reasons in chunks:
        heads, tails = np.empty(len(users), head), np.empty(len(users), tail)
        heads["fields"], heads["d"], heads["day"] = len(COLUMNS), 4, (day - EPOCH).days
        heads["u"] = pc.binary_length(users)
        tails["p"], tails["probability"], tails["b"], tails["band"] = 4, probabilities, 2, in_bands
        tails["v"], tails["version"] = len(version), version
        yield _joined(_as_bytes(heads), users, _as_bytes(tails), *(texts.take(pa.array(codes)) for codes in reasons.T))


def _with_length(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _as_bytes(records: npt.NDArray[Any]) -> pa.Array:
    size = records.dtype.itemsize
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(size), len(records), [None, pa.py_buffer(records)])
    return fixed.cast(pa.large_binary())


def _joined(*parts: pa.Array) -> memoryview:
    """Join arrays of bytes row by row; return the bytes of all rows."""
    joined = pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.large_binary()))
    return memoryview(joined.buffers()[2])

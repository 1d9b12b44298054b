"""Columns of text, as the files hold them: ids, money, days and times. Fast, and the same bytes everywhere."""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from personapulse.simulate.draws import Flags, Shares, Whole

Texts = Any  # pyarrow.StringArray; pyarrow has no types of its own
_EPOCH = datetime.date(1970, 1, 1)


def texts(values: Sequence[str] | NDArray[np.object_]) -> Texts:
    """Take texts as they are."""
    return pa.array(values, pa.string())


def pick(values: Sequence[str], places: Whole) -> Texts:
    """Look texts up by their places."""
    return texts(values).take(pa.array(places))


def whole(numbers: Whole) -> Texts:
    """Write whole numbers: 12 is `12`."""
    return pa.array(numbers).cast(pa.string())


def ids(prefix: str, numbers: Whole, width: int) -> Texts:
    """Write numbers as ids: 12 with prefix M and width 6 is `M000012`; longer numbers are simply longer."""
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(whole(numbers), width, "0"), "")


def money(cents: Whole) -> Texts:
    """Write cents (0 or more) as money: 1290 is `12.90`."""
    return pc.binary_join_element_wise(whole(cents // 100), pc.utf8_lpad(whole(cents % 100), 2, "0"), ".")


def decimals(values: Shares, places: int = 6) -> Texts:
    """Write numbers (0 or more) with so many decimals: 0.25 is `0.250000`."""
    scaled = np.rint(values * 10**places).astype(np.int64)
    fraction = pc.utf8_lpad(whole(scaled % 10**places), places, "0")
    return pc.binary_join_element_wise(whole(scaled // 10**places), fraction, ".")


def days(first_day: datetime.date, numbers: Whole) -> Texts:
    """Write days, counted from the first, as `2026-03-01`."""
    since_epoch = np.asarray(numbers, dtype=np.int32) + np.int32((first_day - _EPOCH).days)
    return pa.array(since_epoch.astype(np.int32), pa.int32()).cast(pa.date32()).cast(pa.string())


def times(first_day: datetime.date, day: Whole | int, seconds: Whole) -> Texts:
    """Write days and seconds of the day as `2026-03-01 18:04:59`."""
    since_epoch = (np.asarray(day, dtype=np.int64) + (first_day - _EPOCH).days) * 86_400 + seconds
    return pa.array(since_epoch, pa.timestamp("s")).cast(pa.string())


def blank(column: Texts, where: Flags) -> Texts:
    """Empty a column where told."""
    return pc.if_else(pa.array(where), "", column)


def table(**columns: Texts) -> pa.Table:
    """Put columns of text together."""
    return pa.table(columns)

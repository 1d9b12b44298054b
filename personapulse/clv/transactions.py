"""Histories from transactions, as the papers count: purchases of one day are one, and the first is no repeat."""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from personapulse.clv.arrays import Floats
from personapulse.clv.files import Log
from personapulse.clv.histories import Histories
from personapulse.errors import PersonaPulseError

UNIT_DAYS = {"days": 1.0, "weeks": 7.0}


@dataclass(frozen=True)
class Split:
    """Histories up to a day, and what came later.

    Parameters
    ----------
    customer : Series of str
        Whose the histories are, sorted.
    histories : Histories
        Of those who bought up to the day.
    later_purchases, later_value : array of shape (n,)
        Days with a purchase after it, and their worth.
    """

    customer: "pd.Series[str]"
    histories: Histories
    later_purchases: Floats
    later_value: Floats


def split(
    log: Log, end: datetime.date, last: datetime.date, unit: str = "days", *, with_first_value: bool = False
) -> Split:
    """Turn a log into histories up to `end` and purchases after it up to `last`.

    Parameters
    ----------
    log : Log
        Transactions.
    end, last : date
        Both days are counted in.
    unit : str
        `days` or `weeks`, in which recency and T are told.
    with_first_value : bool, default=False
        Whether the mean worth of a purchase is taken over all purchases, and not over repeat purchases only.

    Raises
    ------
    PersonaPulseError
        If nobody bought up to `end`.
    """
    each = pd.DataFrame({"customer": log.customer, "day": log.day, "value": log.value})
    each = each[each["day"] <= pd.Timestamp(last)]
    days = each.groupby(["customer", "day"], sort=True)["value"].sum().reset_index()
    is_known = days["day"] <= pd.Timestamp(end)
    if not is_known.any():
        raise PersonaPulseError(f"nobody bought up to {end}; the first purchase is of {log.day.min():%Y-%m-%d}.")
    known = days[is_known].groupby("customer")
    first, frequency = known["day"].min(), _numbers(known.size()) - 1
    total = _numbers(known["value"].sum())
    values_known = frequency
    if with_first_value:
        values_known = np.where(frequency > 0, frequency + 1, 0)
    else:
        total -= _numbers(known["value"].first())
    histories = Histories(
        frequency,
        _numbers((known["day"].max() - first).dt.days) / UNIT_DAYS[unit],
        _numbers((pd.Timestamp(end) - first).dt.days) / UNIT_DAYS[unit],
        values_known,
        np.maximum(total, 0) / np.maximum(values_known, 1),
    )
    later = days[~is_known].groupby("customer")["value"].agg(["size", "sum"]).reindex(first.index, fill_value=0)
    return Split(pd.Series(first.index), histories, _numbers(later["size"]), _numbers(later["sum"]))


def _numbers(series: "pd.Series[Any]") -> Floats:
    return series.to_numpy(dtype=np.float64, copy=True)

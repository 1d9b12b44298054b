"""Rows on their way to a day's files: told at once, told late, or told again with a correction."""

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pyarrow as pa

from personapulse.simulate.draws import Draws, Whole


class Kind(Enum):
    """Why a row is in a day's file."""

    NEW = "new"  # it happened on that day
    LATE = "late"  # it happened on an earlier day
    CORRECTED = "corrected"  # it takes the place of a row of an earlier day


@dataclass(frozen=True)
class Parcel:
    """Rows of one file of one day that are there for one reason."""

    rows: pa.Table
    kind: Kind


class Outbox:
    """Keeps rows until their day.

    Parameters
    ----------
    last_day : int
        What would be told after this day is not told: it has not happened yet when the extracts end.
    """

    def __init__(self, last_day: int) -> None:
        self.last_day = last_day
        self._waiting: defaultdict[tuple[int, str], list[Parcel]] = defaultdict(list)

    def post(self, file: str, rows: pa.Table, kind: Kind, days: Whole | int) -> None:
        """Put rows in; `days` is the day each (or all) are to be told on."""
        of_each = np.broadcast_to(np.asarray(days, dtype=np.int64), rows.num_rows)
        for day in np.unique(of_each):
            if day <= self.last_day:
                some = rows.take(pa.array(np.flatnonzero(of_each == day))) if rows.num_rows > 1 else rows
                self._waiting[int(day), file].append(Parcel(some, kind))

    def post_told(self, file: str, rows: pa.Table, happened: Whole | int, told: Whole) -> None:
        """Put rows in that happened on a day and are told on that day or later."""
        happened = np.broadcast_to(np.asarray(happened, dtype=np.int64), rows.num_rows)
        for is_late, kind in ((False, Kind.NEW), (True, Kind.LATE)):
            places = np.flatnonzero((told > happened) == is_late)
            self.post(file, rows.take(pa.array(places)), kind, told[places])

    def collect(self, file: str, day: int) -> list[Parcel]:
        """Take out what is told on a day: first new rows, then late ones, then corrections."""
        order = list(Kind)
        return sorted(self._waiting.pop((day, file), []), key=lambda parcel: order.index(parcel.kind))

    def delays(self, day: int, count: int, share: float, draws: Draws, most: int = 3) -> Whole:
        """Draw the day each of some events of `day` is told on: that day, or for a share of them 1 to `most` later.

        Nothing that happened stays untold: what is late at the end is told on the last day.
        """
        late = draws.whole(1, most, count) * draws.happens(share, count)
        return np.minimum(day + late, self.last_day)

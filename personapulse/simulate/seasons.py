"""The shop's calendar: week, year, trend and sales. The same for every customer, and known in advance."""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

# How busy Monday to Sunday are, against an average day.
WEEK = (0.90, 0.85, 0.85, 0.90, 1.00, 1.25, 1.25)
# How much is needed over the year, against an average day: (month, day, factor), straight lines in between.
YEAR = (
    (1, 1, 0.90), (2, 1, 0.92), (4, 1, 1.00), (6, 1, 1.00), (7, 15, 0.85), (8, 20, 0.85), (10, 1, 1.00),
    (11, 15, 1.15), (12, 10, 1.45), (12, 24, 1.20), (12, 31, 0.90),
)  # fmt: skip
GROWTH_PER_YEAR = 0.05
# Sales: first day (month, day) and number of days. All prices fall by a fifth.
SALES = ((1, 7, 10), (4, 10, 10), (7, 10, 14), (11, 21, 8))


@dataclass(frozen=True)
class Season:
    """What the calendar does to the shop. Days count from 0, the first day.

    Parameters
    ----------
    first_day : datetime.date
        Day 0.
    is_on : bool, default=True
        Off, every day is like every other.
    """

    first_day: datetime.date
    is_on: bool = True

    def date(self, day: int) -> datetime.date:
        """Give the date of a day."""
        return self.first_day + datetime.timedelta(days=day)

    def need(self, day: int) -> float:
        """Year and trend: how much is needed, against an average day of the first year."""
        if not self.is_on:
            return 1.0
        return _year(self.date(day)) * (1 + GROWTH_PER_YEAR * day / 365)

    def week(self, day: int) -> float:
        """Week: how much time people have for the shop, against an average day."""
        return WEEK[self.date(day).weekday()] if self.is_on else 1.0

    def is_sale(self, day: int) -> bool:
        """Whether all prices are a fifth lower."""
        return self._days_on_sale(day) is not None

    def sale_begins(self, day: int) -> bool:
        """Whether it is the first day of a sale."""
        return self._days_on_sale(day) == 0

    def _days_on_sale(self, day: int) -> int | None:
        if not self.is_on:
            return None
        date = self.date(day)
        for month, first, length in SALES:
            passed = (date - datetime.date(date.year, month, first)).days
            if 0 <= passed < length:
                return passed
        return None


@lru_cache(maxsize=4096)
def _year(date: datetime.date) -> float:
    """Interpolate `YEAR`, in plain floating point so that every machine rounds alike."""
    anchors = [(datetime.date(date.year, month, day), factor) for month, day, factor in YEAR]
    before, after = anchors[0], anchors[-1]
    for left, right in pairwise(anchors):
        if left[0] <= date <= right[0]:
            before, after = left, right
            break
    share = (date - before[0]).days / (after[0] - before[0]).days
    return before[1] + share * (after[1] - before[1])

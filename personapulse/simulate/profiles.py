"""What the shop knows of its customers, and how that changes: they move, have birthdays, and mistakes are put right."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Whole
from personapulse.simulate.seasons import Season

CITIES = ("Berlin", "Hamburg", "Leipzig", "Freiburg", "Vienna", "Graz", "Zurich", "Basel")
_CITY_WEIGHTS = (24, 15, 11, 7, 17, 6, 13, 7)
GENDERS = ("female", "male", "other", "")
_GENDER_WEIGHTS = (49, 42, 3, 6)
_NO_AGE, _WRONG_AGE = 0.04, 0.02  # of the customers
_MOVES = 0.08 / 365  # a day
_LATE = 0.01  # of the sign-ups are told of 1 to 3 days later


@dataclass(frozen=True)
class News:
    """Rows of the users file of a day.

    Parameters
    ----------
    new, changed : array of int
        Customers told of for the first time, and told of again because something changed.
    """

    new: Whole
    changed: Whole


class Profiles:
    """The shop's customer records.

    Parameters
    ----------
    customers : Customers
        Whose.
    user_ids : pyarrow.Array
        Of all of them.
    season : Season
        The calendar.
    last_day : int
        Whoever signs up is told of by this day.
    seed : int
        Which chance.
    """

    def __init__(self, customers: Customers, user_ids: pa.Array, season: Season, last_day: int, seed: int) -> None:
        self._draws = draws = Draws(seed, "profiles")
        self._user_ids, self._season, self._signed_up = user_ids, season, customers.signed_up
        count = len(customers)
        self._gender = draws.choices(_GENDER_WEIGHTS, count)
        self._city = draws.choices(_CITY_WEIGHTS, count)
        # Most shoppers are between thirty and fifty: the sum of three dice is that shape.
        self._age = draws.whole(6, 26, count) + draws.whole(6, 26, count) + draws.whole(6, 26, count)
        self._has_age = ~draws.happens(_NO_AGE, count)
        self._birthday = draws.whole(0, 364, count)
        delay = draws.whole(1, 3, count) * (draws.happens(_LATE, count) & (customers.signed_up >= 0))
        self.known_on = np.minimum(np.maximum(customers.signed_up, 0) + delay, last_day)
        is_wrong = self._has_age & draws.happens(_WRONG_AGE, count)
        self._mistake = np.where(is_wrong, draws.whole(1, 12, count), 0)  # years too many
        self._mended_on = np.where(is_wrong, self.known_on + draws.whole(3, 40, count), -1)

    def news(self, day: int) -> News:
        """Let a day pass in the records and give whose rows are delivered."""
        count = len(self._city)
        has_birthday = self._has_age & (self._birthday == day % 365) & (self._signed_up < day)
        self._age = self._age + has_birthday
        moves = self._draws.happens(_MOVES, count) & (self._signed_up < day)
        there = self._draws.choices(_CITY_WEIGHTS, int(moves.sum()))
        changed = has_birthday | (self._mended_on == day)
        changed[moves] |= self._city[moves] != there
        self._city[moves] = there
        self._mistake[self._mended_on == day] = 0
        return News(np.flatnonzero(self.known_on == day), np.flatnonzero(changed & (self.known_on < day)))

    def rows(self, who: Whole) -> pa.Table:
        """Write customers (by number) as they now stand, as delivered."""
        return texts.table(
            user_id=self._user_ids.take(pa.array(who)),
            signup_date=texts.days(self._season.first_day, self._signed_up[who]),
            gender=texts.pick(GENDERS, self._gender[who]),
            age=texts.blank(texts.whole(self._age[who] + self._mistake[who]), ~self._has_age[who]),
            location=texts.pick(CITIES, self._city[who]),
        )

"""What goes on in customers from day to day: a small chain of hidden states. The truth is worked out from the same.

A customer rests after a paid order, is quiet until something is needed, then looks for it, and orders, or gives up.
On any day they may leave for good. `docs/simulator.md` has the picture and the formulas.
"""

from dataclasses import dataclass

import numpy as np

from personapulse.simulate.contacts import Campaign
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Flags, Shares, Whole
from personapulse.simulate.payments import PAID_SHARE
from personapulse.simulate.seasons import Season

STAYS = np.iinfo(np.int32).max  # day of leaving of those who have not left
_EAGER = 10  # who signs up looks for something already, with so many times the daily chance


def begins_looking(customers: Customers, season: Season, day: int) -> Shares:
    """Chance of each quiet customer to begin to look for something on a day, unprompted."""
    return np.minimum(customers.interest * season.need(day) * season.week(day), 1.0)


def orders(customers: Customers, season: Season, day: int) -> Shares:
    """Chance of each looking customer to try to order on a day; a sale tempts the thrifty."""
    tempted = 1 + customers.thrift if season.is_sale(day) else np.ones(len(customers))
    return np.minimum(customers.decide * season.week(day) * tempted, 1.0)


def is_contacted(customers: Customers, campaign: Campaign | None) -> Shares:
    """Chance of each customer to be written to by a campaign."""
    return customers.contact * (campaign.reach if campaign else 0.0)


def purchase_rate(customers: Customers) -> Shares:
    """Work out the paid orders to expect in 30 days of a customer who stays, without season, sales and contacts."""
    with np.errstate(divide="ignore"):
        waiting = (1 - customers.interest) / customers.interest
        looking = (1 + (1 - customers.decide) * customers.fade * waiting) / (customers.decide * PAID_SHARE)
        return 30 / (customers.rest_days + waiting + looking)


@dataclass
class Minds:
    """Hidden state of every customer in the evening of a day. All arrays have one entry per customer.

    Parameters
    ----------
    rest_left : array of int
        Days still to rest.
    is_looking : array of bool
        Whether something is looked for.
    left_on : array of int
        Day of leaving; `STAYS` before.
    """

    rest_left: Whole
    is_looking: Flags
    left_on: Whole


@dataclass(frozen=True)
class Day:
    """Who did what on a day; customers by number, ascending.

    Parameters
    ----------
    contacted, visitors : array of int
        Who was written to, and who came by.
    is_order, is_looking : array of bool
        Of the visitors: whether they try to order, and whether they look for something.
    """

    contacted: Whole
    visitors: Whole
    is_order: Flags
    is_looking: Flags


class Life:
    """Lets the days pass.

    Parameters
    ----------
    customers : Customers
        Their traits decide.
    season : Season
        The calendar.
    seed : int
        Which chance.
    """

    def __init__(self, customers: Customers, season: Season, seed: int) -> None:
        self._customers, self._season, self._draws = customers, season, Draws(seed, "life")
        count = len(customers)
        # Everybody is somewhere between two orders when the first day begins.
        rests = self._draws.shares(count) * 30 < customers.rest_days * purchase_rate(customers)
        rest_left = np.where(rests, self._draws.whole(1, np.maximum(customers.rest_days, 1), count), 0)
        is_new = customers.signed_up >= 0
        self.minds = Minds(
            np.where(is_new, 0, rest_left).astype(np.int32),
            is_new & self._draws.happens(customers.interest * _EAGER, count),
            np.full(count, STAYS, dtype=np.int32),
        )

    def live(self, day: int, campaign: Campaign | None) -> Day:
        """Let a day pass up to its orders; `settle` ends it.

        Parameters
        ----------
        day : int
            The next day; 0 is the first.
        campaign : Campaign or None
            The day's.
        """
        customers, season, minds, draws = self._customers, self._season, self.minds, self._draws
        count = len(customers)
        is_known = customers.signed_up <= day
        contacted = is_known & draws.happens(is_contacted(customers, campaign), count)
        here = is_known & (minds.left_on == STAYS)
        leaves = here & draws.happens(customers.dropout, count)
        minds.left_on[leaves] = day
        here &= ~leaves
        is_resting = minds.rest_left > 0
        minds.rest_left[here & is_resting] -= 1
        begins = draws.happens(begins_looking(customers, season, day), count)
        begins |= contacted & draws.happens(customers.response, count)
        minds.is_looking |= here & ~is_resting & begins
        looks = here & minds.is_looking
        tries = looks & draws.happens(orders(customers, season, day), count)
        comes = np.where(looks, customers.search, customers.browse) * season.week(day)
        visitors = np.flatnonzero(tries | (here & draws.happens(comes, count)))
        minds.is_looking &= tries | ~looks | ~draws.happens(customers.fade, count)
        return Day(np.flatnonzero(contacted), visitors, tries[visitors], looks[visitors])

    def settle(self, day: int, paid_by: Whole) -> None:
        """Send those whose order of the day is paid (or will be) to rest; the others who tried keep looking."""
        count = len(paid_by)
        rest = self._customers.rest_days[paid_by] / self._season.need(day) * (0.85 + 0.3 * self._draws.shares(count))
        # Rounded up or down by chance, so that rests are right on average.
        self.minds.rest_left[paid_by] = np.floor(rest + self._draws.shares(count))
        self.minds.is_looking[paid_by] = False

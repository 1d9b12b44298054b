"""What a customer will do, as nobody but the simulator can know: exact chances from the hidden state."""

import numpy as np

from personapulse.simulate.behaviour import STAYS, Minds, begins_looking, is_contacted, orders
from personapulse.simulate.contacts import campaign_on
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Shares
from personapulse.simulate.payments import PAID_SHARE
from personapulse.simulate.seasons import Season


def purchase_probability(customers: Customers, minds: Minds, season: Season, day: int, horizon: int) -> Shares:
    """Work out the chance of at least one order within the days after `day` that ends paid.

    Parameters
    ----------
    customers : Customers
        Their traits.
    minds : Minds
        Their state in the evening of `day`.
    season : Season
        The calendar.
    day, horizon : int
        The evening it is known on, and how many days follow.

    Returns
    -------
    array of float
        One entry per customer, 0 for those who have left. Future dropout, contacts and payments are chance and taken
        into account; who is not a customer yet has an entry that means nothing.
    """
    found = np.zeros(len(customers))
    for part, some in customers.slabs():
        mine = Minds(minds.rest_left[part], minds.is_looking[part], minds.left_on[part])
        found[part] = 1 - _stays_away(some, mine, season, day, horizon)
    return found


def _stays_away(customers: Customers, minds: Minds, season: Season, day: int, horizon: int) -> Shares:
    """Chance of no paid order: backwards from the last day of the horizon, for each state a customer can be in.

    `quiet`, `looking` and `rests[k]` (k days left to rest) are the chances over the days from the one at hand to the
    last, given the state in the evening before.
    """
    count = len(customers)
    quiet, looking = np.ones(count), np.ones(count)
    resting = np.ones(count)
    for ahead in range(horizon, 0, -1):
        on = day + ahead
        tries, gives_up = orders(customers, season, on), customers.fade
        begins = begins_looking(customers, season, on)
        contact = is_contacted(customers, campaign_on(season, on))
        begins = 1 - (1 - begins) * (1 - contact * customers.response)
        if_looking = tries * (1 - PAID_SHARE) * looking + (1 - tries) * ((1 - gives_up) * looking + gives_up * quiet)
        stays = 1 - customers.dropout
        quiet = customers.dropout + stays * (begins * if_looking + (1 - begins) * quiet)
        looking = customers.dropout + stays * if_looking
        # Who has k days left to rest is quiet after k days: keep the chance they face then.
        resting = np.where(minds.rest_left == ahead - 1, quiet, resting)
    resting = _after_rest(resting, customers.dropout, minds, horizon)
    found = np.where(minds.rest_left > 0, resting, np.where(minds.is_looking, looking, quiet))
    return np.where(minds.left_on == STAYS, found, 1.0)


def _after_rest(quiet_then: Shares, dropout: Shares, minds: Minds, horizon: int) -> Shares:
    """Let who rests survive the rest first: who leaves meanwhile orders nothing."""
    survives = np.ones(len(dropout))
    for passed in range(1, horizon):
        survives = np.where(minds.rest_left >= passed, survives * (1 - dropout), survives)
    return np.where(minds.rest_left < horizon, survives * quiet_then + 1 - survives, 1.0)

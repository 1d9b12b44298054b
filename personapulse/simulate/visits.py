"""Who comes by on which day, and who orders."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Flags, Whole

# How busy Monday to Sunday are, against an average day.
WEEK = (0.95, 0.90, 0.90, 0.95, 1.00, 1.15, 1.15)
# How many visits begin in each hour from 7 to 21; the shop sleeps over midnight, where a day would end half-way.
FIRST_HOUR = 7
_HOURS = (3, 5, 5, 6, 6, 7, 8, 6, 5, 5, 6, 8, 10, 12, 8)


@dataclass(frozen=True)
class Visits:
    """Visits in order of their days; a visit's number is its place. All arrays have one entry per visit.

    Parameters
    ----------
    day, second : array of int
        When it begins: day from 0, second of the day.
    customer : array of int
        Whose it is.
    is_order : array of bool
        Whether it ends with an order.
    """

    day: Whole
    second: Whole
    customer: Whole
    is_order: Flags


def draw_visits(
    customers: Customers, first_day: datetime.date, days: int, seed: int, tell: Callable[[float], None]
) -> Visits:
    """Let the days pass: each customer orders, looks, or stays away.

    Parameters
    ----------
    customers : Customers
        Their traits decide.
    first_day : datetime.date
        Its weekday begins the weekly season.
    days, seed : int
        How many days, and which chance.
    tell : callable
        Told the share of days that have passed.
    """
    draws = Draws(seed, "visits")
    count = len(customers)
    gap, order_chance = customers.trait("gap_days"), customers.trait("order_chance") * customers.liveliness
    look_chance = customers.trait("look_chance") * customers.liveliness
    orders_left = customers.trait("most_orders")
    # Everybody is somewhere between two orders when the first day begins.
    waited = draws.whole(0, gap, count)
    found: list[tuple[Whole, Flags]] = []
    for day in range(days):
        busy = WEEK[(first_day.weekday() + day) % 7]
        is_here = (customers.signed_up <= day) & (day < customers.left)
        may_order = is_here & (waited >= gap) & (orders_left > 0)
        orders = may_order & draws.happens(order_chance * busy, count)
        comes = orders | (is_here & draws.happens(look_chance * busy, count))
        orders_left = orders_left - orders
        waited = np.where(orders, 0, waited + 1)
        who = np.flatnonzero(comes)
        found.append((who, orders[who]))
        tell((day + 1) / days)
    day_of = np.repeat(np.arange(days), [len(who) for who, _ in found])
    hour = FIRST_HOUR + draws.choices(_HOURS, len(day_of))
    second = hour * 3600 + draws.whole(0, 3599, len(day_of))
    order = np.lexsort((second, day_of))
    customer = np.concatenate([who for who, _ in found])
    is_order = np.concatenate([orders for _, orders in found])
    return Visits(day_of[order], second[order], customer[order], is_order[order])

"""What visitors click on a day: look around, put in the cart, go to the checkout."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.behaviour import Day
from personapulse.simulate.catalogue import Catalogue
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Whole
from personapulse.simulate.groups import is_first, places_within
from personapulse.simulate.orders import Lines

VIEW, CART, CHECKOUT = range(3)
EVENT_TYPES = ("view", "add_to_cart", "checkout")
# How many visits begin in each hour from 7 to 21; the shop sleeps over midnight, where a day would end half-way.
FIRST_HOUR = 7
_HOURS = (3, 5, 5, 6, 6, 7, 8, 6, 5, 5, 6, 8, 10, 12, 8)
# A visit without an order leaves something in the cart with this chance, by whether something is looked for ...
_CART = (0.08, 0.35)
_AT_CHECKOUT = 0.4  # ... and goes from there to the checkout, to turn back
# Places of events in a visit: first people look around, then they take one thing after the other, then they pay.
_LEFT, _TAKEN, _PAYING, _PLACES = 100, 200, 300, 1000


@dataclass(frozen=True)
class Clicks:
    """Events of a day by visit and time. All arrays but `last` have one entry per event.

    Parameters
    ----------
    visit : array of int
        Place of the visitor in `Day.visitors`; each comes once a day.
    product, kind, second : array of int
        Product by number, place in `EVENT_TYPES`, second of the day.
    last : array of int
        Second of each visit's last event.
    """

    visit: Whole
    product: Whole
    kind: Whole
    second: Whole
    last: Whole


def draw_clicks(who: Day, lines: Lines, customers: Customers, goods: Catalogue, *, day: int, draws: Draws) -> Clicks:
    """Draw every event of every visit of a day.

    What is ordered was looked at, put in the cart and taken to the checkout in that visit.

    Parameters
    ----------
    who : Day
        The visitors.
    lines : Lines
        Baskets of those who try to order, in their order.
    customers, goods : Customers, Catalogue
        Whose traits, and what there is.
    day : int
        The day.
    draws : Draws
        Chance.
    """
    visit, product = _looking_around(who, customers, goods, day, draws)
    place = places_within(visit)
    left = _left_in_cart(visit, who, draws)
    at_checkout = left[draws.happens(_AT_CHECKOUT, len(left))]
    buyer, step = np.flatnonzero(who.is_order)[lines.order], 2 * lines.line_no
    parts = (
        (visit, product, VIEW, place),
        (visit[left], product[left], CART, _LEFT),
        (visit[at_checkout], product[at_checkout], CHECKOUT, _LEFT + 1),
        (buyer, lines.product, VIEW, _TAKEN + step),
        (buyer, lines.product, CART, _TAKEN + step + 1),
        (buyer, lines.product, CHECKOUT, _PAYING + step),
    )
    kind = np.repeat([part[2] for part in parts], [len(part[0]) for part in parts])
    key = np.concatenate([part[0] * _PLACES + part[3] for part in parts])
    order = np.argsort(key, kind="stable")
    visit = key[order] // _PLACES
    second = _times(visit, who, customers, draws)
    last = np.zeros(len(who.visitors), dtype=np.int64)
    last[visit] = second  # the last one written stays
    return Clicks(visit, np.concatenate([part[1] for part in parts])[order], kind[order], second, last)


def _looking_around(who: Day, customers: Customers, goods: Catalogue, day: int, draws: Draws) -> tuple[Whole, Whole]:
    count = len(who.visitors)
    besides = draws.whole(0, customers.typical("looks", who.visitors), count)
    views = draws.whole(1, 2 * customers.views[who.visitors] - 1, count)
    visit = np.repeat(np.arange(count), np.where(who.is_order, besides, views))
    return visit, goods.choose(day, customers.thrift[who.visitors[visit]], draws)


def _left_in_cart(visit: Whole, who: Day, draws: Draws) -> Whole:
    """Let some visits without an order put the last thing seen in the cart; give the places of these views."""
    is_last = np.diff(visit, append=-1) != 0
    last = np.flatnonzero(is_last & ~who.is_order[visit])
    chance = np.array(_CART)[who.is_looking[visit[last]].astype(np.int64)]
    return last[draws.happens(chance, len(last))]


def _times(visit: Whole, who: Day, customers: Customers, draws: Draws) -> Whole:
    """Give each event its second of the day, some seconds after the one before."""
    count = len(who.visitors)
    starts = (FIRST_HOUR + draws.choices(_HOURS, count)) * 3600 + draws.whole(0, 3599, count)
    fastest, slowest = customers.typical("pace_seconds", who.visitors).T
    pauses = draws.whole(fastest[visit], slowest[visit], len(visit))
    passed = np.cumsum(pauses)
    first = np.flatnonzero(is_first(visit))
    before = np.repeat((passed - pauses)[first], np.diff(np.append(first, len(visit))))
    return starts[visit] + passed - before


def view_rows(
    clicks: Clicks, places: Whole, *, sessions: Whole, visitor_ids: pa.Array, goods: Catalogue, day: int
) -> pa.Table:
    """Write events by their places, as delivered.

    Parameters
    ----------
    clicks, places
        Of the day, and which of them.
    sessions : array of int
        session_id of each visit, counted from 1 over the shop's life.
    visitor_ids : pyarrow.Array
        user_id of each visit.
    goods, day
        What there is, and the day.
    """
    visit, product = clicks.visit[places], clicks.product[places]
    return texts.table(
        user_id=visitor_ids.take(pa.array(visit)),
        product_id=texts.pick(goods.ids, product),
        timestamp=texts.times(goods.season.first_day, day, clicks.second[places]),
        category=texts.pick(goods.categories, product),
        session_id=texts.ids("S", sessions, 6).take(pa.array(visit)),
        event_type=texts.pick(EVENT_TYPES, clicks.kind[places]),
    )

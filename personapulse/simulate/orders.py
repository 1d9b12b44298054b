"""What is ordered on a day: baskets, payments, and what of it the shop gets wrong or tells late."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.catalogue import Catalogue
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Flags, Whole
from personapulse.simulate.groups import places_within
from personapulse.simulate.payments import PAID, PENDING, STATUSES, Payments

TWO_PIECES = 0.15  # of the lines
WRONG = 0.006  # of the lines are told with a wrong quantity or price first


@dataclass(frozen=True)
class Lines:
    """Lines of orders, together by order. All arrays have one entry per line.

    Parameters
    ----------
    order : array of int
        Place of the attempt (from `draw_lines`) or of the order (in `Orders`).
    line_no : array of int
        From 1 in each order.
    product, quantity, cents : array of int
        Product by number, pieces, and the price of one.
    """

    order: Whole
    line_no: Whole
    product: Whole
    quantity: Whole
    cents: Whole


@dataclass(frozen=True)
class Orders:
    """Orders of a day by time; an order's place is where it stands. All arrays have one entry per order.

    Parameters
    ----------
    number : array of int
        order_id, counted from 1 over the shop's life.
    customer, second : array of int
        Whose, and when on the day.
    status, settled : array of int
        Place in `STATUSES` as first told, and what a pending payment ends as (-1 for the others).
    delivered, settled_on : array of int
        Day it is first told of, and day its payment settles (-1 for the others).
    lines : Lines
        Of all of them.
    """

    number: Whole
    customer: Whole
    second: Whole
    status: Whole
    settled: Whole
    delivered: Whole
    settled_on: Whole
    lines: Lines

    @property
    def is_paid(self) -> Flags:
        """Whether it is paid, now or when its payment settles."""
        found: Flags = (self.status == PAID) | (self.settled == PAID)
        return found

    @property
    def cents(self) -> Whole:
        """What each order is worth."""
        worth = np.zeros(len(self.number), dtype=np.int64)
        np.add.at(worth, self.lines.order, self.lines.quantity * self.lines.cents)
        return worth


def draw_lines(who: Whole, customers: Customers, goods: Catalogue, day: int, draws: Draws) -> Lines:
    """Fill the baskets of customers (by number) who try to order; a product stands once in a basket."""
    fewest, most = customers.typical("lines", who).T
    order = np.repeat(np.arange(len(who)), draws.whole(fewest, most, len(who)))
    product = goods.choose(day, customers.thrift[who[order]], draws)
    order, product = np.divmod(np.unique(order * 1000 + product), 1000)
    quantity = 1 + draws.happens(TWO_PIECES, len(order)).astype(np.int64)
    return Lines(order, places_within(order) + 1, product, quantity, goods.prices(day)[product])


def place_orders(
    who: Whole, paying: Whole, lines: Lines, payments: Payments, delivered: Whole, *, draws: Draws, first_number: int
) -> Orders:
    """Turn attempts into orders: one each, and a second where the payment failed and is tried again at once.

    Parameters
    ----------
    who, paying, delivered : array of int
        Of each attempt: customer, second of the day of the last click, and the day the shop tells of it.
    lines, payments : Lines, Payments
        Of the attempts.
    draws : Draws
        Chance.
    first_number : int
        Number of the first order.
    """
    count = len(who)
    again = np.flatnonzero(payments.second >= 0)
    attempt = np.concatenate([np.arange(count), again])
    second = np.concatenate([paying + draws.whole(20, 120, count), paying[again] + draws.whole(150, 600, len(again))])
    status = np.concatenate([payments.first, payments.second[again]])
    by_time = np.lexsort((attempt, second))
    attempt, second, status = attempt[by_time], second[by_time], status[by_time]
    settled = np.where(status == PENDING, payments.settled[attempt], -1)
    settled_on = np.where(status == PENDING, delivered[attempt] + draws.whole(1, 3, len(attempt)), -1)
    number = first_number + np.arange(len(attempt))
    own_lines = _lines_of(attempt, lines)
    return Orders(number, who[attempt], second, status, settled, delivered[attempt], settled_on, own_lines)


def _lines_of(attempt: Whole, lines: Lines) -> Lines:
    """Give each order the lines of its attempt."""
    per_attempt = np.bincount(lines.order, minlength=len(attempt))
    starts, counts = np.cumsum(per_attempt) - per_attempt, per_attempt[attempt]
    order = np.repeat(np.arange(len(attempt)), counts)
    line_no = places_within(order) + 1
    source = starts[attempt][order] + line_no - 1
    return Lines(order, line_no, lines.product[source], lines.quantity[source], lines.cents[source])


def order_rows(
    orders: Orders, places: Whole, status: Whole, *, user_ids: pa.Array, goods: Catalogue, day: int
) -> pa.Table:
    """Write orders of a day by their places, with a status each, as delivered."""
    return texts.table(
        order_id=order_ids(orders, places),
        user_id=user_ids.take(pa.array(orders.customer[places])),
        order_date=texts.times(goods.season.first_day, day, orders.second[places]),
        payment_status=texts.pick(STATUSES, status),
    )


def line_rows(orders: Orders, lines: Lines, goods: Catalogue) -> pa.Table:
    """Write order lines as delivered."""
    return texts.table(
        order_id=order_ids(orders, lines.order),
        line_no=texts.whole(lines.line_no),
        product_id=texts.pick(goods.ids, lines.product),
        quantity=texts.whole(lines.quantity),
        unit_price=texts.money(lines.cents),
    )


def mistaken(lines: Lines, is_wrong: Flags, draws: Draws) -> Lines:
    """Give some lines a piece too many, or a price a tenth too high: as the shop tells them before it looks again."""
    is_piece = draws.happens(0.5, len(is_wrong))
    quantity = lines.quantity + (is_wrong & is_piece)
    cents = np.where(is_wrong & ~is_piece, lines.cents * 11 // 10, lines.cents)
    return Lines(lines.order, lines.line_no, lines.product, quantity, cents)


def some_lines(lines: Lines, where: Flags) -> Lines:
    """Keep some of the lines."""
    kept = (lines.order, lines.line_no, lines.product, lines.quantity, lines.cents)
    return Lines(*(values[where] for values in kept))


def order_ids(orders: Orders, places: Whole) -> pa.Array:
    """Write the ids of orders by their places, such as `M000001`."""
    return texts.ids("M", orders.number[places], 6)

"""What of a day's paid orders comes back later."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.catalogue import Catalogue
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Flags, Whole
from personapulse.simulate.groups import is_first
from personapulse.simulate.orders import Orders, order_ids

REASONS = ("Does not fit", "Changed my mind", "Not as pictured", "Arrived damaged", "Ordered by mistake")
_REASON_WEIGHTS = (30, 28, 18, 14, 10)
FITS = "Wardrobe"  # what is worn comes back more often than what is not
_WORN, _OTHER = 1.4, 0.9  # times the customer's share
WHOLE, REFUNDED = 0.3, 0.6  # whole orders among the returns; orders marked Refunded among these
_WITHOUT_TIME, _WITHOUT_AMOUNT = 0.15, 0.3  # of the returns; of the whole ones


@dataclass(frozen=True)
class Returns:
    """Returns of a day's orders. All arrays have one entry per return.

    Parameters
    ----------
    order : array of int
        Place in the day's `Orders`.
    product, cents : array of int
        Product by number (-1: the whole order) and worth (-1: the shop does not say).
    reason : array of int
        Place in `REASONS`.
    day, second : array of int
        When it comes back; second -1: the shop does not say.
    is_refunded : array of bool
        Whether the order is marked Refunded.
    """

    order: Whole
    product: Whole
    cents: Whole
    reason: Whole
    day: Whole
    second: Whole
    is_refunded: Flags


def draw_returns(orders: Orders, customers: Customers, goods: Catalogue, draws: Draws) -> Returns:
    """Send back some of the paid orders: most of these one product, the others everything, 2 to 20 days later."""
    lines = orders.lines
    is_worn = (np.array(goods.categories) == FITS)[lines.product]
    first = _first_lines(orders, is_worn)
    worn_more = np.where(is_worn[first], _WORN, _OTHER) if goods.season.is_on else 1.0
    chance = customers.returns[orders.customer] * worn_more
    back = np.flatnonzero(orders.is_paid & draws.happens(np.minimum(chance, 0.95), len(first)))
    count, first = len(back), first[back]
    is_whole = draws.happens(WHOLE, count)
    cents = np.where(is_whole, orders.cents[back], lines.cents[first] * lines.quantity[first])
    # Without an amount the whole order counts as returned, so only whole returns may lack theirs.
    is_silent = is_whole & draws.happens(_WITHOUT_AMOUNT, count)
    known = np.maximum(orders.delivered, orders.settled_on)[back]
    second = draws.whole(8 * 3600, 18 * 3600, count)
    return Returns(
        back,
        product=np.where(is_whole, -1, lines.product[first]),
        cents=np.where(is_silent, -1, cents),
        reason=draws.choices(_REASON_WEIGHTS, count),
        day=known + 3 + draws.whole(0, 6, count) + draws.whole(0, 11, count),
        second=np.where(draws.happens(_WITHOUT_TIME, count), -1, second),
        is_refunded=is_whole & draws.happens(REFUNDED, count),
    )


def _first_lines(orders: Orders, is_worn: Flags) -> Whole:
    """Give the line of each order that would come back first: one that is worn, if there is one."""
    by_order = np.lexsort((~is_worn, orders.lines.order))
    found: Whole = by_order[is_first(orders.lines.order[by_order])]
    return found


def return_rows(back: Returns, orders: Orders, user_ids: pa.Array, goods: Catalogue) -> pa.Table:
    """Write returns as delivered."""
    at = texts.times(goods.season.first_day, back.day, np.maximum(back.second, 0))
    return texts.table(
        order_id=order_ids(orders, back.order),
        product_id=texts.pick([*goods.ids, ""], np.where(back.product < 0, len(goods.ids), back.product)),
        user_id=user_ids.take(pa.array(orders.customer[back.order])),
        return_reason=texts.pick(REASONS, back.reason),
        returned_at=texts.blank(at, back.second < 0),
        amount=texts.blank(texts.money(np.maximum(back.cents, 0)), back.cents < 0),
    )

"""What is ordered, and what becomes of the payment."""

import numpy as np
import pandas as pd

from personapulse.simulate.catalogue import Catalogue, choose_products
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws
from personapulse.simulate.visits import Visits

STATUSES = ("Paid", "Failed", "Pending")
_STATUS_WEIGHTS = (95, 3, 2)


def draw_lines(visits: Visits, customers: Customers, goods: Catalogue, seed: int) -> pd.DataFrame:
    """Fill the baskets.

    Returns
    -------
    pandas.DataFrame
        One row per order line: visit, line_no (from 1), product, quantity, cents (price of one piece). A product
        stands once in an order.
    """
    draws = Draws(seed, "baskets")
    visit = np.flatnonzero(visits.is_order)
    fewest, most = customers.trait("lines")[visits.customer[visit]].T
    visit = np.repeat(visit, draws.whole(fewest, most, len(visit)))
    tastes = customers.trait("taste")[visits.customer[visit]].astype(np.int64)
    product = choose_products(goods, tastes, draws)
    quantity = 1 + draws.happens(0.15, len(visit)).astype(np.int64)
    lines = pd.DataFrame({"visit": visit, "product": product, "quantity": quantity, "cents": goods.cents[product]})
    lines = lines.drop_duplicates(["visit", "product"], ignore_index=True)
    lines.insert(1, "line_no", lines.groupby("visit").cumcount() + 1)
    return lines


def draw_orders(visits: Visits, lines: pd.DataFrame, last_click: "pd.Series[int]", seed: int) -> pd.DataFrame:
    """Place the orders and let the payments run.

    Parameters
    ----------
    visits, lines
        From the other `draw_` functions.
    last_click : pandas.Series of int
        Second of the day of each visit's last event, by visit.
    seed : int
        Which chance.

    Returns
    -------
    pandas.DataFrame
        One row per order, indexed by visit: number (from 1), customer, day, second, cents (all lines), status (when
        first delivered), delivered (day), final_status, corrected (day of the second delivery; -1 without).
    """
    draws = Draws(seed, "payments")
    totals = (lines["cents"] * lines["quantity"]).groupby(lines["visit"]).sum()
    visit = totals.index.to_numpy()
    count = len(visit)
    status = np.array(STATUSES, dtype=object)[draws.choices(_STATUS_WEIGHTS, count)]
    day = visits.day[visit]
    delivered = day + draws.whole(1, 3, count) * draws.happens(0.02, count)
    settled = np.where(draws.happens(0.75, count), "Paid", "Cancelled")
    is_pending, is_refunded = status == "Pending", (status == "Paid") & draws.happens(0.005, count)
    corrected = np.where(is_pending, draws.whole(1, 3, count), draws.whole(3, 12, count)) + delivered
    return pd.DataFrame({
        "number": np.arange(1, count + 1),
        "customer": visits.customer[visit],
        "day": day,
        "second": last_click.loc[visit].to_numpy() + draws.whole(20, 120, count),
        "cents": totals.to_numpy(),
        "status": status,
        "delivered": delivered,
        "final_status": np.where(is_pending, settled, np.where(is_refunded, "Refunded", status)),
        "corrected": np.where(is_pending | is_refunded, corrected, -1),
    }, index=totals.index)  # fmt: skip


def status_on(orders: pd.DataFrame, day: int) -> "pd.Series[str]":
    """Give the status each order is known to have in the evening of a day; empty before it is delivered."""
    status = orders["status"].where(orders["delivered"] <= day, "")
    return status.where((orders["corrected"] < 0) | (orders["corrected"] > day), orders["final_status"])

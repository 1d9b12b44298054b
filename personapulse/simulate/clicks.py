"""What is looked at, put in the cart and taken to the checkout."""

import numpy as np
import pandas as pd

from personapulse.simulate.catalogue import Catalogue, choose_products
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Whole
from personapulse.simulate.visits import Visits

VIEW, CART, CHECKOUT = "view", "add_to_cart", "checkout"
# Places of events in a visit: first people look around, then they take one thing after the other, then they pay.
_LEFT_IN_CART, _TAKEN, _PAYING = 100, 200, 300


def draw_clicks(visits: Visits, customers: Customers, goods: Catalogue, lines: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Draw every event of every visit.

    Returns
    -------
    pandas.DataFrame
        One row per event, by visit and time: visit, product, kind (view, add_to_cart, checkout), second (of the day).
        What is ordered was looked at, put in the cart and taken to the checkout in that visit.
    """
    draws = Draws(seed, "clicks")
    looking = _looking_around(visits, customers, goods, draws)
    taking = lines[["visit", "product"]]
    place = 2 * lines["line_no"]
    events = pd.concat([
        looking,
        _left_in_cart(looking, visits, customers, draws),
        taking.assign(kind=VIEW, place=_TAKEN + place),
        taking.assign(kind=CART, place=_TAKEN + place + 1),
        taking.assign(kind=CHECKOUT, place=_PAYING + place),
    ]).sort_values(["visit", "place"], kind="stable", ignore_index=True)  # fmt: skip
    events["second"] = _times(events["visit"].to_numpy(), visits, customers, draws)
    return events.drop(columns="place")


def _looking_around(visits: Visits, customers: Customers, goods: Catalogue, draws: Draws) -> pd.DataFrame:
    is_order = visits.is_order[:, np.newaxis]
    bounds = np.where(is_order, customers.trait("browse")[visits.customer], customers.trait("views")[visits.customer])
    visit = np.repeat(np.arange(len(visits.day)), draws.whole(bounds[:, 0], bounds[:, 1], len(visits.day)))
    tastes = customers.trait("taste")[visits.customer[visit]].astype(np.int64)
    looking = pd.DataFrame({"visit": visit, "product": choose_products(goods, tastes, draws), "kind": VIEW})
    return looking.assign(place=looking.groupby("visit").cumcount())


def _left_in_cart(looking: pd.DataFrame, visits: Visits, customers: Customers, draws: Draws) -> pd.DataFrame:
    """Let some visits without an order put the last thing seen in the cart, half of these go to the checkout."""
    last_seen = looking.drop_duplicates("visit", keep="last")
    last_seen = last_seen[~visits.is_order[last_seen["visit"]]]
    chance = customers.trait("cart_chance")[visits.customer[last_seen["visit"]]]
    in_cart = last_seen[draws.happens(chance, len(last_seen))].assign(kind=CART, place=_LEFT_IN_CART)
    at_checkout = in_cart[draws.happens(0.5, len(in_cart))]
    return pd.concat([in_cart, at_checkout.assign(kind=CHECKOUT, place=_LEFT_IN_CART + 1)])


def _times(visit: Whole, visits: Visits, customers: Customers, draws: Draws) -> Whole:
    """Give each event its second of the day, some seconds after the one before."""
    fastest, slowest = customers.trait("pace_seconds")[visits.customer[visit]].T
    pauses = draws.whole(fastest, slowest, len(visit))
    passed = np.cumsum(pauses)
    is_first = np.diff(visit, prepend=-1) > 0
    before = np.repeat((passed - pauses)[is_first], np.diff(np.append(np.flatnonzero(is_first), len(visit))))
    return visits.second[visit] + passed - before

"""`simulate`: draw a shop and write its extracts, and the truth beside them."""

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from personapulse.day_folders import SETTINGS, TRUTH, DayFolders, Progress, new_source, rows_by_day
from personapulse.errors import PersonaPulseError
from personapulse.simulate import extracts
from personapulse.simulate.catalogue import Catalogue, catalogue
from personapulse.simulate.clicks import draw_clicks
from personapulse.simulate.customers import Customers, draw_customers
from personapulse.simulate.dirt import SPOILERS, add_dirt
from personapulse.simulate.orders import draw_lines, draw_orders, status_on
from personapulse.simulate.returns import draw_returns
from personapulse.simulate.visits import Visits, draw_visits

FIRST_DAY = datetime.date(2026, 3, 1)
SOURCE_YAML = """\
# An invented shop, written by `personapulse simulate`.
# Who its customers really are stands in truth/, which is no extract and is never read by the product.
name: Maple & Moss
currency: EUR
locale: en_GB
time_zone: Europe/Berlin
return_window_days: 30
"""


@dataclass(frozen=True)
class Shop:
    """Everything that happens in the shop; the `draw_` functions say what each part holds."""

    goods: Catalogue
    customers: Customers
    visits: Visits
    lines: pd.DataFrame
    clicks: pd.DataFrame
    orders: pd.DataFrame
    returns: pd.DataFrame


@dataclass(frozen=True)
class Simulation:
    """What was drawn; rows that would be delivered after the last day are not counted.

    Parameters
    ----------
    days, users, buyers, orders, paid_orders, returns, events : int
        Buyers have a paid order (a refunded one was paid, too); events are views, carts and checkouts.
    gross_cents : int
        What the paid orders are worth.
    dirty_rows : int
        Rows the quarantine is to find.
    personas : dict of str to int
        Customers of each hidden persona.
    """

    days: int
    users: int
    buyers: int
    orders: int
    paid_orders: int
    returns: int
    events: int
    gross_cents: int
    dirty_rows: int
    personas: dict[str, int]


def simulate_shop(
    out: Path,
    progress: Progress,
    *,
    users: int,
    days: int,
    seed: int,
    first_day: datetime.date = FIRST_DAY,
    has_signal: bool = True,
    replace: bool = False,
) -> Simulation:
    """Write a shop's extracts; the same arguments give the same bytes on every machine.

    Parameters
    ----------
    out : Path
        Folder for the extracts; see `personapulse.day_folders.new_source`.
    progress : callable
        Told what is being done.
    users, days : int
        How many customers and days, at least 1.
    seed : int
        Which chance, 0 or more.
    first_day : datetime.date, default=2026-03-01
        The first day of the extracts.
    has_signal : bool, default=True
        Without it all customers are alike and what they did says nothing about what they will do.
    replace : bool, default=False
        Whether earlier extracts in `out` may be replaced.

    Raises
    ------
    PersonaPulseError
        If a number is out of range, the last day is after the year 9999, or `out` must not be written.
    """
    days = _checked_days(first_day, users=users, days=days, seed=seed)
    with new_source(out, replace=replace) as root:
        shop = draw_shop(progress, users=users, days=days, seed=seed, first_day=first_day, has_signal=has_signal)
        calendar, folders = extracts.Calendar(first_day), DayFolders(root)
        delivered, dirty_rows = {}, 0
        for place, delivery in enumerate(_deliveries(shop, calendar, days, seed)):
            progress(f"Writing {delivery.name}", 0.5 + 0.08 * place)
            delivered[delivery.name], added = _write(folders, delivery, calendar, days, seed)
            dirty_rows += added
        folders.complete(first_day, first_day + datetime.timedelta(days=days - 1))
        (root / SETTINGS).write_text(SOURCE_YAML, encoding="utf-8", newline="\n")
        (root / TRUTH).mkdir()
        truth = extracts.truth(shop.customers, calendar, days)
        truth.to_csv(root / TRUTH / "customers.csv", index=False, lineterminator="\n")
    paid = shop.orders[status_on(shop.orders, days - 1).isin(["Paid", "Refunded"])]
    return Simulation(
        days=days,
        users=users,
        buyers=paid["customer"].nunique(),
        orders=int((shop.orders["delivered"] < days).sum()),
        paid_orders=len(paid),
        returns=delivered["returns"],
        events=delivered["product_views"],
        gross_cents=int(paid["cents"].sum()),
        dirty_rows=dirty_rows,
        personas={str(name): int(count) for name, count in truth["persona"].value_counts().items()},
    )


def draw_shop(
    progress: Progress, *, users: int, days: int, seed: int, first_day: datetime.date, has_signal: bool
) -> Shop:
    """Draw what happens in a shop, as in `simulate_shop`, and write nothing."""
    goods, customers = catalogue(), draw_customers(users, days, seed, has_signal=has_signal)
    visits = draw_visits(customers, first_day, days, seed, lambda share: progress("Opening the shop", share * 0.3))
    progress("Filling baskets", 0.3)
    lines = draw_lines(visits, customers, goods, seed)
    progress("Following clicks", 0.35)
    clicks = draw_clicks(visits, customers, goods, lines, seed)
    progress("Taking payments", 0.45)
    orders = draw_orders(visits, lines, clicks.groupby("visit")["second"].max(), seed)
    return Shop(goods, customers, visits, lines, clicks, orders, draw_returns(orders, lines, customers, seed))


def _checked_days(first_day: datetime.date, *, users: int, days: int, seed: int) -> int:
    for name, value, least in (("users", users, 1), ("days", days, 1), ("seed", seed, 0)):
        if value < least:
            raise PersonaPulseError(f"--{name} must be at least {least}, got {value}.")
    try:
        first_day + datetime.timedelta(days=days)
    except OverflowError:
        raise PersonaPulseError(f"--days {days} from {first_day} would end after the year 9999.") from None
    return days


def _deliveries(shop: Shop, calendar: extracts.Calendar, days: int, seed: int) -> tuple[extracts.Delivery, ...]:
    return (
        extracts.users(shop.customers, calendar, days, seed),
        extracts.products(shop.goods),
        extracts.orders(shop.orders, shop.customers, calendar),
        extracts.order_items(shop.lines, shop.orders, shop.goods),
        extracts.returns(shop.returns, shop.orders, shop.customers, shop.goods, calendar),
        extracts.product_views(shop.clicks, shop.visits, shop.customers, shop.goods, calendar, seed=seed),
    )


def _write(
    folders: DayFolders, delivery: extracts.Delivery, calendar: extracts.Calendar, days: int, seed: int
) -> tuple[int, int]:
    """Write one file of every day; return how many good and how many dirty rows it has."""
    is_in_time = np.asarray(delivery.day) < days
    table = delivery.table[is_in_time].reset_index(drop=True)
    rows = rows_by_day(table, calendar.days(np.asarray(delivery.day)[is_in_time]))
    rows, dirty_rows = add_dirt(delivery.name, rows, seed) if delivery.name in SPOILERS else (rows, 0)
    folders.declare(delivery.name, ",".join(table.columns))
    folders.append(delivery.name, rows)
    return len(table), dirty_rows

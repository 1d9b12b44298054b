"""What was drawn, as the files of the contract: texts, and the day each row is delivered on."""

import datetime
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from personapulse.simulate.catalogue import Catalogue, cents_text
from personapulse.simulate.customers import CITIES, Customers
from personapulse.simulate.draws import Draws
from personapulse.simulate.visits import Visits


@dataclass(frozen=True)
class Delivery:
    """One file of the contract over all days.

    Parameters
    ----------
    name : str
        The file, such as `orders`.
    table : pandas.DataFrame
        Its columns, as they are written.
    day : array of int
        Day each row is delivered on, 0 is the first. Later days than the shop has are not delivered.
    """

    name: str
    table: pd.DataFrame
    day: ArrayLike


class Calendar:
    """Turns days and seconds into texts.

    Parameters
    ----------
    first_day : datetime.date
        Day 0.
    """

    def __init__(self, first_day: datetime.date) -> None:
        self._first = np.datetime64(first_day, "D")
        clock = [f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" for second in range(86_400)]
        self._clock = np.array(clock, dtype=object)

    def days(self, days: ArrayLike) -> "pd.Series[str]":
        """Write days as `2026-03-01`."""
        numbers, places = np.unique(np.asarray(days, dtype=np.int64), return_inverse=True)
        return pd.Series(np.datetime_as_string(self._first + numbers).astype(object)[places], dtype="str")

    def times(self, days: ArrayLike, seconds: ArrayLike) -> "pd.Series[str]":
        """Write days and seconds of the day as `2026-03-01 18:04:59`."""
        return self.days(days) + " " + pd.Series(self._clock[np.asarray(seconds)], dtype="str")


def users(customers: Customers, calendar: Calendar, days: int, seed: int) -> Delivery:
    """Deliver customers when they sign up (those of before on the first day); a few move house later."""
    draws = Draws(seed, "moves")
    arrived = np.maximum(customers.signed_up, 0)
    table = pd.DataFrame({"user_id": customers.ids, "signup_date": calendar.days(customers.signed_up)})
    table = pd.concat([table, customers.table], axis=1)
    moves = draws.happens(0.03, len(customers))
    moved = table[moves].assign(location=np.array(CITIES, dtype=object)[draws.whole(0, len(CITIES) - 1, moves.sum())])
    moved_on = arrived[moves] + draws.whole(1, max(1, days), moves.sum())
    is_news = moved["location"].to_numpy() != table.loc[moves, "location"].to_numpy()
    return Delivery("users", pd.concat([table, moved[is_news]]), np.concatenate([arrived, moved_on[is_news]]))


def products(goods: Catalogue) -> Delivery:
    """Deliver all products on the first day."""
    return Delivery("products", goods.table, np.zeros(len(goods.table), dtype=np.int64))


def orders(orders: pd.DataFrame, customers: Customers, calendar: Calendar) -> Delivery:
    """Deliver orders in the evening of their day or somewhat late, and again when their status changed."""
    table = pd.DataFrame({
        "order_id": order_ids(orders["number"]),
        "user_id": customers.ids[orders["customer"]],
        "order_date": calendar.times(orders["day"], orders["second"]),
        "payment_status": orders["status"].to_numpy(),
    })  # fmt: skip
    is_corrected = orders["corrected"].to_numpy() >= 0
    corrected = table[is_corrected].assign(payment_status=orders.loc[is_corrected, "final_status"].to_numpy())
    day = np.concatenate([orders["delivered"], orders.loc[is_corrected, "corrected"]])
    return Delivery("orders", pd.concat([table, corrected]), day)


def order_items(lines: pd.DataFrame, orders: pd.DataFrame, goods: Catalogue) -> Delivery:
    """Deliver order lines together with their order."""
    own = orders.loc[lines["visit"]]
    table = pd.DataFrame({
        "order_id": order_ids(own["number"]),
        "line_no": lines["line_no"],
        "product_id": goods.table["product_id"].to_numpy()[lines["product"]],
        "quantity": lines["quantity"],
        "unit_price": cents_text(lines["cents"].to_numpy()),
    })  # fmt: skip
    return Delivery("order_items", table, own["delivered"].to_numpy())


def returns(
    back: pd.DataFrame, orders: pd.DataFrame, customers: Customers, goods: Catalogue, calendar: Calendar
) -> Delivery:
    """Deliver returns on the day they come back."""
    table = pd.DataFrame({
        "order_id": order_ids(orders.loc[back["visit"], "number"]),
        "product_id": np.append(goods.table["product_id"], "")[back["product"]],  # -1, all products, is the empty last
        "user_id": customers.ids[back["customer"]],
        "return_reason": back["reason"],
        "returned_at": calendar.times(back["day"], back["second"].clip(lower=0)).where(back["second"] >= 0, ""),
        "amount": cents_text(back["cents"].clip(lower=0).to_numpy()).where(back["cents"] >= 0, ""),
    })  # fmt: skip
    return Delivery("returns", table, back["day"].to_numpy())


def product_views(
    clicks: pd.DataFrame, visits: Visits, customers: Customers, goods: Catalogue, calendar: Calendar, *, seed: int
) -> Delivery:
    """Deliver events in the evening of their day; now and then a visit turns up late."""
    draws = Draws(seed, "late visits")
    count, visit, product = len(visits.day), clicks["visit"].to_numpy(), clicks["product"].to_numpy()
    late = draws.whole(1, 3, count) * draws.happens(0.01, count)
    width = max(5, len(str(count)))
    sessions = np.array([f"S{number:0{width}d}" for number in range(1, count + 1)], dtype=object)
    table = pd.DataFrame({
        "user_id": customers.ids[visits.customer[visit]],
        "product_id": goods.table["product_id"].to_numpy()[product],
        "timestamp": calendar.times(visits.day[visit], clicks["second"]),
        "category": goods.table["category"].to_numpy()[product],
        "session_id": sessions[visit],
        "event_type": clicks["kind"],
    })  # fmt: skip
    return Delivery("product_views", table, (visits.day + late)[visit])


def truth(customers: Customers, calendar: Calendar, days: int) -> pd.DataFrame:
    """Say who each customer really is, and when they were lost (empty for those who were not)."""
    names = np.array([persona.name for persona in customers.personas], dtype=object)
    return pd.DataFrame({
        "user_id": customers.ids,
        "persona": names[customers.persona],
        "lost_on": calendar.days(customers.left).where(customers.left < days, ""),
    })  # fmt: skip


def order_ids(numbers: "pd.Series[int]") -> "pd.Series[str]":
    """Write order numbers as `M000001`."""
    return "M" + numbers.astype("str").str.zfill(6).reset_index(drop=True)

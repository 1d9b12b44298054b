"""A shop whose days are all of one size: the same customers for ever, so that nothing grows but its history.

A day brings views (some of them late), orders and their lines, corrections of earlier orders, returns, and a few
customers and products told anew. Random numbers come from the seed and the day alone.
"""

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

FIRST = datetime.date(2025, 1, 1)
PRODUCTS = 2_000
CATEGORIES = np.array(["Garden", "Kitchen", "Office", "Toys", "Travel"])
LATE = 0.01  # share of views that come one to seven days late
EVER = 0.02  # share of corrections and returns of an order from any time, not of the last weeks
PLAIN = pacsv.WriteOptions(quoting_style="none")
STATUSES = np.array(["Paid", "Pending", "Failed", "Refunded", "Cancelled"])


@dataclass
class SteadyShop:
    """Writes a source day by day.

    Parameters
    ----------
    folder : Path
        The source.
    users : int
        Customers; a day has two views for each of them, and an order for every tenth.
    seed : int
        Same seed, same bytes.
    """

    folder: Path
    users: int
    seed: int = 1
    _buyers: list[np.ndarray] = field(default_factory=list)  # per day, the customer of each order

    @staticmethod
    def day(number: int) -> datetime.date:
        """Date of a day; the first is 0."""
        return FIRST + datetime.timedelta(days=number)

    @property
    def rows(self) -> int:
        """Rows of a day, all files together, about."""
        orders = self._orders
        return (
            2 * self.users
            + 2 * (self.users // 100)
            + PRODUCTS // 40
            + orders
            + orders // 10
            + 2 * orders
            + orders // 20
        )

    @property
    def _orders(self) -> int:
        return max(self.users // 10, 20)

    def write(self, number: int) -> None:
        """Write a day; days are written one after the other."""
        rng = np.random.default_rng([self.seed, number])
        folder = self.folder / str(self.day(number))
        folder.mkdir(parents=True, exist_ok=True)
        users = np.arange(self.users) if number == 0 else rng.choice(self.users, self.users // 100, replace=False)
        products = np.arange(PRODUCTS) if number == 0 else rng.choice(PRODUCTS, PRODUCTS // 40, replace=False)
        files = {
            "users": _users(np.sort(users)),
            "products": _products(np.sort(products), number),
            "product_views": self._views(number, rng),
            "orders": self._orders_and_corrections(number, rng),
            "order_items": self._items(number, rng),
            "returns": self._returns(number, rng),
        }
        for name, columns in files.items():
            pacsv.write_csv(pa.table(columns), folder / f"{name}.csv", PLAIN)

    def write_quiet(self, number: int) -> None:
        """Write a day on which next to nothing happened: one view."""
        self.write(number)
        folder = self.folder / str(self.day(number))
        for file in folder.iterdir():
            lines = file.read_text().splitlines(keepends=True)
            file.write_text("".join(lines[: 2 if file.stem == "product_views" else 1]))

    def _views(self, number: int, rng: np.random.Generator) -> dict[str, Any]:
        count = 2 * self.users
        user = np.sort(rng.random(count) ** 1.3 * self.users).astype(int)
        product = rng.integers(0, PRODUCTS, count)
        late = np.where(rng.random(count) < LATE, np.minimum(rng.integers(1, 8, count), number), 0)
        seconds = rng.permutation(count) * 86_000 // count - 86_400 * late
        return {
            "user_id": _named("u", user),
            "product_id": _named("p", product),
            "timestamp": _time(number, seconds),
            "category": pa.array(CATEGORIES[product % len(CATEGORIES)]),
            "session_id": pc.binary_join_element_wise(_named("s", user), str(number), "-"),
            "event_type": pa.array(rng.choice(["view", "add_to_cart", "checkout"], count, p=[0.85, 0.11, 0.04])),
        }

    def _orders_and_corrections(self, number: int, rng: np.random.Generator) -> dict[str, Any]:
        """Give the day's orders, and new statuses of a tenth as many earlier ones."""
        buyers = np.sort(rng.choice(self.users, self._orders, replace=False))
        self._buyers = [*self._buyers[:number], buyers]
        status = rng.choice(STATUSES, self._orders, p=[0.7, 0.2, 0.07, 0.0, 0.03])
        day, place = np.full(self._orders, number), np.arange(self._orders)
        if number:
            earlier = self._earlier(number, self._orders // 10, rng)
            day, place = np.append(day, earlier[0]), np.append(place, earlier[1])
            status = np.append(status, rng.choice(STATUSES, len(earlier[0]), p=[0.7, 0.0, 0.1, 0.1, 0.1]))
        user = np.array([self._buyers[d][p] for d, p in zip(day, place, strict=True)])
        return {
            "order_id": _order(day, place),
            "user_id": _named("u", user),
            "order_date": _time(0, day * 86_400 + place * 80_000 // self._orders),
            "payment_status": pa.array(status),
        }

    def _items(self, number: int, rng: np.random.Generator) -> dict[str, Any]:
        """Give two lines for each of the day's orders."""
        place = np.repeat(np.arange(self._orders), 2)
        product = rng.integers(0, PRODUCTS, len(place))
        return {
            "order_id": _order(np.full(len(place), number), place),
            "line_no": np.tile([1, 2], self._orders),
            "product_id": _named("p", product),
            "quantity": rng.integers(1, 4, len(place)),
            "unit_price": product % 90 + 0.5,
        }

    def _returns(self, number: int, rng: np.random.Generator) -> dict[str, Any]:
        """Give a twentieth as many as orders, each of a whole earlier order."""
        day, place = (
            self._earlier(number, self._orders // 20, rng) if number else (np.array([], int), np.array([], int))
        )
        return {
            "order_id": _order(day, place),
            "return_reason": ["Too small"] * len(day),
            "returned_at": _time(number, np.arange(len(day))),
        }

    def _earlier(self, number: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Choose earlier orders: most of the last weeks, some of any time; as day and place in the day."""
        ever = rng.integers(0, number, count)
        lately = np.maximum(number - 1 - rng.geometric(0.15, count), 0)
        day = np.where(rng.random(count) < EVER, ever, lately)
        chosen = np.unique(day * self._orders + rng.integers(0, self._orders, count))
        return chosen // self._orders, chosen % self._orders


def _users(who: np.ndarray) -> dict[str, Any]:
    return {"user_id": _named("u", who), "signup_date": ["2024-06-01"] * len(who), "age": 18 + who % 60}


def _products(which: np.ndarray, number: int) -> dict[str, Any]:
    return {
        "product_id": _named("p", which),
        "name": _named("Thing ", which),
        "category": pa.array(CATEGORIES[which % len(CATEGORIES)]),
        "price": which % 90 + 0.5 + number % 7,
    }


def _named(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _order(day: np.ndarray, place: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(_named("o", day), _named("", place), "-")


def _time(number: int, seconds: np.ndarray) -> pa.Array:
    at = np.datetime64(SteadyShop.day(number), "s") + seconds.astype("timedelta64[s]")
    return pc.strftime(pa.array(at), "%Y-%m-%d %H:%M:%S")

"""A large shop for the marts: a year of orders, returns and events, delivered month by month; made once and kept.

Customers differ in how often they buy and look (a long tail), so that months, cohorts and steps of the funnel are
neither empty nor all alike. Random numbers come from the seed alone.
"""

import datetime
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MONTHS = [datetime.date(2025, month, 1) for month in range(1, 13)]
LAST = datetime.date(2025, 12, 31)
PRODUCTS = 2_000
CATEGORIES = np.array(["Garden", "Kitchen", "Office", "Toys", "Travel"])


@dataclass(frozen=True)
class LargeShop:
    """Writes the shop's extracts.

    Parameters
    ----------
    users, orders, events : int
        In all; orders have one line each, a twentieth of them comes back.
    """

    users: int
    orders: int
    events: int

    def write(self, cache: Path, say: Callable[[str], None]) -> Path:
        """Write the extracts unless an earlier run did; return their folder."""
        folder = cache / f"large-shop-{self.users}-{self.orders}-{self.events}"
        if folder.exists():
            return folder
        say(f"writing a shop of {self.users:,} customers, {self.orders:,} orders and {self.events:,} events")
        new = folder.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        rng = np.random.default_rng(4)
        for place, first in enumerate(MONTHS):
            last = [*MONTHS, LAST + datetime.timedelta(days=1)][place + 1] - datetime.timedelta(days=1)
            for name, columns in self.month(place, first, (last - first).days + 1, rng).items():
                (new / str(last)).mkdir(parents=True, exist_ok=True)
                pq.write_table(pa.table(columns), new / str(last) / f"{name}.parquet")
        new.rename(folder)
        return folder

    def month(self, place: int, first: datetime.date, days: int, rng: np.random.Generator) -> dict[str, Any]:
        """Return the columns of each file of a twelfth of the orders and events, on days from the first on."""
        count = self.orders // len(MONTHS)
        number = place * count + np.arange(count)
        product = rng.integers(0, PRODUCTS, count)
        day = rng.integers(0, days, count)
        returned = rng.random(count) < 0.05
        return {
            "users": self._users() if place == 0 else _none("user_id"),
            "products": _products() if place == 0 else _none("product_id", "name", "category"),
            "orders": {
                "order_id": _named("o", number),
                "user_id": _named("u", self._who(place, count, rng)),
                "order_date": _time(first, day * 86_400 + rng.integers(0, 86_400, count)),
                "payment_status": pa.array(rng.choice(["Paid", "Failed", "Cancelled"], count, p=[0.93, 0.04, 0.03])),
                "product_id": _named("p", product),
                "amount": pa.array(product % 90 + 0.5),
            },
            "returns": {
                "order_id": _named("o", number[returned]),
                "return_reason": pa.array(rng.choice(["Too small", "Broken", "Late"], int(returned.sum()))),
                "returned_at": _time(
                    first, np.minimum(day[returned] + rng.integers(3, 15, int(returned.sum())), days - 1) * 86_400
                ),
            },
            "product_views": self._views(place, first, days, rng),
        }

    def _users(self) -> dict[str, Any]:
        who = np.arange(self.users)
        return {
            "user_id": _named("u", who),
            "signup_date": pa.array(["2024-06-01"] * self.users),
            "gender": pa.array(np.array(["female", "male", ""])[who % 3]),
            "age": pa.array(18 + who % 60),
        }

    def _views(self, place: int, first: datetime.date, days: int, rng: np.random.Generator) -> dict[str, Any]:
        count = self.events // len(MONTHS)
        who = self._who(place, count, rng)
        product = rng.integers(0, PRODUCTS, count)
        at = np.sort(rng.integers(0, days * 86_400, count))
        return {
            "user_id": _named("u", who),
            "product_id": _named("p", product),
            "timestamp": _time(first, at),
            "category": pa.array(CATEGORIES[product % len(CATEGORIES)]),
            "session_id": pc.binary_join_element_wise(_named("s", who), _named("", at // 86_400), "-"),
            "event_type": pa.array(rng.choice(["view", "add_to_cart", "checkout"], count, p=[0.7, 0.2, 0.1])),
        }

    def _who(self, place: int, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draw customers with a long tail, shifted a little from month to month, so that some come and some go."""
        drawn = (rng.random(count) ** 1.6 * self.users * 0.7).astype(int)
        return (drawn + place * self.users // 40) % self.users


def _products() -> dict[str, Any]:
    which = np.arange(PRODUCTS)
    return {
        "product_id": _named("p", which),
        "name": _named("Thing ", which),
        "category": pa.array(CATEGORIES[which % len(CATEGORIES)]),
        "price": pa.array(which % 90 + 0.5),
    }


def _none(*columns: str) -> dict[str, Any]:
    return {column: pa.array([], pa.string()) for column in columns}


def _named(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _time(first: datetime.date, seconds: np.ndarray) -> pa.Array:
    return pc.strftime(pa.array(np.datetime64(first, "s") + seconds.astype("timedelta64[s]")), "%Y-%m-%d %H:%M:%S")

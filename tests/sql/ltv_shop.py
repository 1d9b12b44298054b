"""A shop of which predicted lifetime value can be counted order by order.

Customer k of the ordinary shop first buys on day k mod 20 of the shop and then every 5 + k mod 11 days, k mod 5 times
more at most; the n-th order is worth 10 + k mod 7 + n. That is 110 buyers, 22 of whom came once.
"""

import datetime
from collections import defaultdict

import numpy as np
import pytest

from personapulse.clv.histories import Histories

from .conftest import Shop, date

FIRST = date("2026-01-01")
TODAY = "2026-03-01"  # the shop's 60th day
THEN = "2026-02-01"  # 28 days before
DAYS = 60
Order = tuple[str, int, float]  # customer, day of the shop from 0, worth


def ordinary(customers: int = 110, times: int = 5) -> list[Order]:
    return [
        (f"u{k:03}", k % 20 + n * (5 + k % 11), 10 + k % 7 + n)
        for k in range(customers)
        for n in range(k % times + 1)
        if k % 20 + n * (5 + k % 11) < DAYS
    ]


def day(number: int) -> str:
    return str(FIRST + datetime.timedelta(days=number))


def deliver(shop: Shop, on: str, orders: list[Order], status: str = "Paid", prefix: str = "o") -> None:
    named = [(f"{prefix}{place}", *order) for place, order in enumerate(orders)]
    shop.deliver(
        on,
        orders="order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{name},{user},{day(number)},{status}" for name, user, number, _ in named),
        order_items="order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"{name},1,pen,1,{worth}" for name, _, _, worth in named),
    )


def deliver_in_two(shop: Shop, orders: list[Order], split: int = DAYS - 29) -> None:
    """What was ordered by the day of the split is known on it, the rest today."""
    deliver(shop, day(split), [order for order in orders if order[1] <= split])
    deliver(shop, TODAY, [order for order in orders if order[1] > split], prefix="p")


def counted(orders: list[Order], until: int) -> dict[str, tuple[float, ...]]:
    """Frequency, recency, age and mean worth of each customer, counted order by order."""
    by_customer = defaultdict(list)
    for customer, number, worth in orders:
        if number <= until:
            by_customer[customer].append((number, worth))
    histories = {}
    for customer, bought in sorted(by_customer.items()):
        days = [number for number, _ in bought]
        repeats = len(bought) - 1
        recency = max(max(days) - min(days), 0.5) if repeats else 0
        age = max(until - min(days), recency)
        histories[customer] = (repeats, recency, age, sum(worth for _, worth in bought) / len(bought))
    return histories


def as_histories(rows: dict[str, tuple[float, ...]]) -> Histories:
    frequency, recency, age, mean_value = np.array(list(rows.values()), dtype=np.float64).T
    return Histories(frequency, recency, age, np.where(frequency > 0, frequency + 1, 0), mean_value)


def opened(shop: Shop) -> Shop:
    """The ordinary shop, known in two parts."""
    deliver_in_two(shop, ordinary())
    shop.load(day(DAYS - 29), TODAY)
    return shop


def near(*numbers: float) -> list[object]:
    return [pytest.approx(number) for number in numbers]


def build(shop: Shop, on: str = TODAY, **options: object) -> None:
    shop.build(on, "ltv_model", "ltv_predicted", "ltv_backtest", **options)

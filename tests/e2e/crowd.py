"""A shop big enough for a crash to hit it: some ten thousand rows that correct one another, and a few bad ones."""

import datetime
import random
from collections.abc import Sequence

from tests.sql.deliveries import Content, Row, Story

FIRST_DAY = datetime.date(2026, 2, 26)
DAYS = 6
USERS = 400
ORDERS_A_DAY = 220
VIEWS_A_DAY = 1_200
STATUSES = ("Pending", "Paid", "Paid", "Refunded", "Cancelled")

BAD: dict[str, Row] = {
    "orders": {"order_id": "bad", "user_id": "u1", "order_date": "2026-02-26", "payment_status": "Lost"},
    "order_items": {"order_id": "bad", "line_no": "1", "product_id": "p1", "quantity": "0", "unit_price": "1"},
    "product_views": {"user_id": "", "product_id": "p1", "timestamp": "2026-02-26 10:00:00"},
}


def make_crowd(seed: int) -> tuple[Story, dict[datetime.date, Content]]:
    """Return a story, and its days as delivered: with one bad row in the middle of some files."""
    chance = random.Random(seed)
    days: dict[datetime.date, Content] = {}
    for number in range(DAYS):
        day = FIRST_DAY + datetime.timedelta(days=number)
        days[day] = _day(chance, day, number)
    return Story("Europe/London", days), {day: _spoiled(content) for day, content in days.items()}


def _day(chance: random.Random, day: datetime.date, number: int) -> dict[str, list[Row]]:
    known = (number + 1) * ORDERS_A_DAY  # orders of earlier days are told again, their lines may come a day early
    orders = chance.sample(range(known), ORDERS_A_DAY)
    lines = chance.sample([(order, line) for order in range(known + 40) for line in (1, 2)], 2 * ORDERS_A_DAY)
    returned = [chance.randrange(known) for _ in range(40)]
    return {
        "users": [_user(chance, user) for user in chance.sample(range(USERS), USERS if number == 0 else 60)],
        "products": [_product(chance, product) for product in range(30)],
        "orders": [_order(chance, day, order) for order in orders],
        "order_items": [_line(chance, *line) for line in lines],
        "returns": [_return(chance, day, order) for order in returned],
        "product_views": _unique([_event(chance, day) for _ in range(VIEWS_A_DAY)]),
        "contacts": [
            {"user_id": f"u{user}", "sent_at": f"{day} 08:00:00", "campaign": "spring", "channel": "mail"}
            for user in chance.sample(range(USERS), 100)
        ],
    }


def _user(chance: random.Random, user: int) -> Row:
    return {"user_id": f"u{user}", "signup_date": "2025-12-24", "age": str(chance.randrange(20, 24))}


def _product(chance: random.Random, product: int) -> Row:
    price = chance.choice(("9.99", "12.50"))
    return {"product_id": f"p{product}", "name": f"Thing {product}", "category": "abc"[product % 3], "price": price}


def _order(chance: random.Random, day: datetime.date, order: int) -> Row:
    user = order % USERS if chance.random() < 0.9 else chance.randrange(USERS)
    at = f"{day - datetime.timedelta(days=chance.randrange(4))} {chance.randrange(24):02}:30:00"
    return {
        "order_id": f"o{order}", "user_id": f"u{user}", "order_date": at, "payment_status": chance.choice(STATUSES),
    }  # fmt: skip


def _line(chance: random.Random, order: int, line: int) -> Row:
    product, quantity = f"p{chance.randrange(30)}", str(chance.randrange(1, 4))
    price = chance.choice(("9.99", "12.50", "0.35"))
    return {
        "order_id": f"o{order}", "line_no": str(line), "product_id": product, "quantity": quantity, "unit_price": price,
    }  # fmt: skip


def _return(chance: random.Random, day: datetime.date, order: int) -> Row:
    return {
        "order_id": f"o{order}",
        "product_id": chance.choice(("", "p1", "p2")),
        "user_id": "",
        "returned_at": chance.choice(("", f"{day} 11:00:00")),
        "amount": chance.choice(("", "3.33")),
    }


def _event(chance: random.Random, day: datetime.date) -> Row:
    """Few moments: some events are told on several days."""
    on_day = day - datetime.timedelta(days=chance.randrange(3))
    at = f"{on_day} {chance.randrange(10, 14)}:{chance.randrange(10, 60)}:00"
    user, kind = f"u{chance.randrange(USERS)}", chance.choice(("view", "view", "add_to_cart"))
    return {"user_id": user, "product_id": f"p{chance.randrange(3)}", "timestamp": at, "event_type": kind}


def _unique(rows: Sequence[Row]) -> list[Row]:
    return list({tuple(row.values()): row for row in rows}.values())


def _spoiled(content: Content) -> Content:
    found = dict(content)
    for name, bad in BAD.items():
        rows = content[name]
        middle = len(rows) // 2
        found[name] = [*rows[:middle], {column: bad.get(column, "") for column in rows[0]}, *rows[middle:]]
    return found

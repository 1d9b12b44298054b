"""What the warehouse ought to say of a story, worked out from the delivered rows in plain Python.

Written from docs/extract-contract.md and the definitions in include/sql/setup, not from the code that loads: whatever
a day says of a key replaces what earlier days said, from that day on; nothing else is remembered.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from .deliveries import Row, Story

Day = datetime.date
PAID = ("Paid", "Refunded")


class Order(NamedTuple):
    user_id: str
    ordered_on: Day
    payment_status: str
    gross_amount: Fraction

    @property
    def is_paid(self) -> bool:
        return self.payment_status in PAID


class Return(NamedTuple):
    user_id: str
    order_id: str
    product_id: str
    returned_on: Day
    is_on_paid_order: bool
    amount: Fraction


class Event(NamedTuple):
    user_id: str
    viewed_on: Day
    event_type: str


@dataclass
class Totals:
    """One customer's."""

    paid_days: list[Day] = field(default_factory=list)
    gross_revenue: Fraction = Fraction(0)
    returns: int = 0
    returns_amount: Fraction = Fraction(0)
    views: int = 0


class Oracle:
    """A story as known on a day.

    Parameters
    ----------
    story : Story
        Its final days are read; drafts have left no trace.
    as_of_date : date
        Nothing that happened later is seen.
    known_on : date
        Nothing that was delivered later is seen.
    """

    def __init__(self, story: Story, as_of_date: Day, known_on: Day) -> None:
        self._story = story
        self._as_of_date = as_of_date
        self._days = [day for day in story.days if day <= known_on]
        self._headers = {row["order_id"]: row for _, row in self._rows("orders")}
        self._lines = dict(self._told_lines())
        self.orders = dict(self._orders())
        self.returns = list(self._returns())
        self.events = list(self._events())

    def customers(self) -> dict[str, Totals]:
        """Totals of everyone who paid, returned or looked at something; '' is nobody known."""
        found: dict[str, Totals] = defaultdict(Totals)
        for order in self.orders.values():
            if order.is_paid:
                found[order.user_id].paid_days.append(order.ordered_on)
                found[order.user_id].gross_revenue += order.gross_amount
        for returned in self.returns:
            found[returned.user_id].returns += 1
            found[returned.user_id].returns_amount += returned.amount
        for event in self.events:
            found[event.user_id].views += event.event_type == "view"
        return found

    def _rows(self, file: str) -> Iterator[tuple[Day, Row]]:
        """Rows of a file, oldest day first."""
        for day in self._days:
            for row in self._story.days[day].get(file, ()):
                yield day, row

    def _told_lines(self) -> Iterator[tuple[tuple[str, str], tuple[str, Fraction]]]:
        """Product and amount by order and line, oldest telling first; in the simple form an order is its one line."""
        for day in self._days:
            content = self._story.days[day]
            for row in content.get("order_items", ()):
                amount = Fraction(row["quantity"]) * Fraction(row["unit_price"])
                yield (row["order_id"], row["line_no"]), (row["product_id"], amount)
            if "order_items" not in content:
                for row in content.get("orders", ()):
                    yield (row["order_id"], "1"), (row["product_id"], Fraction(row["amount"]))

    def _worth(self, order_id: str, product_id: str = "") -> Fraction | None:
        """Sum of an order's lines, or of those of one product; None without any."""
        amounts = [
            amount
            for (of_order, _), (of_product, amount) in self._lines.items()
            if of_order == order_id and product_id in {"", of_product}
        ]
        return sum(amounts, Fraction(0)) if amounts else None

    def _orders(self) -> Iterator[tuple[str, Order]]:
        for order_id, row in self._headers.items():
            ordered_on = self._story.day(row["order_date"])
            if ordered_on <= self._as_of_date:
                gross = self._worth(order_id) or Fraction(0)
                yield order_id, Order(row["user_id"], ordered_on, row["payment_status"].capitalize(), gross)

    def _returns(self) -> Iterator[Return]:
        told = [(self._owner(row), row, day) for row, day in self._told_returns().values() if day <= self._as_of_date]
        shares = Counter((owner, row["order_id"], row["product_id"]) for owner, row, _ in told if not row["amount"])
        for owner, row, returned_on in told:
            kind = (owner, row["order_id"], row["product_id"])
            order = self.orders.get(row["order_id"])
            if order and not order.is_paid:
                amount = Fraction(0)
            elif row["amount"]:
                amount = Fraction(row["amount"])
            else:
                amount = self._worth_of_returned(*kind) / shares[kind]
            yield Return(*kind, returned_on, bool(order and order.is_paid), amount)

    def _owner(self, returned: Row) -> str:
        header = self._headers.get(returned["order_id"])
        return header["user_id"] if header else returned["user_id"]

    def _worth_of_returned(self, owner: str, order_id: str, product_id: str) -> Fraction:
        """The order's lines of the product, else the whole order."""
        worth = None
        # lines without a header are nobody's: a return that names its customer cannot be worth them
        if product_id and (order_id in self._headers or not owner):
            worth = self._worth(order_id, product_id)
        if worth is None:
            order = self.orders.get(order_id)
            worth = order.gross_amount if order else Fraction(0)
        return worth

    def _told_returns(self) -> dict[Hashable, tuple[Row, Day]]:
        """Each return as last told, with its day: its own, else the first that ever told of it."""
        first_told: dict[Hashable, Day] = {}
        told: dict[Hashable, tuple[Row, Day]] = {}
        for day, content in self._story.days.items():
            numbers: Counter[Hashable] = Counter()
            for row in content.get("returns", ()):
                at = self._story.instant(row["returned_at"]) if row["returned_at"] else None
                day_if_nameless = None if row["order_id"] or at else day
                kind = (row["order_id"], row["product_id"], row["user_id"], at, day_if_nameless)
                numbers[kind] += 1
                key = (*kind, numbers[kind])
                first_told.setdefault(key, day)
                if day in self._days:
                    told[key] = (row, self._story.day(row["returned_at"]) if at else first_told[key])
        return told

    def _events(self) -> Iterator[Event]:
        known = {
            (row["user_id"], row["product_id"], self._story.instant(row["timestamp"]),
             row.get("session_id", ""), row.get("event_type") or "view"): self._story.day(row["timestamp"])
            for _, row in self._rows("product_views")
        }  # fmt: skip
        for (user_id, _, _, _, event_type), viewed_on in known.items():
            if viewed_on <= self._as_of_date:
                yield Event(user_id, viewed_on, event_type)

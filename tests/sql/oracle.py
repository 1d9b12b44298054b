"""What the warehouse ought to say of a story, worked out from the delivered rows in plain Python.

Written from docs/extract-contract.md and the comments in include/sql/setup, not from the code that loads: whatever a
day says of a key replaces what earlier days said, from that day on; nothing else is remembered.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from .deliveries import Row, Story

Day = datetime.date
PAID = ("Paid", "Refunded")
STEPS = {"view": "views", "add_to_cart": "add_to_carts", "checkout": "checkouts"}
# what core.user_days and core.customers_as_of count, in their order
COUNTED = (
    "views", "add_to_carts", "checkouts", "contacts", "orders", "paid_orders", "returned_orders", "gross_revenue",
    "returns", "returns_amount",
)  # fmt: skip


class Order(NamedTuple):
    user_id: str
    ordered_on: Day
    is_paid: bool
    gross_amount: Fraction


class Return(NamedTuple):
    user_id: str
    order_id: str
    product_id: str
    returned_on: Day
    is_on_paid_order: bool
    amount: Fraction


class Happening(NamedTuple):
    """A number to be added to a customer's day."""

    on_day: Day
    user_id: str
    counted: str
    number: Fraction


class Oracle:
    """A story as known on a day.

    Parameters
    ----------
    story : Story
        Its final days are read; drafts have left no trace.
    known_on : date
        Nothing that was delivered later is seen.
    """

    def __init__(self, story: Story, known_on: Day) -> None:
        self._story = story
        self._days = [day for day in story.days if day <= known_on]
        self._lines = dict(self._told_lines())
        self.orders = {row["order_id"]: self._order(row) for row in self._rows("orders")}
        self.returns = list(self._returns())
        self.happenings = [*self._of_orders(), *self._of_returns(), *self._of_events(), *self._of_contacts()]

    def days(self) -> dict[tuple[Day, str], list[Fraction]]:
        """Numbers of every customer's day on which anything happened, in the order of COUNTED."""
        found: dict[tuple[Day, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * len(COUNTED))
        for on_day, user_id, counted, number in self.happenings:
            found[on_day, user_id][COUNTED.index(counted)] += number
        return found

    def customers(self, as_of_date: Day) -> dict[str, list[Any]]:
        """Numbers and days, up to a day, of everyone of whom anything is known but a users row; '' is nobody known.

        The numbers of COUNTED, then the first day of anything, the last of an event or order, the first order's, the
        first and the last paid order's.
        """
        days: dict[str, dict[Day, list[Fraction]]] = defaultdict(dict)
        for (on_day, user_id), numbers in self.days().items():
            if on_day <= as_of_date:
                days[user_id][on_day] = numbers
        return {user_id: self._customer(user_id, their, as_of_date) for user_id, their in days.items()}

    def product_months(self, as_of_date: Day) -> dict[tuple[Day, str], list[Fraction]]:
        """Paid orders, those with a return, and revenue, by month of the order and product."""
        found: dict[tuple[Day, str], list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
        came_back = self._came_back(as_of_date)
        for order_id, order in self.orders.items():
            if not order.is_paid or order.ordered_on > as_of_date:
                continue
            for product_id in self._products(order_id):
                key = (order.ordered_on.replace(day=1), product_id)
                is_returned = not came_back[order_id].isdisjoint({"", product_id})
                numbers = (1, is_returned, self._worth(order_id, product_id) or 0)
                found[key] = [sum_ + number for sum_, number in zip(found[key], numbers, strict=True)]
        return found

    def return_months(self, as_of_date: Day) -> dict[Day, Fraction]:
        """What returns take off revenue, by month of the return."""
        found: dict[Day, Fraction] = defaultdict(Fraction)
        for told in self.returns:
            if told.returned_on <= as_of_date:
                found[told.returned_on.replace(day=1)] += told.amount
        return found

    def _came_back(self, as_of_date: Day) -> dict[str, set[str]]:
        """Products that returns of each order name; '' is a return that names none."""
        found: dict[str, set[str]] = defaultdict(set)
        for told in self.returns:
            if told.returned_on <= as_of_date:
                found[told.order_id].add(told.product_id)
        return found

    def _products(self, order_id: str) -> set[str]:
        return {product_id for (of_order, _), (product_id, _) in self._lines.items() if of_order == order_id}

    def _customer(self, user_id: str, days: dict[Day, list[Fraction]], as_of_date: Day) -> list[Any]:
        totals = dict(zip(COUNTED, map(sum, zip(*days.values(), strict=True)), strict=True))
        # not by the order's day: an order counts as returned once something has come back
        totals["returned_orders"] = len({
            told.order_id
            for told in self.returns
            if told.user_id == user_id and told.is_on_paid_order and told.returned_on <= as_of_date
        })  # fmt: skip

        def on(*counted: str) -> list[Day]:
            return [day for day, numbers in days.items() if any(numbers[COUNTED.index(name)] for name in counted)]

        active, ordered, paid = on(*STEPS.values(), "orders"), on("orders"), on("paid_orders")
        return [
            *totals.values(), min(days), max(active, default=None),
            min(ordered, default=None), min(paid, default=None), max(paid, default=None),
        ]  # fmt: skip

    def _rows(self, file: str) -> Iterator[Row]:
        """Rows of a file, oldest day first."""
        for day in self._days:
            yield from self._story.days[day].get(file, ())

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

    def _order(self, row: Row) -> Order:
        is_paid = row["payment_status"].capitalize() in PAID
        gross = self._worth(row["order_id"]) or Fraction(0)
        return Order(row["user_id"], self._story.day(row["order_date"]), is_paid, gross)

    def _returns(self) -> Iterator[Return]:
        told = list(self._told_returns().values())
        shares = Counter((row["order_id"], row["product_id"]) for row, _ in told if not row["amount"])
        for row, returned_on in told:
            order_id, product_id = row["order_id"], row["product_id"]
            order = self.orders.get(order_id)
            if not order:
                yield Return(row["user_id"], order_id, product_id, returned_on, False, Fraction(row["amount"] or 0))
                continue
            worth = self._worth(order_id, product_id) if product_id else None
            amount = order.gross_amount if worth is None else worth
            amount = Fraction(row["amount"]) if row["amount"] else amount / shares[order_id, product_id]
            yield Return(order.user_id, order_id, product_id, returned_on, order.is_paid, amount * order.is_paid)

    def _told_returns(self) -> dict[Hashable, tuple[Row, Day]]:
        """Each return as last told, with its day: its own, else the first that ever told of it."""
        first_told: dict[Hashable, Day] = {}
        told: dict[Hashable, tuple[Row, Day]] = {}
        for day in self._days:
            numbers: Counter[Hashable] = Counter()
            for row in self._story.days[day].get("returns", ()):
                at = self._story.instant(row["returned_at"]) if row["returned_at"] else None
                day_if_nameless = None if row["order_id"] or at else day
                kind = (row["order_id"], row["product_id"], row["user_id"], at, day_if_nameless)
                numbers[kind] += 1
                key = (*kind, numbers[kind])
                first_told.setdefault(key, day)
                told[key] = (row, self._story.day(row["returned_at"]) if at else first_told[key])
        return told

    def _of_orders(self) -> Iterator[Happening]:
        returned = {told.order_id for told in self.returns}
        for order_id, (user_id, on_day, is_paid, gross_amount) in self.orders.items():
            yield Happening(on_day, user_id, "orders", Fraction(1))
            if is_paid:
                yield Happening(on_day, user_id, "paid_orders", Fraction(1))
                yield Happening(on_day, user_id, "gross_revenue", gross_amount)
                yield Happening(on_day, user_id, "returned_orders", Fraction(order_id in returned))

    def _of_returns(self) -> Iterator[Happening]:
        for told in self.returns:
            yield Happening(told.returned_on, told.user_id, "returns", Fraction(1))
            yield Happening(told.returned_on, told.user_id, "returns_amount", told.amount)

    def _of_events(self) -> Iterator[Happening]:
        known = {
            (row["user_id"], row["product_id"], self._story.instant(row["timestamp"]),
             row.get("session_id", ""), row.get("event_type") or "view"): self._story.day(row["timestamp"])
            for row in self._rows("product_views")
        }  # fmt: skip
        for (user_id, _, _, _, event_type), viewed_on in known.items():
            yield Happening(viewed_on, user_id, STEPS[event_type], Fraction(1))

    def _of_contacts(self) -> Iterator[Happening]:
        known = {
            (row["user_id"], self._story.instant(row["sent_at"]), row["campaign"], row["channel"]): row["sent_at"]
            for row in self._rows("contacts")
        }
        for (user_id, _, _, _), sent_at in known.items():
            yield Happening(self._story.day(sent_at), user_id, "contacts", Fraction(1))

"""Small shops drawn by hypothesis: few keys and few values, so that days contradict, repeat and correct one another."""

import datetime
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from personapulse.contract import PAYMENT_STATUSES

from .deliveries import Content, Row, Story

FIRST_DAY = datetime.date(2026, 2, 26)  # the days drawn lie around the end of a month: RFM cuts are frozen for months
USERS = ("ann", "bob", "cleo")
PRODUCTS = ("pen", "ink")
ORDERS = ("o1", "o2")
# equal numbers in other clothes: what a row says again in other words is told again all the same
AMOUNTS = ("10", "10.00", "0", "7.31", "0.05")
rarely = st.sampled_from((False,) * 7 + (True,))
sometimes = st.sampled_from((False, False, True))
ZONES = ("UTC", "Europe/London", "Asia/Tokyo", "America/New_York")


class Step(NamedTuple):
    """One delivery of one day and its load; its merge may be put off until other days are loaded."""

    day: datetime.date
    is_draft: bool = False
    is_merged_at_once: bool = True


def some(*texts: str) -> st.SearchStrategy[str]:
    """One of the texts, or nothing."""
    return st.sampled_from(("", *texts))


def unique(key: Callable[[Row], Hashable]) -> dict[str, Any]:
    return {"unique_by": key, "min_size": 1, "max_size": 3}


@st.composite
def moments(draw: st.DrawFn, day: datetime.date, zone: str, *, is_date_allowed: bool = False) -> str:
    """Date or time of the source day or of one of the days before, at its edges, with a zone or in the shop's own."""
    on_day = day - datetime.timedelta(days=draw(st.integers(0, 3)))
    at = draw(st.sampled_from(("00:00:00", "12:30:00", "23:59:59")))
    form = draw(st.sampled_from(("own zone", "utc", "date") if is_date_allowed else ("own zone", "utc")))
    if form == "date":
        return str(on_day)
    if form == "own zone":
        return f"{on_day} {at}"
    moment = datetime.datetime.fromisoformat(f"{on_day} {at}").replace(tzinfo=ZoneInfo(zone))
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"


def users(day: datetime.date) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(USERS),
            "signup_date": some(str(day), "2025-12-24"),
            "gender": some("f"),
            "age": some("30", "31"),
        }
    )
    return st.lists(row, **unique(lambda row: row["user_id"]))


def products() -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "product_id": st.sampled_from(PRODUCTS),
            "name": some("Thing"),
            "category": some("paper", "desk"),
            "price": some(*AMOUNTS),
        }
    )
    return st.lists(row, **unique(lambda row: row["product_id"]))


def orders(day: datetime.date, zone: str, *, has_line: bool) -> st.SearchStrategy[list[Row]]:
    row = {
        "order_id": st.sampled_from(ORDERS),
        "user_id": st.sampled_from(USERS[:2]),
        "order_date": moments(day, zone, is_date_allowed=True),
        "payment_status": st.sampled_from((*PAYMENT_STATUSES, "Paid", "Paid", "paid")),
    }
    if has_line:
        row |= {"product_id": st.sampled_from(PRODUCTS), "amount": st.sampled_from(AMOUNTS)}
    return st.lists(st.fixed_dictionaries(row), **unique(lambda row: row["order_id"]))


def order_items() -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries(
        {
            "order_id": st.sampled_from(ORDERS),
            "line_no": st.sampled_from(("1", "2")),
            "product_id": st.sampled_from(PRODUCTS),
            "quantity": st.sampled_from(("1", "3", "1.0")),
            "unit_price": st.sampled_from(AMOUNTS),
        }
    )
    return st.lists(row, **unique(lambda row: (row["order_id"], row["line_no"])))


def returned(day: datetime.date, zone: str) -> st.SearchStrategy[Row]:
    row = st.fixed_dictionaries(
        {
            "order_id": some(*ORDERS),
            "product_id": some("pen"),
            "user_id": some(*USERS[:2]),
            "return_reason": some("torn"),
            "returned_at": st.just("") | moments(day, zone),
            "amount": some("", "", *AMOUNTS[1:4]),
        }
    )
    # without an order, the contract wants the customer and the amount
    filled = {"user_id": "ann", "amount": "5"}
    return row.map(lambda row: row if row["order_id"] else {name: row[name] or filled.get(name, "") for name in row})


def event(day: datetime.date, zone: str) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(USERS),
            "product_id": st.sampled_from(PRODUCTS),
            "timestamp": moments(day, zone),
            "category": some("paper"),
            "session_id": some("s1"),
            "event_type": some("view", "add_to_cart", "checkout"),
        }
    )


def contact(day: datetime.date, zone: str) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {
            "user_id": st.sampled_from(USERS[:2]),
            "sent_at": moments(day, zone),
            "campaign": some("spring"),
            "channel": some("mail"),
        }
    )


@dataclass(frozen=True)
class Shop:
    """What a story's days have in common.

    Parameters
    ----------
    zone : str
        Time zone.
    forms : tuple of str
        Of a day's orders: `simple`, `lines`, or `both` (orders with a line that their order_items overrule).
    pools : mapping of str to list of rows
        Returns, events and contacts that several days may tell.
    """

    zone: str
    forms: tuple[str, ...]
    pools: Mapping[str, list[Row]]

    def told(self, name: str, fresh: st.SearchStrategy[Row]) -> st.SearchStrategy[list[Row]]:
        """Draw rows of a file, some of them such as other days may draw too."""
        return st.lists(st.sampled_from(self.pools[name]) | fresh, min_size=1, max_size=4)

    def moment(self, text: str) -> datetime.datetime:
        return Story(self.zone, {}).instant(text)


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    zone = draw(st.sampled_from(ZONES))
    rows = {"returns": returned, "product_views": event, "contacts": contact}
    return Shop(
        zone,
        draw(st.sampled_from((("lines",), ("lines", "both"), ("simple",), ("simple", "lines", "both")))),
        {name: draw(st.lists(row(FIRST_DAY, zone), min_size=1, max_size=2)) for name, row in rows.items()},
    )


@st.composite
def product_views(draw: st.DrawFn, day: datetime.date, shop: Shop) -> list[Row]:
    """Events; some columns are not delivered, so that events of other days may be the same ones or not."""
    lacks = draw(st.sets(st.sampled_from(("category", "session_id", "event_type"))))
    rows = draw(shop.told("product_views", event(day, shop.zone)))
    delivered = [{name: text for name, text in row.items() if name not in lacks} for row in rows]

    def key(row: Row) -> Hashable:
        at = shop.moment(row["timestamp"])
        return row["user_id"], row["product_id"], at, row.get("session_id", ""), row.get("event_type") or "view"

    return list({key(row): row for row in delivered}.values())


def contacts(day: datetime.date, shop: Shop) -> st.SearchStrategy[list[Row]]:
    def key(row: Row) -> Hashable:
        return row["user_id"], shop.moment(row["sent_at"]), row["campaign"], row["channel"]

    rows = shop.told("contacts", contact(day, shop.zone))
    return rows.map(lambda rows: list({key(row): row for row in rows}.values()))


@st.composite
def contents(draw: st.DrawFn, day: datetime.date, shop: Shop) -> Content:
    """Draw one day's files, some without rows; some days have none at all."""
    form = draw(st.sampled_from(shop.forms))
    files: dict[str, Sequence[Row]] = {
        "users": draw(users(day)),
        "products": draw(products()),
        "orders": draw(orders(day, shop.zone, has_line=form != "lines")),
        "returns": draw(shop.told("returns", returned(day, shop.zone))),
        "product_views": draw(product_views(day, shop)),
    }
    if form != "simple":
        files["order_items"] = draw(order_items())
    if draw(st.booleans()):
        files["contacts"] = draw(contacts(day, shop))
    without_rows = draw(st.sets(st.sampled_from(sorted(files)), max_size=2)) if not draw(rarely) else set(files)
    return {name: () if name in without_rows else rows for name, rows in files.items()}


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a shop of two to five days; some days repeat a file of the day before, some have drafts."""
    shop = draw(shops())
    days: dict[datetime.date, Content] = {}
    drafts: dict[datetime.date, Content] = {}
    for place in sorted(draw(st.sets(st.integers(0, 5), min_size=2, max_size=5))):
        day = FIRST_DAY + datetime.timedelta(days=place)
        days[day] = draw(contents(day, shop))
        for name in draw(st.sets(st.sampled_from(("users", "orders", "returns", "product_views")), max_size=2)):
            days[day] = {**days[day], **_told_before(days, day, name)}
        if draw(sometimes):
            drafts[day] = draw(drafts_of(days[day], contents(day, shop)))
    return Story(shop.zone, days, drafts)


def _told_before(days: dict[datetime.date, Content], day: datetime.date, name: str) -> Content:
    """A file of the day before, word for word, if it has the columns it needs on this day."""
    before = [earlier for earlier in days if earlier < day]
    if not before or not days[before[-1]][name]:
        return {}
    rows = days[before[-1]][name]
    has_lines = "order_items" in days[day]
    return {name: rows} if name != "orders" or has_lines or "amount" in rows[0] else {}


@st.composite
def drafts_of(draw: st.DrawFn, final: Content, others: st.SearchStrategy[Content]) -> Content:
    """Other content of a day: some files as they are in the end, word for word; others not, or not yet delivered."""
    has_lines = all("amount" in row for row in final["orders"])  # then they will do in the simple form too
    not_yet = {"contacts", "order_items"} if has_lines else {"contacts"}
    if draw(sometimes) and not_yet & set(final):
        return {name: rows for name, rows in final.items() if name not in not_yet}
    other = draw(others)
    kept = draw(st.sets(st.sampled_from(sorted(final)))) & set(other)
    if "order_items" not in other and not has_lines:
        kept -= {"orders"}
    return {name: final[name] if name in kept else rows for name, rows in other.items()}


@st.composite
def arrivals(draw: st.DrawFn, story: Story) -> list[Step]:
    """Draw an order in which the story's days are loaded: each at least once, some again, the final content last."""
    again = draw(st.lists(st.sampled_from(list(story.days)), max_size=3))
    order = draw(st.permutations([*story.days, *again, *story.drafts]))
    last = {day: place for place, day in enumerate(order)}
    steps = []
    for place, day in enumerate(order):
        is_draft = day in story.drafts and place < last[day] and not draw(sometimes)
        steps.append(Step(day, is_draft, is_merged_at_once=not draw(sometimes)))
    return steps

"""The invented shop from day to day: what happens, and what the shop tells of it when."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.behaviour import Day, Life
from personapulse.simulate.catalogue import Catalogue
from personapulse.simulate.contacts import campaign_on, contact_rows
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws, Flags, Whole
from personapulse.simulate.orders import (
    WRONG,
    Lines,
    Orders,
    draw_lines,
    line_rows,
    mistaken,
    order_rows,
    place_orders,
    some_lines,
)
from personapulse.simulate.outbox import Kind, Outbox
from personapulse.simulate.payments import REFUNDED, draw_payments
from personapulse.simulate.profiles import Profiles
from personapulse.simulate.returns import draw_returns, return_rows
from personapulse.simulate.seasons import Season
from personapulse.simulate.sessions import draw_clicks, view_rows

# Shares of what is told 1 to 3 days late.
LATE_VISITS, LATE_ORDERS, LATE_RETURNS, LATE_CONTACTS = 0.01, 0.02, 0.05, 0.005


@dataclass
class Counts:
    """What happened so far; a day's orders count on their day, whenever they are told or paid.

    Parameters
    ----------
    visits, orders, paid_orders : int
        Paid are those whose payment comes through, if only later.
    gross_cents : int
        What the paid ones are worth.
    has_paid : array of bool
        Whether each customer has a paid order.
    """

    has_paid: Flags
    visits: int = 0
    orders: int = 0
    paid_orders: int = 0
    gross_cents: int = 0


@dataclass
class Shop:
    """A shop that is open.

    Parameters
    ----------
    customers : Customers
        Its customers.
    season : Season
        The calendar.
    last_day : int
        The last day it is watched, 0 being the first.
    seed : int
        Which chance.
    """

    customers: Customers
    season: Season
    last_day: int
    seed: int
    counts: Counts = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.customers)
        self.counts = Counts(np.zeros(count, dtype=np.bool_))
        self.user_ids = texts.ids("C", np.arange(1, count + 1), max(4, len(str(count))))
        self.life = Life(self.customers, self.season, self.seed)
        self.outbox = Outbox(self.last_day)
        self._goods = Catalogue(self.season)
        self._profiles = Profiles(self.customers, self.user_ids, self.season, self.last_day, self.seed)
        purposes = ("baskets", "payments", "clicks", "returns", "contacts", "late", "mistakes")
        self._draws = {purpose: Draws(self.seed, purpose) for purpose in purposes}

    def open(self, day: int) -> None:
        """Let a day pass; its rows are in the outbox then."""
        campaign = campaign_on(self.season, day)
        who = self.life.live(day, campaign)
        self._tell_records(day)
        if campaign:
            users = self.user_ids.take(pa.array(who.contacted))
            rows = contact_rows(users, campaign, self.season, day, self._draws["contacts"])
            told = self.outbox.delays(day, rows.num_rows, LATE_CONTACTS, self._draws["late"])
            self.outbox.post_told("contacts", rows, day, told)
        buyers = who.visitors[who.is_order]
        lines = draw_lines(buyers, self.customers, self._goods, day, self._draws["baskets"])
        payments = draw_payments(len(buyers), self._draws["payments"])
        paying = self._tell_visits(who, day, lines)
        told = self.outbox.delays(day, len(buyers), LATE_ORDERS, self._draws["late"])
        orders = place_orders(
            buyers,
            paying,
            lines,
            payments,
            told,
            draws=self._draws["payments"],
            first_number=self.counts.orders + 1,
        )
        self.life.settle(day, buyers[payments.is_paid])
        self._tell_orders(orders, day)
        self._tell_returns(orders, day)
        self._count(who, orders)

    def _tell_records(self, day: int) -> None:
        news = self._profiles.news(day)
        signed_up = np.maximum(self.customers.signed_up[news.new], 0)
        self.outbox.post_told("users", self._profiles.rows(news.new), signed_up, np.full(len(news.new), day))
        self.outbox.post("users", self._profiles.rows(news.changed), Kind.CORRECTED, day)
        for rows, kind in zip(self._goods.news(day), (Kind.NEW, Kind.CORRECTED), strict=True):
            self.outbox.post("products", rows, kind, day)

    def _tell_visits(self, who: Day, day: int, lines: Lines) -> Whole:
        """Tell of the day's visits; give the second of the last click of each visit with an order."""
        count = len(who.visitors)
        clicks = draw_clicks(who, lines, self.customers, self._goods, day=day, draws=self._draws["clicks"])
        told = self.outbox.delays(day, count, LATE_VISITS, self._draws["late"])
        by_time = np.argsort(clicks.second, kind="stable")
        rows = view_rows(
            clicks,
            by_time,
            sessions=self.counts.visits + 1 + np.arange(count),
            visitor_ids=self.user_ids.take(pa.array(who.visitors)),
            goods=self._goods,
            day=day,
        )
        self.outbox.post_told("product_views", rows, day, told[clicks.visit[by_time]])
        return clicks.last[who.is_order]

    def _tell_orders(self, orders: Orders, day: int) -> None:
        every = np.arange(len(orders.number))
        rows = self._order_rows(orders, every, orders.status, day)
        self.outbox.post_told("orders", rows, day, orders.delivered)
        settle = np.flatnonzero(orders.settled >= 0)
        rows = self._order_rows(orders, settle, orders.settled[settle], day)
        self.outbox.post("orders", rows, Kind.CORRECTED, orders.settled_on[settle])
        told = orders.delivered[orders.lines.order]
        mended_on = told + self._draws["mistakes"].whole(1, 2, len(told))
        is_wrong = self._draws["mistakes"].happens(WRONG, len(told)) & (mended_on <= self.last_day)
        first = line_rows(orders, mistaken(orders.lines, is_wrong, self._draws["mistakes"]), self._goods)
        self.outbox.post_told("order_items", first, day, told)
        mended = line_rows(orders, some_lines(orders.lines, is_wrong), self._goods)
        self.outbox.post("order_items", mended, Kind.CORRECTED, mended_on[is_wrong])

    def _order_rows(self, orders: Orders, places: Whole, status: Whole, day: int) -> pa.Table:
        return order_rows(orders, places, status, user_ids=self.user_ids, goods=self._goods, day=day)

    def _tell_returns(self, orders: Orders, day: int) -> None:
        back = draw_returns(orders, self.customers, self._goods, self._draws["returns"])
        delays = self._draws["late"].whole(1, 3, len(back.day))
        is_late = self._draws["late"].happens(LATE_RETURNS, len(back.day)) & (back.day <= self.last_day)
        told = np.where(is_late, np.minimum(back.day + delays, self.last_day), back.day)
        rows = return_rows(back, orders, self.user_ids, self._goods)
        self.outbox.post_told("returns", rows, back.day, told)
        refunded = back.order[back.is_refunded]
        rows = self._order_rows(orders, refunded, np.full(len(refunded), REFUNDED), day)
        self.outbox.post("orders", rows, Kind.CORRECTED, told[back.is_refunded])

    def _count(self, who: Day, orders: Orders) -> None:
        counts, is_paid = self.counts, orders.is_paid
        counts.visits += len(who.visitors)
        counts.orders += len(is_paid)
        counts.paid_orders += int(is_paid.sum())
        counts.gross_cents += int(orders.cents[is_paid].sum())
        counts.has_paid[orders.customer[is_paid]] = True

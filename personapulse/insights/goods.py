"""Insights on what is sold and comes back, and on payments."""

from collections.abc import Sequence
from functools import partial

from personapulse.insights.model import FLOOR, Claim, Row, Told, moments
from personapulse.insights.saying import interval, number, percent
from personapulse.insights.statistics import NOTHING, difference, mean, more_often, together


def comes_back(rows: Sequence[Row], _told: Told, *, noun: str, nouns: str) -> list[Claim] | str:
    """Which product or category comes back more than the others, of orders whose return window has passed.

    They are compared as they are sold: who buys a product is part of it.
    """
    mine = [row for row in rows if row["noun"] == noun]
    sold = {row["value"]: moments(row) for row in mine}
    names = {row["value"]: row["name"] for row in mine}
    judged = [value for value, group in sold.items() if group.customers >= FLOOR]
    if len(sold) < 2 or not judged:
        return f"because it takes two {nouns} and {FLOOR} customers of one whose orders' return window has passed."
    everything, claims = together(sold.values()), []
    for value in judged:
        theirs = sold[value]
        others = everything - theirs
        more = difference(theirs, others)
        sentence = (
            f"{names[value]} comes back more than other {nouns}: {number(theirs.x)} of {number(theirs.y)} orders of 91 "
            f"days whose return window has passed ({percent(theirs.ratio)}, {interval(mean(theirs))}), with other "
            f"{nouns} {percent(others.ratio)}."
        )
        claims.append(Claim(names[value], more, int(theirs.y), sentence, more.value, more.value > 0))
    return claims


product_comes_back = partial(comes_back, noun="product", nouns="products")
category_comes_back = partial(comes_back, noun="category", nouns="categories")


def main_reason(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Which reason most customers give, if one is ahead of the next."""
    reasons = sorted(rows, key=lambda row: (-int(row["customers"]), row["value"]))
    told = sum(int(row["returns"]) for row in reasons)
    if len(reasons) < 2 or int(reasons[0]["customers"]) + int(reasons[1]["customers"]) < FLOOR:
        return f"because fewer than two reasons, or fewer than {FLOOR} customers who gave one, are known of 91 days."
    most, next_most = (int(row["customers"]) for row in reasons[:2])
    sentence = (
        f'The reason most customers give for a return is "{reasons[0]["value"]}": {number(most)} customers in 91 days '
        f"({number(reasons[0]['returns'])} of {number(told)} returns with a reason). Next is "
        f'"{reasons[1]["value"]}", by {number(next_most)}.'
    )
    return [Claim(reasons[0]["value"], more_often(most, next_most), most + next_most, sentence)]


def payments_fail(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Whether a larger or smaller part of orders ends unpaid than four weeks before."""
    periods = {row["period"]: moments(row) for row in rows}
    recent, before = (periods.get(period, NOTHING) for period in ("recent", "before"))
    if min(recent.customers, before.customers) < FLOOR:
        return f"because in one of the two periods fewer than {FLOOR} customers ordered."
    change = difference(recent, before)
    sentence = (
        f"{'More' if change.value > 0 else 'Fewer'} orders end unpaid: {percent(recent.ratio)} of {number(recent.y)} "
        f"({interval(mean(recent))}) placed in the 28 days up to a week ago, {percent(before.ratio)} of "
        f"{number(before.y)} in the 28 days before these."
    )
    return [Claim("all orders", change, int(recent.y + before.y), sentence)]

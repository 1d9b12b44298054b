"""Insights on what is sold and comes back, and on payments."""

from collections.abc import Sequence
from functools import partial

from personapulse.insights.model import FLOOR, Claim, Row, Told, moments
from personapulse.insights.saying import interval, number, percent
from personapulse.insights.statistics import difference, mean, more_often, share, share_difference, together


def comes_back(rows: Sequence[Row], _told: Told, *, noun: str) -> list[Claim] | str:
    """Which product or category comes back more than the others, of orders whose return window has passed.

    They are compared as they are sold: who buys a product is part of it.
    """
    sold = {row["value"]: moments(row) for row in rows}
    names = {row["value"]: row["name"] for row in rows}
    judged = [value for value, group in sold.items() if group.customers >= FLOOR]
    if len(sold) < 2 or not judged:
        return f"because it takes two {noun} and {FLOOR} customers of one whose orders' return window has passed."
    everything, claims = together(sold.values()), []
    for value in judged:
        theirs = sold[value]
        others = everything - theirs
        more = difference(theirs, others)
        sentence = (
            f"{names[value]} comes back more than other {noun}: {number(theirs.x)} of {number(theirs.y)} orders of 91 "
            f"days whose return window has passed ({percent(theirs.ratio)}, {interval(mean(theirs))}), with other "
            f"{noun} {percent(others.ratio)}."
        )
        claims.append(Claim(names[value], more, int(theirs.y), sentence, more.value, more.value > 0))
    return claims


product_comes_back = partial(comes_back, noun="products")
category_comes_back = partial(comes_back, noun="categories")


def main_reason(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Which reason returns are given most, if one is ahead."""
    reasons = sorted(((int(row["returns"]), row["value"]) for row in rows), key=lambda reason: (-reason[0], reason[1]))
    total = sum(count for count, _ in reasons)
    if len(reasons) < 2 or total < FLOOR:
        return f"because fewer than two reasons, or fewer than {FLOOR} returns with a reason, are known."
    (most, reason), (next_most, next_reason) = reasons[:2]
    part = share(most, total)
    sentence = (
        f'Most returns are for the reason "{reason}": {number(most)} of {number(total)} with a reason '
        f'({percent(part.value)}, {interval(part)}); next is "{next_reason}" with {number(next_most)}.'
    )
    return [Claim(reason, more_often(most, next_most), total, sentence)]


def payments_fail(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Whether more or fewer orders end unpaid than four weeks before."""
    periods = {row["period"]: (int(row["unpaid_orders"]), int(row["orders"])) for row in rows}
    if min(periods.get(period, (0, 0))[1] for period in ("recent", "before")) < FLOOR:
        return f"because one of the two periods has fewer than {FLOOR} orders."
    recent, before = periods["recent"], periods["before"]
    change, rate = share_difference(recent, before), share(*recent)
    sentence = (
        f"{'More' if change.value > 0 else 'Fewer'} orders end unpaid: {percent(rate.value)} of {number(recent[1])} "
        f"({interval(rate)}) placed in the 28 days up to a week ago, {percent(before[0] / before[1])} of "
        f"{number(before[1])} in the 28 days before these."
    )
    return [Claim("all orders", change, recent[1] + before[1], sentence)]

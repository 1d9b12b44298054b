"""Insights on the funnel: where it loses most, and with whom."""

from collections.abc import Sequence
from itertools import pairwise

from personapulse.insights.model import FLOOR, Claim, Row, Told, groups
from personapulse.insights.personas import rest_of
from personapulse.insights.saying import interval, number, percent, plural
from personapulse.insights.statistics import difference, mean, more_often, share

AFTER = {
    "view": "the product view",
    "add_to_cart": "the cart",
    "checkout": "the checkout",
    "placed": "the order",
    "paid": "the payment",
}
MISSED = {
    "add_to_cart": "put nothing into the cart",
    "checkout": "did not get to the checkout",
    "placed": "did not order",
    "paid": "did not pay",
    "kept": "sent something back",
}
BUYERS = 0.5  # of a persona's customers must have bought, or it is no wonder that its visits end without a cart


def loses_most(rows: Sequence[Row], told: Told) -> list[Claim] | str:
    """After which step most customers are lost."""
    steps = [(row["step"], int(row["users"])) for row in rows]
    if not steps:
        return "because nobody's first view lies far enough back, or the shop records no views."
    lost = [(before[0], after[0], before[1] - after[1], before[1]) for before, after in pairwise(steps)]
    if steps[0][1] < FLOOR:
        return f"because only {steps[0][1]} customers entered the funnel."
    most, second = sorted(lost, key=lambda step: -step[2])[:2]
    gone = share(most[2], most[3])
    sentence = (
        f"Most customers are lost right after {AFTER[most[0]]}: of {number(most[3])} who got there, {number(most[2])} "
        f"({percent(gone.value)}, {interval(gone)}) {MISSED[most[1]]} within "
        f"{told.settings.conversion_days} days of their first view. The next largest loss, {number(second[2])}, is "
        f"after {AFTER[second[0]]}."
    )
    return [Claim(most[0], more_often(most[2], second[2]), steps[0][1], sentence)]


def loses_whom(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """With which persona of buyers most visits end after the view that would go on with others.

    Compared are personas most of whose customers have bought; that window shoppers do not buy is their name. Visits of
    a customer are alike, so it is customers who are shuffled. The most is counted in visits, not as a rate: how many
    more would have gone on at the rate of the rest.
    """
    buyers = {persona for persona, group in groups(rows, "has_bought").items() if group.ratio >= BUYERS}
    visits = {persona: group for persona, group in groups(rows, "lost_visits").items() if persona in buyers}
    personas = [persona for persona, group in visits.items() if group.customers >= FLOOR]
    if not groups(rows, "lost_visits"):
        return "because no cart is known of these 28 days."
    if len(personas) < 2:
        return "because it takes two personas, most of them buyers, of which 20 customers came by in these 28 days."
    claims = []
    for persona in personas:
        theirs, others = visits[persona], rest_of(visits, persona)
        more = difference(theirs, others)
        excess = more.value * theirs.y
        sentence = (
            f"Among personas that buy, {plural(persona)} lose most after the product view: {percent(theirs.ratio)} of "
            f"their {number(theirs.y)} visits of the last 28 days end without anything in the cart "
            f"({interval(mean(theirs))}), {percent(others.ratio)} of the others' visits. At the others' rate "
            f"{number(excess)} more visits would have gone on."
        )
        claims.append(Claim(persona, more, int(theirs.y), sentence, excess, more.value > 0))
    return claims

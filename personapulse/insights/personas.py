"""Insights on personas: who is worth most and hears least, who returns much, who stays away, who becomes more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from personapulse.insights.model import FLOOR, Claim, Row, Told, groups
from personapulse.insights.moves import Moves, share_change
from personapulse.insights.saying import amount, interval, number, percent, plural, spread
from personapulse.insights.statistics import Moments, difference, mean, together

TOO_YOUNG = "because it takes two personas of 20 customers each who were known 28 days ago."


NO_HISTORY = (
    "because the shop's data begin less than 91 days before the earlier day: personas change there because more "
    "becomes known of customers."
)


def rest_of(all_groups: Mapping[str, Moments], persona: str) -> Moments:
    """Add up everybody else, small groups and all."""
    return together(group for name, group in all_groups.items() if name != persona)


def judged(all_groups: Mapping[str, Moments]) -> list[str]:
    """Name the personas that are large enough to be judged, if there is more than one."""
    large = [persona for persona, group in all_groups.items() if group.customers >= FLOOR]
    return large if len(large) > 1 else []


def highest_value(rows: Sequence[Row], told: Told) -> list[Claim] | str:
    """Which persona's customers brought in most since."""
    worth = groups(rows, "net_revenue")
    personas = judged(worth)
    if not personas:
        return TOO_YOUNG
    leader = max(personas, key=lambda persona: worth[persona].ratio)
    row = next(row for row in rows if row["persona"] == leader and row["measure"] == "net_revenue")
    lead, rest = mean(worth[leader]), rest_of(worth, leader)
    currency = told.settings.currency
    sentence = (
        f"{plural(leader)} are worth the most: the {number(worth[leader].customers)} customers who were "
        f"{plural(leader)} on {row['sorted_on']} brought in {amount(lead.value, currency)} net each in the 28 days "
        f"since ({spread(lead)}), other customers {amount(rest.ratio, currency)}."
    )
    if row["net_revenue_to_date"] is not None:
        to_date = amount(row["net_revenue_to_date"], currency)
        sentence += f" To date, one of today's {plural(leader)} has brought in {to_date}."
    return [
        Claim(
            persona,
            difference(worth[persona], rest_of(worth, persona)),
            worth[persona].customers,
            sentence if persona == leader else "",
            is_news=persona == leader and worth[leader].ratio > rest.ratio,
        )
        for persona in personas
    ]


def under_contacted(rows: Sequence[Row], told: Told) -> list[Claim] | str:
    """Whether the most valuable persona hears less from the shop than others do."""
    if "contacts" in told.settings.lacks:
        return "because the shop tells no contacts (lacks, in its source.yaml): nothing is claimed on targeting."
    worth, contacts = groups(rows, "net_revenue"), groups(rows, "contacts")
    personas = judged(worth)
    if not personas:
        return TOO_YOUNG
    if not any(group.x for group in contacts.values()):
        return "because no message to customers is known of these 28 days: nothing is claimed on targeting."
    leader = max(personas, key=lambda persona: worth[persona].ratio)
    theirs, rest = contacts[leader], rest_of(contacts, leader)
    fewer = difference(theirs, rest)
    worthier = difference(worth[leader], rest_of(worth, leader))
    # both must hold: that they are worth most, and that they hear less
    both = replace(fewer, p_value=max(fewer.p_value, worthier.p_value))
    sentence = (
        f"{plural(leader)}, who are worth the most, hear less from the shop than others: "
        f"{number(theirs.ratio, 2)} messages each in 28 days ({spread(mean(theirs), 2)}) against "
        f"{number(rest.ratio, 2)} to other customers."
    )
    return [Claim(leader, both, theirs.customers, sentence, is_news=fewer.value < 0 < worthier.value)]


def returns_and_earnings(rows: Sequence[Row], told: Told) -> list[Claim] | str:
    """Which personas send back more and leave less than others, both beyond chance."""
    returned, earned = groups(rows, "returned_orders"), groups(rows, "net_per_order")
    personas = judged(returned)
    if not personas:
        return "because it takes two personas of 20 customers each who ordered in these 28 days."
    currency = told.settings.currency
    claims = []
    for persona in personas:
        theirs, others = returned[persona], rest_of(returned, persona)
        net, net_of_others = earned[persona], rest_of(earned, persona)
        more, less = difference(theirs, others), difference(net, net_of_others)
        sentence = (
            f"{plural(persona)} send much back and bring in little: something came back of {percent(theirs.ratio)} of "
            f"their {number(theirs.y)} paid orders of the last 28 days ({percent(others.ratio)} with other customers), "
            f"and an order of theirs left {amount(net.ratio, currency)} net ({amount(net_of_others.ratio, currency)})."
        )
        both = replace(more, p_value=max(more.p_value, less.p_value))
        is_news = more.value > 0 > less.value
        claims.append(Claim(persona, both, theirs.customers, sentence, -net.ratio, is_news))
    return claims


def stays_away(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Which persona's buyers came back to buy least."""
    bought = groups(rows, "bought_again")
    personas = judged(bought)
    if not personas:
        return "because it takes two personas of 20 customers each who had bought 28 days ago."
    claims = []
    for persona in personas:
        theirs, others = bought[persona], rest_of(bought, persona)
        less = difference(theirs, others)
        sentence = (
            f"Fewest of the {plural(persona)} come back: of the {number(theirs.customers)} who had bought before, "
            f"{percent(theirs.ratio)} bought again in the last 28 days ({interval(mean(theirs))}), of other buyers "
            f"{percent(others.ratio)}."
        )
        claims.append(Claim(persona, less, theirs.customers, sentence, -theirs.ratio, less.value < 0))
    return claims


def _moved(rows: Sequence[Row], *, is_growing: bool) -> list[Claim] | str:
    """Judge the change of each persona's share of all customers, as a claim of one of the two kinds."""
    counts = {(row["persona"], row["measure"]): row for row in rows}

    def sums(measure: str, column: str) -> Counter[str]:
        return Counter({who: int(row[column]) for (who, measured), row in counts.items() if measured == measure})

    before, left, came, new = (
        sums("left", "customers"),
        *(sums(name, "numerator") for name in ("left", "joined", "new")),
    )
    if min(before.total(), sums("joined", "customers").total()) < FLOOR:
        return TOO_YOUNG
    if not rows[0]["has_history"]:
        return NO_HISTORY
    claims = []
    for persona in sorted({who for who, _ in counts}):
        moves = Moves(before[persona], before.total(), left[persona], came[persona], new[persona], new.total())
        change = share_change(moves)
        if moves.came + moves.left < FLOOR or (change.value > 0) != is_growing:
            continue
        sentence = (
            f"{plural(persona)} are becoming {'more' if is_growing else 'fewer'}: "
            f"{percent(moves.after / moves.everybody_after)} of all customers ({number(moves.after)}) after "
            f"{percent(moves.before / moves.everybody_before)} ({number(moves.before)}) 28 days before; "
            f"{number(moves.came)} came, {number(moves.new)} of them new to the shop, and {number(moves.left)} left."
        )
        claims.append(Claim(persona, change, moves.came + moves.left, sentence, abs(change.value)))
    return claims


def growing(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Which persona's share grew most."""
    return _moved(rows, is_growing=True)


def shrinking(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Which persona's share shrank most."""
    return _moved(rows, is_growing=False)

"""Insights on what changed from one month to the next, or from four weeks to the next four."""

import math
from collections.abc import Sequence

from scipy import stats

from personapulse.insights.model import FLOOR, Claim, Row, Told
from personapulse.insights.saying import amount, interval, number, percent
from personapulse.insights.statistics import LEVEL, Estimate, share, share_difference

NO_BEGINNING = (
    "because the shop's data begin too late: who seems new in their first month may have been a customer for years."
)


def retention_changes(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Whether the last cohort came back in its second month more or less than the one before it."""
    if len(rows) < 2:
        return NO_BEGINNING
    newer, older = sorted(rows, key=lambda row: row["cohort_month"], reverse=True)[:2]
    now, before = ((int(row["buyers"]), int(row["customers"])) for row in (newer, older))
    if min(now[1], before[1]) < FLOOR:
        return f"because one of the two cohorts has fewer than {FLOOR} customers."
    change, rate = share_difference(now, before), share(*now)
    sentence = (
        f"New customers came back {'more' if change.value > 0 else 'less'} than those a month older: of the "
        f"{number(now[1])} who first bought in {newer['cohort_month']:%Y-%m}, {percent(rate.value)} bought in the "
        f"month after ({interval(rate)}), of the {number(before[1])} of {older['cohort_month']:%Y-%m} "
        f"{percent(before[0] / before[1])}."
    )
    return [Claim(f"{newer['cohort_month']:%Y-%m}", change, now[1] + before[1], sentence)]


def second_orders_change(rows: Sequence[Row], _told: Told) -> list[Claim] | str:
    """Whether first-time buyers order again within 28 days more or less often than four weeks before."""
    periods = {row["period"]: (int(row["ordered_again"]), int(row["customers"])) for row in rows}
    if not periods:
        return NO_BEGINNING
    recent, before = (periods.get(period, (0, 0)) for period in ("recent", "before"))
    if min(recent[1], before[1]) < FLOOR:
        return f"because one of the two periods has fewer than {FLOOR} first-time buyers."
    change, rate = share_difference(recent, before), share(*recent)
    sentence = (
        f"{'More' if change.value > 0 else 'Fewer'} first-time buyers order again: {percent(rate.value)} of "
        f"{number(recent[1])} within 28 days ({interval(rate)}), {percent(before[0] / before[1])} of the "
        f"{number(before[1])} four weeks earlier."
    )
    return [Claim("first-time buyers", change, recent[1] + before[1], sentence)]


def revenue_changes(rows: Sequence[Row], told: Told) -> list[Claim] | str:
    """Whether the last 28 days brought in more or less than the 28 before, by paired customers."""
    row = rows[0] if rows else None
    if row is None or not row["has_both_periods"]:
        return "because 56 days of orders are not known yet."
    customers, recent, before = int(row["customers"]), float(row["recent"]), float(row["before"])
    if customers < FLOOR or before <= 0:
        return f"because fewer than {FLOOR} customers bought in these 56 days, or nothing was earned in the first half."
    change = recent - before
    error = math.sqrt(max(float(row["squared_changes"]) - change**2 / customers, 0) * customers / (customers - 1))
    reach = float(stats.t.ppf((1 + LEVEL) / 2, customers - 1)) * error
    p_value = 2 * float(stats.t.sf(abs(change) / error, customers - 1)) if error else 1.0
    estimate = Estimate(change / before, (change - reach) / before, (change + reach) / before, p_value)
    sentence = (
        f"Net revenue {'rose' if change > 0 else 'fell'} by {percent(abs(change) / before)} (95\u00a0% interval "
        f"{percent(estimate.low)} to {percent(estimate.high)}): {amount(recent, told.settings.currency)} in the last "
        f"28 days, {amount(before, told.settings.currency)} in the 28 before."
    )
    return [Claim("the shop", estimate, customers, sentence)]

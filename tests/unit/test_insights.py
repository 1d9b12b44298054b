"""The statistics behind insights: against SciPy, against numbers worked out by hand, and against lots drawn."""

import math
import re

import numpy as np
import pytest
from scipy import stats

from personapulse.insights.kinds import KINDS
from personapulse.insights.moves import Moves, share_change
from personapulse.insights.saying import listed, plural
from personapulse.insights.statistics import (
    NOTHING,
    Moments,
    adjusted,
    difference,
    mean,
    more_often,
    pearson3_tails,
    share,
    share_difference,
    shuffled,
    together,
)
from personapulse.paths import ROOT, SQL


def moments(x: object, y: object = None) -> Moments:
    """Sums of customers' numbers; y is 1 where it is not given."""
    one = np.asarray(x, dtype=float)
    other = np.ones_like(one) if y is None else np.asarray(y, dtype=float)
    powers = ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (2, 1), (1, 2), (0, 3))
    return Moments(len(one), *(float((one**p * other**q).sum()) for p, q in powers))


def test_a_mean_has_students_interval() -> None:
    values = [3.0, 5.0, 10.0, 2.0]
    found = mean(moments(values))
    expected = stats.t.interval(0.95, 3, np.mean(values), stats.sem(values))
    assert (found.value, found.low, found.high) == pytest.approx((5, *expected))


def test_a_ratio_varies_by_customer_not_by_order() -> None:
    # two customers: all ten orders of one came back, none of ten of the other's
    found = mean(moments([10, 0], [10, 10]))
    assert found.value == 0.5
    # residuals 5 and -5: variance 50 * 2 / 1 / 20**2; twenty independent orders would give 0.0131
    assert moments([10, 0], [10, 10]).squared_error == pytest.approx(0.25)
    assert found.low < 0 < 1 < found.high


def test_a_difference_has_welchs_interval() -> None:
    one, other = [3.0, 5.0, 10.0, 2.0], [1.0, 2.0, 2.0, 4.0, 1.0]
    found = difference(moments(one), moments(other))
    expected = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    assert (found.value, found.low, found.high) == pytest.approx((3, *expected))


def test_lots_told_by_their_moments_are_as_lots_drawn() -> None:
    rng = np.random.default_rng(1)
    paid = rng.integers(1, 6, 120)
    returned = rng.binomial(paid, np.where(np.arange(120) < 25, 0.35, 0.15))
    group, rest = moments(returned[:25], paid[:25]), moments(returned[25:], paid[25:])
    everyone = returned - returned.sum() / paid.sum() * paid
    drawn = np.array([rng.permutation(everyone)[:25].sum() for _ in range(20_000)])
    told = abs(everyone[:25].sum())
    assert shuffled(group, rest) == pytest.approx((np.abs(drawn) >= told).mean(), abs=0.004)


def test_skewed_revenue_is_not_taken_for_a_difference() -> None:
    """Small groups of customers who are all alike: of a thousand at 1 %, some ten are found, not a hundred."""
    rng = np.random.default_rng(2)
    found = []
    for _ in range(1_000):
        spent = rng.lognormal(0, 1.5, 300)
        found.append(shuffled(moments(spent[:20]), moments(spent[20:])))
    assert 2 <= np.sum(np.array(found) < 0.01) <= 22


@pytest.mark.parametrize("skew", [-3, -0.4, -1e-4, 0, 1e-4, 0.2, 2])
@pytest.mark.parametrize("z", [-4, -1.3, 0, 0.7, 3, 6])
def test_tails_are_those_of_pearsons_third_type(z: float, skew: float) -> None:
    expected = stats.pearson3.cdf(z, skew), stats.pearson3.sf(z, skew)
    assert pearson3_tails(z, skew) == pytest.approx(expected, abs=1e-9)


def test_groups_add_up_and_one_taken_away_leaves_the_others() -> None:
    groups = [moments([1, 2], [3, 4]), moments([5], [6]), moments([0, 7], [1, 8])]
    assert together(groups) == moments([1, 2, 5, 0, 7], [3, 4, 6, 1, 8])
    assert together(groups) - groups[1] == together([groups[0], groups[2]])
    assert together([]) == NOTHING


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (moments([1.0]), moments([2.0, 3.0])),  # a single customer has no spread
        (NOTHING, moments([2.0, 3.0])),
        (moments([2.0, 2.0]), moments([2.0, 2.0, 2.0])),  # nothing varies
        (moments([0.1, 0.3], [1, 3]), moments([0.2, 0.7], [2, 7])),  # nothing but rounding varies
    ],
)
def test_where_nothing_can_be_told_apart_chance_has_made_it(one: Moments, other: Moments) -> None:
    assert difference(one, other).p_value == 1


def test_shares_have_wilsons_interval_and_are_compared_by_fishers_test() -> None:
    # Wilson's interval of 8 of 10, from the formula
    assert (share(8, 10).low, share(8, 10).high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    found = share_difference((8, 10), (30, 100))
    assert found.value == pytest.approx(0.5)
    assert found.p_value == stats.fisher_exact([[8, 2], [30, 70]]).pvalue
    low, high = share(8, 10), share(30, 100)
    assert found.low == pytest.approx(0.5 - math.hypot(0.8 - low.low, high.high - 0.3))
    assert found.high == pytest.approx(0.5 + math.hypot(low.high - 0.8, 0.3 - high.low))
    assert share_difference((0, 0), (3, 4)).p_value == 1


def test_two_counts_are_compared_exactly() -> None:
    assert more_often(9, 1).p_value == pytest.approx(2 * (1 + 10) / 2**10)
    assert more_often(0, 0).p_value == 1


def test_a_share_of_the_same_customers_has_walds_paired_interval() -> None:
    # 100 customers on both days: 30 of the group, of whom 5 left while 12 of the others came
    found = share_change(Moves(before=30, everybody_before=100, left=5, came=12, new=0, everybody_new=0))
    error = math.sqrt((12 + 5) / 100**2 - (12 - 5) ** 2 / 100**3)  # (b + c - (b - c)^2 / n) / n^2
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.07, 0.07 - 1.96 * error, 0.07 + 1.96 * error), abs=1e-5
    )
    assert found.p_value == pytest.approx(2 * stats.norm.sf(0.07 / error))


def test_a_group_that_grows_as_its_shop_does_has_not_become_a_larger_part_of_it() -> None:
    """Half of 100 customers, half of 100 new ones: fifty came and nobody left, yet nothing has changed."""
    found = share_change(Moves(before=50, everybody_before=100, left=0, came=50, new=50, everybody_new=100))
    assert (found.value, found.p_value) == (0, 1)


def test_shares_that_change_by_chance_alone_are_found_as_often_as_chance_may() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(2_000):
        then, mixed, now = rng.random(400) < 0.2, rng.random(400) < 0.3, rng.random(520) < 0.2
        now[:400] = np.where(mixed, now[:400], then)  # seven in ten stay what they were, 120 are new
        moves = Moves(then.sum(), 400, (then & ~now[:400]).sum(), now.sum() - (then & now[:400]).sum(),
                      now[400:].sum(), 120)  # fmt: skip
        found.append(share_change(moves).p_value)
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("moves", [Moves(0, 0, 0, 0, 0, 0), Moves(0, 0, 0, 9, 9, 20), Moves(5, 9, 0, 0, 0, 0)])
def test_where_nobody_was_or_nobody_moved_no_share_changed(moves: Moves) -> None:
    assert share_change(moves).p_value == 1


def test_p_values_of_a_day_are_adjusted_together() -> None:
    # of four tests: 4 x the smallest, 4 / 2 x the second, ... and never more than the next
    assert adjusted([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.04 * 4 / 3, 0.04 * 4 / 3, 0.5])
    p_values = np.random.default_rng(5).uniform(size=40).tolist()
    assert adjusted(p_values) == pytest.approx(stats.false_discovery_control(p_values))
    assert adjusted([]) == []


def test_a_day_without_any_truth_says_something_on_one_day_in_twenty() -> None:
    rng = np.random.default_rng(3)
    days = [min(adjusted(rng.uniform(size=60).tolist())) for _ in range(2_000)]
    assert np.mean(np.array(days) <= 0.05) == pytest.approx(0.05, abs=0.015)


def test_each_kind_has_its_numbers_and_its_line_on_the_page() -> None:
    page = (ROOT / "docs" / "insights.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|.*\| (\w+) \| ", page, re.MULTILINE) == [
        (kind.name, kind.priority) for kind in KINDS
    ]
    assert {f"{file.parent.name}/{file.name}" for file in (SQL / "insights").glob("*.sql")} == {
        kind.file for kind in KINDS
    }


def test_the_check_of_a_day_asks_for_each_kind() -> None:
    asked = (SQL / "checks" / "marts" / "insights_hold.sql").read_text(encoding="utf-8").partition("told as")[0]
    assert re.findall(r"^    \('(\w+)'\)", asked, re.MULTILINE) == [kind.name for kind in KINDS]


def test_names_are_told_as_people_would() -> None:
    assert [plural(name) for name in ("Loyalist", "Others", "Price-Conscious", "Family", "Monday")] == [
        "Loyalists", "Others", "Price-Conscious", "Families", "Mondays",
    ]  # fmt: skip
    assert [listed(names) for names in (["A"], ["A", "B"], ["A", "B", "C"])] == ["A", "A and B", "A, B and C"]

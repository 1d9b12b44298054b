"""What judges make of numbers: when something is said of the shop, and when not, by numbers a reader can count."""

import datetime
from typing import Any

import pytest
from scipy import stats

from personapulse.insights import funnel, goods, months, personas
from personapulse.insights.model import Claim, Judge, Told
from personapulse.settings import ShopSettings

TOLD = Told(datetime.date(2026, 5, 31), ShopSettings())
MARCH, APRIL = datetime.date(2026, 3, 1), datetime.date(2026, 4, 1)


def sums(numbers: list[tuple[float, float]], **names: Any) -> dict[str, Any]:
    """A row of sums over customers, each with its two numbers."""
    row = {**names, "customers": len(numbers)}
    row |= {"numerator": sum(x for x, _ in numbers), "denominator": sum(y for _, y in numbers)}
    powers = {"sum_xx": (2, 0), "sum_xy": (1, 1), "sum_yy": (0, 2)}
    powers |= {"sum_xxx": (3, 0), "sum_xxy": (2, 1), "sum_xyy": (1, 2), "sum_yyy": (0, 3)}
    return row | {name: sum(x**p * y**q for x, y in numbers) for name, (p, q) in powers.items()}


def of_persona(persona: str, measure: str, numbers: list[tuple[float, float]]) -> dict[str, Any]:
    return sums(numbers, persona=persona, measure=measure, sorted_on=MARCH, net_revenue_to_date=None)


def each(*values: float, times: int = 10) -> list[tuple[float, float]]:
    """So many customers of each value, counted once."""
    return [(value, 1) for value in values] * times


def news(judge: Judge, rows: list[dict[str, Any]], told: Told = TOLD) -> list[Claim]:
    """The claims that would be said if they were the only ones of the day."""
    found = judge(rows, told)
    assert not isinstance(found, str), found
    return [claim for claim in found if claim.is_news and claim.estimate.p_value <= 0.05]


def reason(judge: Judge, rows: list[dict[str, Any]], told: Told = TOLD) -> str:
    found = judge(rows, told)
    assert isinstance(found, str), found
    return found


WORTH = [of_persona("Patron", "net_revenue", each(90, 110)), of_persona("Guest", "net_revenue", each(9, 11))]
HEARD = [of_persona("Patron", "contacts", each(0, 1)), of_persona("Guest", "contacts", each(3, 4))]


def test_whom_the_shop_lives_on_and_hears_little_is_named_with_its_figures() -> None:
    (worth,) = news(personas.highest_value, WORTH)
    assert (worth.subject, worth.estimate.value, worth.sample_size) == ("Patron", 90, 20)
    assert "the 20 customers who were Patrons on 2026-03-01 brought in EUR\u00a0100 net each" in worth.sentence
    (heard,) = news(personas.under_contacted, WORTH + HEARD)
    assert (heard.subject, heard.estimate.value) == ("Patron", -3)
    assert "0.50 messages each in 28 days" in heard.sentence
    assert "against 3.50" in heard.sentence


def test_who_is_worth_no_more_or_hears_no_less_is_no_target() -> None:
    more = [of_persona("Patron", "contacts", each(5, 6)), of_persona("Guest", "contacts", each(3, 4))]
    assert news(personas.under_contacted, WORTH + more) == []
    alike = [of_persona(name, "net_revenue", each(9, 11)) for name in ("Patron", "Guest")]
    assert news(personas.highest_value, alike) == []
    assert news(personas.under_contacted, alike + HEARD) == []  # they hear less, but why should they hear more
    hardly = [of_persona("Patron", "net_revenue", each(8, 13)), of_persona("Guest", "net_revenue", each(9, 11))]
    assert news(personas.under_contacted, hardly + HEARD) == []


def test_without_contacts_nothing_is_claimed_on_targeting() -> None:
    silent = [of_persona(name, "contacts", each(0, 0)) for name in ("Patron", "Guest")]
    assert reason(personas.under_contacted, WORTH + silent).startswith("because no message to customers is known")
    lacking = Told(TOLD.as_of_date, ShopSettings(lacks=("contacts",)))
    assert "the shop tells no contacts" in reason(personas.under_contacted, WORTH + HEARD, lacking)


def test_a_persona_of_19_is_not_judged_but_counts_among_the_others() -> None:
    nineteen = of_persona("Few", "net_revenue", each(50, times=19))
    found = personas.highest_value([*WORTH, nineteen], TOLD)
    assert [claim.subject for claim in found if isinstance(claim, Claim)] == ["Patron", "Guest"]
    (worth,) = news(personas.highest_value, [*WORTH, nineteen])
    assert f"other customers EUR\u00a0{(20 * 10 + 19 * 50) / 39:.2f}" in worth.sentence
    assert reason(personas.highest_value, [WORTH[0], nineteen]) == personas.TOO_YOUNG


def test_who_returns_much_is_news_only_where_orders_bring_in_little() -> None:
    orders = [(1.0, 2.0), (2.0, 2.0)] * 10, [(0.0, 2.0), (1.0, 2.0)] * 20
    returned = [
        of_persona(name, "returned_orders", numbers) for name, numbers in zip(("Back", "Kept"), orders, strict=True)
    ]
    little = [
        of_persona("Back", "net_per_order", [(10, 2), (14, 2)] * 10),
        of_persona("Kept", "net_per_order", [(90, 2), (110, 2)] * 20),
    ]
    (claim,) = news(personas.returns_and_earnings, returned + little)
    assert (claim.subject, claim.estimate.value) == ("Back", 0.5)
    assert "75.0\u00a0% of their 40 paid orders" in claim.sentence
    much = [
        of_persona("Back", "net_per_order", [(190, 2), (210, 2)] * 10),
        of_persona("Kept", "net_per_order", [(90, 2), (110, 2)] * 20),
    ]
    assert news(personas.returns_and_earnings, returned + much) == []


def test_buyers_who_stay_away_are_named_and_those_who_come_back_are_not() -> None:
    rows = [of_persona("Gone", "bought_again", each(0, 0, 0, 1)), of_persona("Here", "bought_again", each(1, 1, 1, 0))]
    (claim,) = news(personas.stays_away, rows)
    assert (claim.subject, claim.estimate.value) == ("Gone", -0.5)


def moved(persona: str, before: int, left: int, now: int, came: int, new: int = 0) -> list[dict[str, Any]]:
    names = {"left": (before, left), "joined": (now, came), "new": (now, new)}
    told = {"persona": persona, "has_history": True}
    return [{**told, "measure": measure, "customers": n, "numerator": x} for measure, (n, x) in names.items()]


def test_a_persona_grows_by_those_who_came_less_those_who_left() -> None:
    rows = moved("Up", 50, 5, 85, 40) + moved("Down", 150, 40, 115, 5)
    (up,), (down,) = news(personas.growing, rows), news(personas.shrinking, rows)
    assert (up.subject, up.estimate.value, up.sample_size) == ("Up", 85 / 200 - 50 / 200, 45)
    assert (down.subject, down.estimate.value) == ("Down", 115 / 200 - 150 / 200)
    assert "42.5\u00a0% of all customers (85) after 25.0\u00a0% (50)" in up.sentence


def test_a_persona_that_keeps_its_part_of_a_growing_shop_does_not_grow() -> None:
    rows = [row for name in ("One", "Two") for row in moved(name, 50, 0, 100, 50, 50)]
    assert news(personas.growing, rows) == news(personas.shrinking, rows) == []


def test_that_personas_change_as_a_young_shop_learns_of_its_customers_is_no_news() -> None:
    rows = [row | {"has_history": False} for row in moved("Up", 50, 5, 85, 40) + moved("Down", 150, 40, 115, 5)]
    assert reason(personas.growing, rows) == reason(personas.shrinking, rows) == personas.NO_HISTORY


def test_of_few_who_moved_nothing_is_said() -> None:
    assert news(personas.growing, moved("Up", 5, 0, 24, 19) + moved("Down", 100, 19, 81, 0)) == []


def steps(*users: int) -> list[dict[str, Any]]:
    names = ("view", "add_to_cart", "checkout", "placed")
    return [{"step_no": n, "step": names[n], "users": count, "lost": None} for n, count in enumerate(users)]


def test_the_step_that_loses_most_is_told_if_it_is_ahead_of_the_next() -> None:
    (claim,) = news(funnel.loses_most, steps(100, 50, 40, 35))
    assert (claim.subject, claim.sample_size) == ("view", 100)
    assert "of 100 who got there, 50 (50.0\u00a0%" in claim.sentence
    assert "The next largest loss, 10, is after the cart." in claim.sentence
    assert news(funnel.loses_most, steps(100, 70, 42, 40)) == []  # 30 and 28
    assert reason(funnel.loses_most, steps(19, 0, 0, 0)) == "because only 19 customers entered the funnel."
    assert "records no views" in reason(funnel.loses_most, [])


def visits(persona: str, lost: int, has_bought: int = 1, times: int = 10) -> list[dict[str, Any]]:
    return [
        of_persona(persona, "has_bought", each(has_bought, has_bought)),
        of_persona(persona, "lost_visits", [(lost, 10), (lost + 1, 10)] * times),
    ]


def test_whose_visits_end_after_the_view_is_asked_of_personas_that_buy() -> None:
    (claim,) = news(
        funnel.loses_whom, [*visits("Torn", 6), *visits("Sure", 2, times=20), *visits("Never", 9, has_bought=0)]
    )
    assert claim.subject == "Torn"
    assert claim.estimate.value == pytest.approx(0.4)
    assert "At the others' rate 80 more visits" in claim.sentence
    assert "no cart is known" in reason(funnel.loses_whom, visits("Torn", 6)[:1] + visits("Sure", 2)[:1])


def sold(name: str, back: int, customers: int) -> dict[str, Any]:
    numbers = [(1.0, 1.0)] * back + [(0.0, 1.0)] * (customers - back)
    return sums(numbers, noun="product", value=name, name=name)


def test_a_product_that_comes_back_is_compared_with_all_others() -> None:
    (claim,) = news(goods.product_comes_back, [sold("hat", 30, 60), sold("pen", 6, 60), sold("ink", 4, 40)])
    assert (claim.subject, claim.estimate.value) == ("hat", 0.5 - 0.1)
    assert "hat comes back more than other products: 30 of 60 orders" in claim.sentence
    few = [sold("hat", 19, 19), sold("pen", 0, 19)]
    assert reason(goods.product_comes_back, few).startswith("because it takes two products and 20 customers of one")


def given(name: str, customers: int) -> dict[str, Any]:
    return {"value": name, "returns": customers + 1, "customers": customers}


def test_a_reason_is_told_if_more_customers_give_it_than_the_next() -> None:
    (claim,) = news(goods.main_reason, [given("too small", 10), given("ugly", 30), given("late", 2)])
    assert claim.subject == "ugly"
    assert "30 customers in 91 days (31 of 45 returns with a reason)" in claim.sentence
    assert news(goods.main_reason, [given("too small", 25), given("ugly", 30) | {"returns": 300}]) == []
    assert reason(goods.main_reason, [given("ugly", 10), given("late", 9)])


def test_one_customer_who_fails_to_pay_all_day_is_no_wave_of_failures() -> None:
    calm = sums([(0, 1)] * 99 + [(1, 1)], period="before")
    many = sums([(0, 1)] * 80 + [(1, 1)] * 20, period="recent")
    (claim,) = news(goods.payments_fail, [calm, many])
    assert claim.estimate.value == pytest.approx(0.19)
    assert claim.sentence.startswith("More orders end unpaid: 20.0\u00a0% of 100")
    one = sums([(0, 1)] * 80 + [(20, 20)], period="recent")
    assert news(goods.payments_fail, [calm, one]) == []
    assert "fewer than 20 customers" in reason(goods.payments_fail, [calm])


def test_cohorts_and_first_time_buyers_are_compared_with_those_before_them() -> None:
    cohorts = [
        {"cohort_month": APRIL, "customers": 100, "buyers": 20},
        {"cohort_month": MARCH, "customers": 100, "buyers": 50},
    ]
    (claim,) = news(months.retention_changes, cohorts)
    assert (claim.subject, claim.estimate.value) == ("2026-04", pytest.approx(-0.3))
    assert claim.sentence.startswith("New customers came back less than those a month older: of the 100")
    assert reason(months.retention_changes, cohorts[:1]) == months.NO_BEGINNING
    periods = [
        {"period": "recent", "customers": 50, "ordered_again": 30},
        {"period": "before", "customers": 50, "ordered_again": 10},
    ]
    (claim,) = news(months.second_orders_change, periods)
    assert claim.estimate.value == pytest.approx(0.4)
    assert reason(months.second_orders_change, []) == months.NO_BEGINNING
    assert "fewer than 20" in reason(months.second_orders_change, periods[:1])


def test_revenue_changed_if_customers_changed_not_if_one_of_them_did() -> None:
    changes = [3, 7] * 20
    squares = sum(change**2 for change in changes)
    row = {"customers": 40, "recent": 600, "before": 400, "squared_changes": squares, "has_both_periods": True}
    (claim,) = news(months.revenue_changes, [row])
    expected = stats.ttest_1samp(changes, 0)
    interval = [40 / 400 * mean for mean in expected.confidence_interval()]
    assert (claim.estimate.value, claim.estimate.p_value) == pytest.approx((0.5, expected.pvalue))
    assert (claim.estimate.low, claim.estimate.high) == pytest.approx(interval)
    assert claim.sentence.startswith("Net revenue rose by 50.0\u00a0%")
    assert news(months.revenue_changes, [row | {"squared_changes": 200**2}]) == []  # one customer, 200
    assert "56 days" in reason(months.revenue_changes, [row | {"has_both_periods": False}])
    assert "fewer than 20 customers" in reason(months.revenue_changes, [row | {"customers": 1}])

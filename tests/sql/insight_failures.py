"""What must not be in marts.insights and marts.persona_outcomes: each a sound day, spoilt in one place."""

from collections.abc import Callable

from .conftest import Shop
from .test_checks import DAY, found

SAID = """
    update marts.insights set
        (status, rank, subject, sentence, effect, low, high, unit, p_value, adjusted_p_value, test, sample_size)
        = ('said', {rank}, 'Loyalist', 'Loyalists are loyal.', 2, 1, 3, 'EUR', 0.01, 0.05, 'coin', 20)
    where kind = '{kind}'
"""
OUTCOMES = """
    insert into marts.persona_outcomes
    select as_of_date, persona, measure, as_of_date - 28, count(*), 0, count(*), 0, 0, 0, count(*), 0, 0, 0, count(*)
    from marts.personas
    cross join unnest(array['has_bought', 'net_revenue', 'contacts', 'left', 'joined', 'new']) as measure
    group by as_of_date, persona, measure
"""


def spoilt(statement: str, *sound: str) -> Callable[[Shop], object]:
    """Make a sound day, see that it is, and spoil it."""

    def spoil(shop: Shop) -> None:
        for before in sound:
            shop.warehouse.execute(before.encode())
        assert found(shop, "marts") == {}
        assert shop.warehouse.execute(statement.encode()).rowcount

    return spoil


def of_insights(change: str) -> Callable[[Shop], object]:
    return spoilt(f"update marts.insights set {change} where kind = 'stays_away'")


def of_said(change: str) -> Callable[[Shop], object]:
    two = [SAID.format(rank=rank, kind=kind) for rank, kind in ((1, "highest_value"), (2, "stays_away"))]
    return spoilt(f"update marts.insights set {change} where kind = 'stays_away'", *two)


def of_outcomes(change: str, measure: str = "contacts") -> Callable[[Shop], object]:
    return spoilt(f"update marts.persona_outcomes set {change} where measure = '{measure}'", OUTCOMES)


INSIGHT_FAILURES = {
    "insights_hold (absent)": spoilt("delete from marts.insights where kind = 'stays_away'"),
    "insights_hold (unheard of)": spoilt(
        f"insert into marts.insights (as_of_date, kind, status, priority, subject_type, sentence, floor, query) values"
        f" ('{DAY}', 'horoscope', 'not said', 'know', 'shop', 'Not said, because it is early.', 'none', 'select 1')"
    ),
    "insights_hold (no query)": of_insights("query = ''"),
    "insights_hold (no floor)": of_insights("floor = ''"),
    "insights_hold (no reason)": of_insights("sentence = 'Not said.'"),
    "insights_hold (unsaid with a rank)": of_insights("rank = 1"),
    "insights_hold (said without figures)": of_insights("status = 'said'"),
    "insights_hold (by chance)": of_said("adjusted_p_value = 0.051"),
    "insights_hold (no p-value)": of_said("adjusted_p_value = null"),
    "insights_hold (adjusted downwards)": of_said("p_value = 0.06"),
    "insights_hold (outside its interval)": of_said("effect = 3.1"),
    "insights_hold (no interval)": of_said("high = 'NaN'"),
    "insights_hold (too few)": of_said("sample_size = 19"),
    "insights_hold (nobody)": of_said("subject = ''"),
    "insights_hold (a gap)": of_said("rank = 3"),
    "insights_hold (told twice)": of_said("rank = 1"),
    "insights_hold (said that it is not)": of_said("sentence = 'Not said, because of this.'"),
    "persona_outcomes_add_up (customers)": of_outcomes("customers = customers + 1"),
    "persona_outcomes_add_up (absent)": spoilt(
        "delete from marts.persona_outcomes where measure = 'net_revenue'", OUTCOMES
    ),
    "persona_outcomes_add_up (not today's)": of_outcomes("customers = customers + 1", "joined"),
    "persona_outcomes_add_up (persona without customers)": of_outcomes("persona = 'Nobody'", "new"),
    "persona_outcomes_add_up (share above 1)": of_outcomes(
        "numerator = denominator + 1, ratio = (denominator + 1) / denominator", "left"
    ),
    "persona_outcomes_add_up (ratio)": of_outcomes("ratio = 0.5"),
    "persona_outcomes_add_up (another eve)": of_outcomes("sorted_on = sorted_on + 1"),
}

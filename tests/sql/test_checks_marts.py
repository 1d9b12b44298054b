"""Every check of the marts finds what it is for: what cannot be is not published."""

from collections.abc import Callable, Iterator

import pytest

from personapulse import checks, marts
from personapulse.errors import PersonaPulseError
from personapulse.postgres import EmbeddedPostgres

from .conftest import Shop, date
from .insight_failures import INSIGHT_FAILURES
from .sample_shop import empty, for_the_moment
from .test_checks import DAY, deliver_clean, execute, found


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A clean day, loaded and built once; tests break it `for_the_moment`."""
    with empty(postgres, "checked_marts") as connection:
        shop = Shop(tmp_path_factory.mktemp("checked_marts"), connection)
        shop.settings("conversion_days: 1")  # so that the funnel has somebody
        deliver_clean(shop)
        shop.load("2026-03-01", DAY)
        shop.build(DAY)
        yield shop


def on_both_days(statement: str) -> Callable[[Shop], object]:
    """Build the day before, too, and the day anew; then break it."""

    def spoil(shop: Shop) -> None:
        shop.build("2026-03-01", *marts.GROUPS["personas"])
        shop.build(DAY, *marts.GROUPS["personas"])
        assert found(shop, "marts") == {}
        shop.warehouse.execute(statement.encode())

    return spoil


FAILURES = {
    "kpi_daily_is_there": execute("delete from marts.kpi_daily"),
    "rfm_has_every_buyer_once": execute("delete from marts.rfm"),
    "rfm_segments_are_named": execute("update marts.rfm set segment = 'Champions'"),
    "rfm_segments_are_named (else)": execute(
        "update marts.rfm set (r_score, f_score, m_score, segment) = (1, 1, 1, 'Best')"
    ),
    "profile_has_every_customer_once": execute("delete from marts.customer_profile"),
    "everyone_has_one_persona": execute("delete from marts.personas"),
    "ltv_predicted_has_every_buyer_once (rows)": execute("delete from marts.ltv_predicted"),
    "ltv_predicted_has_every_buyer_once (sums)": execute("update marts.ltv_predicted set gross_revenue = 0"),
    "ltv_predicted_is_possible (guess)": execute("update marts.ltv_predicted set expected_value_12_months = 1"),
    "ltv_predicted_is_possible (nothing)": execute("update marts.ltv_predicted set method = 'population_mean'"),
    "ltv_predicted_is_possible (no number)": execute(
        "update marts.ltv_predicted set (method, probability_alive, expected_order_value, expected_purchases_3_months,"
        " expected_purchases_6_months, expected_purchases_12_months, value_low_3_months, value_high_3_months,"
        " value_low_6_months, value_high_6_months, value_low_12_months, value_high_12_months, expected_value_12_months)"
        " = ('population_mean', 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 'NaN')"
    ),
    "ltv_model_and_backtest_are_there (model)": execute("delete from marts.ltv_model"),
    "ltv_model_and_backtest_are_there (score)": execute("delete from marts.ltv_backtest where method = 'all_zero'"),
    "movement_adds_up (day before built since)": lambda shop: shop.build("2026-03-01", *marts.GROUPS["personas"]),
    "movement_adds_up (from)": on_both_days("update marts.persona_movement set from_persona = 'Loyalist'"),
    "movement_adds_up (to)": on_both_days("update marts.persona_movement set to_persona = 'Loyalist'"),
    "movement_adds_up (customers)": on_both_days("update marts.persona_movement set customers = customers + 1"),
    "movement_adds_up (changes)": on_both_days(
        "insert into marts.persona_changes (as_of_date, span, user_id, earlier_date, from_persona, to_persona, kind)"
        f" values ('{DAY}', 'day', 'ann', '2026-03-01', 'Others', 'Loyalist', 'acted')"
    ),
    "totals_agree (revenue)": execute("update marts.ltv set net_revenue = net_revenue + 0.01"),
    "totals_agree (empty)": execute("delete from marts.kpi_monthly"),
    "totals_agree (profile)": execute("update marts.customer_profile set net_revenue = net_revenue + 0.01"),
    "totals_agree (orders)": execute("update marts.rfm set frequency = frequency + 1"),
    "totals_agree (cohorts)": execute("update marts.cohorts set gross_revenue = gross_revenue + 0.01"),
    "totals_agree (products)": execute("update marts.product_performance set net_revenue = net_revenue + 0.01"),
    "totals_agree (returns)": execute("update marts.returns set returns_amount = 9 where dimension = 'reason'"),
    "totals_agree (by persona)": execute("update marts.returns set paid_orders = 9 where dimension = 'persona'"),
    "totals_agree (cube of customers)": execute("update marts.dashboard_cube_customers set returns_amount = 9.99"),
    "totals_agree (cube of months)": execute("update marts.dashboard_cube_months set gross_revenue = 9.99"),
    "cubes_agree (customers)": execute("update marts.dashboard_cube_customers set customers = customers + 1"),
    "cubes_agree (months)": execute("update marts.dashboard_cube_months set month = '2026-02-01'"),
    "cubes_agree (day)": execute(f"update marts.dashboard_cube_days set returns_amount = 9.99 where on_day = '{DAY}'"),
    "cubes_agree (categories)": execute(
        "update marts.dashboard_cube_days set gross_revenue = 9.99 where on_day = '2026-03-01' and category = '(all)'"
    ),
    "cubes_agree (returned orders)": execute("update marts.dashboard_cube_days set returned_orders = paid_orders + 1"),
    "cubes_agree (reach)": execute("delete from marts.dashboard_cube_reach where category = 'Office'"),
    "cubes_agree (week in weeks)": execute("update marts.dashboard_cube_reach set viewers = 9 where period_days = 7"),
    "numbers_are_possible (count)": execute("update marts.customer_profile set orders = -1"),
    "numbers_are_possible (share)": execute("update marts.customer_profile set return_rate = 1.01"),
    "numbers_are_possible (no number)": execute("update marts.customer_profile set price_level = 'NaN'"),
    "numbers_are_possible (endless)": execute("update marts.kpi_daily set average_order_value_to_date = 'infinity'"),
    "numbers_are_possible (of a month)": execute("update marts.rfm_cuts set buyers = -1"),
    "funnels_narrow (step)": execute(
        "update marts.funnel set (users, users_by_any_path) = (users - 1, users_by_any_path - 1) where step = 'placed'"
    ),
    "funnels_narrow (first)": execute("update marts.funnel set users_by_any_path = 2 where step = 'placed'"),
    "funnels_narrow (any path is wider)": execute("update marts.funnel set users_by_any_path = 0"),
    "funnels_narrow (paid was placed)": execute(
        "update marts.funnel set users = 0, users_by_any_path = (step = 'paid')::integer where step <> 'view'"
    ),
    "funnels_narrow (personas)": execute("delete from marts.funnel where persona <> '(all)'"),
} | INSIGHT_FAILURES  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_what_must_not_be_stops_the_day_and_says_where(built: Shop, failure: str) -> None:
    rule = failure.partition(" ")[0]
    with for_the_moment(built.warehouse):
        FAILURES[failure](built)
        with pytest.raises(PersonaPulseError, match=rf"Check {rule} of marts failed for {DAY}: .*include/sql/checks"):
            found(built, "marts")
        assert rule in built.values("select rule from ops.data_quality where severity = 'fail' and finding_count > 0")


def test_every_check_of_marts_is_tried_here() -> None:
    tried = {failure.partition(" ")[0] for failure in FAILURES} | {"persona_share_jump"}
    assert tried == {file.stem for file in checks.check_files("marts")}


@pytest.mark.parametrize(
    ("mart", "column", "value", "is_told"),
    [
        ("customer_profile", "net_revenue", "-1", False),
        ("customer_profile", "days_known", "-1", False),
        ("customer_profile", "return_rate", "null", False),
        ("ltv", "monthly_value", "'-Infinity'", True),
        ("funnel", "share_by_any_path", "-0.01", True),
        ("ltv_backtest", "rmse", "'NaN'", True),
    ],
)
def test_an_impossible_number_is_told_by_its_mart_and_column(
    built: Shop, mart: str, column: str, value: str, is_told: bool
) -> None:
    with for_the_moment(built.warehouse):
        built.warehouse.execute(f"update marts.{mart} set {column} = {value}".encode())
        findings = {finding.rule: finding for finding in checks.find(built.warehouse, "marts", date(DAY))}
        assert findings["numbers_are_possible"].sample == [f"{mart}.{column}"] * is_told
        assert findings["numbers_are_possible"].count == is_told * built.values(f"select count(*) from marts.{mart}")[0]


def test_a_shop_without_a_buyer_passes(shop: Shop) -> None:
    shop.deliver(DAY, users="user_id\nann")
    shop.load(DAY)
    shop.build(DAY)
    assert found(shop, "marts") == {}


@pytest.mark.parametrize(
    ("loyalists", "others", "rules", "told"),
    [
        (124, 76, "same", []),
        (130, 70, "same", ["Loyalist: usually 50.0 %, now 65.0 %", "Others: usually 50.0 %, now 35.0 %"]),
        (200, 0, "same", ["Loyalist: usually 50.0 %, now 100.0 %", "Others: usually 50.0 %, now 0.0 %"]),
        (1250, 750, "same", ["Loyalist: usually 50.0 %, now 62.5 %", "Others: usually 50.0 %, now 37.5 %"]),
        (1200, 800, "same", []),  # less than a quarter
        (29, 0, "same", []),  # too few to be judged
        (130, 70, "edited", []),
    ],
)
def test_a_persona_that_jumps_is_told_with_both_shares(
    shop: Shop, loyalists: int, others: int, rules: str, told: list[str]
) -> None:
    days = {"2026-02-20": (50, 50, "same"), "2026-02-27": (150, 150, "same"), DAY: (loyalists, others, rules)}
    for day, (loyal, other, version) in days.items():
        shop.warehouse.execute(
            "insert into marts.personas (as_of_date, user_id, rule_set, persona, rules_version)"
            " select %s, n::text, 'default', case when n <= %s then 'Loyalist' else 'Others' end, %s"
            " from generate_series(1, %s) as n",
            (day, loyal, version, loyal + other),
        )
    findings = {finding.rule: finding for finding in checks.find(shop.warehouse, "marts", date(DAY))}
    assert findings["persona_share_jump"].sample == told
    assert findings["persona_share_jump"].severity == "warn"

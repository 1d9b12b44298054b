"""marts.ltv_model, ltv_predicted and ltv_backtest: the models of personapulse.clv on what buyers really did.

Customer k of the ordinary shop first buys on day k mod 20 of the shop and then every 5 + k mod 11 days, k mod 5 times
more at most; the n-th order is worth 10 + k mod 7 + n. That is 110 buyers, 22 of whom came once.
"""

import datetime
from collections import defaultdict

import numpy as np
import pytest

from personapulse import marts
from personapulse.clv.backtest import scores
from personapulse.clv.fitting import fit
from personapulse.clv.histories import Histories
from personapulse.clv.prediction import predict

from .conftest import Shop, date

FIRST = date("2026-01-01")
TODAY = "2026-03-01"  # the shop's 60th day
THEN = "2026-02-01"  # 28 days before
DAYS = 60
Order = tuple[str, int, float]  # customer, day of the shop from 0, worth
PREDICTED = [f"{what}_{months}_months" for months in (3, 6, 12) for what in (
    "expected_purchases", "expected_value", "value_low", "value_high",
)]  # fmt: skip


def ordinary(customers: int = 110, times: int = 5) -> list[Order]:
    return [
        (f"u{k:03}", k % 20 + n * (5 + k % 11), 10 + k % 7 + n)
        for k in range(customers)
        for n in range(k % times + 1)
        if k % 20 + n * (5 + k % 11) < DAYS
    ]


def day(number: int) -> str:
    return str(FIRST + datetime.timedelta(days=number))


def deliver(shop: Shop, on: str, orders: list[Order], status: str = "Paid", prefix: str = "o") -> None:
    named = [(f"{prefix}{place}", *order) for place, order in enumerate(orders)]
    shop.deliver(
        on,
        orders="order_id,user_id,order_date,payment_status\n"
        + "\n".join(f"{name},{user},{day(number)},{status}" for name, user, number, _ in named),
        order_items="order_id,line_no,product_id,quantity,unit_price\n"
        + "\n".join(f"{name},1,pen,1,{worth}" for name, _, _, worth in named),
    )


def deliver_in_two(shop: Shop, orders: list[Order], split: int = DAYS - 29) -> None:
    """What was ordered by the day of the split is known on it, the rest today."""
    deliver(shop, day(split), [order for order in orders if order[1] <= split])
    deliver(shop, TODAY, [order for order in orders if order[1] > split], prefix="p")


def counted(orders: list[Order], until: int) -> dict[str, tuple[float, ...]]:
    """Frequency, recency, age and mean worth of each customer, counted order by order."""
    by_customer = defaultdict(list)
    for customer, number, worth in orders:
        if number <= until:
            by_customer[customer].append((number, worth))
    histories = {}
    for customer, bought in sorted(by_customer.items()):
        days = [number for number, _ in bought]
        repeats = len(bought) - 1
        recency = max(max(days) - min(days), 0.5) if repeats else 0
        age = max(until - min(days), recency)
        histories[customer] = (repeats, recency, age, sum(worth for _, worth in bought) / len(bought))
    return histories


def as_histories(rows: dict[str, tuple[float, ...]]) -> Histories:
    frequency, recency, age, mean_value = np.array(list(rows.values()), dtype=np.float64).T
    return Histories(frequency, recency, age, np.where(frequency > 0, frequency + 1, 0), mean_value)


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    deliver_in_two(shop, ordinary())
    shop.load(day(DAYS - 29), TODAY)
    return shop


def near(*numbers: float) -> list[object]:
    return [pytest.approx(number) for number in numbers]


def build(shop: Shop, on: str = TODAY, **options: object) -> None:
    shop.build(on, "ltv_model", "ltv_predicted", "ltv_backtest", **options)


def test_every_buyer_is_foretold_what_the_models_say_of_their_orders(open_shop: Shop) -> None:
    build(open_shop)
    rows = counted(ordinary(), DAYS - 1)
    histories = as_histories(rows)
    found = fit(histories)
    expected = predict(found.purchases, found.values, histories, [91, 182, 365])
    stored = open_shop.rows(f"select user_id, {', '.join(PREDICTED)} from marts.ltv_predicted order by user_id")
    assert [row[0] for row in stored] == list(rows)
    for place, one in enumerate(expected):
        columns = np.array([row[1 + 4 * place : 5 + 4 * place] for row in stored]).T
        for column, values in zip(columns, (one.purchases, one.value, one.low, one.high), strict=True):
            assert column == pytest.approx(values, rel=1e-6)
    (model,) = open_shop.rows(
        "select status, reason, buyers, repeat_buyers, history_days, r, alpha, a, b, p, q, v from marts.ltv_model"
    )
    assert model[:5] == ("fitted", None, 110, 88, 60)
    assert model[5:] == pytest.approx((*found.purchases.parameters, *found.values.parameters), rel=1e-5)
    totals = found.totals(histories, 365)
    (stored_totals,) = open_shop.rows(
        "select expected_purchases_12_months, purchases_low_12_months, purchases_high_12_months,"
        " expected_value_12_months, value_low_12_months, value_high_12_months from marts.ltv_model"
    )
    assert stored_totals == pytest.approx([x for t in totals for x in (t.expected, t.low, t.high)], rel=1e-4)
    assert sum(row[9] for row in stored) == pytest.approx(stored_totals[0])


def test_a_forecast_is_purchases_times_their_worth_and_lifetime_value_adds_what_was_bought(open_shop: Shop) -> None:
    build(open_shop)
    assert open_shop.values(
        "select count(*) from marts.ltv_predicted where"
        " abs(expected_value_6_months - expected_purchases_6_months * expected_order_value) > 1e-9"
        " or abs(lifetime_value - gross_revenue::float8 - expected_value_12_months) > 1e-9"
        " or not 0 <= value_low_3_months or not value_low_3_months <= value_high_3_months"
        " or not expected_purchases_3_months < expected_purchases_6_months"
        " or not expected_purchases_6_months < expected_purchases_12_months"
        " or not probability_alive between 0 and 1"
    ) == [0]
    assert open_shop.values("select sum(gross_revenue) from marts.ltv_predicted") == [
        sum(worth for _, _, worth in ordinary())
    ]


def test_a_one_time_buyer_gets_the_shops_mean_and_is_labelled(open_shop: Shop) -> None:
    build(open_shop)
    assert open_shop.rows(
        "select method, paid_orders = 1, count(*), count(reason), count(distinct expected_order_value)"
        " from marts.ltv_predicted group by 1, 2 order by 1"
    ) == [("bg_nbd_gamma_gamma", False, 88, 0, 88 - len(alike())), ("population_mean", True, 22, 22, 1)]
    assert open_shop.values(
        "select distinct abs(expected_order_value - mean_order_value) < 1e-9 from marts.ltv_predicted"
        " inner join marts.ltv_model using (as_of_date) where method = 'population_mean'"
    ) == [True]


def alike() -> list[tuple[float, float]]:
    """Repeat buyers who share their number of orders and mean worth with an earlier one."""
    seen: set[tuple[float, float]] = set()
    doubles = []
    for repeats, _, _, mean in counted(ordinary(), DAYS - 1).values():
        if repeats and (repeats, mean) in seen:
            doubles.append((repeats, mean))
        seen.add((repeats, mean))
    return doubles


def test_orders_that_were_not_paid_and_users_without_one_are_not_foretold(shop: Shop) -> None:
    deliver(shop, day(0), [("eve", 0, 99.0), ("u001", 0, 99.0)], status="Failed", prefix="failed")
    deliver(shop, TODAY, ordinary())
    shop.load(day(0), TODAY)
    build(shop)
    assert shop.values("select user_id from marts.ltv_predicted where user_id = 'eve'") == []
    assert shop.values("select paid_orders from marts.ltv_predicted where user_id = 'u001'") == [2]


@pytest.mark.parametrize(
    ("orders", "reason"),
    [
        (ordinary(49), "only 49 buyers; BG/NBD needs 50"),
        (ordinary(110, times=1), "only 0 buyers came back; BG/NBD needs 10"),
        ([(c, n + 31, w) for c, n, w in ordinary() if n < 28], "only 29 days since the first order; 30 are needed"),
        ([(c, n, 5.0) for c, n, _ in ordinary()], "every purchase is worth 5; Gamma-Gamma needs differences"),
    ],
)  # fmt: skip
def test_too_little_data_leave_the_historic_value_with_the_reason(shop: Shop, orders: list[Order], reason: str) -> None:
    deliver(shop, TODAY, orders)
    shop.load(TODAY)
    build(shop)
    assert shop.rows("select status, reason, r, log_likelihood, expected_value_12_months from marts.ltv_model") == [
        ("historic", reason, None, None, None)
    ]
    everyone = len({customer for customer, _, _ in orders})
    assert shop.rows(
        f"select method, reason, count(*), count(probability_alive), {', '.join(f'count({c})' for c in PREDICTED)},"
        " bool_and(lifetime_value = gross_revenue) from marts.ltv_predicted group by 1, 2"
    ) == [("historic", reason, everyone, *[0] * 13, True)]


def test_data_that_leave_the_next_year_open_are_too_little_too(shop: Shop) -> None:
    # 11 of 60 buyers came back, all within two days
    orders = [(f"u{k:02}", k % 30, 10.0 + k % 9) for k in range(60)]
    orders += [(f"u{k:02}", k % 30 + 1 + k % 2, 12.0) for k in range(11)]
    deliver(shop, day(31), orders)
    shop.load(day(31))
    build(shop, day(31))
    ((status, reason),) = shop.rows("select status, reason from marts.ltv_model")
    assert status == "historic"
    assert reason.startswith("the data leave the purchases of the next 12 months open")


def test_a_shop_without_a_buyer_has_a_model_row_and_a_backtest_that_say_so(shop: Shop) -> None:
    shop.deliver(TODAY, users="user_id\nann")
    shop.load(TODAY)
    build(shop)
    assert shop.rows("select status, buyers, history_days from marts.ltv_model") == [("historic", 0, 0)]
    assert shop.rows("select count(*) from marts.ltv_predicted") == [(0,)]
    assert shop.rows("select count(*), sum(buyers), sum(actual), count(predicted) from marts.ltv_backtest") == [
        (6, 0, 0.0, 0)
    ]


def test_two_orders_of_one_day_are_half_a_day_apart(shop: Shop) -> None:
    twice = [("twin", 7, 20.0), ("twin", 7, 30.0), ("late", DAYS - 1, 20.0), ("late", DAYS - 1, 30.0)]
    orders = ordinary() + twice
    deliver(shop, TODAY, orders)
    shop.load(TODAY)
    build(shop)
    rows = counted(orders, DAYS - 1)
    assert (rows["twin"][:3], rows["late"][:3]) == ((1, 0.5, 52), (1, 0.5, 0.5))
    found = fit(as_histories(rows))
    (model,) = shop.rows("select r, alpha, a, b from marts.ltv_model")
    assert model == pytest.approx(tuple(found.purchases.parameters), rel=1e-5)


def test_the_backtest_holds_what_was_known_then_against_what_came(open_shop: Shop) -> None:
    build(open_shop)
    then, now = counted(ordinary(), DAYS - 29), ordinary()
    histories = as_histories(then)
    later = {
        customer: [w for c, n, w in now if c == customer and n > DAYS - 29] for customer in then
    }  # fmt: skip
    purchases = np.array([len(worths) for worths in later.values()], dtype=np.float64)
    revenue = np.array([sum(worths) for worths in later.values()])
    found = fit(histories)
    (prediction,) = predict(found.purchases, found.values, histories, [28])
    expected = {
        (score.method, score.measure): score for score in scores(histories, (purchases, revenue), 28, prediction)
    }
    stored = open_shop.rows(
        "select method, measure, calibration_end, horizon_days, reason, buyers,"
        " predicted, actual, total_error, rmse, correlation from marts.ltv_backtest"
    )
    assert {row[:2] for row in stored} == set(expected)
    for method, measure, *facts, predicted, actual, total_error, rmse, correlation in stored:
        score = expected[method, measure]
        assert facts == [date(THEN), 28, None, len(then)]
        assert (predicted, actual, total_error, rmse) == pytest.approx(
            (score.predicted, score.actual, score.total_error, score.rmse), rel=1e-5
        )
        assert correlation == (None if method == "all_zero" else pytest.approx(score.correlation, rel=1e-5))
    assert purchases.sum() > 20


def test_an_order_that_came_late_counts_as_bought_since_unless_the_past_is_restated(shop: Shop) -> None:
    orders = ordinary()
    deliver_in_two(shop, [order for order in orders if order[0] != "u004" or order[1] != 4])
    deliver(shop, day(DAYS - 2), [order for order in orders if order[0] == "u004" and order[1] == 4], prefix="late")
    shop.load(day(DAYS - 29), day(DAYS - 2), TODAY)
    actual = (
        "select actual from marts.ltv_backtest where method = 'all_zero' and measure = 'purchases'"
    )  # fmt: skip
    build(shop)
    as_known = shop.values(actual)
    build(shop, known_on=marts.RESTATED)
    assert [value - 1 for value in as_known] == shop.values(actual)
    (model,) = shop.rows("select r, alpha, a, b from marts.ltv_model")
    assert model == pytest.approx(tuple(fit(as_histories(counted(orders, DAYS - 1))).purchases.parameters), rel=1e-5)


def test_a_longer_history_is_tested_on_91_days(shop: Shop) -> None:
    deliver(shop, day(0), [("old", 0, 5.0)])
    shop.load(day(0))
    for number, horizon in ((181, 28), (182, 91)):
        build(shop, day(number))
        assert shop.rows(
            "select distinct horizon_days, as_of_date - calibration_end from marts.ltv_backtest"
            f" where as_of_date = '{day(number)}'"
        ) == [(horizon, horizon)]


def test_a_forecast_that_could_not_be_made_has_no_score_and_says_why(shop: Shop) -> None:
    orders = [("a", 0, 10.0), ("a", 10, 10.0), ("b", 40, 5.0), ("a", 50, 30.0)]
    deliver_in_two(shop, orders)
    shop.load(day(DAYS - 29), TODAY)
    build(shop)
    found = shop.rows(
        "select method, measure, reason, buyers, predicted, actual, total_error, rmse, correlation"
        " from marts.ltv_backtest order by method, measure"
    )
    # only a was there on day 31: a repeat order in 31 days, 28 / 31 in 28 days, each worth 10; one came, worth 30
    purchases, revenue = 28 / 31, 280 / 31
    why = "only 1 buyers; BG/NBD needs 50"
    assert found == [
        ("all_zero", "purchases", None, 1, 0.0, 1.0, -1.0, 1.0, None),
        ("all_zero", "revenue", None, 1, 0.0, 30.0, -1.0, 30.0, None),
        ("bg_nbd_gamma_gamma", "purchases", why, 1, None, 1.0, None, None, None),
        ("bg_nbd_gamma_gamma", "revenue", why, 1, None, 30.0, None, None, None),
        ("naive_rate", "purchases", None, 1, *near(purchases, 1, purchases - 1, 1 - purchases), None),
        ("naive_rate", "revenue", None, 1, *near(revenue, 30, revenue / 30 - 1, 30 - revenue), None),
    ]


def test_the_place_of_rows_on_disk_does_not_change_a_digit(open_shop: Shop) -> None:
    build(open_shop)
    once = open_shop.fingerprint("marts.ltv_model", "marts.ltv_predicted", "marts.ltv_backtest")
    for table in ("core.user_states_newest", "core.user_states_past"):
        open_shop.warehouse.execute(
            f"create temporary table rows as select * from {table} order by md5(user_id); truncate {table};"
            f" insert into {table} select * from rows; drop table rows".encode()
        )
    open_shop.warehouse.execute("set enable_indexscan = off; set enable_bitmapscan = off")  # read as they lie
    build(open_shop)
    assert open_shop.fingerprint("marts.ltv_model", "marts.ltv_predicted", "marts.ltv_backtest") == once


def test_days_in_any_order_and_built_twice_end_in_the_same_digits(open_shop: Shop) -> None:
    tables = ("marts.ltv_model", "marts.ltv_predicted", "marts.ltv_backtest")
    build(open_shop)
    once = open_shop.fingerprint(*tables)
    build(open_shop)
    assert open_shop.fingerprint(*tables) == once
    open_shop.forget()
    open_shop.load(TODAY, day(DAYS - 29))
    build(open_shop)
    assert open_shop.fingerprint(*tables) == once

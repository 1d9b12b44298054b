"""marts.ltv_model and ltv_predicted: the models of personapulse.clv on what buyers really did."""

import numpy as np
import pytest

from personapulse.clv.fitting import fit
from personapulse.clv.prediction import predict

from .conftest import Shop
from .ltv_shop import DAYS, TODAY, Order, as_histories, build, counted, day, deliver, opened, ordinary

PREDICTED = [f"{what}_{months}_months" for months in (3, 6, 12) for what in (
    "expected_purchases", "expected_value", "value_low", "value_high",
)]  # fmt: skip


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    return opened(shop)


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

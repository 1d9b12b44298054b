"""marts.ltv_backtest: what was foretold, held against what came."""

import numpy as np
import pytest

from personapulse import marts
from personapulse.clv.backtest import scores
from personapulse.clv.fitting import fit
from personapulse.clv.prediction import predict

from .conftest import Shop, date
from .ltv_shop import (
    DAYS,
    THEN,
    TODAY,
    as_histories,
    build,
    counted,
    day,
    deliver,
    deliver_in_two,
    near,
    opened,
    ordinary,
)


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    return opened(shop)


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

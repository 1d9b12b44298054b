"""The models of predicted lifetime value: their formulas, their fits, and whether their intervals hold."""

import numpy as np
import pytest
from scipy import integrate, special

from personapulse.clv import backtest, bg_nbd, gamma_gamma
from personapulse.clv.arrays import Floats
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.fitting import fit
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.histories import Combinations, Histories
from personapulse.clv.prediction import predict
from personapulse.clv.purchases import beta_quadrature, forecast
from personapulse.clv.simulate import Simulated, simulate

# CDNOW, as published: Fader, Hardie, Lee (2005), table 2, and Fader, Hardie (2013), section 5
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
CDNOW_VALUES = GammaGamma(p=6.25, q=3.74, v=15.44)
STEADY = BgNbd(r=2.0, alpha=60.0, a=0.3, b=4.0)
SHAPES = {
    "most buy once": (BgNbd(0.243, 30.9, 0.793, 2.426), GammaGamma(6.25, 3.74, 15.44)),
    "many buy often": (STEADY, GammaGamma(3.0, 8.0, 100.0)),
    "no variance of values": (BgNbd(0.7, 40.0, 0.3, 2.0), GammaGamma(1.2, 1.8, 40.0)),
}


def combinations(*histories: tuple[float, float, float]) -> Combinations:
    return Combinations.of(*np.array(histories, dtype=np.float64).T)


def drawn(shape: str, customers: int, seed: int = 1, later: float = 365.0) -> Simulated:
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 400, customers).astype(np.float64)
    return simulate(*SHAPES[shape], age, later, rng, unit=1.0)


def test_what_the_papers_work_out_for_a_customer_comes_out_the_same() -> None:
    # customer 1 of the sample bought again after 6 and 30.43 weeks of 38.86; the authors' spreadsheets say 1.226 more
    # purchases in 39 weeks, each worth 24.65
    one = combinations((2, 30.43, 38.86))
    assert forecast(CDNOW, one, 39).mean[0] == pytest.approx(1.226, abs=5e-4)
    known, mean_value = np.array([2.0, 0.0]), np.array([22.35, 0.0])
    # typed from the note, which computes with more digits of p, q and v than it prints
    assert CDNOW_VALUES.expected_value(known, mean_value) == pytest.approx([24.65, 35.17], abs=0.06)


@pytest.mark.parametrize("frequency", [0, 1, 2, 7, 30])
@pytest.mark.parametrize("time", [1.0, 52.0, 500.0])
def test_expected_purchases_are_those_of_the_papers_hypergeometric_formula(frequency: int, time: float) -> None:
    r, alpha, a, b = CDNOW.parameters
    x, recency, age = frequency, 20.0 * (frequency > 0), 30.0
    z = time / (alpha + age + time)
    curve = (1 - z) ** (r + x) * special.hyp2f1(r + x, b + x, a + b + x - 1, z)
    gone = a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x) if x else 0.0
    published = (a + b + x - 1) / (a - 1) * (1 - curve) / (1 + gone)
    history = combinations((x, recency, age))
    assert forecast(CDNOW, history, time).mean[0] == pytest.approx(published, rel=1e-9)
    assert CDNOW.probability_alive(history)[0] == pytest.approx(1 / (1 + gone), rel=1e-12)


@pytest.mark.parametrize("model", [BgNbd(0.5, 30, 1.0, 3.0), BgNbd(0.5, 30, 1e-9, 2.0), BgNbd(3, 9, 400, 900.0)])
@pytest.mark.parametrize("frequency", [0, 3, 4000])
def test_expected_purchases_are_numbers_where_the_formula_has_none(model: BgNbd, frequency: int) -> None:
    history = combinations((frequency, 300.0 * (frequency > 0), 301.0))
    found = forecast(model, history, 365.0)
    points, weights = beta_quadrature(model.a, np.array([model.b + frequency]), 200)

    def still_buying(time: float) -> float:
        """Rate of purchases at a time, for a customer who is alive: a mean over drop-out probabilities."""
        shape, age = model.r + frequency, model.alpha + 301.0
        return float((weights * shape * age**-1 * (1 + points * time / age) ** (-shape - 1)).sum())

    expected = integrate.quad(still_buying, 0, 365, epsabs=0, epsrel=1e-10)[0] * model.probability_alive(history)[0]
    assert found.mean[0] == pytest.approx(expected, rel=1e-8)
    assert 0 <= found.some[0] <= 1
    assert found.variance[0] >= 0


def test_a_quadrature_takes_the_moments_of_its_distribution() -> None:
    b = np.array([0.3, 1.0, 1.7, 5000.0])
    points, weights = beta_quadrature(0.3, b, 8)
    moment = np.ones(4)
    for degree in range(16):
        assert (weights * points**degree).sum(axis=1) == pytest.approx(moment, rel=1e-9)
        moment *= (0.3 + degree) / (0.3 + b + degree)


def test_the_chance_of_no_purchase_and_the_variance_are_those_of_simulated_customers() -> None:
    exact = simulate(STEADY, CDNOW_VALUES, np.full(200_000, 200.0), 100.0, np.random.default_rng(4))
    for frequency in (0, 2, 6):
        group = exact.histories.frequency == frequency
        found = forecast(STEADY, exact.histories.combinations, 100.0)
        which = exact.histories.combinations.customer[group]
        came = exact.later_purchases[group]
        assert (came > 0).mean() == pytest.approx(found.some[which].mean(), abs=0.01)
        assert came.mean() == pytest.approx(found.mean[which].mean(), rel=0.02)
        assert (came * (came - 1)).mean() == pytest.approx(found.pairs[which].mean(), rel=0.06)


def central_differences(function: object, at: Floats, step: float = 1e-5) -> Floats:
    return np.array([(function(at + step * e) - function(at - step * e)) / (2 * step) for e in np.eye(len(at))])  # type: ignore[operator]


@pytest.mark.parametrize("at", [(0.3, 4.0, 0.7, 2.0), (2.0, 90.0, 1.0, 0.5)])
def test_slopes_and_curvature_of_bg_nbd_are_those_of_its_log_likelihood(at: tuple[float, ...]) -> None:
    likelihood = bg_nbd._Likelihood(drawn("most buy once", 500).histories.combinations)
    _, gradient, hessian = likelihood(np.array(at))
    assert gradient == pytest.approx(central_differences(lambda p: likelihood(p)[0], np.array(at)), rel=1e-5)
    assert hessian == pytest.approx(central_differences(lambda p: likelihood(p)[1], np.array(at)), rel=1e-5, abs=1e-6)


def test_slopes_and_curvature_of_gamma_gamma_are_those_of_its_log_likelihood() -> None:
    histories, at = drawn("many buy often", 500).histories, np.array([2.0, 3.0, 50.0])
    likelihood = gamma_gamma._Likelihood(histories.values_known, histories.mean_value)
    _, gradient, hessian = likelihood(at)
    assert gradient == pytest.approx(central_differences(lambda p: likelihood(p)[0], at), rel=1e-5)
    assert hessian == pytest.approx(central_differences(lambda p: likelihood(p)[1], at), rel=1e-5, abs=1e-6)


def test_the_log_likelihood_is_that_of_the_papers_equation() -> None:
    r, alpha, a, b = CDNOW.parameters
    total = 0.0
    for x, recency, age, customers in ((0, 0.0, 10.0, 3), (2, 5.0, 12.0, 1), (7, 11.5, 12.0, 2)):
        first = special.beta(a, b + x) / special.beta(a, b) * special.gamma(r + x) * alpha**r / special.gamma(r)
        alive = (alpha + age) ** -(r + x)
        gone = a / (b + x - 1) * (alpha + recency) ** -(r + x) if x else 0.0
        total += customers * np.log(first * (alive + gone))
    histories = [(0, 0, 10)] * 3 + [(2, 5, 12)] + [(7, 11.5, 12)] * 2
    assert CDNOW.log_likelihood(combinations(*histories)) == pytest.approx(total, rel=1e-12)


def test_equal_customers_are_one_combination_with_their_number_as_weight() -> None:
    found = combinations((1, 2, 5), (0, 0, 5), (1, 2, 5), (0, 0, 4))
    assert found.weight.tolist() == [1, 1, 2]
    assert (found.frequency[found.customer].tolist(), found.age[found.customer].tolist()) == (
        [1, 0, 1, 0],
        [5, 5, 5, 4],
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_parameters_of_simulated_customers_are_recovered_within_their_standard_errors(shape: str) -> None:
    model, values = SHAPES[shape]
    found = fit(drawn(shape, 20_000).histories)
    for truth, top in ((model, found.purchases_top), (values, found.values_top)):
        away = (top.parameters - truth.parameters) / top.standard_errors
        assert np.abs(away).max() < 3.5, away
        assert (top.standard_errors < 0.25 * top.parameters).all()
    assert found.purchases_top.log_likelihood >= model.log_likelihood(drawn(shape, 20_000).histories.combinations)


def test_standard_errors_are_the_spread_of_repeated_fits() -> None:
    fits = [fit(drawn("many buy often", 1_000, seed).histories) for seed in range(40)]
    for which in ("purchases_top", "values_top"):
        tops = [getattr(one, which) for one in fits]
        spread = np.std(np.log([top.parameters for top in tops]), axis=0)
        told = np.median([top.standard_errors / top.parameters for top in tops], axis=0)
        assert told == pytest.approx(spread, rel=0.35)


def test_the_order_of_customers_does_not_change_a_digit_of_the_fit() -> None:
    histories = drawn("most buy once", 2_000).histories
    shuffled = np.random.default_rng(0).permutation(2_000)
    again = Histories(*(column[shuffled] for column in histories.columns))
    assert fit(again).purchases == fit(histories).purchases
    assert fit(again).values == fit(histories).values


def test_times_in_weeks_change_alpha_and_nothing_else() -> None:
    histories = drawn("many buy often", 3_000).histories
    weeks = Histories(
        histories.frequency, histories.recency / 7, histories.age / 7, histories.values_known, histories.mean_value
    )
    by_day, by_week = fit(histories), fit(weeks)
    assert by_week.purchases.parameters * [1, 7, 1, 1] == pytest.approx(by_day.purchases.parameters, rel=1e-4)
    days, by_weeks = (one.totals(h, t) for one, h, t in ((by_day, histories, 364.0), (by_week, weeks, 52.0)))
    assert by_weeks[1].expected == pytest.approx(days[1].expected, rel=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("customers", [400, 40_000])
def test_one_customer_in_ten_spends_more_than_high_and_no_more_than_that_less_than_low(
    shape: str, customers: int
) -> None:
    """With parameters fitted to the same customers, also to few of them."""
    above, below, inside, busy_below = [], [], [], []
    for seed in range(max(1, 12_000 // customers)):
        known = drawn(shape, customers, seed)
        found = fit(known.histories)
        (prediction,) = predict(found.purchases, found.values, known.histories, [365.0])
        some = forecast(found.purchases, known.histories.combinations, 365.0).some[
            known.histories.combinations.customer
        ]
        above.append((known.later_value > prediction.high)[some > 0.1])
        below.append(known.later_value < prediction.low)
        inside.append((prediction.low <= known.later_value) & (known.later_value <= prediction.high))
        busy_below.append((known.later_value < prediction.low)[some > 0.9])
    assert np.concatenate(above).mean() == pytest.approx(0.1, abs=0.015)
    assert np.concatenate(below).mean() < 0.1
    assert np.concatenate(inside).mean() > 0.8
    if customers > 400:  # a gamma variable in place of a sum: its low end is a little too high
        assert np.concatenate(busy_below).mean() < 0.15


def test_totals_lie_within_their_interval_in_four_of_five_shops() -> None:
    inside = []
    for seed in range(60):
        known = drawn("most buy once", 1_000, seed)
        totals = fit(known.histories).totals(known.histories, 365.0)
        for total, came in zip(totals, (known.later_purchases, known.later_value), strict=True):
            inside.append(total.low <= came.sum() <= total.high)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.1)


def test_a_longer_time_brings_more_and_no_time_nothing() -> None:
    known = drawn("many buy often", 500)
    none, quarter, year = predict(*SHAPES["many buy often"], known.histories, [0.0, 91.0, 365.0])
    assert none.value.tolist() == none.high.tolist() == [0.0] * 500
    assert (quarter.value < year.value).all()
    assert (quarter.high <= year.high).all()
    assert (year.low <= year.high).all()


def test_of_a_one_time_buyer_only_the_shops_mean_is_told() -> None:
    histories = Histories(*np.array([[0, 0, 30, 1, 999.0], [0, 0, 30, 0, 0.0], [1, 9, 30, 2, 999.0]]).T)
    (found,) = predict(STEADY, CDNOW_VALUES, histories, [365.0])
    value = found.value / found.purchases
    assert value[:2] == pytest.approx([CDNOW_VALUES.population_mean] * 2)
    assert value[2] > 10 * CDNOW_VALUES.population_mean


def test_customers_who_never_stop_leave_a_and_b_open_and_the_rest_is_told() -> None:
    rng = np.random.default_rng(2)
    known = simulate(
        BgNbd(1, 30, 1e-9, 1.0), CDNOW_VALUES, rng.integers(1, 365, 400).astype(np.float64), 365.0, rng, unit=1.0
    )
    found = fit(known.histories)
    assert found.purchases_top.is_open.tolist() == [False, False, True, True]
    assert np.isnan(found.purchases_top.standard_errors).tolist() == [False, False, True, True]
    purchases, value = found.totals(known.histories, 365.0)
    assert purchases.expected == pytest.approx(known.later_purchases.sum(), rel=0.1)
    assert np.isfinite([purchases.low, purchases.high, value.low, value.high]).all()


def test_a_naive_rate_is_taken_over_thirty_days_at_least() -> None:
    histories = Histories(*np.array([[2, 1, 10, 3, 5.0], [2, 1, 60, 3, 5.0]], dtype=np.float64).T)
    actual = (np.zeros(2), np.zeros(2))
    found = {(one.method, one.measure): one for one in backtest.scores(histories, actual, 90.0, None)}
    assert found["naive_rate", "purchases"].predicted == pytest.approx(2 / 30 * 90 + 2 / 60 * 90)
    assert found["naive_rate", "revenue"].predicted == pytest.approx(45.0)
    assert found["naive_rate", "purchases"].total_error is None  # of nothing
    assert found["bg_nbd_gamma_gamma", "purchases"].predicted is None

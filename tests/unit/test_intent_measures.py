"""Measures: as elsewhere, with intervals that count customers, and a calibration error that chance does not make."""

import numpy as np
import pandas as pd
import pytest
from intent_shop import FEATURES
from sklearn import metrics

from personapulse.intent import bootstrap, drift, measures, slices
from personapulse.intent.measures import Answer


def told(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Probabilities that are right, and what came."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(0.6, 1.2, rows)
    return probability, rng.random(rows) < probability, rng


def test_measures_can_be_counted_by_hand() -> None:
    answer = Answer(np.array([0.9, 0.6, 0.4, 0.2]), np.array([True, False, True, False]))
    accuracy, brier, roc_auc, pr_auc, _ = answer.numbers(np.ones(4))
    assert accuracy == 0.5
    assert brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.04) / 4)
    assert roc_auc == 0.75  # 3 of 4 pairs of buyer and other are in order
    assert pr_auc == pytest.approx((1 / 1 + 2 / 3) / 2)


@pytest.mark.parametrize("digits", [1, 8])
def test_areas_are_those_of_scikit_learn_with_ties_and_weights(digits: int) -> None:
    probability, bought, rng = told(500)
    probability, weights = probability.round(digits), rng.integers(0, 4, 500).astype(float)
    roc_auc, pr_auc = Answer(probability, bought).areas(weights)
    assert roc_auc == pytest.approx(metrics.roc_auc_score(bought, probability, sample_weight=weights))
    assert pr_auc == pytest.approx(metrics.average_precision_score(bought, probability, sample_weight=weights))


def test_weights_are_the_same_as_rows_that_come_several_times() -> None:
    probability, bought, rng = told(300)
    times = rng.integers(0, 4, 300)
    often = Answer(np.repeat(probability, times), np.repeat(bought, times)).numbers(np.ones(times.sum()))[:4]
    assert Answer(probability, bought).numbers(times.astype(float))[:4] == pytest.approx(often)


def test_rows_of_one_customer_come_or_go_together() -> None:
    probability, bought, _ = told(300)
    customers = np.arange(300)
    once = measures.judge(Answer(probability, bought), customers, seed=1)["accuracy"]
    repeated = Answer(np.tile(probability, 5), np.tile(bought, 5))
    assert measures.judge(repeated, np.tile(customers, 5), seed=1)["accuracy"] == pytest.approx(once)
    narrow = measures.judge(repeated, np.arange(1500), seed=1)["accuracy"]
    assert narrow["high"] - narrow["low"] < 0.6 * (once["high"] - once["low"])


def test_intervals_hold_the_truth_as_often_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "MOST_DRAWS", 200)
    truth = {"accuracy": [], "brier": []}
    for seed in range(100):
        probability, bought, _ = told(300, seed)
        found = measures.judge(Answer(probability, bought), np.arange(300), seed)
        expected = np.maximum(probability, 1 - probability).mean(), (probability * (1 - probability)).mean()
        for (name, hits), value in zip(truth.items(), expected, strict=True):
            hits.append(found[name]["low"] <= value <= found[name]["high"])
    assert all(0.88 <= np.mean(hits) <= 1 for hits in truth.values())


def test_a_calibrated_model_has_no_calibration_error_however_few_its_customers_are() -> None:
    squared = [Answer(*told(200, seed)[:2]).numbers(np.ones(200))[4] ** 2 for seed in range(300)]
    naive = 0.0
    for seed in range(300):
        probability, bought, _ = told(200, seed)
        answer = Answer(probability, bought)
        gaps = [(probability[answer.tenth == n].mean() - bought[answer.tenth == n].mean()) ** 2 for n in range(10)]
        naive += np.mean(gaps) / 300
    # what is left is that squares below 0 are cut off; without the correction it is three times as much
    assert np.mean(squared) < naive / 3


def test_the_interval_of_a_calibration_error_that_is_none_begins_with_none() -> None:
    draws = [measures.judge(Answer(*told(400, seed)[:2]), np.arange(400), seed) for seed in range(20)]
    assert np.mean([found["calibration_error"]["low"] == 0 for found in draws]) >= 0.9


def test_a_calibration_error_is_found_and_its_interval_holds_it() -> None:
    rng = np.random.default_rng(1)
    truth = rng.beta(2, 3, 4_000)
    bought = rng.random(4_000) < truth
    found = measures.judge(Answer(np.clip(truth + 0.15, 0, 1), bought), np.arange(4_000), seed=1)["calibration_error"]
    assert found["low"] < 0.15 < found["high"]
    assert found["low"] > 0.12
    assert found["value"] == pytest.approx(0.15, abs=0.02)


def test_differences_are_of_the_same_draws_and_positive_where_the_model_is_better() -> None:
    probability, bought, rng = told(2_000)
    worse = np.clip(probability + rng.normal(0, 0.25, 2_000), 0.01, 0.99)
    found = measures.judge(Answer(probability, bought), np.arange(2_000), 1, {"rule": worse, "twin": probability})
    for name in ("accuracy_above_rule", "brier_below_rule", "roc_auc_above_rule", "pr_auc_above_rule"):
        assert 0 < found[name]["value"] < 0.3
    own, other = found["accuracy"], found["rule_accuracy"]
    assert found["accuracy_above_rule"]["value"] == pytest.approx(own["value"] - other["value"])
    paired = found["accuracy_above_rule"]["high"] - found["accuracy_above_rule"]["low"]
    assert paired < 0.9 * np.hypot(own["high"] - own["low"], other["high"] - other["low"])
    assert found["brier_below_twin"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_base_rate_and_a_majority_are_those_of_the_rows_themselves() -> None:
    bought = np.arange(100) < 30
    found = measures.judge(Answer(np.full(100, 0.3), bought), np.arange(100), seed=1)
    assert (found["base_rate"]["value"], found["majority"]["value"]) == (0.3, 0.7)
    assert found["base_brier"]["value"] == pytest.approx(0.21)
    assert found["brier_below_base_rate"]["value"] == pytest.approx(0)
    assert found["accuracy_above_majority"]["value"] == 0
    assert found["roc_auc"]["value"] == 0.5
    assert found["pr_auc_above_base_rate"]["value"] == pytest.approx(0)


def test_slices_count_who_is_not_known_and_leave_small_ones_unmeasured() -> None:
    gender = ["f"] * 60 + ["m"] * 19 + [None] * 21
    bought = np.array([True, False] * 50)
    probability = np.where(np.arange(100) < 60, np.where(bought, 0.9, 0.1), 0.9)
    found = slices.measure(pd.DataFrame({"gender": gender}), Answer(probability, bought), np.arange(100), seed=1)
    assert [(one["value"], one["customers"], one["buyers"]) for one in found] == [
        ("(not known)", 21, 10),
        ("f", 60, 30),
        ("m", 19, 10),
    ]
    assert [one["accuracy"] and one["accuracy"]["value"] for one in found] == [pytest.approx(10 / 21), 1.0, None]
    assert found[0]["accuracy_above_majority"]["value"] == pytest.approx(10 / 21 - 11 / 21)
    assert found[1]["accuracy_above_majority"]["value"] == 0.5


def test_bins_are_open_below_and_have_one_of_their_own_for_what_is_not_known() -> None:
    column = np.array([0, 0, 0, 1, 2, 2, np.nan, np.nan], np.float32)
    found = drift.distribution(column, customers=8)
    assert found.edges.tolist() == [0, 1]
    assert found.shares.tolist() == [3 / 8, 1 / 8, 2 / 8, 2 / 8]
    assert found.middles[:3].tolist() == [0, 1, 2]
    assert found.places(np.array([-5, 0, 0.5, 1, 7, np.inf, np.nan], np.float32)).tolist() == [0, 0, 1, 1, 2, 2, 3]
    many = drift.distribution(np.arange(1_000, dtype=np.float32), customers=1_000)
    assert len(many.edges) == drift.BINS - 1
    assert many.shares[:-1].max() < 0.07


def test_stability_without_a_change_is_noise_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    above = []
    for _ in range(300):
        then = drift.distribution(rng.normal(size=600).astype(np.float32), customers=600)
        found = drift.psi(then, rng.normal(size=400).astype(np.float32), customers=400)
        above.append(found.psi > found.noise)
    assert 0.01 <= np.mean(above) <= 0.10


def test_stability_sees_a_shift_and_a_feature_that_stopped_coming() -> None:
    rng = np.random.default_rng(1)
    then = drift.distribution(rng.normal(size=2_000).astype(np.float32), customers=2_000)
    assert drift.psi(then, (rng.normal(size=2_000) + 1).astype(np.float32), 2_000).psi > 0.5
    assert drift.psi(then, np.full(2_000, np.nan, np.float32), 2_000).psi > 5
    assert drift.psi(then, np.zeros(199, np.float32), 199) == drift.Drift(None, None)
    assert drift.psi(then, np.zeros(800, np.float32), 199) == drift.Drift(None, None)


def test_a_category_has_a_bin_for_each_of_its_values() -> None:
    matrix = np.column_stack([np.arange(300) % 30, np.arange(300) % 30]).astype(np.float32)
    number, category = drift.distributions(matrix, [FEATURES[0], FEATURES[4]], customers=300)
    assert (len(number.shares), len(category.shares)) == (drift.BINS + 1, 31)

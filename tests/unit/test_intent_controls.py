"""What the gate must refuse, from frame to decision: each control goes through training, evaluation and gate."""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from intent_shop import FEATURES, HORIZON, fit, honest, shop, small_forests

from personapulse.intent import gate
from personapulse.intent.calibration import Calibration
from personapulse.intent.evaluation import Measurements, evaluate
from personapulse.intent.features import Feature

POLICY = gate.load_policy()


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """The controls must fall whatever the search finds."""
    with small_forests():
        yield


@pytest.fixture(scope="module")
def measured() -> Measurements:
    drawn, trained = honest()
    return evaluate(trained, drawn.hold_out)


def failed(measurements: Measurements) -> set[str]:
    return {one.name for one in gate.decide(measurements, POLICY).criteria if not one.passed}


def test_an_honest_model_of_a_shop_with_a_signal_passes(measured: Measurements) -> None:
    drawn, trained = honest()
    assert failed(measured) == set()
    attainable = float(((drawn.truth >= 0.5) == drawn.hold_out["bought"]).mean())
    assert measured["accuracy"]["value"] >= 0.95 * attainable
    assert measured["accuracy"]["value"] == float(
        ((trained.model.predict(drawn.hold_out) >= 0.5) == drawn.hold_out["bought"]).mean()
    )


def test_measurements_are_plain_json_and_the_same_every_time(measured: Measurements) -> None:
    drawn, trained = honest()
    again = evaluate(trained, drawn.hold_out)
    read = [json.loads(json.dumps(one, allow_nan=False)) for one in (measured, again)]
    assert read[0] == measured
    assert [one.pop("timings").keys() for one in read] == [{"train", "evaluate"}] * 2
    assert read[0] == read[1]


def test_a_shop_without_a_signal_is_refused() -> None:
    drawn = shop(seed=5, signal=0.0)
    refused = failed(evaluate(fit(drawn.training), drawn.hold_out))
    assert {"accuracy", "accuracy_above_majority", "pr_auc_above_base_rate", "brier_below_base_rate"} <= refused


def test_a_model_that_says_the_same_of_everybody_is_refused() -> None:
    drawn, trained = honest()
    constant = replace(trained, model=replace(trained.model, calibration=Calibration(0.0, 0.0, -0.3)))
    found = evaluate(constant, drawn.hold_out)
    assert found["accuracy"]["value"] == pytest.approx(found["majority"]["value"])
    assert {"accuracy_above_majority", "pr_auc_above_base_rate", "brier_below_base_rate"} <= failed(found)


def test_a_majority_model_is_refused_however_accurate_it_is() -> None:
    drawn, trained = honest()
    rare = drawn.hold_out[~drawn.hold_out["bought"] | (np.arange(len(drawn.hold_out)) % 8 == 0)]
    constant = replace(trained, model=replace(trained.model, calibration=Calibration(0.0, 0.0, -2.0)))
    found = evaluate(constant, rare.reset_index(drop=True))
    assert found["accuracy"]["value"] >= 0.89
    assert "accuracy" not in failed(found)
    assert "accuracy_above_majority" in failed(found)


def test_a_model_of_shuffled_labels_is_refused() -> None:
    drawn, _ = honest()
    dealt = np.random.default_rng(0).permutation(drawn.training["bought"])
    refused = failed(evaluate(fit(drawn.training.assign(bought=dealt)), drawn.hold_out))
    assert {"accuracy", "accuracy_above_majority"} <= refused


@pytest.mark.parametrize("kind", ["upwards", "downwards", "in the middle", "category"])
def test_a_planted_leak_is_caught_whatever_its_form(kind: str) -> None:
    drawn, _ = honest()
    leak = Feature("leak", "category" if kind == "category" else "number", "days until the next order", "m", "l")
    frames = [_with_leak(frame, kind) for frame in (drawn.training, drawn.hold_out)]
    found = evaluate(fit(frames[0], (*FEATURES, leak)), frames[1])
    assert "single_feature" in failed(found)
    assert found["canaries"]["single_features"][0]["feature"] == "leak"


def _with_leak(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """A column that knows what came, but for 1 row in 100."""
    rng = np.random.default_rng(1)
    knows = frame["bought"].to_numpy() ^ (rng.random(len(frame)) < 0.01)
    if kind == "category":
        return frame.assign(leak=np.where(knows, "a", "b"))
    value = {
        "upwards": np.where(knows, 1.0, 0.0),
        "downwards": np.where(knows, rng.random(len(frame)), np.nan),
        "in the middle": np.where(knows, 0.0, rng.choice([-1.0, 1.0], len(frame))),
    }[kind]
    return frame.assign(leak=value.astype(np.float32))


def test_training_that_knows_the_hold_out_is_refused() -> None:
    drawn, _ = honest()
    late = drawn.training.assign(cut_off=pd.to_datetime(drawn.training["cut_off"]) + pd.Timedelta(days=1))
    found = evaluate(fit(late), drawn.hold_out)
    assert found["hold_out"]["days_after_training"] == -1
    assert failed(found) == {"hold_out_is_later"}


def test_a_model_that_is_as_good_as_the_champion_passes() -> None:
    drawn, trained = honest()
    found = evaluate(trained, drawn.hold_out, champion=fit(drawn.training, seed=4).model)
    assert failed(found) == set()
    assert found["champion"] == {"exists": True, "compared": True, "why_not": None}
    assert abs(found["accuracy_above_champion"]["value"]) < 0.02


def test_a_model_that_is_worse_than_the_champion_by_more_than_the_margin_is_refused() -> None:
    drawn, trained = honest()
    candidate = fit(drawn.training, [feature for feature in FEATURES if feature.name != "recency_days"])
    found = evaluate(candidate, drawn.hold_out, champion=trained.model)
    assert found["accuracy_above_champion"]["value"] < -0.02
    assert {"accuracy_against_champion", "brier_against_champion"} & failed(found)
    assert not {"accuracy_against_champion", "brier_against_champion"} & failed(evaluate(candidate, drawn.hold_out))


def test_a_champion_that_cannot_be_asked_is_no_reason_to_pass() -> None:
    drawn, trained = honest()
    frame = drawn.hold_out.drop(columns="noise")
    blind = fit(drawn.training, tuple(feature for feature in FEATURES if feature.name != "noise"))
    found = evaluate(blind, frame, champion=trained.model)
    assert {"accuracy_against_champion", "brier_against_champion"} <= failed(found)
    assert "lacks noise" in found["champion"]["why_not"]


@pytest.mark.parametrize(("dimension", "value"), [("persona", "Loyalist"), ("gender", "m"), ("age_group", "18-29")])
def test_a_slice_that_collapses_is_refused_though_the_whole_looks_well(dimension: str, value: str) -> None:
    drawn, trained = honest()
    is_there = drawn.hold_out[dimension] == value
    keep = np.flatnonzero(~is_there | (is_there.cumsum() <= 60))
    frame = drawn.hold_out.iloc[keep].reset_index(drop=True)
    frame["bought"] ^= frame[dimension] == value
    refused = gate.decide(evaluate(trained, frame), POLICY.with_floor(0.75))
    outcome = {one.name: one.passed for one in refused.criteria}
    assert outcome["accuracy"]
    assert outcome["accuracy_above_majority"]
    assert not outcome["slices"]
    assert not outcome["slices_above_guessing"]
    assert any(f"{dimension.replace('_', ' ')} {value}" in reason for reason in refused.reasons)


def test_too_few_buyers_are_refused() -> None:
    drawn, trained = honest()
    frame = drawn.hold_out
    few = frame[~frame["bought"] | (frame["bought"].cumsum() <= 49)].reset_index(drop=True)
    assert "hold_out_outcomes" in failed(evaluate(trained, few))
    seldom = drawn.training
    seldom = seldom[~seldom["bought"] | (seldom["bought"].cumsum() <= 199)].reset_index(drop=True)
    assert "training_outcomes" in failed(evaluate(fit(seldom), frame))


def test_a_hold_out_of_one_outcome_is_measured_as_far_as_it_goes_and_refused() -> None:
    drawn, trained = honest()
    found = evaluate(trained, drawn.hold_out[~drawn.hold_out["bought"]].reset_index(drop=True))
    assert found["roc_auc"] == {"value": None, "low": None, "high": None}
    assert {"pr_auc_above_base_rate", "single_feature", "hold_out_outcomes"} <= failed(found)


def test_dimensions_that_a_shop_does_not_record_are_not_known_and_those_that_are_absent_are_missing() -> None:
    drawn, trained = honest()
    nobody = drawn.hold_out.assign(gender=None)
    assert failed(evaluate(trained, nobody)) == set()
    without = fit(drawn.training, [feature for feature in FEATURES if feature.name != "gender"])
    assert "slices" in failed(evaluate(without, drawn.hold_out.drop(columns="gender")))


def test_importance_is_of_what_decides_overall_and_per_persona(measured: Measurements) -> None:
    assert list(measured["importance"]) == ["(all)", "Loyalist", "Others", "Window Shopper"]
    for ranked in measured["importance"].values():
        assert ranked[0]["feature"] == "recency_days"
        (noise,) = [one for one in ranked if one["feature"] == "noise"]
        assert abs(noise["value"]) < 0.1 * ranked[0]["value"]
    within = {one["feature"]: one["value"] for one in measured["importance"]["Loyalist"]}
    assert within["persona"] == 0  # within a persona, all have the same


def test_drift_is_told_of_the_champions_training_where_it_is_no_chance() -> None:
    drawn, trained = honest()
    shifted = drawn.hold_out.assign(views_7d=drawn.hold_out["views_7d"] + 3)
    found = evaluate(trained, shifted, champion=fit(drawn.training, seed=4).model)["drift"]
    assert found["compared_with"] == "champion"
    moved = {one["feature"]: one["psi"] > max(one["noise"], 0.1) for one in found["features"]}
    assert moved == {feature.name: feature.name == "views_7d" for feature in FEATURES}
    few = evaluate(trained, drawn.hold_out[:199])["drift"]
    assert few["compared_with"] == "candidate"
    assert {one["psi"] for one in few["features"]} == {None}


def test_a_horizon_is_part_of_the_model() -> None:
    _, trained = honest()
    assert trained.model.horizon_days == HORIZON
    assert trained.summary()["trained_until"] == "2026-05-24"

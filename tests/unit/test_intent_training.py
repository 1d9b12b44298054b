"""Training: nothing is learned before it was known, the same input gives the same model, reasons are the model's."""

import datetime
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from intent_shop import FEATURES, HORIZON, fit, honest, shop
from scipy import special

from personapulse.errors import PersonaPulseError
from personapulse.intent import arrays, calibration, drift, rules, training
from personapulse.intent.encoding import Encoder
from personapulse.intent.features import Feature

TREES = training.TREES


@pytest.fixture(scope="module", autouse=True)
def _few_trees() -> Iterator[None]:
    """What is looked at here holds for forests of any number of trees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "TREES", 30)
        honest.cache_clear()
        yield
    honest.cache_clear()


def test_a_window_is_foretold_only_from_labels_that_had_ended_before_it() -> None:
    drawn, _ = honest()
    folds = list(training.rolling_origin(drawn.training, HORIZON))
    assert len(folds) == 3  # of five cut-offs a week apart, the first two have nothing to be foretold from
    for earlier, later in folds:
        (day,) = set(later["cut_off"])
        assert max(earlier["cut_off"]) + datetime.timedelta(days=HORIZON) <= day
        assert set(earlier["cut_off"]) == {
            cut_off for cut_off in drawn.training["cut_off"] if cut_off + datetime.timedelta(days=HORIZON) <= day
        }


def test_the_same_frame_and_seed_give_the_same_model_and_another_seed_another() -> None:
    drawn, trained = honest()
    told = trained.model.predict(drawn.hold_out)
    again, other = fit(drawn.training), fit(drawn.training, seed=4)
    assert np.array_equal(told, again.model.predict(drawn.hold_out))
    assert trained.tried == again.tried
    assert (trained.model.reasons(drawn.hold_out) == again.model.reasons(drawn.hold_out)).all()
    assert not np.array_equal(told, other.model.predict(drawn.hold_out))


def test_a_customers_score_does_not_depend_on_who_is_scored_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, trained = honest()
    whole, reasons = trained.model.predict(drawn.hold_out), trained.model.reasons(drawn.hold_out)
    monkeypatch.setattr(arrays, "BLOCK", 7)
    assert np.array_equal(trained.model.predict(drawn.hold_out), whole)
    assert (trained.model.reasons(drawn.hold_out[::-1])[::-1] == reasons).all()
    assert trained.model.predict(drawn.hold_out[3:4])[0] == whole[3]


def test_a_model_is_the_same_when_it_comes_back_from_joblib() -> None:
    drawn, trained = honest()
    file = io.BytesIO()
    joblib.dump(trained.model, file)
    file.seek(0)
    back = joblib.load(file)
    assert np.array_equal(back.predict(drawn.hold_out), trained.model.predict(drawn.hold_out))
    assert (back.reasons(drawn.hold_out) == trained.model.reasons(drawn.hold_out)).all()
    assert back.trained_until == datetime.date(2026, 5, 24)


@pytest.mark.parametrize("rows", [10, 5_000, 4_000_000])
def test_a_forest_of_any_number_of_rows_stays_under_20_megabytes(rows: int) -> None:
    leaves = training._rows_per_tree(rows) / training._least_leaf(rows)
    assert leaves <= training.MOST_LEAVES
    node = 64 + 16  # bytes: a row of Tree.__getstate__()["nodes"], and two values
    assert TREES * 2 * training.MOST_LEAVES * node < 17_000_000


def test_an_artifact_holds_nothing_that_grows_with_the_rows() -> None:
    drawn, trained = honest()
    twice = pd.concat([drawn.training, drawn.training.assign(user_id="again " + drawn.training["user_id"])])
    pipelines = [training.fit(frame, FEATURES, trained.model.settings, 1, trees=1) for frame in (drawn.training, twice)]
    for pipeline in pipelines:
        pipeline.named_steps["forest"].estimators_ = []
    sizes = [_size(pipeline) for pipeline in pipelines]
    assert abs(sizes[0] - sizes[1]) < 100


def _size(thing: Any) -> int:
    file = io.BytesIO()
    joblib.dump(thing, file)
    return len(file.getvalue())


def test_a_shop_too_young_for_two_windows_has_customers_foretold_from_others() -> None:
    drawn = shop(cut_offs=1)
    trained = fit(drawn.training)
    for learned, foretold in training.by_customer(drawn.training, seed=1):
        assert not set(learned["user_id"]) & set(foretold["user_id"])
    assert ((trained.model.predict(drawn.hold_out) >= 0.5) == drawn.hold_out["bought"]).mean() > 0.85


def test_customers_are_drawn_with_all_their_rows_whatever_the_order() -> None:
    drawn, _ = honest()
    some = training.some_customers(drawn.training, 1_000, seed=1)
    assert 800 < len(some) < 1_200
    assert set(some.groupby("user_id").size()) == {5}
    backwards = training.some_customers(drawn.training[::-1], 1_000, seed=1)
    assert set(backwards["user_id"]) == set(some["user_id"])
    assert len(training.some_customers(drawn.training, 10_000, seed=1)) == len(drawn.training)


def test_a_feature_nobody_has_and_one_everybody_has_alike_do_no_harm() -> None:
    drawn, _ = honest()
    idle = (Feature("season", "number", "season ahead", "m", "l"), Feature("same", "category", "same", "{value}", ""))
    frame = drawn.training.assign(season=np.float32(np.nan), same="x")
    trained = fit(frame, (*FEATURES, *idle))
    told = trained.model.predict(drawn.hold_out.assign(season=np.float32(np.nan), same="x"))
    assert ((told >= 0.5) == drawn.hold_out["bought"]).mean() > 0.88
    known = trained.model.predict(drawn.hold_out.assign(season=np.float32(1.2), same="never seen"))
    assert np.isfinite(known).all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda frame: frame.drop(columns=["noise", "gender"]), "The snapshot lacks noise, gender."),
        (lambda frame: frame.drop(columns="bought"), "The snapshot lacks bought."),
        (lambda frame: frame.assign(bought=frame["bought"].astype(object).where(frame.index > 0)), "have no label"),
        (lambda frame: frame.assign(bought=False), "Of 3000 training rows 0 bought"),
        (lambda frame: frame.assign(bought=frame.index > 8), "Of 3000 training rows 2991 bought"),
        (lambda frame: frame[:0], "There is no snapshot"),
    ],
)
def test_a_frame_that_cannot_be_learned_from_is_refused_with_what_is_wrong(spoil: Any, message: str) -> None:
    with pytest.raises(PersonaPulseError) as refused:
        fit(spoil(honest()[0].training))
    assert message in str(refused.value)


def test_a_model_asked_of_a_frame_without_its_features_names_them() -> None:
    drawn, trained = honest()
    with pytest.raises(PersonaPulseError, match="lacks orders"):
        trained.model.predict(drawn.hold_out.drop(columns="orders"))


def test_categories_are_ranked_by_share_of_buyers_and_rare_ones_are_not_known() -> None:
    frame = pd.DataFrame({"kind": ["often"] * 30 + ["never"] * 40 + ["rare"] * 19 + [None] * 11})
    bought = np.array([True] * 20 + [False] * 10 + [False] * 40 + [True] * 30)
    features = [Feature("kind", "category", "kind", "{value}", "{value}")]
    encoder = Encoder(features).fit(frame, bought)
    assert encoder.categories_ == {"kind": ["never", "often"]}
    asked = pd.DataFrame({"kind": ["often", "rare", None, "never", "new"]})
    for kind in ("object", "string", "category"):
        matrix = encoder.transform(asked.astype({"kind": kind}))
        assert np.array_equal(matrix[:, 0], np.array([1, np.nan, np.nan, 0, np.nan], np.float32), equal_nan=True)


def test_calibration_undoes_a_distortion_and_never_changes_the_order() -> None:
    rng = np.random.default_rng(1)
    odds = rng.normal(-1, 2, 20_000)
    bought = rng.random(20_000) < special.expit(odds)
    timid = special.expit(odds / 2 + 1)  # scores drawn to the middle and too high
    found = calibration.fit(timid, bought)
    assert np.abs(found(timid) - special.expit(odds)).mean() < 0.01
    assert (np.diff(found(np.sort(timid))) >= 0).all()
    few = calibration.fit(np.array([0.2, 0.8]), np.array([False, True]))
    assert np.abs(few(np.array([0.2, 0.8])) - [0.2, 0.8]).max() < 0.1  # two customers prove nothing
    assert calibration.fit(timid, np.zeros(20_000, bool))(timid).max() < 0.01


def test_calibration_learns_from_windows_the_forest_did_not_see() -> None:
    drawn = shop(seed=2, signal=0.0)
    trained = fit(drawn.training)
    told = trained.model.predict(drawn.hold_out)
    rate = drawn.training["bought"].mean()
    # forests know their own rows by heart, so a calibration on these would believe them
    assert np.abs(told - rate).max() < 0.1


def test_the_best_rule_is_found_and_who_is_not_known_does_not_fulfil_it() -> None:
    days = np.array([1, 2, 3, 4] * 50 + [np.nan] * 50, np.float32)
    bought = (days <= 2) & (np.arange(250) % 10 > 0)
    features = [Feature("noise", "number", "noise", "", ""), Feature("days", "number", "days since", "", "")]
    matrix = np.column_stack([np.arange(250) % 7, days]).astype(np.float32)
    spread = drift.distributions(matrix, features, customers=250)
    rule = rules.best(features, spread, matrix, bought)
    assert rule.text == "days since at most 2"
    assert list(rule(np.array([[0, 2], [0, 3], [0, np.nan]], np.float32))) == [0.9, 0.0, 0.0]
    nothing = rules.best(features, spread, matrix, np.ones(250, bool))
    assert (nothing.text, nothing(matrix[:2]).tolist()) == ("nothing", [1.0, 1.0])


def test_reasons_agree_with_what_the_forest_does() -> None:
    drawn, trained = honest()
    model, frame = trained.model, drawn.hold_out
    matrix = model.matrix(frame)
    before = model.probabilities(matrix)
    first = model.reason_codes(matrix, before)[:, 0]
    column = np.searchsorted([codes[0] for codes in model.why.codes], first, side="right") - 1
    others = np.tile(matrix, (20, 1))
    rows, rng = np.arange(len(others)), np.random.default_rng(1)
    told = np.tile(column, 20)
    others[rows, told] = matrix[rng.integers(len(matrix), size=len(others)), told]
    after = model.probabilities(others).reshape(20, -1).mean(axis=0)
    is_told = first > 0
    agrees = np.where(before >= model.base_rate, after < before, after > before)[is_told]
    # without what is told, and with somebody else's value in its place, the customer is nearer to the others
    assert is_told.mean() > 0.9
    assert agrees.mean() > 0.95


def test_reasons_speak_for_or_against_and_tell_what_is_so() -> None:
    drawn, trained = honest()
    frame = drawn.hold_out[:4].assign(
        recency_days=np.float32([1, 60, 1, np.nan]), views_7d=np.float32([20, 0, 20, 0]), orders=np.float32(4)
    )
    frame[["persona", "noise"]] = "Others", np.float32(40)
    reasons = trained.model.reasons(frame)
    assert reasons.shape == (4, 3)
    assert list(reasons[0, :2]) == ["came lately", "looks at much"]
    assert list(reasons[1, :2]) == ["has not come for long", "hardly looks"]
    assert reasons[3, 0] == "days since the last visit: not known"
    assert not {"large feet", "small feet"} & set(trained.model.reasons(drawn.hold_out).ravel())
    assert trained.model.reason_texts[0] == ""


def test_a_reason_near_the_turning_point_tells_the_number_and_not_the_opposite() -> None:
    drawn, trained = honest()
    told = trained.model.reasons(drawn.hold_out)
    probability = trained.model.predict(drawn.hold_out)
    against, favour = (set(told[side].ravel()) for side in (probability < trained.model.base_rate, probability >= 0.5))
    assert "came lately" not in against
    assert "has not come for long" not in favour


def test_fewer_reasons_are_told_where_there_are_fewer() -> None:
    drawn, trained = honest()
    mute = replace(
        trained.model, why=replace(trained.model.why, effects=tuple(e * 0 for e in trained.model.why.effects))
    )
    assert set(mute.reasons(drawn.hold_out).ravel()) == {""}
    assert trained.model.reasons(drawn.hold_out, top=1).shape == (600, 1)
    assert trained.model.reasons(drawn.hold_out[:0]).shape == (0, 3)

"""The gate: every criterion refuses by itself, nothing that is missing passes, and worse numbers never help."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personapulse.errors import PersonaPulseError
from personapulse.intent import gate
from personapulse.intent.policy import CRITERIA, POLICY_FILE

POLICY = gate.load_policy()

# Where each criterion looks, and the sign of what is better.
NUMBERS = {
    ("accuracy", "value"): 1,
    ("accuracy_above_majority", "low"): 1,
    ("pr_auc_above_base_rate", "low"): 1,
    ("pr_auc_above_rule", "low"): 1,
    ("brier_below_base_rate", "low"): 1,
    ("brier_below_rule", "low"): 1,
    ("accuracy_above_champion", "low"): 1,
    ("brier_below_champion", "low"): 1,
    ("calibration_error", "value"): -1,
    ("slices", 0, "accuracy", "high"): 1,
    ("slices", 3, "accuracy_above_majority", "high"): 1,
    ("canaries", "shuffled_roc_auc", "low"): -1,
    ("canaries", "single_feature_roc_auc"): -1,
    ("canaries", "planted_leak_roc_auc"): 1,
    ("hold_out", "days_after_training"): 1,
    ("hold_out", "buyers"): 1,
    ("hold_out", "others"): 1,
    ("training", "buyers"): 1,
    ("training", "others"): 1,
}


def good() -> dict[str, Any]:
    """Measurements that pass, each of them by a little."""
    return {
        "accuracy": {"value": 0.90},
        "accuracy_above_majority": {"low": 0.01},
        "pr_auc_above_base_rate": {"low": 0.01},
        "pr_auc_above_rule": {"low": 0.01},
        "brier_below_base_rate": {"low": 0.01},
        "brier_below_rule": {"low": 0.01},
        "accuracy_above_champion": {"low": -0.01},
        "brier_below_champion": {"low": -0.005},
        "calibration_error": {"value": 0.07},
        "slices": [
            {"dimension": dimension, "value": value, "customers": customers, "accuracy": {"high": 0.70}}
            | {"accuracy_above_majority": {"high": 0.01}}
            for dimension, value, customers in (
                ("persona", "Loyalist", 80),
                ("gender", "f", 80),
                ("age_group", "18-29", 80),
                ("age_group", "30-44", 80),
            )
        ],
        "canaries": {
            "shuffled_roc_auc": {"low": 0.49},
            "single_feature_roc_auc": 0.94,
            "planted_leak_roc_auc": 0.97,
        },
        "hold_out": {"days_after_training": 0, "buyers": 60, "others": 540},
        "training": {"buyers": 210, "others": 3000},
        "champion": {"exists": True},
    }


def put(measurements: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(measurements)
    at = changed
    for key in path[:-1]:
        at = at[key]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


def test_good_measurements_pass_every_criterion_of_the_policy() -> None:
    decision = gate.decide(good(), POLICY)
    assert (decision.passed, decision.reasons) == (True, ())
    assert [criterion.name for criterion in decision.criteria] == list(CRITERIA)


@pytest.mark.parametrize(("path", "better"), NUMBERS.items(), ids=str)
def test_one_number_on_the_wrong_side_of_its_limit_refuses(path: tuple[Any, ...], better: int) -> None:
    decision = gate.decide(put(good(), path, -1000 * better), POLICY)
    assert not decision.passed
    assert len(decision.reasons) == 1
    assert f"{1000 * -better}; it must be" in decision.reasons[0]


@pytest.mark.parametrize("path", NUMBERS, ids=str)
@pytest.mark.parametrize("value", [None, float("nan"), KeyError, "0.9", True])
def test_a_number_that_was_not_measured_refuses(path: tuple[Any, ...], value: Any) -> None:
    decision = gate.decide(put(good(), path, value), POLICY)
    assert not decision.passed
    assert "was not measured" in decision.reasons[0]


@pytest.mark.parametrize("part", good())
def test_a_part_that_is_missing_altogether_refuses(part: str) -> None:
    without = put(good(), (part,), KeyError)
    if part == "champion":  # nobody said that there is none, so the comparison is asked for, and it is there
        without = put(without, ("accuracy_above_champion",), KeyError)
    assert not gate.decide(without, POLICY).passed
    assert not gate.decide({}, POLICY).passed


@pytest.mark.parametrize("dimension", gate.SLICE_DIMENSIONS)
def test_a_dimension_without_a_slice_that_is_large_enough_refuses(dimension: str) -> None:
    measurements = good()
    for one in measurements["slices"]:
        one["customers"] = 49 if one["dimension"] == dimension else one["customers"]
    assert any("was not measured" in reason for reason in gate.decide(measurements, POLICY).reasons)


def test_a_slice_that_is_too_small_to_judge_refuses_nobody() -> None:
    tiny = {"dimension": "persona", "value": "Others", "customers": 49}
    measurements = good()
    measurements["slices"].append(tiny | {"accuracy": {"high": 0.1}, "accuracy_above_majority": {"high": -0.5}})
    assert gate.decide(measurements, POLICY).passed
    measurements["slices"][-1]["customers"] = 50
    assert "persona Others is 0.100" in gate.decide(measurements, POLICY).reasons[0]


def test_the_first_model_is_compared_with_no_champion() -> None:
    measurements = put(put(good(), ("accuracy_above_champion",), KeyError), ("brier_below_champion",), KeyError)
    assert not gate.decide(measurements, POLICY).passed
    first = put(measurements, ("champion",), {"exists": False})
    assert gate.decide(first, POLICY).passed


def test_a_shop_may_set_its_own_floor_and_slices_follow_it() -> None:
    modest = put(put(good(), ("accuracy", "value"), 0.85), ("slices", 0, "accuracy", "high"), 0.65)
    assert len(gate.decide(modest, POLICY).reasons) == 2
    assert gate.decide(modest, POLICY.with_floor(0.84)).passed
    assert gate.decide(modest, POLICY.with_floor(0.86)).reasons == (
        "Accuracy is 0.850; it must be at least 0.86.",
        "The high end of accuracy of persona Loyalist is 0.650; it must be at least 0.66.",
    )
    assert POLICY.with_floor(None) is POLICY


def test_limits_are_on_the_side_the_policy_says() -> None:
    at_limit = {
        ("accuracy", "value"): (0.89, True),
        ("accuracy_above_majority", "low"): (0.0, False),
        ("accuracy_above_champion", "low"): (-0.02, True),
        ("calibration_error", "value"): (0.08, True),
        ("canaries", "single_feature_roc_auc"): (0.95, True),
        ("canaries", "planted_leak_roc_auc"): (0.95, False),
        ("hold_out", "buyers"): (50, True),
    }
    found = {path: gate.decide(put(good(), path, value), POLICY).passed for path, (value, _) in at_limit.items()}
    assert found == {path: passes for path, (_, passes) in at_limit.items()}


@st.composite
def worsened(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw measurements on either side of the limits, and the same with one number made worse or taken away."""
    before = good()
    for path, better in NUMBERS.items():
        step = draw(st.sampled_from([0, 0, 0, 0, 1, -1])) * draw(st.floats(0, 0.2))
        before = put(before, path, max(_get(before, path) + better * step * (100 if path[0] == "training" else 1), -1))
    path = draw(st.sampled_from(sorted(NUMBERS, key=str)))
    worse = draw(st.one_of(st.none(), st.floats(0, 2).map(lambda by: _get(before, path) - NUMBERS[path] * by)))
    return before, put(before, path, worse)


def _get(measurements: Any, path: tuple[Any, ...]) -> float:
    for key in path:
        measurements = measurements[key]
    return float(measurements)


@given(worsened())
def test_a_worse_number_never_turns_a_refusal_into_a_pass(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    before, after = (gate.decide(measurements, POLICY) for measurements in case)
    assert before.passed or not after.passed
    assert {one.name for one in after.criteria if one.passed} <= {one.name for one in before.criteria if one.passed}


@given(worsened())
def test_the_gate_changes_nothing_and_answers_the_same_twice(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    measurements, kept = case[0], copy.deepcopy(case[0])
    assert gate.decide(measurements, POLICY) == gate.decide(measurements, POLICY)
    assert measurements == kept


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("criteria:", "criterias:", "gate.yaml: unknown part 'criterias'. Known are: criteria, live."),
        ("  accuracy:\n", "  accuracies:\n", "gate.yaml: criteria: unknown criterion 'accuracies'"),
        ("    limit: 0.89\n", "    limit: 89\n", "gate.yaml: criteria.accuracy.limit must be a number from 0.5 to 1"),
        ("    limit: 0.89\n", "    limit: high\n", "gate.yaml: criteria.accuracy.limit must be a number"),
        ("    limit: 0.89\n", "    limits: 0.89\n", "gate.yaml: criteria.accuracy: unknown key 'limits'"),
        ("    limit: 0.89\n", "", "gate.yaml: criteria.accuracy: the key 'limit' is missing."),
        (
            "    limit: -0.02\n",
            "    limit: 0.02\n",
            "criteria.accuracy_against_champion.limit must be a number from -1",
        ),
        ("    least_customers: 50\n", "", "gate.yaml: criteria.slices: the key 'least_customers' is missing."),
        ("live:", "live: []\nlives:", "gate.yaml: unknown part 'lives'"),
        ("  outcomes:\n", "  outcome:\n", "gate.yaml: live: unknown criterion 'outcome'"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_by_name(tmp_path: Any, old: str, new: str, message: str) -> None:
    text = POLICY_FILE.read_text()
    assert old in text
    (tmp_path / "gate.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(PersonaPulseError) as refused:
        gate.load_policy(tmp_path / "gate.yaml")
    assert message in str(refused.value)


def test_a_criterion_without_a_reason_or_left_out_is_refused(tmp_path: Any) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("criteria: {}\nlive: {}")
    with pytest.raises(PersonaPulseError, match=r"criteria: the criterion 'accuracy' is missing"):
        gate.load_policy(file)
    file.write_text("criteria: {accuracy: {limit: 0.9, why: ' '}}\nlive: {}")
    with pytest.raises(PersonaPulseError, match="the criterion 'accuracy_above_majority' is missing"):
        gate.load_policy(file)
    file.write_text(POLICY_FILE.read_text().replace("why: >-", "why: ''\n    # ", 1))
    with pytest.raises(PersonaPulseError):
        gate.load_policy(file)


def test_every_criterion_says_why() -> None:
    assert all(len(limit.why) > 60 for limit in POLICY.criteria.values())
    assert all(criterion.why for criterion in gate.decide(good(), POLICY).criteria)


def test_what_was_served_is_complained_of_only_when_it_is_no_chance() -> None:
    live = {
        "accuracy": {"value": 0.91, "high": 0.93},
        "calibration_error": {"value": 0.05},
        "buyers": 90,
        "others": 400,
    }
    assert gate.complaints(live, POLICY) == ()
    assert gate.complaints(live | {"accuracy": {"value": 0.87, "high": 0.90}}, POLICY) == ()
    assert gate.complaints(live | {"accuracy": {"value": 0.80, "high": 0.84}}, POLICY) == (
        "Accuracy of what was served is 0.800; the floor is 0.89.",
    )
    assert gate.complaints(live | {"accuracy": {"value": 0.80, "high": 0.84}, "buyers": 49}, POLICY) == ()
    assert gate.complaints(live | {"calibration_error": {"value": None}}, POLICY) == (
        "The calibration error of what was served is not measured; the limit is 0.12.",
    )
    assert gate.complaints(live | {"accuracy": {"value": 0.80, "high": 0.84}}, POLICY.with_floor(0.8)) == ()

"""The gate: from measurements to a decision with reasons. The same numbers always give the same answer."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from personapulse.intent.policy import Limit, Policy, load_policy

__all__ = ["Criterion", "Decision", "Limit", "Policy", "complaints", "decide", "load_policy"]

AT_LEAST, MORE_THAN, AT_MOST = "at least", "more than", "at most"
SLICE_DIMENSIONS = ("persona", "gender", "age_group")


@dataclass(frozen=True)
class Criterion:
    """One criterion, as it turned out.

    Parameters
    ----------
    name : str
        As in `include/gate.yaml`.
    passed : bool
        Whether it holds.
    value : float or None
        What was compared; None if it was not measured, or is not asked (there is no champion yet).
    comparison : str
        `at least`, `more than` or `at most`.
    limit : float
        What it was compared with.
    why : str
        Why it must hold.
    says : str
        The outcome as a sentence.
    """

    name: str
    passed: bool
    value: float | None
    comparison: str
    limit: float
    why: str
    says: str


@dataclass(frozen=True)
class Decision:
    """Whether a model may be promoted.

    Parameters
    ----------
    passed : bool
        True if every criterion holds.
    reasons : tuple of str
        What speaks against it, as sentences; empty if nothing does.
    criteria : tuple of Criterion
        Every criterion, in the order of the policy.
    """

    passed: bool
    reasons: tuple[str, ...]
    criteria: tuple[Criterion, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Found:
    """A number that was looked up: with what it is called in a sentence, and whether it is asked at all."""

    value: float | None
    name: str
    is_asked: bool = True


@dataclass(frozen=True)
class Question:
    """How a criterion finds its number, and on which side of the limit it must lie."""

    find: Callable[[Mapping[str, Any], Limit], Found]
    comparison: str


def decide(measurements: Mapping[str, Any], policy: Policy) -> Decision:
    """Decide whether a model may be promoted.

    Parameters
    ----------
    measurements : mapping
        Of `evaluation.evaluate`, or the same read back from JSON. What is missing, None or nan counts against the
        model.
    policy : Policy
        Of `load_policy`, with the shop's floor (`Policy.with_floor`).

    Returns
    -------
    Decision
        Refused if any criterion fails.
    """
    criteria = tuple(_judge(name, measurements, policy) for name in QUESTIONS)
    reasons = tuple(criterion.says for criterion in criteria if not criterion.passed)
    return Decision(not reasons, reasons, criteria)


def _judge(name: str, measurements: Mapping[str, Any], policy: Policy) -> Criterion:
    question, asked = QUESTIONS[name], policy.criteria[name]
    # slices may lie so far below the shop's floor; everything else is compared with its own limit
    limit = policy.accuracy_floor - asked.limit if name == "slices" else asked.limit
    found = question.find(measurements, asked)
    if not found.is_asked:
        return Criterion(name, True, None, question.comparison, limit, asked.why, f"{found.name}.")
    if found.value is None:
        says = f"{found.name} was not measured; it must be {question.comparison} {limit:g}."
        return Criterion(name, False, None, question.comparison, limit, asked.why, says)
    passed = _holds(found.value, question.comparison, limit)
    says = f"{found.name} is {_short(found.value)}; it must be {question.comparison} {limit:g}."
    return Criterion(name, passed, found.value, question.comparison, limit, asked.why, says)


def _holds(value: float, comparison: str, limit: float) -> bool:
    if comparison == AT_LEAST:
        return value >= limit
    return value > limit if comparison == MORE_THAN else value <= limit


def _short(value: float) -> str:
    return f"{value:g}" if float(value).is_integer() else f"{value:.3f}"


def _at(measurements: Any, *path: str) -> float | None:
    """Return the number at a path; None if it, or anything on the way, is not there or no number."""
    for key in path:
        if not isinstance(measurements, Mapping) or key not in measurements:
            return None
        measurements = measurements[key]
    if isinstance(measurements, bool) or not isinstance(measurements, int | float) or not math.isfinite(measurements):
        return None
    return float(measurements)


def _number(name: str, *path: str) -> Callable[[Mapping[str, Any], Limit], Found]:
    return lambda measurements, _: Found(_at(measurements, *path), name)


def _against_champion(name: str, *path: str) -> Callable[[Mapping[str, Any], Limit], Found]:
    def find(measurements: Mapping[str, Any], _: Limit) -> Found:
        champion = measurements.get("champion")
        if isinstance(champion, Mapping) and champion.get("exists") is False:
            return Found(None, "There is no champion to compare with", is_asked=False)
        return Found(_at(measurements, *path), name)

    return find


def _slices(name: str, *path: str) -> Callable[[Mapping[str, Any], Limit], Found]:
    """Find the worst large slice; nothing if a dimension has no large slice, or one of them was not measured."""

    def find(measurements: Mapping[str, Any], limit: Limit) -> Found:
        slices = measurements.get("slices")
        large = [one for one in slices or [] if (_at(one, "customers") or 0) >= limit.least_customers]
        for dimension in SLICE_DIMENSIONS:
            if not any(one["dimension"] == dimension for one in large):
                return Found(None, f"{name} by {dimension.replace('_', ' ')}")
        values = [(_at(one, *path), f"{name} of {one['dimension'].replace('_', ' ')} {one['value']}") for one in large]
        unknown = [where for value, where in values if value is None]
        if unknown:
            return Found(None, unknown[0])
        worst, where = min((value, where) for value, where in values if value is not None)
        return Found(worst, where)

    return find


def _rarer(name: str, part: str) -> Callable[[Mapping[str, Any], Limit], Found]:
    def find(measurements: Mapping[str, Any], _: Limit) -> Found:
        counts = (_at(measurements, part, "buyers"), _at(measurements, part, "others"))
        known = [count for count in counts if count is not None]
        return Found(min(known) if len(known) == 2 else None, name)

    return find


QUESTIONS: Mapping[str, Question] = {
    "accuracy": Question(_number("Accuracy", "accuracy", "value"), AT_LEAST),
    "accuracy_above_majority": Question(
        _number("The low end of accuracy above the majority", "accuracy_above_majority", "low"), MORE_THAN
    ),
    "pr_auc_above_base_rate": Question(
        _number("The low end of PR-AUC above the base rate", "pr_auc_above_base_rate", "low"), MORE_THAN
    ),
    "pr_auc_above_rule": Question(
        _number("The low end of PR-AUC above the best rule's", "pr_auc_above_rule", "low"), MORE_THAN
    ),
    "brier_below_base_rate": Question(
        _number("The low end of the Brier score below the base rate's", "brier_below_base_rate", "low"), MORE_THAN
    ),
    "brier_below_rule": Question(
        _number("The low end of the Brier score below the best rule's", "brier_below_rule", "low"), MORE_THAN
    ),
    "accuracy_against_champion": Question(
        _against_champion("The low end of accuracy above the champion's", "accuracy_above_champion", "low"), AT_LEAST
    ),
    "brier_against_champion": Question(
        _against_champion("The low end of the Brier score below the champion's", "brier_below_champion", "low"),
        AT_LEAST,
    ),
    "calibration_error": Question(_number("The calibration error", "calibration_error", "value"), AT_MOST),
    "slices": Question(_slices("The high end of accuracy", "accuracy", "high"), AT_LEAST),
    "slices_above_guessing": Question(
        _slices("The high end of accuracy above the majority", "accuracy_above_majority", "high"), AT_LEAST
    ),
    "shuffled_labels": Question(
        _number("The low end of the ROC-AUC on shuffled labels", "canaries", "shuffled_roc_auc", "low"), AT_MOST
    ),
    "single_feature": Question(
        _number("The highest ROC-AUC of a single feature", "canaries", "single_feature_roc_auc"), AT_MOST
    ),
    "planted_leak": Question(
        _number("The ROC-AUC found of a planted leak", "canaries", "planted_leak_roc_auc"), MORE_THAN
    ),
    "hold_out_is_later": Question(
        _number("The number of days from training's last label to the hold-out", "hold_out", "days_after_training"),
        AT_LEAST,
    ),
    "hold_out_outcomes": Question(_rarer("The rarer outcome's count in the hold-out", "hold_out"), AT_LEAST),
    "training_outcomes": Question(_rarer("The rarer outcome's count in training", "training"), AT_LEAST),
}


def complaints(live: Mapping[str, Any], policy: Policy) -> tuple[str, ...]:
    """Say what is wrong with what was served, once it is known what came.

    Parameters
    ----------
    live : mapping
        `accuracy` and `calibration_error` as of `measures.judge`, `buyers` and `others` as counts.
    policy : Policy
        With the shop's floor.

    Returns
    -------
    tuple of str
        Sentences; empty if nothing is wrong, or outcomes are too few to say.
    """
    outcomes = [_at(live, "buyers"), _at(live, "others")]
    if any(count is None or count < policy.live["outcomes"].limit for count in outcomes):
        return ()
    found = []
    floor = policy.accuracy_floor - policy.live["accuracy_below_floor"].limit
    accuracy, best = _at(live, "accuracy", "value"), _at(live, "accuracy", "high")
    if accuracy is None or best is None or best < floor:
        found.append(f"Accuracy of what was served is {_or_unknown(accuracy)}; the floor is {floor:g}.")
    error, limit = _at(live, "calibration_error", "value"), policy.live["calibration_error"].limit
    if error is None or error > limit:
        found.append(f"The calibration error of what was served is {_or_unknown(error)}; the limit is {limit:g}.")
    return tuple(found)


def _or_unknown(value: float | None) -> str:
    return "not measured" if value is None else _short(value)

"""Read and check `include/gate.yaml`: what a model must show, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from personapulse.errors import PersonaPulseError
from personapulse.paths import INCLUDE

POLICY_FILE = INCLUDE / "gate.yaml"

# Per criterion, what its limit may be.
CRITERIA: Mapping[str, tuple[float, float]] = {
    "accuracy": (0.5, 1),
    "accuracy_above_majority": (0, 1),
    "pr_auc_above_base_rate": (0, 1),
    "pr_auc_above_rule": (-1, 1),
    "brier_below_base_rate": (0, 1),
    "brier_below_rule": (-1, 1),
    "accuracy_against_champion": (-1, 0),
    "brier_against_champion": (-1, 0),
    "calibration_error": (0, 1),
    "slices": (0, 1),
    "slices_above_guessing": (-1, 0),
    "shuffled_labels": (0.5, 1),
    "single_feature": (0.5, 1),
    "planted_leak": (0.5, 1),
    "hold_out_is_later": (0, 366),
    "hold_out_outcomes": (10, 1e9),
    "training_outcomes": (10, 1e9),
}
LIVE: Mapping[str, tuple[float, float]] = {
    "accuracy_below_floor": (0, 1),
    "calibration_error": (0, 1),
    "outcomes": (10, 1e9),
}
OF_SLICES = ("slices", "slices_above_guessing")


@dataclass(frozen=True)
class Limit:
    """One criterion of the policy.

    Parameters
    ----------
    limit : float
        In the unit of what is compared.
    why : str
        What is compared, and why it must hold.
    least_customers : int
        Of a slice that is judged; 0 for criteria that are not about slices.
    """

    limit: float
    why: str
    least_customers: int = 0


@dataclass(frozen=True)
class Policy:
    """What a model must show to be promoted, and to go on being trusted.

    Parameters
    ----------
    criteria : mapping of str to Limit
        All of `CRITERIA`.
    live : mapping of str to Limit
        All of `LIVE`.
    """

    criteria: Mapping[str, Limit]
    live: Mapping[str, Limit]

    @property
    def accuracy_floor(self) -> float:
        """Share of customers of whom the likelier outcome must come."""
        return self.criteria["accuracy"].limit

    def with_floor(self, accuracy_floor: float | None) -> "Policy":
        """Return the policy with a shop's own floor of accuracy (`intent_accuracy_floor`), if it has one."""
        if accuracy_floor is None:
            return self
        accuracy = replace(self.criteria["accuracy"], limit=accuracy_floor)
        return replace(self, criteria={**self.criteria, "accuracy": accuracy})


def load_policy(file: Path | None = None) -> Policy:
    """Read and check the policy.

    Parameters
    ----------
    file : Path, optional
        The YAML file; by default the one that ships.

    Raises
    ------
    PersonaPulseError
        If a criterion is missing, unknown, without a reason, or its limit is none it can have; the message names it.
    """
    file = file or POLICY_FILE
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise PersonaPulseError(f"{file.name} is not valid YAML: {error}") from None
    _known(given, ("criteria", "live"), file.name, "part")
    return Policy(
        criteria=_limits(given["criteria"], CRITERIA, f"{file.name}: criteria"),
        live=_limits(given["live"], LIVE, f"{file.name}: live"),
    )


def _limits(given: Any, known: Mapping[str, tuple[float, float]], where: str) -> dict[str, Limit]:
    _known(given, tuple(known), where, "criterion")
    return {name: _limit(given[name], name, bounds, f"{where}.{name}") for name, bounds in known.items()}


def _limit(given: Any, name: str, bounds: tuple[float, float], where: str) -> Limit:
    _known(given, ("limit", "why", *(("least_customers",) if name in OF_SLICES else ())), where, "key")
    if not isinstance(given["why"], str) or not given["why"].strip():
        raise PersonaPulseError(f"{where}.why must say what is compared and why it must hold, got {given['why']!r}.")
    least = _number(given.get("least_customers", 0), (0, 1e9), f"{where}.least_customers")
    return Limit(_number(given["limit"], bounds, f"{where}.limit"), given["why"].strip(), int(least))


def _number(value: Any, bounds: tuple[float, float], where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not bounds[0] <= value <= bounds[1]:
        raise PersonaPulseError(f"{where} must be a number from {bounds[0]:g} to {bounds[1]:g}, got {value!r}.")
    return float(value)


def _known(given: Any, keys: tuple[str, ...], where: str, kind: str) -> None:
    """Refuse anything but a mapping with just these keys."""
    if not isinstance(given, dict):
        raise PersonaPulseError(f"{where} must be a mapping with {', '.join(keys)}, got {given!r}.")
    if unknown := [key for key in given if key not in keys]:
        raise PersonaPulseError(f"{where}: unknown {kind} {unknown[0]!r}. Known are: {', '.join(keys)}.")
    if missing := [key for key in keys if key not in given]:
        raise PersonaPulseError(f"{where}: the {kind} {missing[0]!r} is missing.")

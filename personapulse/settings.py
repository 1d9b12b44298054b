"""What a shop says about itself in `<source>/source.yaml`."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from personapulse.contract import BY_NAME, Extract
from personapulse.errors import PersonaPulseError
from personapulse.paths import SQL

RULE_SETS = ("default", "classic")
SEVERITIES = ("fail", "warn")
DEFAULT_THRESHOLD = 0.05
LEAST_SNAPSHOTS = 35


@dataclass(frozen=True)
class QuarantineLimits:
    """How much of a file may go to quarantine before the day is refused.

    Parameters
    ----------
    threshold : float, default=0.05
        Share of the file's rows, from 0 to 1.
    rules : mapping of str to float
        Rules (such as `missing_user_id`) with a share of their own; their rows do not count towards `threshold`.
    """

    threshold: float = DEFAULT_THRESHOLD
    rules: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ShopSettings:
    """A shop's settings; a shop without a `source.yaml` has the defaults.

    Parameters
    ----------
    name : str
        As people read it on the dashboard.
    currency : str
        ISO 4217 code of every amount in the extracts.
    locale : str
        How numbers are written for people, such as `en_GB`.
    time_zone : str
        IANA name; a shop day runs from midnight to midnight there.
    return_window_days : int
        Days a customer may return an order; younger orders are left out of matured return rates.
    conversion_days : int
        Days after a customer's first view in which a purchase counts as its outcome.
    persona_rules : str
        Rule set in `include/personas.yaml`: `default` or `classic`.
    lacks : tuple of str
        Files of the contract this shop never delivers; what is lacking is absent from the marts, never invented.
    zero_price : str
        `keep` (a price of 0 is a free item) or `quarantine` (a price of 0 means that nobody recorded it).
    quarantine : mapping of str to QuarantineLimits
        Per file of the contract, which share of its rows may be set aside before the day is refused; 5 % without.
    intent_horizon_days : int
        Purchase intent is the probability of a paid order within that many days.
    intent_accuracy_floor : float or None
        Accuracy a purchase intent model must reach to be used, in place of that of `include/gate.yaml`.
    daily_snapshots_days : int
        Days for which marts of customers are kept for each day; of earlier months their last day is.
    quarantine_days : int
        Days for which rows that were set aside are kept.
    runs_days : int
        Days for which it is kept what has run.
    deadline : str or None
        Time of day, `HH:MM` where the shop is, by which the day that ended must be published; None if nobody waits.
    checks : mapping of str to str
        Per check of a day (the rules of include/sql/checks/staging and core), `fail` or `warn` in place of its own.
    """

    name: str = "The shop"
    currency: str = "EUR"
    locale: str = "en_GB"
    time_zone: str = "UTC"
    return_window_days: int = 30
    conversion_days: int = 14
    persona_rules: str = "default"
    lacks: tuple[str, ...] = ()
    zero_price: str = "keep"
    intent_horizon_days: int = 14
    intent_accuracy_floor: float | None = None
    daily_snapshots_days: int = 35
    quarantine_days: int = 90
    runs_days: int = 400
    deadline: str | None = "06:00"
    quarantine: Mapping[str, QuarantineLimits] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)

    def limits(self, extract: str) -> QuarantineLimits:
        """Quarantine limits of one file of the contract."""
        return self.quarantine.get(extract, QuarantineLimits())


def parse_settings(text: str, where: str) -> ShopSettings:
    """Read a `source.yaml`.

    Parameters
    ----------
    text : str
        The file's content; empty means defaults.
    where : str
        The file's address, for messages.

    Raises
    ------
    PersonaPulseError
        If it is no YAML mapping, or a setting is unknown or has a value it cannot have.
    """
    try:
        given = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise PersonaPulseError(f"{where} is not valid YAML: {error}") from None
    if not isinstance(given, dict):
        raise PersonaPulseError(f"{where} must hold settings like 'name: My shop', not a {type(given).__name__}.")
    known = [setting.name for setting in fields(ShopSettings)]
    for setting in given:
        if setting not in known:
            raise PersonaPulseError(f"{where}: unknown setting {setting!r}. Known are: {', '.join(known)}.")
    checked = {name: _CHECKS[name](value, f"{where}: {name}") for name, value in given.items()}
    return ShopSettings(**checked)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PersonaPulseError(f"{where} must be a text, got {value!r}.")
    return value


def _choice(*choices: str) -> Any:
    def check(value: Any, where: str) -> str:
        if value not in choices:
            raise PersonaPulseError(f"{where} must be one of {', '.join(choices)}, got {value!r}.")
        return str(value)

    return check


def _time_zone(value: Any, where: str) -> str:
    try:
        return ZoneInfo(_text(value, where)).key
    except (ZoneInfoNotFoundError, ValueError):
        raise PersonaPulseError(f"{where} must be an IANA time zone such as Europe/London, got {value!r}.") from None


def _days(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PersonaPulseError(f"{where} must be a whole number of days, 0 or more, got {value!r}.")
    return value


def _snapshots(value: Any, where: str) -> int:
    # what is built tomorrow reads yesterday, the month before's end, and 28 days ago
    if _days(value, where) < LEAST_SNAPSHOTS:
        raise PersonaPulseError(f"{where} must be {LEAST_SNAPSHOTS} days or more, got {value!r}.")
    return int(value)


def time_of_day(value: Any, where: str) -> str | None:
    """Return a time of day as `HH:MM`; None if it is `off`.

    Raises
    ------
    PersonaPulseError
        If it is neither; `where` says what should be mended.
    """
    # YAML reads a bare 9:30 as a number to base sixty, and off as false
    if value is False or value == "off":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value // 60:02}:{value % 60:02}"
    try:
        return datetime.datetime.strptime(value, "%H:%M").strftime("%H:%M")  # noqa: DTZ007 - a time of every day
    except (TypeError, ValueError):
        raise PersonaPulseError(f"{where} must be a time of day such as 06:00, or off, got {value!r}.") from None


def _horizon(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 90:
        raise PersonaPulseError(f"{where} must be a whole number of days from 1 to 90, got {value!r}.")
    return value


def _accuracy(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.5 <= value <= 1:
        raise PersonaPulseError(
            f"{where} must be a share of customers from 0.5 (a coin reaches that) to 1, such as 0.84, got {value!r}."
        )
    return float(value)


def _file_names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise PersonaPulseError(f"{where} must be a list of files, got {value!r}.")
    return tuple(_file_name(name, where) for name in value)


def _file_name(name: Any, where: str) -> str:
    if name not in BY_NAME:
        raise PersonaPulseError(f"{where}: {name!r} is no file of the contract. Files are: {', '.join(BY_NAME)}.")
    return str(name)


def _share(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PersonaPulseError(f"{where} must be a share from 0 to 1, got {value!r}.")
    return float(value)


def _quarantine(value: Any, where: str) -> dict[str, QuarantineLimits]:
    return {
        name: _limits(given, f"{where}.{name}", quarantine_rules(BY_NAME[_file_name(name, where)]))
        for name, given in _mapping(value, where).items()
    }


def quarantine_rules(extract: Extract) -> list[str]:
    """Names of the rules by which a row of a file can be set aside."""
    by_column = [f"{kind}_{column}" for kind in ("missing", "untypable", "impossible") for column in extract.columns]
    return ["field_count", "duplicate_key", *by_column]


def _limits(value: Any, where: str, known: list[str]) -> QuarantineLimits:
    given = _mapping(value, where)
    if unknown := set(given) - {"threshold", "rules"}:
        raise PersonaPulseError(f"{where}: unknown setting {min(unknown)!r}. Known are: threshold, rules.")
    rules = _mapping(given.get("rules", {}), f"{where}.rules")
    for rule in rules:
        if rule not in known:
            raise PersonaPulseError(f"{where}.rules: no rule is called {rule!r}. Rules are: {', '.join(known)}.")
    return QuarantineLimits(
        threshold=_share(given.get("threshold", DEFAULT_THRESHOLD), f"{where}.threshold"),
        rules={str(rule): _share(share, f"{where}.rules.{rule}") for rule, share in rules.items()},
    )


def _severities(value: Any, where: str) -> dict[str, str]:
    # checks of marts guard our own arithmetic: no shop has a reason to soften them
    known = sorted(file.stem for layer in ("staging", "core") for file in (SQL / "checks" / layer).glob("*.sql"))
    given = _mapping(value, where)
    for rule in given:
        if rule not in known:
            raise PersonaPulseError(f"{where}: no check is called {rule!r}. Checks are: {', '.join(known)}.")
    return {rule: _choice(*SEVERITIES)(severity, f"{where}.{rule}") for rule, severity in given.items()}


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PersonaPulseError(f"{where} must be a mapping, got {value!r}.")
    return value


_CHECKS: dict[str, Any] = {
    "name": _text,
    "currency": _text,
    "locale": _text,
    "time_zone": _time_zone,
    "return_window_days": _days,
    "conversion_days": _days,
    "persona_rules": _choice(*RULE_SETS),
    "lacks": _file_names,
    "zero_price": _choice("keep", "quarantine"),
    "intent_horizon_days": _horizon,
    "intent_accuracy_floor": _accuracy,
    "daily_snapshots_days": _snapshots,
    "quarantine_days": _days,
    "runs_days": _days,
    "deadline": time_of_day,
    "quarantine": _quarantine,
    "checks": _severities,
}

# What each takes, in words for people: docs/configuration.md is made of it.
ACCEPTED: Mapping[str, str] = {
    "name": "text",
    "currency": "text, such as GBP",
    "locale": "text, such as en_GB",
    "time_zone": "IANA time zone, such as Europe/London",
    "return_window_days": "whole days, 0 or more",
    "conversion_days": "whole days, 0 or more",
    "persona_rules": " or ".join(RULE_SETS),
    "lacks": f"list of {', '.join(BY_NAME)}",
    "zero_price": "keep or quarantine",
    "intent_horizon_days": "whole days, 1 to 90",
    "intent_accuracy_floor": "share of customers, 0.5 to 1",
    "daily_snapshots_days": f"whole days, {LEAST_SNAPSHOTS} or more",
    "quarantine_days": "whole days, 0 or more",
    "runs_days": "whole days, 0 or more",
    "deadline": "time of day, HH:MM, or off",
    "quarantine": "per file: threshold (share of its rows, 0 to 1), rules (rule: share)",
    "checks": "per check: fail or warn",
}

"""A shop's settings: defaults, and messages that name the setting."""

import pytest

from personapulse.errors import PersonaPulseError
from personapulse.settings import QuarantineLimits, ShopSettings, parse_settings


def test_a_shop_that_says_nothing_has_defaults() -> None:
    assert parse_settings("", "source.yaml") == ShopSettings()


def test_settings_are_read() -> None:
    settings = parse_settings(
        "name: Maple\ntime_zone: Europe/Oslo\nlacks: [product_views]\n"
        "intent_horizon_days: 30\nintent_accuracy_floor: 0.84\n"
        "quarantine: {orders: {threshold: 0.1, rules: {missing_user_id: 1.0}}}\n"
        "checks: {volume_collapsed: warn, order_of_unknown_user: fail}",
        "source.yaml",
    )
    assert (settings.name, settings.time_zone, settings.lacks) == ("Maple", "Europe/Oslo", ("product_views",))
    assert (settings.intent_horizon_days, settings.intent_accuracy_floor) == (30, 0.84)
    assert settings.limits("orders") == QuarantineLimits(0.1, {"missing_user_id": 1.0})
    assert settings.limits("users") == QuarantineLimits(0.05, {})
    assert settings.checks == {"volume_collapsed": "warn", "order_of_unknown_user": "fail"}


@pytest.mark.parametrize(
    ("text", "deadline"),
    [("", "06:00"), ("deadline: 05:30", "05:30"), ("deadline: 10:45", "10:45"), ("deadline: off", None)],
)
def test_a_deadline_is_a_time_of_day_as_people_write_it(text: str, deadline: str | None) -> None:
    assert parse_settings(text, "source.yaml").deadline == deadline  # YAML takes a bare 10:45 for a number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", "source.yaml is not valid YAML"),
        ("- name", "source.yaml must hold settings like 'name: My shop', not a list"),
        ("colour: red", "source.yaml: unknown setting 'colour'. Known are: name, currency"),
        ("name: ''", "source.yaml: name must be a text"),
        ("time_zone: Mars/Olympus", "source.yaml: time_zone must be an IANA time zone such as Europe/London"),
        ("return_window_days: -1", "source.yaml: return_window_days must be a whole number of days"),
        ("return_window_days: true", "source.yaml: return_window_days must be a whole number of days"),
        ("persona_rules: mine", "source.yaml: persona_rules must be one of default, classic, got 'mine'"),
        ("lacks: product_views", "source.yaml: lacks must be a list of files"),
        ("lacks: [views]", "source.yaml: lacks: 'views' is no file of the contract. Files are: users"),
        ("intent_horizon_days: 0", "source.yaml: intent_horizon_days must be a whole number of days from 1 to 90"),
        ("intent_horizon_days: 14.5", "source.yaml: intent_horizon_days must be a whole number of days from 1 to 90"),
        ("intent_accuracy_floor: 89", "source.yaml: intent_accuracy_floor must be a share of customers from 0.5"),
        ("intent_accuracy_floor: 0.4", "source.yaml: intent_accuracy_floor must be a share of customers from 0.5"),
        ("intent_accuracy_floor: high", "source.yaml: intent_accuracy_floor must be a share of customers from 0.5"),
        ("zero_price: drop", "source.yaml: zero_price must be one of keep, quarantine"),
        ("deadline: 25:00", "source.yaml: deadline must be a time of day such as 06:00, or off, got '25:00'"),
        ("deadline: soon", "source.yaml: deadline must be a time of day such as 06:00, or off, got 'soon'"),
        ("deadline: true", "source.yaml: deadline must be a time of day such as 06:00, or off, got True"),
        ("quarantine: 0.1", "source.yaml: quarantine must be a mapping"),
        ("quarantine: {order: {}}", "source.yaml: quarantine: 'order' is no file of the contract"),
        ("quarantine: {orders: {treshold: 1}}", "source.yaml: quarantine.orders: unknown setting 'treshold'"),
        (
            "quarantine: {orders: {threshold: 5}}",
            "source.yaml: quarantine.orders.threshold must be a share from 0 to 1",
        ),
        ("quarantine: {orders: {rules: {duplicate_key: no}}}", "quarantine.orders.rules.duplicate_key must be a share"),
        (
            "quarantine: {orders: {rules: {mising_user_id: 1}}}",
            "quarantine.orders.rules: no rule is called 'mising_user_id'",
        ),
        ("checks: warn", "source.yaml: checks must be a mapping"),
        ("checks: {volume_colapsed: warn}", "source.yaml: checks: no check is called 'volume_colapsed'. Checks are:"),
        ("checks: {totals_agree: warn}", "source.yaml: checks: no check is called 'totals_agree'"),
        (
            "checks: {volume_collapsed: off}",
            "source.yaml: checks.volume_collapsed must be one of fail, warn",
        ),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(PersonaPulseError) as refused:
        parse_settings(text, "source.yaml")
    assert message in str(refused.value)

"""Persona rules: what they render to, and which rules are refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from personapulse.errors import PersonaPulseError
from personapulse.personas import load_rule_sets

COLUMNS = ("paid_orders", "views", "return_rate")


def rules(tmp_path: Path, when: str = "paid_orders > 1", **changes: Any) -> Path:
    body = {
        "thresholds": {"many": {"of": "views", "quantile": 0.5, "among": "paid_orders > 0"}},
        "rules": [{"persona": "It's Loyal", "description": "d", "when": when, "action": "a"}],
        "otherwise": {"persona": "Others", "description": "d", "action": "a"},
    }
    file = tmp_path / "personas.yaml"
    file.write_text(yaml.safe_dump({"mine": body | changes}))
    return file


def test_rules_become_one_case_and_thresholds_one_row(tmp_path: Path) -> None:
    file = rules(tmp_path, "paid_orders > 1 and (views > many or return_rate is null)")
    rule_set = load_rule_sets(file, COLUMNS)["mine"]
    assert " ".join(rule_set.case_sql().split()) == (
        "case when paid_orders > 1 AND (views > many OR return_rate IS NULL) then 'It''s Loyal' else 'Others' end"
    )
    assert rule_set.thresholds_sql() == (
        "percentile_cont(0.5) within group (order by views) filter (where paid_orders > 0) as many"
    )
    assert rule_set.personas == ["It's Loyal", "Others"]


def test_counts_are_divided_as_numbers_and_never_by_zero(tmp_path: Path) -> None:
    case = load_rule_sets(rules(tmp_path, "views / paid_orders >= 0.5"), COLUMNS)["mine"].case_sql()
    assert "CAST((views) AS DECIMAL) / NULLIF(paid_orders, 0) >= 0.5" in case


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("orders > 1", "rule \"It's Loyal\": unknown column 'orders'. Known are: many, paid_orders"),
        ("profiles.views > 1", "unknown column 'profiles.views'"),
        ("paid_orders >", "is no SQL condition"),
        ("paid_orders > 'one", "is no SQL condition"),
        ("paid_orders + 1", "is a value, not a condition"),
        ("paid_orders > (select 1)", "is not allowed in a condition"),
        ("pg_sleep(10) is null", "(Anonymous) is not allowed in a condition"),
        ("views > 1; drop table core.users", "(Block) is not allowed in a condition"),
        ("exists (select from core.users)", "is not allowed in a condition"),
        ("views::regclass is null", "(Cast) is not allowed in a condition"),
        ("current_date > '2026-01-01'", "is not allowed in a condition"),
    ],
)
def test_a_condition_that_is_more_or_less_than_one_is_refused_with_its_rule(
    tmp_path: Path, when: str, message: str
) -> None:
    with pytest.raises(PersonaPulseError) as refused:
        load_rule_sets(rules(tmp_path, when), COLUMNS)
    assert message in str(refused.value)
    assert "personas.yaml: mine: rule" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": [{"persona": "Loyal", "when": "views > 1", "description": "d"}]}, "rule 'Loyal' has no action"),
        ({"rules": []}, "personas.yaml: mine has no rules"),
        ({"otherwise": {"persona": "It's Loyal", "description": "d", "action": "a"}}, "has two rules"),
        ({"thresholds": {"many": {"of": "orders", "quantile": 0.5}}}, "threshold many: unknown column 'orders'"),
        ({"thresholds": {"many": {"of": "views", "quantile": 50}}}, "quantile must be from 0 to 1, got 50"),
        ({"thresholds": {"views": {"of": "views", "quantile": 0.5}}}, "must be a plain word that is no column"),
        ({"thresholds": {"a b": {"of": "views", "quantile": 0.5}}}, "must be a plain word that is no column"),
    ],
)
def test_an_incomplete_rule_set_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PersonaPulseError) as refused:
        load_rule_sets(rules(tmp_path, **changes), COLUMNS)
    assert message in str(refused.value)


def test_broken_yaml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "personas.yaml"
    file.write_text("mine: [")
    with pytest.raises(PersonaPulseError, match=r"personas\.yaml is not valid YAML"):
        load_rule_sets(file)

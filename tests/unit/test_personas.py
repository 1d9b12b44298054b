"""Persona rules: what they render to, and which rules are refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from personapulse.errors import PersonaPulseError
from personapulse.personas import RuleSet, load_rule_sets
from personapulse.personas.columns import Column, profile_columns
from personapulse.personas.rendering import fragments

COLUMNS = {
    name: Column(name, kind, is_optional=kind != "count", moved_by=(name,))
    for name, kind in {"paid_orders": "count", "views": "amount", "return_rate": "share", "gender": "text"}.items()
}
MANY = {"meaning": "m", "of": "views", "quantile": 0.5, "among": "paid_orders > 0"}


def rules(tmp_path: Path, when: str = "paid_orders > 1", **changes: Any) -> Path:
    thresholds = {"many": MANY} if "many" in when else {}
    body = {
        "description": "d",
        "thresholds": thresholds,
        "rules": [{"persona": "It's Loyal", "description": "d", "when": when, "action": "a"}],
        "otherwise": {"persona": "Others", "description": "d", "action": "a"},
    }
    file = tmp_path / "personas.yaml"
    file.write_text(yaml.safe_dump({"mine": body | changes}))
    return file


def load(tmp_path: Path, when: str, **changes: Any) -> RuleSet:
    return load_rule_sets(rules(tmp_path, when, **changes), COLUMNS)["mine"]


def shown(tmp_path: Path, when: str, **changes: Any) -> dict[str, str]:
    return {name: " ".join(text.split()) for name, text in fragments(load(tmp_path, when, **changes)).items()}


def test_rules_become_columns_and_one_case_over_them(tmp_path: Path) -> None:
    sql = shown(tmp_path, "paid_orders > 1 and (views > many or not return_rate is null)")
    assert sql["persona_conditions"] == (
        "profiles.paid_orders > 1 as is_1, profiles.views > cuts.many as is_2, profiles.return_rate IS NULL as is_3"
    )
    assert sql["persona_case"] == "case when is_1 and (is_2 or not is_3) then 'It''s Loyal' else 'Others' end"
    assert sql["persona_condition_list"] == "is_1, is_2, is_3"
    assert sql["threshold_quantiles"] == (
        "percentile_cont(0.5) within group (order by views) filter (where paid_orders > 0) as many,"
        " count(views) filter (where paid_orders > 0) as many_customers"
    )


@pytest.mark.parametrize(
    ("when", "keeps", "enters"),
    [
        ("views <= many", "high", "low"),
        ("views < many", "high", "low"),
        ("views >= many", "low", "high"),
        ("many < views", "low", "high"),
        ("many >= views", "high", "low"),
    ],
)
def test_a_dead_band_holds_whoever_was_there_and_keeps_out_whoever_was_not(
    tmp_path: Path, when: str, keeps: str, enters: str
) -> None:
    sql = shown(tmp_path, when, thresholds={"many": MANY | {"band": 0.1}})
    sign = when.split()[1] if when.startswith("views") else {"<": ">", ">=": "<="}[when.split()[1]]
    assert sql["persona_conditions"] == (
        f"profiles.views {sign} case eves.sides[1] when true then cuts.many_{keeps}"
        f" when false then cuts.many_{enters} else cuts.many end as is_1"
    )
    assert sql["persona_sides"] == when.replace("many", "cuts.many").replace("views", "profiles.views")


def test_counts_are_divided_as_numbers_and_never_by_zero(tmp_path: Path) -> None:
    sql = shown(tmp_path, "views / paid_orders >= 0.5")["persona_conditions"]
    assert "CAST((profiles.views) AS DECIMAL) / NULLIF(profiles.paid_orders, 0) >= 0.5" in sql


def test_a_version_follows_what_rules_decide_and_not_their_words(tmp_path: Path) -> None:
    versions = {
        load(tmp_path, "views > many", **changes).version
        for changes in (
            {},
            {"thresholds": {"many": MANY | {"meaning": "other words"}}},
            {"otherwise": {"persona": "Others", "description": "other words", "action": "other words"}},
        )
    }
    assert len(versions) == 1
    assert load(tmp_path, "views >= many").version not in versions
    assert load(tmp_path, "views > many", thresholds={"many": MANY | {"band": 0.1}}).version not in versions


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("orders > 1", "rule \"It's Loyal\": unknown column 'orders'. Known are: gender, paid_orders"),
        ("profiles.views > 1", "unknown column 'profiles.views'"),
        ("paid_orders >", "is no SQL condition"),
        ("paid_orders > 'one", "is no SQL condition"),
        ("paid_orders + 1", "is a value, not a condition"),
        ("paid_orders > 1 and views", "is a value, not a condition"),
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
        load(tmp_path, when)
    assert message in str(refused.value)
    assert "personas.yaml: mine: rule" in str(refused.value)


def rule(persona: str, when: str) -> dict[str, str]:
    return {"persona": persona, "when": when, "description": "d", "action": "a"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": [{"persona": "Loyal", "when": "views > 1", "description": "d"}]}, "rule 'Loyal' has no action"),
        ({"rules": [rule("Loyal", "")]}, "rule 'Loyal' has no when"),
        ({"rules": [rule("(new)", "views > 1")]}, "names in brackets are kept for (new) and (gone)"),
        ({"rules": []}, "personas.yaml: mine has no rules"),
        ({"rules": [rule("Loyal", "views > 1"), rule("Loyal", "views < 1")]}, "the persona 'Loyal' has two rules"),
        ({"otherwise": {"persona": "It's Loyal", "description": "d", "action": "a"}}, "has two rules"),
        ({"thresholds": {"many": MANY | {"of": "orders"}}}, "threshold many: unknown column 'orders'"),
        ({"thresholds": {"many": MANY | {"of": "gender"}}}, "gender is no number and has no quantile"),
        ({"thresholds": {"many": MANY | {"quantile": 50}}}, "quantile must be from 0 to 1, got 50"),
        ({"thresholds": {"many": MANY | {"band": "wide"}}}, "band must be from 0 to 1, got 'wide'"),
        ({"thresholds": {"many": MANY | {"value": 3}}}, "a fixed value has no of; remove one of the two"),
        ({"thresholds": {"many": {"meaning": "m", "value": "3"}}}, "value must be a number, got '3'"),
        ({"thresholds": {"many": MANY | {"meaning": ""}}}, "threshold many has no meaning"),
        ({"thresholds": {"many": MANY}}, "no rule uses the threshold 'many'"),
        ({"thresholds": {"views": MANY}}, "must be a plain word in lower case that is no column"),
        ({"thresholds": {"a b": MANY}}, "must be a plain word in lower case that is no column"),
        (
            {"thresholds": {"many": MANY | {"band": 0.1}}, "rules": [rule("Loyal", "views > 2 * many")]},
            "'many' has a dead band; hold one column against it with <, <=, > or >=, instead of 'views > 2 * many'",
        ),
    ],
)
def test_an_incomplete_rule_set_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PersonaPulseError) as refused:
        load_rule_sets(rules(tmp_path, **changes), COLUMNS)
    assert message in str(refused.value)


@pytest.mark.parametrize(("text", "message"), [("mine: [", "is not valid YAML"), ("- mine", "must hold rule sets")])
def test_broken_yaml_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "personas.yaml"
    file.write_text(text)
    with pytest.raises(PersonaPulseError, match=rf"personas\.yaml {message}"):
        load_rule_sets(file)


def test_of_every_profile_column_it_is_known_what_it_holds_and_what_moves_it() -> None:
    columns = profile_columns()
    kinds = {"count", "amount", "share", "number", "date", "text"}
    assert {column.kind for column in columns.values()} == kinds
    assert {name for column in columns.values() for name in column.moved_by} <= columns.keys()


def test_classic_rules_remember_nothing_and_have_no_thresholds() -> None:
    classic = load_rule_sets()["classic"]
    assert classic.thresholds == ()
    assert not any(comparison.threshold for comparison in classic.comparisons)
    assert [rule.when for rule in classic.rules] == [
        "paid_orders = 0 AND views > 10",
        "paid_orders = 0",
        "views > 10 AND paid_orders <= 2",
        "returns >= 0.5 * paid_orders",
        "paid_orders >= 4 AND returns < 0.3 * paid_orders",
    ]

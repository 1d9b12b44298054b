"""docs/personas.md says what the rules say."""

import pytest

from personapulse.paths import ROOT
from personapulse.personas import load_rule_sets
from personapulse.personas.page import PAGE, renewed

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_rules() -> None:
    assert renewed(TEXT) == TEXT, "run python -m personapulse.personas.page"


@pytest.mark.parametrize("name", load_rule_sets())
def test_every_persona_stands_on_the_page_with_its_action(name: str) -> None:
    rules = load_rule_sets()[name]
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    for rule in (*rules.rules, rules.otherwise):
        assert any(f"**{rule.persona}**" in line and rule.action in line and rule.description in line for line in lines)


def test_an_edited_table_is_noticed() -> None:
    assert renewed(TEXT.replace("`days_known < 28`", "`days_known < 3`")) == TEXT


def test_what_the_page_points_to_is_there() -> None:
    for path in ("docs/decisions/0012-personas-remember.md", "docs/simulator.md", "include/personas.yaml"):
        assert (ROOT / path).exists()

"""The tables of docs/personas.md: `python -m personapulse.personas.page` writes them from `include/personas.yaml`."""

import re
from collections.abc import Iterable
from pathlib import Path

from personapulse.paths import ROOT
from personapulse.personas.reading import load_rule_sets
from personapulse.personas.rules import RuleSet, Threshold

PAGE = ROOT / "docs" / "personas.md"
_PART = re.compile(r"(<!-- (\w+): (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(text: str) -> str:
    """Return a page with the text between `<!-- rule set: table -->` and `<!-- end -->` written anew."""
    rule_sets = load_rule_sets()

    def write(part: re.Match[str]) -> str:
        return f"{part[1]}\n{_TABLES[part[3]](rule_sets[part[2]])}\n\n{part[4]}"

    return _PART.sub(write, text)


def _rules(rules: RuleSet) -> str:
    rows = [
        (str(n), f"**{rule.persona}**", rule.description, f"`{rule.when}`", rule.action)
        for n, rule in enumerate(rules.rules, 1)
    ]
    rest = rules.otherwise
    rows.append(("", f"**{rest.persona}**", rest.description, "none of them", rest.action))
    return _table(("", "persona", "who they are", "rule", "what to do"), rows)


def _thresholds(rules: RuleSet) -> str:
    rows = [(f"`{one.name}`", one.meaning, _taken_from(one), f"{one.band:.0%}") for one in rules.thresholds]
    return _table(("threshold", "in words", "taken from", "dead band"), rows)


def _taken_from(one: Threshold) -> str:
    if one.of is None:
        return f"fixed: {one.value}"
    among = "everybody" if one.among.lower() == "true" else f"customers with `{one.among}`"
    return f"the {one.quantile:.0%} quantile of `{one.of}` over {among}"


def _conditions(rules: RuleSet) -> str:
    owners = [rule.persona for rule in rules.rules for _ in rule.comparisons]
    rows = [(str(n), owners[n - 1], f"`{one.text}`") for n, one in enumerate(rules.comparisons, 1)]
    return _table(("place in `conditions`", "rule", "comparison"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


_TABLES = {"rules": _rules, "thresholds": _thresholds, "conditions": _conditions}


def renew(page: Path = PAGE) -> None:
    """Write the tables of a page anew."""
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    renew()

"""Read and check `include/personas.yaml`: a broken rule is refused with its name and the reason."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlglot import exp

from personapulse.errors import PersonaPulseError
from personapulse.paths import INCLUDE
from personapulse.personas import conditions, reach
from personapulse.personas.columns import Column, profile_columns
from personapulse.personas.rules import Rule, RuleSet, Threshold

RULES_FILE = INCLUDE / "personas.yaml"


def load_rule_sets(file: Path | None = None, columns: Mapping[str, Column] | None = None) -> dict[str, RuleSet]:
    """Read and check every rule set.

    Parameters
    ----------
    file : Path, optional
        The YAML file; by default the one that ships.
    columns : mapping of str to Column, optional
        Columns of the customer profile; by default those of its dictionary page.

    Raises
    ------
    PersonaPulseError
        If a rule is incomplete, its condition uses an unknown column or anything but a plain condition, it can never
        be true, or earlier rules leave it nobody; the message names the file, the rule and the reason.
    """
    file = file or RULES_FILE
    text = file.read_text(encoding="utf-8")
    if columns is None:
        return dict(_over_the_profile(text, file.name))
    return _rule_sets(text, file.name, columns)


@lru_cache(maxsize=8)
def _over_the_profile(text: str, file: str) -> dict[str, RuleSet]:
    """Check rules once: to prove that every rule can be reached takes half a second, and every mart asks for them."""
    return _rule_sets(text, file, profile_columns())


def _rule_sets(text: str, file: str, columns: Mapping[str, Column]) -> dict[str, RuleSet]:
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PersonaPulseError(f"{file} is not valid YAML: {error}") from None
    if not isinstance(given, dict) or not all(isinstance(body, dict) for body in given.values()):
        raise PersonaPulseError(f"{file} must hold rule sets by name, each with 'rules' and 'otherwise'.")
    return {name: _rule_set(str(name), body, columns, f"{file}: {name}") for name, body in given.items()}


def _rule_set(name: str, body: Mapping[str, Any], columns: Mapping[str, Column], where: str) -> RuleSet:
    thresholds = tuple(
        _threshold(str(threshold), given, columns, f"{where}: threshold {threshold}")
        for threshold, given in (body.get("thresholds") or {}).items()
    )
    if missing := [key for key in ("description", "rules", "otherwise") if not body.get(key)]:
        raise PersonaPulseError(f"{where} has no {missing[0]}.")
    scope = conditions.Scope(columns, {threshold.name: threshold for threshold in thresholds})
    rules = tuple(_rule(given, scope, where) for given in body["rules"])
    otherwise = _rule({"when": "true", **body["otherwise"]}, scope, where)
    personas = [rule.persona for rule in (*rules, otherwise)]
    if twice := {persona for persona in personas if personas.count(persona) > 1}:
        raise PersonaPulseError(f"{where}: the persona {min(twice)!r} has two rules; join them with 'or'.")
    used = {column.name for rule in rules for column in rule.tree.find_all(exp.Column)}
    if idle := [threshold.name for threshold in thresholds if threshold.name not in used]:
        raise PersonaPulseError(f"{where}: no rule uses the threshold {idle[0]!r}; use it or remove it.")
    reach.refuse_unreachable(rules, scope, where)
    return RuleSet(name, body["description"], rules, otherwise, thresholds)


def _rule(given: Mapping[str, Any], scope: conditions.Scope, where: str) -> Rule:
    persona = str(given.get("persona", "without a name"))
    if missing := [key for key in ("persona", "description", "when", "action") if not given.get(key)]:
        raise PersonaPulseError(f"{where}: rule {persona!r} has no {missing[0]}.")
    if persona.startswith("("):
        raise PersonaPulseError(
            f"{where}: rule {persona!r}: names in brackets are kept for (new) and (gone) customers."
        )
    tree = conditions.parse(str(given["when"]), scope, f"{where}: rule {persona!r}")
    found = tuple(conditions.comparisons(tree, scope, f"{where}: rule {persona!r}"))
    return Rule(persona, given["description"], tree.sql(dialect="postgres"), given["action"], tree, found)


def _threshold(name: str, given: Mapping[str, Any], columns: Mapping[str, Column], where: str) -> Threshold:
    if not name.isidentifier() or name != name.lower() or name in columns:
        raise PersonaPulseError(
            f"{where}: the name must be a plain word in lower case that is no column of the profile."
        )
    if not given.get("meaning"):
        raise PersonaPulseError(f"{where} has no meaning: say in a marketer's words what it is.")
    band = _share("band", given.get("band", 0), where)
    if "value" in given:
        if unused := [key for key in ("of", "quantile", "among") if key in given]:
            raise PersonaPulseError(f"{where}: a fixed value has no {unused[0]}; remove one of the two.")
        if isinstance(given["value"], bool) or not isinstance(given["value"], int | float):
            raise PersonaPulseError(f"{where}: value must be a number, got {given['value']!r}.")
        return Threshold(name, given["meaning"], None, None, "true", given["value"], band)
    if given.get("of") not in columns:
        raise PersonaPulseError(
            f"{where}: unknown column {given.get('of')!r}. Known are: {', '.join(sorted(columns))}."
        )
    if not columns[given["of"]].is_number:
        raise PersonaPulseError(f"{where}: {given['of']} is no number and has no quantile.")
    among = conditions.parse(str(given.get("among", "true")), conditions.Scope(columns, {}), where)
    quantile = _share("quantile", given.get("quantile"), where)
    return Threshold(name, given["meaning"], given["of"], quantile, among.sql(dialect="postgres"), None, band)


def _share(name: str, value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise PersonaPulseError(f"{where}: {name} must be from 0 to 1, got {value!r}.")
    return float(value)

"""Persona rules: read from `include/personas.yaml`, checked, and rendered to one SQL case."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from personapulse.errors import PersonaPulseError
from personapulse.paths import INCLUDE, SQL

RULES_FILE = INCLUDE / "personas.yaml"
PROFILE_DICTIONARY = SQL / "marts" / "customer_profile.yml"

# What a condition may be made of; everything else (subqueries, functions, casts to types with side effects) is refused.
_ALLOWED = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Predicate, exp.Column, exp.Identifier, exp.Literal, exp.Boolean,
    exp.Null, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Tuple, exp.Coalesce, exp.Nullif,
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """One persona and the condition that makes a customer one."""

    persona: str
    description: str
    when: str
    action: str


@dataclass(frozen=True)
class Threshold:
    """A quantile of one profile column over the customers that meet a condition."""

    name: str
    of: str
    quantile: float
    among: str


@dataclass(frozen=True)
class RuleSet:
    """The rules a shop chose, in the order they are tried.

    Parameters
    ----------
    name : str
        `default` or `classic`.
    rules : tuple of Rule
        First match wins.
    otherwise : Rule
        For customers no rule matches; its condition is `true`.
    thresholds : tuple of Threshold
        Names the conditions may use beside the profile's columns.
    """

    name: str
    rules: tuple[Rule, ...]
    otherwise: Rule
    thresholds: tuple[Threshold, ...]

    @property
    def personas(self) -> list[str]:
        """Every persona a customer can be, in order."""
        return [rule.persona for rule in (*self.rules, self.otherwise)]

    def case_sql(self) -> str:
        """Render the rules as one SQL case; a condition that is null does not match."""
        whens = "\n".join(f"            when {rule.when} then {_quoted(rule.persona)}" for rule in self.rules)
        return f"case\n{whens}\n            else {_quoted(self.otherwise.persona)}\n        end"

    def thresholds_sql(self) -> str:
        """Render the thresholds as the columns of one aggregate row."""
        columns = [
            f"percentile_cont({threshold.quantile}) within group (order by {threshold.of})"
            f" filter (where {threshold.among}) as {threshold.name}"
            for threshold in self.thresholds
        ]
        return ",\n        ".join(columns) or "count(*) as customers"


def load_rule_sets(file: Path | None = None, columns: Iterable[str] | None = None) -> dict[str, RuleSet]:
    """Read and check every rule set.

    Parameters
    ----------
    file : Path, optional
        The YAML file; by default the one that ships.
    columns : iterable of str, optional
        Columns of the customer profile; by default those in its dictionary page.

    Raises
    ------
    PersonaPulseError
        If a rule is incomplete or its condition uses an unknown column or anything but a plain condition; the message
        names the file, the rule and the reason.
    """
    file = file or RULES_FILE
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise PersonaPulseError(f"{file.name} is not valid YAML: {error}") from None
    known = frozenset(columns if columns is not None else profile_columns())
    return {name: _rule_set(name, body, known, f"{file.name}: {name}") for name, body in given.items()}


def profile_columns() -> list[str]:
    """Columns of `marts.customer_profile` as its dictionary page lists them."""
    return list(yaml.safe_load(PROFILE_DICTIONARY.read_text(encoding="utf-8"))["columns"])


def _rule_set(name: str, body: Mapping[str, Any], columns: frozenset[str], where: str) -> RuleSet:
    thresholds = tuple(
        _threshold(threshold, given, columns, f"{where}: threshold {threshold}")
        for threshold, given in (body.get("thresholds") or {}).items()
    )
    if missing := [key for key in ("rules", "otherwise") if not body.get(key)]:
        raise PersonaPulseError(f"{where} has no {missing[0]}.")
    names = columns | {threshold.name for threshold in thresholds}
    rules = tuple(_rule(given, names, where) for given in body["rules"])
    otherwise = _rule({"when": "true", **body["otherwise"]}, names, where)
    personas = [rule.persona for rule in (*rules, otherwise)]
    if twice := {persona for persona in personas if personas.count(persona) > 1}:
        raise PersonaPulseError(f"{where}: the persona {min(twice)!r} has two rules; join them with 'or'.")
    return RuleSet(name, rules, otherwise, thresholds)


def _rule(given: Mapping[str, Any], names: frozenset[str], where: str) -> Rule:
    persona = given.get("persona", "without a name")
    if missing := [key for key in ("persona", "description", "when", "action") if not given.get(key)]:
        raise PersonaPulseError(f"{where}: rule {persona!r} has no {missing[0]}.")
    when = _checked(str(given["when"]), names, f"{where}: rule {persona!r}")
    return Rule(persona, given["description"], when, given["action"])


def _threshold(name: str, given: Mapping[str, Any], columns: frozenset[str], where: str) -> Threshold:
    if given.get("of") not in columns:
        raise PersonaPulseError(
            f"{where}: unknown column {given.get('of')!r}. Known are: {', '.join(sorted(columns))}."
        )
    quantile = given.get("quantile")
    if not isinstance(quantile, int | float) or not 0 <= quantile <= 1:
        raise PersonaPulseError(f"{where}: quantile must be from 0 to 1, got {quantile!r}.")
    if not name.isidentifier() or name in columns:
        raise PersonaPulseError(f"{where}: the name must be a plain word that is no column of the profile.")
    return Threshold(name, given["of"], float(quantile), _checked(str(given.get("among", "true")), columns, where))


def _checked(condition: str, names: frozenset[str], where: str) -> str:
    """Return the condition as sqlglot writes it, or say why it is refused."""
    try:
        tree = sqlglot.parse_one(condition, dialect="postgres")
    except sqlglot.errors.SqlglotError as error:
        raise PersonaPulseError(f"{where}: {condition!r} is no SQL condition: {str(error).splitlines()[0]}") from None
    for node in tree.walk():
        if not isinstance(node, _ALLOWED):
            raise PersonaPulseError(f"{where}: {node.sql()!r} ({type(node).__name__}) is not allowed in a condition.")
        if isinstance(node, exp.Column) and (node.name not in names or node.table):
            raise PersonaPulseError(f"{where}: unknown column {node.sql()!r}. Known are: {', '.join(sorted(names))}.")
    if not isinstance(tree, exp.Predicate | exp.Connector | exp.Not | exp.Paren | exp.Boolean):
        raise PersonaPulseError(f"{where}: {condition!r} is a value, not a condition.")
    return tree.transform(_safe_division).sql(dialect="postgres")


def _safe_division(node: exp.Expression) -> exp.Expression:
    """Divide counts as numbers, not as integers, and by nothing else than 0."""
    if not isinstance(node, exp.Div):
        return node
    return exp.Div(this=exp.cast(exp.paren(node.this), "numeric"), expression=exp.func("nullif", node.expression, 0))


def _quoted(text: str) -> str:
    return exp.Literal.string(text).sql(dialect="postgres")

"""Rule sets as SQL: what stands in for the placeholders of the persona marts."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from sqlglot import exp

from personapulse.personas.columns import Column, profile_columns
from personapulse.personas.rules import Comparison, Rule, RuleSet, Threshold, Tree, leaves, written

_HOLDS_WITHIN = {exp.LT: "high", exp.LTE: "high", exp.GT: "low", exp.GTE: "low"}
_OTHER = {"high": "low", "low": "high"}
_MIRRORED = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}


@lru_cache(maxsize=8)
def fragments(rules: RuleSet) -> Mapping[str, str]:
    """Return what stands in for each placeholder, by its name; written once, for every mart asks for it.

    Parameters
    ----------
    rules : RuleSet
        The shop's.

    Returns
    -------
    mapping of str to str
        `persona_conditions` (each comparison as a column `is_1`, `is_2`, ...), `persona_case` (which persona, from
        these), `persona_condition_list` (all of them), `rules_version`, `persona_cuts` and `persona_eve_cuts` (the
        cuts of a day, of the eve of a month, as one row), `persona_sides` (which comparisons with them held),
        `threshold_quantiles` (of a profile, as one row), `quantile_rows` and `threshold_rows` (each, as rows),
        `persona_rules` and `persona_comparisons` (as tables), `old_value`, `new_value`, `is_acted` (of a comparison).
    """
    columns = profile_columns()
    written_out = {
        "persona_conditions": _list(
            f"{_condition(n, comparison, rules)} as is_{n}" for n, comparison in enumerate(rules.comparisons, 1)
        ),
        "persona_case": case_sql(rules),
        "persona_condition_list": ", ".join(f"is_{n}" for n in range(1, len(rules.comparisons) + 1)),
        "rules_version": _text(rules.version),
        "persona_cuts": _list(_pivot(threshold.name) for threshold in rules.thresholds) or "count(*) as thresholds",
        "persona_eve_cuts": _list(["count(*) as quantiles", *map(_eve_cut, rules.thresholds)]),
        "persona_sides": ", ".join(_side(comparison, rules) for comparison in rules.comparisons),
        "threshold_quantiles": _list(_quantile(threshold) for threshold in rules.thresholds if threshold.of)
        or "count(*) as customers",
        "quantile_rows": _rows(map(_quantile_row, filter(lambda one: one.of, rules.thresholds)), 3),
        "threshold_rows": _rows(map(_threshold_row, rules.thresholds), 8),
        "persona_rules": _values((str(n), _text(name)) for n, name in enumerate(rules.personas, 1)),
        "persona_comparisons": _values(_comparison_rows(rules)),
        "old_value": _value_of(rules, columns, "earlier"),
        "new_value": _value_of(rules, columns, "today"),
        "is_acted": _is_acted(rules, columns),
    }
    return MappingProxyType(written_out)


def case_sql(rules: RuleSet) -> str:
    """Render the rules as one case over `is_1`, `is_2`, ...; a condition that is null does not match."""
    whens, place = [], 0
    for rule in rules.rules:
        whens.append(f"            when {_over_places(rule, place)} then {_text(rule.persona)}")
        place += len(rule.comparisons)
    return "case\n" + "\n".join(whens) + f"\n            else {_text(rules.otherwise.persona)}\n        end"


def _over_places(rule: Rule, place: int) -> str:
    """Write a rule's condition with its comparisons as columns."""
    tree = exp.paren(rule.tree.copy())  # so that a single comparison can be put in place of, too
    for n, leaf in enumerate(leaves(tree), place + 1):
        leaf.replace(exp.column(f"is_{n}"))
    return written(tree.this).lower()


def _condition(n: int, comparison: Comparison, rules: RuleSet) -> str:
    """Write the n-th comparison over `profiles`, `cuts` and, if its threshold has a dead band, the month's `eves`."""
    if not comparison.threshold:
        return _qualified(comparison.tree, rules, "profiles")
    tree, name = comparison.tree, comparison.threshold
    kind = type(tree) if tree.right.name == name else _MIRRORED[type(tree)]
    keep = _HOLDS_WITHIN[kind]
    edge = (
        f"case eves.sides[{n}] when true then cuts.{name}_{keep}"
        f" when false then cuts.{name}_{_OTHER[keep]} else cuts.{name} end"
    )
    return f"profiles.{comparison.columns[0]} {_SIGNS[kind]} {edge}"


def _side(comparison: Comparison, rules: RuleSet) -> str:
    """Write whether a comparison with a threshold holds, over `profiles` and `cuts`."""
    return _qualified(comparison.tree, rules, "profiles") if comparison.threshold else "null"


_SIGNS = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


def _qualified(tree: Tree, rules: RuleSet, profile: str) -> str:
    """Write a comparison over one profile and the cuts."""
    thresholds = {threshold.name for threshold in rules.thresholds}

    def qualify(node: Tree) -> Tree:
        if not isinstance(node, exp.Column):
            return node
        return exp.column(node.name, table="cuts" if node.name in thresholds else profile)

    return written(tree.transform(qualify))


def _pivot(name: str) -> str:
    return ", ".join(
        f"max({cut}) filter (where threshold = {_text(name)}) as {name}{ending}"
        for cut, ending in (("cut", ""), ("cut_low", "_low"), ("cut_high", "_high"))
    )


def _quantile(threshold: Threshold) -> str:
    return (
        f"percentile_cont({threshold.quantile}) within group (order by {threshold.of})"
        f" filter (where {threshold.among}) as {threshold.name},"
        f" count({threshold.of}) filter (where {threshold.among}) as {threshold.name}_customers"
    )


def _eve_cut(one: Threshold) -> str:
    cut = f"max(cut) filter (where threshold = {_text(one.name)})" if one.of else str(one.value)
    return f"{cut} as {one.name}"


def _quantile_row(one: Threshold) -> tuple[str, ...]:
    """Write a quantile as it is `measured`."""
    return (_text(one.name), f"measured.{one.name}_customers", f"measured.{one.name}")


def _threshold_row(one: Threshold) -> tuple[str, ...]:
    """Write a threshold, and what it is `today`."""
    if one.of is None:
        return (_text(one.name), "null", "null", "null", str(one.band), str(one.value), "null", "null")
    described = (_text(one.name), _text(one.of), str(one.quantile), _text(one.among), str(one.band), "null")
    return (*described, f"today.{one.name}_customers", f"today.{one.name}")


def _rows(rows: Iterable[tuple[str, ...]], width: int) -> str:
    """Write rows; a single one of nulls if there are none."""
    return _values(list(rows) or [("null",) * width])


def _comparison_rows(rules: RuleSet) -> list[tuple[str, ...]]:
    """List every comparison: its place, its rule's place, its text and the column that explains it."""
    owners = [number for number, rule in enumerate(rules.rules, 1) for _ in rule.comparisons]
    return [
        (str(place), str(number), _text(one.text), _text(one.columns[0]) if one.columns else "null")
        for place, (number, one) in enumerate(zip(owners, rules.comparisons, strict=True), 1)
    ]


def _value_of(rules: RuleSet, columns: Mapping[str, Column], side: str) -> str:
    """Look up, by a comparison's place, the number its first column holds; null for texts and dates."""
    return _by_place(
        f"cast({side}.{one.columns[0]} as numeric)" if one.columns and columns[one.columns[0]].is_number else "null"
        for one in rules.comparisons
    )


def _is_acted(rules: RuleSet, columns: Mapping[str, Column]) -> str:
    """Tell, by a comparison's place, whether the customer did something that moved one of its columns."""
    movers = [[mover for name in one.columns for mover in columns[name].moved_by] for one in rules.comparisons]
    return _by_place(
        " or ".join(f"earlier.{name} is distinct from today.{name}" for name in dict.fromkeys(names)) or "false"
        for names in movers
    )


def _by_place(values: Iterable[str]) -> str:
    return "case comparisons.place " + " ".join(f"when {n} then {value}" for n, value in enumerate(values, 1)) + " end"


def _values(rows: Iterable[tuple[str, ...]]) -> str:
    return "(values " + ", ".join(f"({', '.join(row)})" for row in rows) + ")"


def _list(columns: Iterable[str]) -> str:
    return ",\n        ".join(columns)


def _text(text: str) -> str:
    return exp.Literal.string(text).sql(dialect="postgres")

"""Conditions: what a rule may say, parsed by sqlglot and held to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from personapulse.errors import PersonaPulseError
from personapulse.personas.columns import Column
from personapulse.personas.rules import Comparison, Threshold, Tree, leaves

# What a condition may be made of; everything else (subqueries, functions, casts to types with side effects) is refused.
_ALLOWED = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Predicate, exp.Column, exp.Identifier, exp.Literal, exp.Boolean,
    exp.Null, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Tuple, exp.Coalesce, exp.Nullif,
)  # fmt: skip
ORDERED = (exp.LT, exp.LTE, exp.GT, exp.GTE)


@dataclass(frozen=True)
class Scope:
    """Names a condition may use: columns of the profile, and thresholds."""

    columns: Mapping[str, Column]
    thresholds: Mapping[str, Threshold]

    @property
    def names(self) -> list[str]:
        """All of them, by name."""
        return sorted({*self.columns, *self.thresholds})


def parse(condition: str, scope: Scope, where: str) -> Tree:
    """Parse a condition.

    Parameters
    ----------
    condition : str
        SQL.
    scope : Scope
        What it may name.
    where : str
        The rule, for messages.

    Raises
    ------
    PersonaPulseError
        If it is no condition, or says what it must not.
    """
    try:
        tree = sqlglot.parse_one(condition, dialect="postgres")
    except sqlglot.errors.SqlglotError as error:
        raise PersonaPulseError(f"{where}: {condition!r} is no SQL condition: {str(error).splitlines()[0]}") from None
    for node in tree.walk():
        if not isinstance(node, _ALLOWED) or isinstance(node, exp.SubqueryPredicate):
            raise PersonaPulseError(f"{where}: {node.sql()!r} ({type(node).__name__}) is not allowed in a condition.")
        if isinstance(node, exp.Column) and (node.name not in scope.names or node.table):
            known = ", ".join(scope.names)
            raise PersonaPulseError(f"{where}: unknown column {node.sql()!r}. Known are: {known}.")
    if not all(isinstance(leaf, exp.Predicate | exp.Boolean) for leaf in leaves(tree)):
        raise PersonaPulseError(f"{where}: {condition!r} is a value, not a condition.")
    return tree.transform(_safe_division)


def _safe_division(node: Tree) -> Tree:
    """Divide counts as numbers, not as integers, and by nothing else than 0."""
    if not isinstance(node, exp.Div) or isinstance(node.expression, exp.Nullif):
        return node
    return exp.Div(this=exp.cast(exp.paren(node.this), "numeric"), expression=exp.func("nullif", node.expression, 0))


def comparisons(tree: Tree, scope: Scope, where: str) -> Iterator[Comparison]:
    """Take a parsed condition apart.

    Raises
    ------
    PersonaPulseError
        If it uses a threshold with a dead band for more than to hold one column against it: which side of it somebody
        is on would not be clear.
    """
    for leaf in leaves(tree):
        names = list(dict.fromkeys(column.name for column in leaf.find_all(exp.Column, bfs=False)))
        columns = tuple(name for name in names if name in scope.columns)
        banded = [name for name in names if name in scope.thresholds and scope.thresholds[name].band]
        plain = isinstance(leaf, ORDERED) and all(isinstance(side, exp.Column) for side in (leaf.left, leaf.right))
        if banded and not (plain and len(columns) == 1):
            raise PersonaPulseError(
                f"{where}: the threshold {banded[0]!r} has a dead band; hold one column against it with <, <=, > or "
                f">=, instead of {leaf.sql()!r}, or take its band away."
            )
        yield Comparison(leaf, columns, banded[0] if banded else None)

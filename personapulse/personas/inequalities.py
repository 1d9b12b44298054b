"""Comparisons as inequalities: what a comparison says of the names in it, and what is known of these beforehand."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from sqlglot import exp

from personapulse.personas.conditions import Scope
from personapulse.personas.linear import Bound, Linear
from personapulse.personas.rules import Tree


class Inequalities:
    """Reads comparisons of numbers, texts and dates.

    Parameters
    ----------
    scope : Scope
        What the columns and thresholds hold.
    trees : sequence of sqlglot Expression
        Every condition there is: their texts and dates are put in order, and stand for their places in it.
    """

    def __init__(self, scope: Scope, trees: Sequence[Tree]) -> None:
        self._scope = scope
        texts = {literal.this for tree in trees for literal in tree.find_all(exp.Literal) if literal.is_string}
        self._places = {text: place for place, text in enumerate(sorted(texts))}
        self._whole = {name for name, column in scope.columns.items() if column.kind == "count"}

    def names(self, tree: Tree) -> list[str]:
        """Names without which a comparison is unknown, also those that cancel each other out (`views <> views`)."""
        terms = {name for name, _ in self._difference(tree).terms}
        return sorted(terms | {*_strict_names(tree.left), *_strict_names(tree.right)})

    def ways(self, tree: Tree, *, is_met: bool) -> list[list[Bound]]:
        """Return the ways in which a comparison of known values is true, or (not met) false: bounds, all to be kept."""
        kind = type(tree) if is_met else _OPPOSITE[type(tree)]
        return [[bound.whole(self._whole) for bound in way] for way in _bounds(kind, self._difference(tree))]

    def known(self, bounds: Sequence[Bound]) -> Iterator[Bound]:
        """Yield what is known beforehand of every name in the bounds: signs, shares, the order of quantiles."""
        used = {name for bound in bounds for name, _ in bound.sum.terms}
        thresholds = [one for one in self._scope.thresholds.values() if one.name in used and one.of]
        kinds = {name: self._scope.columns[name].kind for name in used if name in self._scope.columns}
        kinds |= {one.name: self._scope.columns[one.of].kind for one in thresholds if one.of}
        for name, kind in kinds.items():
            if kind in {"count", "amount", "share"}:
                yield Bound(Linear.of(name).times(-1), False)
            if kind == "share":
                yield Bound(Linear.of(name, -1), False)
        for low in thresholds:
            for high in thresholds:
                if (low.of, low.among) == (high.of, high.among) and (low.quantile or 0) < (high.quantile or 0):
                    yield Bound(Linear.of(low.name).plus(Linear.of(high.name), -1), False)

    def _difference(self, tree: Tree) -> Linear:
        return self._sum(tree.left).plus(self._sum(tree.right), -1)

    def _sum(self, node: Tree) -> Linear:  # noqa: PLR0911 - one line for each kind of node
        """Read a value as a sum of names; what is no such sum is a name of its own."""
        if isinstance(node, exp.Paren | exp.Cast):
            return self._sum(node.this)
        if isinstance(node, exp.Literal):
            return Linear.of(constant=self._places[node.this] if node.is_string else Fraction(node.this))
        if isinstance(node, exp.Column):
            fixed = self._scope.thresholds[node.name].value if node.name in self._scope.thresholds else None
            return Linear.of(node.name) if fixed is None else Linear.of(constant=Fraction(str(fixed)))
        if isinstance(node, exp.Neg):
            return self._sum(node.this).times(-1)
        if isinstance(node, exp.Add | exp.Sub):
            return self._sum(node.left).plus(self._sum(node.right), -1 if isinstance(node, exp.Sub) else 1)
        if isinstance(node, exp.Nullif) and isinstance(node.this, exp.Literal) and Fraction(node.this.this):
            return self._sum(node.this)
        if isinstance(node, exp.Mul | exp.Div):
            left, right = self._sum(node.left), self._sum(node.right)
            if not right.terms and (right.constant or isinstance(node, exp.Mul)):
                return left.times(right.constant if isinstance(node, exp.Mul) else 1 / right.constant)
            if not left.terms and isinstance(node, exp.Mul):
                return right.times(left.constant)
        return Linear.of(node.sql())


def _strict_names(node: Tree) -> Iterator[str]:
    """Yield the columns whose null makes a value null."""
    if isinstance(node, exp.Column):
        yield node.name
    elif isinstance(node, exp.Paren | exp.Cast | exp.Neg | exp.Add | exp.Sub | exp.Mul | exp.Div):
        for part in node.iter_expressions():
            yield from _strict_names(part)


_OPPOSITE: dict[Any, Any] = {
    exp.LT: exp.GTE, exp.GTE: exp.LT, exp.GT: exp.LTE, exp.LTE: exp.GT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ,
}  # fmt: skip


def _bounds(kind: Any, difference: Linear) -> list[list[Bound]]:
    """Return the bounds of `difference kind 0`; two ways to differ."""
    low, high = difference, difference.times(-1)
    return {
        exp.LT: [[Bound(low, True)]],
        exp.LTE: [[Bound(low, False)]],
        exp.GT: [[Bound(high, True)]],
        exp.GTE: [[Bound(high, False)]],
        exp.EQ: [[Bound(low, False), Bound(high, False)]],
        exp.NEQ: [[Bound(low, True)], [Bound(high, True)]],
    }[kind]

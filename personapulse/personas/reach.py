"""Whether a rule can name anybody: not if its own bounds exclude each other, or earlier rules leave it nobody.

A rule is reachable if some customer makes its condition true and no earlier condition true. Conditions are taken apart
(a tableau: each `or` is a fork) until only single comparisons are left; these become inequalities that `linear` decides
exactly, with null as a value of its own. What is not understood (`like`, a product of two columns) may be anything, so
a rule is only refused where it is certain.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import sqlglot
from sqlglot import exp

from personapulse.errors import PersonaPulseError
from personapulse.personas.conditions import ORDERED, Scope
from personapulse.personas.inequalities import Inequalities
from personapulse.personas.linear import Bound, is_solvable
from personapulse.personas.rules import Rule, Tree, written

Want = Literal["true", "false", "not true", "not false"]

_MOST_STEPS = 20_000  # then the rule is taken for reachable
_FLIPPED: dict[Want, Want] = {
    "true": "false", "false": "true", "not true": "not false", "not false": "not true",
}  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """What a condition is to be; unknown is neither true nor false."""

    tree: Tree
    want: Want


@dataclass(frozen=True)
class Fact:
    """What is settled by a comparison: a name that is null or not, a bound, or the value of something opaque."""

    name: str
    is_null: bool | None = None
    bound: Bound | None = None
    value: bool | None = None


_OPAQUE: dict[Want, tuple[bool | None, ...]] = {
    "true": (True,), "false": (False,), "not true": (False, None), "not false": (True, None),
}  # fmt: skip

Branch = Sequence["Goal | Fact"]


@dataclass(frozen=True)
class Store:
    """What is settled so far."""

    is_null: dict[str, bool] = field(default_factory=dict)
    opaque: dict[str, bool | None] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = ()


def refuse_unreachable(rules: Sequence[Rule], scope: Scope, where: str) -> None:
    """Refuse a rule that can name nobody.

    Parameters
    ----------
    rules : sequence of Rule
        In the order they are tried.
    scope : Scope
        What the columns and thresholds hold.
    where : str
        The rule set, for messages.

    Raises
    ------
    PersonaPulseError
        Naming the first such rule, and the comparisons that exclude each other or the earlier rules that shadow it.
    """
    solver = Solver(scope, [rule.tree for rule in rules])
    for place, rule in enumerate(rules):
        if not solver.is_possible([Goal(rule.tree, "true")]):
            raise PersonaPulseError(f"{where}: rule {rule.persona!r} can never be true: {_clash(rule.tree, solver)}.")
        shadows = _fewest(rule, rules[:place], solver)
        if shadows:
            told = " and ".join(f"{other.persona!r} ({other.when})" for other in shadows)
            raise PersonaPulseError(
                f"{where}: rule {rule.persona!r} can name nobody: whoever it matches ({rule.when}) is taken before by "
                f"{told}. Move it up, or narrow {'that rule' if len(shadows) == 1 else 'those rules'}."
            )


def _fewest(rule: Rule, earlier: Sequence[Rule], solver: "Solver") -> list[Rule]:
    """Return few earlier rules that together leave a rule nobody; none if it is reachable."""

    def is_shadowed_by(others: Sequence[Rule]) -> bool:
        return not solver.is_possible([Goal(rule.tree, "true"), *(Goal(other.tree, "not true") for other in others)])

    if not is_shadowed_by(earlier):
        return []
    if single := [other for other in earlier if is_shadowed_by([other])]:
        return single[:1]
    needed = list(earlier)
    for other in earlier:
        rest = [one for one in needed if one is not other]
        needed = rest if is_shadowed_by(rest) else needed
    return needed


def _clash(tree: Tree, solver: "Solver") -> str:
    parts = list(tree.flatten()) if isinstance(tree, exp.And) else [tree]
    for part in parts:
        if not solver.is_possible([Goal(part, "true")]):
            return f"{written(part)} holds for nobody"
    for place, part in enumerate(parts):
        for other in parts[:place]:
            if not solver.is_possible([Goal(part, "true"), Goal(other, "true")]):
                return f"{written(other)} and {written(part)} exclude each other"
    return f"the parts of {written(tree)} exclude each other"


class Solver:
    """Decides whether conditions can be as wanted, all of one customer.

    Parameters
    ----------
    scope : Scope
        What the columns and thresholds hold.
    trees : sequence of sqlglot Expression
        Every condition there is: their texts and dates are put in order.
    """

    def __init__(self, scope: Scope, trees: Sequence[Tree]) -> None:
        self._scope = scope
        self._inequalities = Inequalities(scope, trees)
        self._steps = 0

    def is_possible(self, goals: Sequence[Goal]) -> bool:
        """Tell whether somebody can meet all goals."""
        self._steps = 0
        return self._solve(list(goals), [], Store())

    def _solve(self, open_goals: Sequence[Goal | Fact], forks: list[list[Branch]], store: Store) -> bool:
        """Settle what has only one way, then try the ways of the narrowest fork in turn."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return True
        agenda, forks, before = list(open_goals), list(forks), store.bounds
        while agenda:
            item = agenda.pop()
            if isinstance(item, Fact):
                settled = self._settle(item, store)
                if settled is None:
                    return False
                store, more = settled
                agenda += more
            elif len(branches := list(self._branches(item))) == 1:
                agenda += branches[0]
            else:
                forks.append(branches)
        if store.bounds != before and not is_solvable([*store.bounds, *self._inequalities.known(store.bounds)]):
            return False
        if not forks:
            return True
        narrowest = min(forks, key=len)
        rest = [fork for fork in forks if fork is not narrowest]
        return any(self._solve(branch, rest, store) for branch in narrowest)

    def _branches(self, goal: Goal) -> Iterator[Branch]:
        """Yield the ways in which a goal can be met."""
        tree, want = goal.tree, goal.want
        if isinstance(tree, exp.Paren):
            yield [Goal(tree.this, want)]
        elif isinstance(tree, exp.Not):
            yield [Goal(tree.this, _FLIPPED[want])]
        elif tree.args.get("negate"):  # `is not null`, `not in`, as newer releases of sqlglot write them
            positive = tree.copy()
            positive.set("negate", None)
            yield [Goal(positive, _FLIPPED[want])]
        elif isinstance(tree, exp.And | exp.Or):
            parts = [Goal(tree.left, want), Goal(tree.right, want)]
            if isinstance(tree, exp.And) == (want in {"true", "not false"}):
                yield list(parts)
            else:
                yield from ([part] for part in parts)
        else:
            yield from self._leaf(tree, want)

    def _leaf(self, tree: Tree, want: Want) -> Iterator[Branch]:
        if isinstance(tree, exp.Boolean):
            if tree.this == (want in {"true", "not false"}):
                yield []
        elif isinstance(tree, exp.Between):
            both = exp.and_(exp.GTE(this=tree.this, expression=tree.args["low"]),
                            exp.LTE(this=tree.this, expression=tree.args["high"]))  # fmt: skip
            yield [Goal(both, want)]
        elif isinstance(tree, exp.In) and tree.expressions:
            either = exp.or_(*(exp.EQ(this=tree.this, expression=value) for value in tree.expressions))
            yield [Goal(either, want)]
        elif isinstance(tree, exp.Is) and isinstance(tree.this, exp.Column) and isinstance(tree.expression, exp.Null):
            yield [Fact(tree.this.name, is_null=want in {"true", "not false"})]
        elif isinstance(tree, (*ORDERED, exp.EQ, exp.NEQ)):
            yield from self._comparison(tree, want)
        else:
            yield from ([Fact(written(tree), value=value)] for value in _OPAQUE[want])

    def _comparison(self, tree: Tree, want: Want) -> Iterator[Branch]:
        if any(isinstance(side, exp.Null) for side in (tree.left, tree.right)):
            if want in {"not true", "not false"}:
                yield []  # nothing is equal to null, nor different from it
            return
        names = self._inequalities.names(tree)
        if want in {"not true", "not false"}:  # the cheapest way first
            yield from ([Fact(name, is_null=True)] for name in names if self._may_be_null(name))
        for bounds in self._inequalities.ways(tree, is_met=want in {"true", "not false"}):
            yield [*(Fact(name, is_null=False) for name in names), *(Fact("", bound=bound) for bound in bounds)]

    def _may_be_null(self, name: str) -> bool:
        if name in self._scope.thresholds:
            return False  # judged for a shop that has customers to take them from
        return name not in self._scope.columns or self._scope.columns[name].is_optional

    def _settle(self, fact: Fact, store: Store) -> tuple[Store, Branch] | None:
        """Add a fact; None if it contradicts what is settled. A value that is there excludes what makes it null."""
        if fact.bound:
            return replace(store, bounds=(*store.bounds, fact.bound)), []
        if fact.is_null is None:
            if store.opaque.get(fact.name, fact.value) != fact.value:
                return None
            return replace(store, opaque=store.opaque | {fact.name: fact.value}), []
        if store.is_null.get(fact.name, fact.is_null) != fact.is_null:
            return None
        if fact.is_null and not self._may_be_null(fact.name):
            return None
        more: Branch = []
        column = self._scope.columns.get(fact.name)
        if fact.name not in store.is_null and not fact.is_null and column and column.null_if:
            more = [Goal(sqlglot.parse_one(column.null_if, dialect="postgres"), "not true")]
        return replace(store, is_null=store.is_null | {fact.name: fact.is_null}), more

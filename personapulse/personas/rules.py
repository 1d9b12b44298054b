"""What a rule set is: personas with their conditions, first match wins, and the thresholds the conditions name."""

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlglot import exp

# An expression as sqlglot parsed it; its releases name the class differently.
Tree: TypeAlias = Any

# Leaves of a condition; `and`, `or` and `not` join them.
_JOINED = (exp.And, exp.Or, exp.Not, exp.Paren)


@dataclass(frozen=True)
class Comparison:
    """One comparison of a condition, such as `views_per_order <= brief_look`; true, false or unknown of a customer.

    Parameters
    ----------
    tree : sqlglot Expression
        As parsed.
    columns : tuple of str
        Profile columns it looks at, first named first; the first one is what a change is explained by.
    threshold : str, optional
        The threshold with a dead band that its column is held against.
    """

    tree: Tree
    columns: tuple[str, ...]
    threshold: str | None = None

    @property
    def text(self) -> str:
        """Write it as SQL."""
        return written(self.tree)


@dataclass(frozen=True)
class Rule:
    """One persona and the condition that makes a customer one.

    Parameters
    ----------
    persona, description, action : str
        Its name, who they are and what to do, in a marketer's words.
    when : str
        The condition as SQL.
    tree : sqlglot Expression
        The same, parsed.
    comparisons : tuple of Comparison
        Its leaves, in reading order.
    """

    persona: str
    description: str
    when: str
    action: str
    tree: Tree
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Threshold:
    """A named number that conditions may use: a quantile of the shop's own customers, or fixed.

    Parameters
    ----------
    name : str
        The word that stands for it.
    meaning : str
        What it says, in a marketer's words.
    of : str, optional
        The profile column whose quantile it is; None if fixed.
    quantile : float, optional
        From 0 to 1.
    among : str
        Condition over the profile: whose quantile.
    value : float, optional
        The number, if fixed.
    band : float
        Dead band on either side, as a share of the threshold: who was on one side on the eve of the month stays there
        until they are past the band. 0 is none.
    """

    name: str
    meaning: str
    of: str | None
    quantile: float | None
    among: str
    value: float | None
    band: float


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The rules a shop chose, in the order they are tried; read once, so each is equal to itself only.

    Parameters
    ----------
    name : str
        `default` or `classic`.
    description : str
        What it is for.
    rules : tuple of Rule
        First match wins.
    otherwise : Rule
        For customers no rule matches; its condition is `true`.
    thresholds : tuple of Threshold
        Names the conditions may use beside the profile's columns.
    """

    name: str
    description: str
    rules: tuple[Rule, ...]
    otherwise: Rule
    thresholds: tuple[Threshold, ...]

    @property
    def personas(self) -> list[str]:
        """Every persona a customer can be, in order."""
        return [rule.persona for rule in (*self.rules, self.otherwise)]

    @property
    def comparisons(self) -> list[Comparison]:
        """Every comparison of every rule, in order: place n is condition n of `marts.personas.conditions`."""
        return [comparison for rule in self.rules for comparison in rule.comparisons]

    @property
    def version(self) -> str:
        """Eight hex digits that change when a rule or a threshold decides otherwise; words may be polished."""
        rules = [(rule.persona, rule.when) for rule in (*self.rules, self.otherwise)]
        cuts = [(one.name, one.of, one.quantile, one.among, one.value, one.band) for one in self.thresholds]
        return hashlib.sha256(repr((rules, cuts)).encode()).hexdigest()[:8]


def written(tree: Tree) -> str:
    """Write an expression as SQL."""
    return str(tree.sql(dialect="postgres"))


def leaves(tree: Tree) -> list[Tree]:
    """Return a condition's comparisons, in reading order."""
    if isinstance(tree, _JOINED):
        return [leaf for part in tree.iter_expressions() for leaf in leaves(part)]
    return [tree]

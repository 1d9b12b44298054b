"""Whether a system of linear inequalities has a solution: Fourier-Motzkin elimination, exact.

The systems of persona rules are small: one inequality per comparison, most with one or two names in it.
"""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Linear:
    """A sum of names times numbers, and a number.

    Parameters
    ----------
    terms : frozenset of (str, Fraction)
        Names with their factors, none of them 0.
    constant : Fraction
        The number.
    """

    terms: frozenset[tuple[str, Fraction]]
    constant: Fraction

    @classmethod
    def of(cls, name: str | None = None, constant: Fraction | int = 0) -> "Linear":
        """Return a name, a number, or their sum."""
        return cls(frozenset([(name, Fraction(1))] if name else []), Fraction(constant))

    @property
    def factors(self) -> dict[str, Fraction]:
        """Names and their factors."""
        return dict(self.terms)

    def plus(self, other: "Linear", times: Fraction | int = 1) -> "Linear":
        """Add so many times another sum."""
        found = self.factors
        for name, factor in other.terms:
            found[name] = found.get(name, Fraction(0)) + factor * times
        terms = frozenset((name, factor) for name, factor in found.items() if factor)
        return Linear(terms, self.constant + other.constant * times)

    def times(self, factor: Fraction | int) -> "Linear":
        """Multiply."""
        return Linear.of().plus(self, factor)


@dataclass(frozen=True)
class Bound:
    """An inequality: `sum <= 0`, or `sum < 0` if strict."""

    sum: Linear
    is_strict: bool

    def whole(self, whole: Iterable[str]) -> "Bound":
        """Sharpen a bound on a single whole number: `3 < n` says `4 <= n`."""
        ((name, factor),) = self.sum.terms if len(self.sum.terms) == 1 else (("", Fraction(0)),)
        if name not in whole or not factor:
            return self
        edge = -self.sum.constant / factor
        if factor > 0:
            most = math.ceil(edge) - 1 if self.is_strict else math.floor(edge)
            return Bound(Linear.of(name, -most), is_strict=False)
        least = math.floor(edge) + 1 if self.is_strict else math.ceil(edge)
        return Bound(Linear.of(name, -least).times(-1), is_strict=False)


def is_solvable(bounds: Iterable[Bound]) -> bool:
    """Tell whether some rational numbers keep all bounds.

    Each name is eliminated in turn: every bound that holds it down is added to every one that holds it up. A name that
    nothing holds on one side can give way, and its bounds are kept whatever the others are.
    """
    left = set(bounds)
    while True:
        if any(not b.sum.terms and (b.sum.constant > 0 or (b.is_strict and b.sum.constant == 0)) for b in left):
            return False
        above, below = _sides(left)
        if free := above.keys() ^ below.keys():
            left = {bound for bound in left if bound.sum.terms and not any(name in free for name, _ in bound.sum.terms)}
        elif above:
            name = min(above, key=lambda name: (len(above[name]) * len(below[name]), name))
            left = _without(name, left, above[name], below[name])
        else:
            return True


def _sides(bounds: Iterable[Bound]) -> tuple[dict[str, list[Bound]], dict[str, list[Bound]]]:
    """Sort bounds by the names they hold down (from above) and up (from below)."""
    above: dict[str, list[Bound]] = {}
    below: dict[str, list[Bound]] = {}
    for bound in bounds:
        for name, factor in bound.sum.terms:
            (above if factor > 0 else below).setdefault(name, []).append(bound)
    return above, below


def _without(name: str, bounds: set[Bound], above: Iterable[Bound], below: Iterable[Bound]) -> set[Bound]:
    """Eliminate a name."""
    found = {bound for bound in bounds if name not in bound.sum.factors}
    for high, low in itertools.product(above, below):
        factor = high.sum.factors[name] / low.sum.factors[name]
        found.add(Bound(high.sum.plus(low.sum, -factor), high.is_strict or low.is_strict))
    return found

"""What the models know of each customer: how often, until when, over how long, and for how much they bought."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from personapulse.clv.arrays import Floats, Integers
from personapulse.errors import PersonaPulseError


@dataclass(frozen=True)
class Histories:
    """Purchase histories, one entry per customer; all arrays have shape (n,).

    Parameters
    ----------
    frequency : array
        Repeat purchases: one less than purchases. Whole numbers, 0 or more.
    recency : array
        Time from the first to the last purchase, in the models' unit; 0 without a repeat purchase.
    age : array
        Time from the first purchase to the end of the history, in the same unit; called T in the papers.
    values_known : array
        Purchases over which `mean_value` is a mean; 0 where none is known.
    mean_value : array
        Worth of a purchase, on average; 0 where none is known.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    values_known: Floats
    mean_value: Floats

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def columns(self) -> tuple[Floats, ...]:
        """All arrays, in the order of the parameters."""
        return self.frequency, self.recency, self.age, self.values_known, self.mean_value

    def check(self, places: Integers | None = None, what: str = "row") -> None:
        """Refuse what cannot be a history.

        Parameters
        ----------
        places : array of shape (n,), optional
            Where each customer stands in the file, for the message; by default 0, 1, ...
        what : str
            What a place is called, such as `line`.

        Raises
        ------
        PersonaPulseError
            Naming the first place and the value.
        """
        whole = np.floor(self.frequency) == self.frequency
        for wrong, say in (
            (~(whole & (self.frequency >= 0)), "frequency {frequency:g} is no count of repeat purchases"),
            (~(self.recency >= 0), "recency {recency:g} is below 0"),
            (~(self.age >= self.recency), "T {age:g} is shorter than the recency {recency:g}"),
            ((self.frequency == 0) & (self.recency > 0), "recency {recency:g} without a repeat purchase"),
            (~(self.mean_value >= 0), "value {mean_value:g} is below 0"),
            (~np.isfinite(self.age + self.mean_value), "T {age:g}, value {mean_value:g}: not finite"),
        ):
            if wrong.any():
                row = int(np.argmax(wrong))
                place = row if places is None else int(places[row])
                raise PersonaPulseError(f"{what} {place}: " + say.format(**{k: v[row] for k, v in vars(self).items()}))

    @cached_property
    def combinations(self) -> "Combinations":
        """Distinct frequencies, recencies and ages."""
        return Combinations.of(self.frequency, self.recency, self.age)


@dataclass(frozen=True)
class Combinations:
    """Distinct (frequency, recency, age), sorted, each with the number of customers who share it; shape (m,).

    Sums over them come out the same in whatever order the customers were.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    weight: Floats
    customer: Integers  # of shape (n,): which combination each customer has

    @classmethod
    def of(cls, frequency: Floats, recency: Floats, age: Floats) -> "Combinations":
        """Find the distinct ones."""
        codes = np.zeros(len(frequency), dtype=np.int64)
        values = []
        for column in (frequency, recency, age):
            code, distinct = pd.factorize(column, sort=True)
            codes = codes * len(distinct) + code  # below 2^63 while n is below two million
            values.append(np.asarray(distinct, dtype=np.float64))
        customer, found = pd.factorize(codes, sort=True)
        found = np.asarray(found)
        rest, age_code = np.divmod(found, max(len(values[2]), 1))
        frequency_code, recency_code = np.divmod(rest, max(len(values[1]), 1))
        weight = np.bincount(customer, minlength=len(found)).astype(np.float64)
        return cls(
            values[0][frequency_code], values[1][recency_code], values[2][age_code], weight, customer.astype(np.int64)
        )

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def customers(self) -> float:
        """How many there are in all."""
        return float(self.weight.sum())

    def every(self, step: int) -> "Combinations":
        """Return every so many-th combination."""
        some = slice(step // 2, None, step)
        return Combinations(
            self.frequency[some], self.recency[some], self.age[some], self.weight[some], np.empty(0, dtype=np.int64)
        )

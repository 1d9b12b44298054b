"""What an insight is made of: the claims a kind of insight tests, and what becomes of them."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from personapulse.insights.statistics import Estimate, Moments
from personapulse.settings import ShopSettings

Row = Mapping[str, Any]
FLOOR = 20  # customers or orders; of fewer nothing is said, whatever the numbers are


@dataclass(frozen=True)
class Told:
    """What every judge is told beside its numbers."""

    as_of_date: datetime.date
    settings: ShopSettings


@dataclass(frozen=True)
class Claim:
    """Something that was tested, and the sentence that says it.

    Parameters
    ----------
    subject : str
        Persona, step, product or month.
    estimate : Estimate
        The effect, its interval and its p-value.
    sample_size : int
        Customers, visits or orders it rests on.
    sentence : str
        In plain English; empty for a claim that is no news.
    strength : float
        Of several that hold, the one with the largest is said.
    is_news : bool
        Whether it goes the way the insight is about; tests of the others count all the same.
    """

    subject: str
    estimate: Estimate
    sample_size: int
    sentence: str = ""
    strength: float = 0.0
    is_news: bool = True


# Claims, or why there is nothing to test.
Judge = Callable[[Sequence[Row], Told], "list[Claim] | str"]


@dataclass(frozen=True)
class Kind:
    """A kind of insight: numbers by SQL, claims by Python.

    Parameters
    ----------
    name : str
        As in marts.insights.
    judge : Judge
        Turns the rows of include/sql/insights/<numbers>.sql into claims.
    priority : str
        act (somebody can do something), watch (it changed), know (it is so).
    subject_type : str
        What a subject is: persona, step, category, product, reason, month or shop.
    unit : str
        Of effect, low and high.
    test : str
        Name of the test behind the p-value.
    floor : str
        Which groups are too small to be judged.
    nothing : str
        What to say if no claim holds.
    numbers : str
        File of the numbers, if its name is not the kind's.
    names_others : bool
        Whether other subjects the claim holds for are named, too.
    """

    name: str
    judge: Judge
    priority: Literal["act", "watch", "know"]
    subject_type: str
    unit: str
    test: str
    floor: str
    nothing: str
    numbers: str = ""
    names_others: bool = False

    @property
    def file(self) -> str:
        """File of the numbers, below include/sql."""
        return f"insights/{self.numbers or self.name}.sql"


def moments(row: Row) -> Moments:
    """Read the sums of a row of marts.persona_outcomes."""
    sums = (row[name] for name in ("sum_xx", "sum_xy", "sum_yy", "sum_xxx", "sum_xxy", "sum_xyy", "sum_yyy"))
    return Moments(int(row["customers"]), float(row["numerator"]), float(row["denominator"]), *map(float, sums))


def groups(rows: Sequence[Row], measure: str) -> dict[str, Moments]:
    """Read one measure of marts.persona_outcomes, by persona."""
    return {row["persona"]: moments(row) for row in rows if row["measure"] == measure}

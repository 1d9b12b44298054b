"""What marts.insights says of a day, for people and pages."""

import datetime
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import class_row

_INSIGHTS = """
    select
        kind, status, rank, priority, subject, sentence, p_value, adjusted_p_value, test, sample_size, floor, query
    from marts.insights where as_of_date = %(day)s order by rank nulls last, kind
"""


@dataclass(frozen=True)
class Insight:
    """One row of `marts.insights`; what is not said has no rank, subject, p-values, test or sample size."""

    kind: str
    status: str
    rank: int | None
    priority: str
    subject: str | None
    sentence: str
    p_value: float | None
    adjusted_p_value: float | None
    test: str | None
    sample_size: int | None
    floor: str
    query: str

    @property
    def is_said(self) -> bool:
        """Whether it is said, and not only why it is not."""
        return self.status == "said"

    @property
    def question(self) -> str:
        """Name the kind in words."""
        return self.kind.replace("_", " ")

    @property
    def reason(self) -> str:
        """Why it is not said: the sentence without its `Not said, `."""
        return self.sentence.removeprefix("Not said, ")

    @property
    def evidence(self) -> str:
        """Say what the sentence rests on, in small print; of what is not said, what is not judged."""
        test = (
            ""
            if self.adjusted_p_value is None
            else (
                f"{self.test}, p {chance(self.adjusted_p_value)} after all tests of the day; n = {self.sample_size}; "
            )
        )
        told = f"{test}{self.floor}."
        return told[:1].upper() + told[1:]


def chance(p_value: float) -> str:
    """Write a p-value, such as `= 0.031`, or `< 0.001`."""
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"


def read_insights(connection: psycopg.Connection[Any], as_of_date: datetime.date) -> list[Insight]:
    """Read a day's insights: first what is said, by rank, then what is not; empty if the mart is not built."""
    with connection.cursor(row_factory=class_row(Insight)) as cursor:
        return cursor.execute(_INSIGHTS.encode(), {"day": as_of_date}).fetchall()

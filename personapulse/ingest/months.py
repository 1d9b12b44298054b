"""Sums per month, moved on by what a merge changes: of customers, of products and of returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from personapulse.warehouse import run_file


@dataclass(frozen=True)
class Months:
    """A core table of sums per month.

    Parameters
    ----------
    table : str
        Its name.
    keys : tuple of str
        The month, and what else the sums are of.
    columns : tuple of str
        The sums.
    moves : str
        SQL to read by how much they change, and from which source day on: the keys, known_on and the columns.
    """

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    moves: str

    def fragments(self) -> dict[str, str]:
        """Names that stand in for those of `core/months.sql`."""
        return {
            "table": self.table,
            "moves": self.moves,
            "keys": ", ".join(self.keys),
            "columns": ", ".join(self.columns),
            "zeros": ", ".join("0" for _ in self.columns),
            "is_former": " and ".join(f"stored.{key} = former.{key}" for key in self.keys),
            "sums": _each("sum({0})", self.columns),
            "summed": _each("trim_scale(sum({0})) as {0}", self.columns),
            "negated": _each("-1 * {0} as {0}", self.columns),
            "summed_so_far": _each("trim_scale(sum({0}) over so_far) as {0}", self.columns),
        }


MONTHS = (
    Months(
        "user_months",
        ("month", "user_id"),
        ("paid_orders", "gross_revenue", "returns", "returns_amount"),
        "(select *, date_trunc('month', on_day)::date as month from changes"
        " where (paid_orders, gross_revenue, returns, returns_amount) <> (0, 0, 0, 0)) as moves",
    ),
    Months(
        "product_months",
        ("month", "product_id"),
        ("paid_orders", "returned_orders", "units", "gross_revenue"),
        "product_moves",
    ),
    Months(
        "return_months", ("month", "product_id", "return_reason"), ("returns", "returns_amount"), "return_moves"
    ),
)  # fmt: skip


def move_on(connection: psycopg.Connection[Any]) -> None:
    """Move every table of months on by the merge's moves, inside its transaction."""
    for months in MONTHS:
        run_file(connection, "core/months.sql", {}, **months.fragments())


def _each(text: str, columns: Sequence[str]) -> str:
    return ", ".join(text.format(column) for column in columns)

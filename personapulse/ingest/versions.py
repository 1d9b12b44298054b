"""What the shop tells and corrects: staged rows become versions in core, one per stretch of days that told the same."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from personapulse.warehouse import run_file


@dataclass(frozen=True)
class ToldTable:
    """A core table of versions.

    Parameters
    ----------
    name : str
        Table and file.
    key, content : tuple of str
        Its columns, apart from those that say when it was known.
    """

    name: str
    key: tuple[str, ...]
    content: tuple[str, ...]

    def fragments(self) -> dict[str, str]:
        """Names that stand in for those of `core/versions.sql`."""
        columns = {"key": self.key, "content": self.content}
        prefixed = {
            f"{prefix}_{name}": ", ".join(f"{prefix}.{column}" for column in columns[name])
            for prefix, name in (("stored", "key"), ("stored", "content"), ("laid", "key"), ("laid", "content"),
                                 ("touched", "key"))
        }  # fmt: skip
        return {name: ", ".join(listed) for name, listed in columns.items()} | prefixed | {"table": self.name}


# Order matters: what an order is worth follows from its lines, what a return is worth from its order.
TOLD = (
    ToldTable("users", ("user_id",), ("signup_date", "gender", "age", "location")),
    ToldTable("products", ("product_id",), ("name", "category", "price", "rating")),
    ToldTable("orders", ("order_id",), ("user_id", "ordered_at", "ordered_on", "payment_status")),
    ToldTable("order_items", ("order_id", "line_no"), ("product_id", "quantity", "unit_price")),
    ToldTable(
        "returns", ("order_id", "return_id"), ("named_user_id", "product_id", "return_reason", "dated_on", "amount")
    ),
)
_TEMPORARY = ("arriving", "touched", "compared", "laid")
_TOUCHED: Mapping[str, str] = {
    "orders": "insert into touched_orders select order_id from touched on conflict do nothing",
    "order_items": "insert into touched_orders select distinct order_id from touched on conflict do nothing",
    "returns": "insert into touched_returns select order_id, return_id from touched;"
    "insert into touched_orders select distinct order_id from touched where order_id <> '' on conflict do nothing",
}


def days_range(days: Sequence[datetime.date]) -> str:
    """Write days as a PostgreSQL datemultirange."""
    return "{" + ", ".join(f"[{day}, {day}]" for day in days) + "}"


def lay(
    connection: psycopg.Connection[Any],
    table: ToldTable,
    days: Sequence[datetime.date],
    parameters: Mapping[str, Any],
    *,
    is_again: bool,
) -> dict[datetime.date, tuple[int, int, int]]:
    """Merge the staged days of one table into core, inside the merge's transaction.

    Returns
    -------
    dict of date to tuple
        Per day that told anything: rows with a new key, with something new about a known one, with nothing new.
    """
    known = {"days": list(days), "days_range": days_range(days), "is_again": is_again, "file": table.name}
    run_file(connection, f"core/{table.name}.sql", {**parameters, **known})
    told = run_file(connection, "core/versions.sql", known, **table.fragments())
    while told.nextset():
        pass  # only the last statement returns rows
    counted = {day: (loaded, updated, unchanged) for day, loaded, updated, unchanged in told}
    if table.name in _TOUCHED:
        connection.execute(_TOUCHED[table.name].encode())
    if table.name in ("order_items", "returns"):
        connection.execute(
            "create temporary table mentioned on commit drop as"
            " select distinct product_id, known_from from arriving where product_id is not null"
        )
        run_file(connection, "core/product_mentions.sql", known)
        connection.execute("drop table mentioned")
    connection.execute(sql.SQL("drop table {}").format(sql.SQL(", ").join(map(sql.Identifier, _TEMPORARY))))
    return counted

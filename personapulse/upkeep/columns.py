"""Where people are in the warehouse, asked of the database itself: a new table is never forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

SCHEMAS = ("ops", "staging", "core", "marts", "ml")
KEYS = ("user_id", "named_user_id")  # columns that name a customer
PERSONAL = ("gender", "age", "age_group", "location")  # what a customer is, where a key stands beside it
COMPOSED = "return_id"  # a JSON array that tells returns apart; the customer is its second part
# texts that may quote a customer's rows or id
QUOTES = ("ops.quarantine.reason", "ops.quarantine.raw", "ops.data_quality.sample_keys")
REQUESTS = "ops.erasure_requests"


@dataclass(frozen=True)
class Column:
    """A column of a table that is no partition.

    Parameters
    ----------
    schema, table, name : str
        Where it is.
    type : str
        As PostgreSQL writes it, such as `text[]`.
    is_required : bool
        Whether it is never null.
    """

    schema: str
    table: str
    name: str
    type: str
    is_required: bool

    @property
    def place(self) -> str:
        """Schema and table."""
        return f"{self.schema}.{self.table}"

    @property
    def path(self) -> str:
        """Schema, table and name."""
        return f"{self.place}.{self.name}"

    @property
    def identifiers(self) -> dict[str, sql.Identifier]:
        """What stands for `{table}` and `{column}` in a statement."""
        return {"table": sql.Identifier(self.schema, self.table), "column": sql.Identifier(self.name)}


def columns(connection: psycopg.Connection[Any], *types: str) -> list[Column]:
    """Return every column of the warehouse's tables, or those of some types, by schema, table and place."""
    rows = connection.execute(
        "select relnamespace::regnamespace::text, relname, attname, format_type(atttypid, null), attnotnull"
        " from pg_class inner join pg_attribute on pg_class.oid = attrelid"
        " where relkind in ('r', 'p') and not relispartition and attnum > 0 and not attisdropped"
        " and relnamespace::regnamespace::text = any(%s) order by 1, 2, attnum",
        (list(SCHEMAS),),
    )
    return [column for column in (Column(*row) for row in rows) if not types or column.type in types]


def of_people(connection: psycopg.Connection[Any]) -> Iterator[tuple[Column, list[Column]]]:
    """Yield each column that names customers, with the columns beside it that say what they are."""
    everything = columns(connection)
    for key in everything:
        if key.name in KEYS and key.place != REQUESTS:
            yield key, [one for one in everything if one.place == key.place and one.name in PERSONAL]

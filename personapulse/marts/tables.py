"""How a day's rows come into a mart: as a partition of their own, or in place of the day's former rows.

A mart with a row per customer is partitioned by day (its table says so). Its day is written as a new table, which may
be done by several processes and whose key is built at once, and put in place of the former one; a mart of a few rows
is not worth a partition a day (docs/decisions/0011-a-day-of-a-mart-is-a-partition.md).
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from personapulse import layout


@dataclass(frozen=True)
class Column:
    """A column of a mart: its name, its type as PostgreSQL writes it, and whether it is never null."""

    name: str
    type: str
    is_required: bool


@dataclass(frozen=True)
class MartTable:
    """A mart's table as the database knows it.

    Parameters
    ----------
    schema, name : str
        Its schema (`marts`, for most) and its name in it.
    columns : tuple of Column
        In the table's order; the first is the mart's clock.
    key : tuple of str
        Columns of the primary key.
    is_partitioned : bool
        Whether each day is a table of its own.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    is_partitioned: bool

    @property
    def clock(self) -> str:
        """Name the column that says which day (or month) a row is of."""
        return self.columns[0].name

    def moment(self, as_of_date: datetime.date) -> datetime.date:
        """Return what the clock shows on a day: the day, or the first of its month."""
        return as_of_date.replace(day=1) if self.clock.endswith("_month") else as_of_date


def describe(connection: psycopg.Connection[Any], name: str, schema: str = "marts") -> MartTable:
    """Look a mart's table up in the database's catalogue."""
    table = f"{schema}.{name}"
    columns = connection.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        (table,),
    ).fetchall()
    key = connection.execute(
        "select attname from pg_index, unnest(indkey) with ordinality as parts (attnum, place)"
        " inner join pg_attribute using (attnum)"
        " where indrelid = %(table)s::regclass and indisprimary and attrelid = indrelid order by place",
        {"table": table},
    ).fetchall()
    kind = connection.execute("select relkind from pg_class where oid = %s::regclass", (table,)).fetchone()
    return MartTable(
        schema,
        name,
        tuple(Column(*column) for column in columns),
        tuple(column for (column,) in key),
        is_partitioned=bool(kind and kind[0] in {"p", b"p"}),
    )


def replace_day(
    connection: psycopg.Connection[Any],
    name: str,
    as_of_date: datetime.date,
    query: str,
    parameters: Mapping[str, Any],
    *,
    schema: str = "marts",
) -> int:
    """Put a query's rows in place of what a mart holds for a day, in the caller's transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        In a transaction that holds the mart's lock.
    name : str
        The mart.
    as_of_date : datetime.date
        The day; a mart whose clock is a month replaces the day's month.
    query : str
        A select of all the mart's columns, by name, with `%(name)s` for parameters.
    parameters : mapping
        Their values.
    schema : str, default="marts"
        Where the mart is.

    Returns
    -------
    int
        Rows written.
    """
    table = describe(connection, name, schema)
    write = _swap if table.is_partitioned else _insert
    return write(connection, table, table.moment(as_of_date), _typed(table, query), parameters)


def _typed(table: MartTable, query: str) -> str:
    """Select the columns in the table's order and of its types: a sum may have another type than its column."""
    columns = ", ".join(f'"{column.name}"::{column.type} as "{column.name}"' for column in table.columns)
    return f"select {columns} from (\n{query.rstrip().rstrip(';')}\n) as the_day"  # noqa: S608 - names and types from the catalogue


def _insert(
    connection: psycopg.Connection[Any],
    table: MartTable,
    moment: datetime.date,
    query: str,
    parameters: Mapping[str, Any],
) -> int:
    target, clock = sql.Identifier(table.schema, table.name), sql.Identifier(table.clock)
    connection.execute(sql.SQL("delete from {} where {} = {}").format(target, clock, moment))
    insert = sql.SQL("insert into {} ").format(target).as_string(connection)
    return connection.execute((insert + query).encode(), dict(parameters)).rowcount


def _swap(
    connection: psycopg.Connection[Any],
    table: MartTable,
    moment: datetime.date,
    query: str,
    parameters: Mapping[str, Any],
) -> int:
    new = new_day(table, moment)
    fill = sql.SQL("create table {} as ")
    if layout.is_distributed(connection):
        layout.like(connection, new, sql.Identifier(table.schema, table.name))
        fill = sql.SQL("insert into {} ")
    statement = fill.format(new).as_string(connection) + query
    rows = connection.execute(statement.encode(), dict(parameters)).rowcount
    put_in_place(connection, table, moment)
    return rows


def new_day(table: MartTable, moment: datetime.date) -> sql.Identifier:
    """Name the table that a day of a partitioned mart is written as, before `put_in_place`."""
    return sql.Identifier(table.schema, f"{table.name}_{moment:%Y%m%d}_new")


def put_in_place(connection: psycopg.Connection[Any], table: MartTable, moment: datetime.date) -> None:
    """Make the table `new_day` names the mart's day, in place of the former one, in the caller's transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        In a transaction that holds the mart's lock. Readers of the mart wait until it ends.
    table : MartTable
        A partitioned mart.
    moment : datetime.date
        The day (or month) of all rows of the new table.
    """
    name = f"{table.name}_{moment:%Y%m%d}"
    connection.execute(
        sql.SQL(
            "drop table if exists {day};"
            "delete from {parent} where {clock} = {moment};"  # of a home from before its marts were partitioned
            "alter table {new} rename to {renamed};"
            "alter table {day} {required}, add primary key ({key});"
            "alter table {parent} attach partition {day} for values in ({moment})"
        ).format(
            day=sql.Identifier(table.schema, name),
            parent=sql.Identifier(table.schema, table.name),
            clock=sql.Identifier(table.clock),
            moment=moment,
            new=new_day(table, moment),
            renamed=sql.Identifier(name),
            required=sql.SQL(", ").join(
                sql.SQL("alter column {} set not null").format(sql.Identifier(column.name))
                for column in table.columns
                if column.is_required
            ),
            key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
        )
    )

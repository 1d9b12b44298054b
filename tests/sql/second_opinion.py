"""A second opinion on a mart: its SQL, translated by sqlglot, run by DuckDB over the same rows.

Whatever the two engines understand differently shows: a null that sorts or compares otherwise, an order that was never
asked for, a division that is of integers only by luck, a row that a join doubles in silence. Nothing is written twice:
the mart's select is the file's, core's reading functions are those of the database, put in place of their calls.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import psycopg
import sqlglot
from psycopg import sql
from sqlglot import exp

from personapulse import marts
from personapulse.intent.features import numbers
from personapulse.marts.tables import MartTable, describe
from personapulse.settings import ShopSettings
from personapulse.warehouse import read_file

from .duckdb_rows import NUMERIC, Copies

NEGLIGIBLE = 1e-6  # of a quotient, or of its size if that is above 1

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """One of core's reading functions as the database knows it."""

    name: str
    parameters: tuple[str, ...]
    columns: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class Opinions:
    """What both engines say a mart holds for a day.

    `quotients` are the columns that one of them computes in floating point; all others must be exactly the same.
    """

    key: tuple[str, ...]
    postgres: list[Row]
    duckdb: list[Row]
    quotients: frozenset[str]

    def differences(self) -> list[str]:
        """Say how the rows differ, whatever their order; nothing if they do not."""
        ours, theirs = (self._by_key(rows) for rows in (self.postgres, self.duckdb))
        found = [f"{len(self.postgres)} rows in PostgreSQL, {len(self.duckdb)} in DuckDB"]
        found = found if len(self.postgres) != len(self.duckdb) else []
        found += [f"only in PostgreSQL: {row}" for key, row in ours.items() if key not in theirs]
        found += [f"only in DuckDB: {row}" for key, row in theirs.items() if key not in ours]
        for key in ours.keys() & theirs.keys():
            place = ", ".join(map(str, key))
            found += [
                f"{place}: {column} is {value!r} in PostgreSQL, {theirs[key][column]!r} in DuckDB"
                for column, value in ours[key].items()
                if not self._is_same(value, theirs[key][column], column)
            ]
        return found

    def _by_key(self, rows: Iterable[Row]) -> dict[tuple[Any, ...], Row]:
        return {tuple(row[column] for column in self.key): row for row in rows}

    def _is_same(self, ours: Any, theirs: Any, column: str) -> bool:
        if column not in self.quotients or ours is None or theirs is None:
            return bool(ours == theirs)
        return abs(float(ours) - float(theirs)) <= NEGLIGIBLE * max(1.0, abs(float(ours)))


class SecondOpinion:
    """Rows of a day as PostgreSQL wrote them, and DuckDB ready to say what they are.

    Parameters
    ----------
    copies : Copies
        Made in the transaction in which the day was built: temporary tables the select reads are still there.
    table : MartTable
        Where PostgreSQL wrote them.
    query : str
        The select they are of.
    values : mapping
        For its `%(name)s`.
    rounded : collection of str
        Columns that PostgreSQL keeps with fewer digits than DuckDB computes.
    """

    def __init__(
        self,
        copies: Copies,
        table: MartTable,
        query: str,
        values: Mapping[str, Any],
        rounded: Iterable[str] = (),
    ) -> None:
        self._key, self._rounded = table.key, frozenset(rounded)
        self._ours = _rows(
            copies.source.execute(
                sql.SQL("select * from {} where {} = {}").format(
                    sql.Identifier(table.schema, table.name),
                    sql.Identifier(table.clock),
                    table.moment(values["as_of_date"]),
                )
            )
        )
        tree = inlined(query, functions(copies.source))
        self.tree = tree.transform(_value, values).transform(_as_duckdb_means)
        self._duckdb = copies.engine
        for schema, name in sorted(_tables(self.tree)):
            copies.want(schema, name)

    @classmethod
    def of_mart(
        cls,
        copies: Copies,
        mart: str,
        as_of_date: datetime.date,
        settings: ShopSettings,
        known_on: datetime.date | None = None,
    ) -> Self:
        """Ask about a mart; what Python prepared for it (`marts.PREPARES`) is a temporary table."""
        values = marts.parameters(as_of_date, settings, known_on)
        return cls(copies, describe(copies.source, mart), marts.query(mart, settings), values)

    @classmethod
    def of_features(cls, copies: Copies, day: datetime.date, settings: ShopSettings) -> Self:
        """Ask about the features of a day; the day's profile and personas are temporary tables."""
        return cls(
            copies,
            describe(copies.source, "features", "ml"),
            read_file("features/customers.sql"),
            marts.parameters(day, settings),
            rounded=numbers(),
        )

    def ask(self, tree: exp.Query | None = None) -> Opinions:
        """Let DuckDB run the mart's select, or another one over the same rows."""
        answer = self._duckdb.execute((tree or self.tree).sql(dialect="duckdb"))
        kinds = {name: str(kind) for name, kind, *_ in answer.description}
        theirs = [dict(zip(kinds, row, strict=True)) for row in answer.fetchall()]
        quotients = self._rounded | {name for name, kind in kinds.items() if kind == "DOUBLE"}
        ours = [{name: row[name] for name in kinds} for row in self._ours]
        return Opinions(self._key, ours, theirs, quotients)


def _rows(cursor: psycopg.Cursor[Any]) -> list[Row]:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def functions(connection: psycopg.Connection[Any]) -> tuple[Function, ...]:
    """Core's reading functions: those written as one select."""
    found = connection.execute(
        "select proname, prosrc, proargnames, proargmodes::text[] from pg_proc"
        " inner join pg_language on pg_language.oid = prolang"
        " where pronamespace = 'core'::regnamespace and lanname = 'sql' and proretset"
    )
    return tuple(
        Function(
            name,
            tuple(argument for argument, mode in zip(names, modes, strict=True) if mode == "i"),
            tuple(argument for argument, mode in zip(names, modes, strict=True) if mode == "t"),
            body,
        )
        for name, body, names, modes in found
    )


@cache  # the same few selects are asked for every random shop
def inlined(text: str, known: tuple[Function, ...]) -> exp.Query:
    """Put the select of each of core's reading functions in place of its call, with the call's arguments in it.

    `%(name)s` become placeholders, doubled percent signs single ones. The tree returned is not to be changed.
    """
    tree = sqlglot.parse_one(text.replace("%%", "%"), dialect="postgres")
    assert isinstance(tree, exp.Query), text
    by_name = {function.name: function for function in known}

    def inline(node: exp.Expr) -> exp.Expr:
        call = _call(node)
        if call is None:
            return node
        function = by_name[call.name]
        given = dict(zip(function.parameters, call.expressions, strict=True))
        body = inlined(function.body, known).transform(_argument, call.name, given)
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(call.name))
        named = alias.copy()
        named.set("columns", alias.args.get("columns") or [exp.to_identifier(name) for name in function.columns])
        if isinstance(node, exp.Lateral):
            return exp.Lateral(this=exp.Subquery(this=body), alias=named)
        return exp.Subquery(this=body, alias=named)

    return tree.transform(inline)


def _call(node: exp.Expr) -> exp.Anonymous | None:
    """Return the call if a table, or what is joined laterally, is a function of core's."""
    if isinstance(node, exp.Table) and node.db == "core" and isinstance(node.this, exp.Anonymous):
        return node.this
    if isinstance(node, exp.Lateral) and isinstance(node.this, exp.Dot) and node.this.this.name == "core":
        return node.this.expression
    return None


def _argument(node: exp.Expr, function: str, given: Mapping[str, exp.Expr]) -> exp.Expr:
    """Put an argument in place of `function.parameter`."""
    if isinstance(node, exp.Column) and node.table == function and node.name in given:
        return exp.paren(given[node.name].copy())
    return node


def _value(node: exp.Expr, values: Mapping[str, Any]) -> exp.Expr:
    """Put a parameter's value in place of its `%(name)s`."""
    if not isinstance(node, exp.Placeholder):
        return node
    value = values[node.name]
    if isinstance(value, datetime.date):
        return exp.cast(exp.Literal.string(str(value)), "date")
    return exp.convert(value)


def _as_duckdb_means(node: exp.Expr) -> exp.Expr:
    """Say in DuckDB's words what sqlglot leaves in PostgreSQL's."""
    if isinstance(node, exp.Cast) and node.to.this == exp.DType.DECIMAL and not node.to.expressions:
        node.set("to", exp.DataType.build(NUMERIC, dialect="duckdb"))  # it would have three decimals
    if isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont):
        # PostgreSQL computes it in floating point, and says so
        for ordered in node.find_all(exp.Ordered):
            ordered.set("this", exp.cast(ordered.this, "double", dialect="duckdb"))
    if isinstance(node, exp.ArrayOverlaps):
        return _overlap(node)
    if isinstance(node, exp.Sum) and isinstance(node.this, exp.Mul) and isinstance(node.this.this, exp.Mul):
        # products of three numbers and more have more digits than its decimals can
        for column in list(node.find_all(exp.Column)):
            column.replace(exp.cast(column.copy(), "double", dialect="duckdb"))
    if isinstance(node, exp.Select) and not node.expressions:
        node.set("expressions", [exp.Literal.number(1)])  # `exists (select from ...)`
    return node


def _overlap(node: exp.ArrayOverlaps) -> exp.Expr:
    """Translate `days && daterange(null, last, '[]')`: whether any day is not after the last."""
    wanted = node.expression
    assert isinstance(wanted, exp.Anonymous) and wanted.name == "daterange", node.sql()  # noqa: PT018
    first, last, bounds = wanted.expressions
    assert isinstance(first, exp.Null) and bounds.name == "[]", node.sql()  # noqa: PT018
    return exp.LTE(this=exp.func("list_min", node.this), expression=last)


def _tables(tree: exp.Query) -> set[tuple[str, str]]:
    """Tables of core and marts that are read, and temporary ones: those of no schema that no CTE is called."""
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = {(table.db, table.name) for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)}
    return {(schema, name) for schema, name in found if schema or name not in named}

"""A metric's SQL: one select that changes nothing and reads what is there."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from personapulse.errors import PersonaPulseError
from personapulse.marts import parameters
from personapulse.paths import SQL
from personapulse.settings import ShopSettings

ROWS = "rows"  # the name under which a number's select reads its population

_READABLE = re.compile(r"create (?:or replace )?(?:table|view|function) (?:if not exists )?((?:core|marts)\.\w+)")
_CHANGES = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Drop, exp.Alter, exp.Set, exp.Transaction)


@dataclass(frozen=True)
class Reading:
    """A select that was checked.

    Parameters
    ----------
    sql : str
        As written, `%(name)s` for parameters.
    columns : tuple of str
        What it selects, by name.
    tables : frozenset of str
        Tables and reading functions of core and marts it reads, such as `core.orders_as_of`.
    parameters : frozenset of str
        Names of its parameters.
    """

    sql: str
    columns: tuple[str, ...]
    tables: frozenset[str]
    parameters: frozenset[str]


def checked_rows(text: str, where: str) -> Reading:
    """Check a select of single rows, whose columns people are shown.

    Parameters
    ----------
    text : str
        SQL of PostgreSQL.
    where : str
        File, population and key, for messages.

    Raises
    ------
    PersonaPulseError
        If it is not exactly one select, would change something, does not name its columns, or reads a table or a
        parameter that is not there.
    """
    tree = _one_select(text, where)
    reading = _reading(tree, text, where, named=())
    if {"*", ""} & set(reading.columns):
        raise PersonaPulseError(f"{where}: name the columns it selects; they are what people are shown.")
    return reading


def checked_number(text: str, where: str, rows: Sequence[str] | None) -> Reading:
    """Check a select of one number.

    Parameters
    ----------
    text, where : str
        As in `checked_rows`.
    rows : sequence of str, optional
        Columns of the population the select reads as `rows`; None if the metric has none.

    Raises
    ------
    PersonaPulseError
        As `checked_rows`; also if it has more than one column, or reads a column that `rows` does not have.
    """
    tree = _one_select(text, where)
    if rows is not None:
        _check_columns(tree, rows, where)
    elif any(table.name == ROWS and not table.db for table in tree.find_all(exp.Table)):
        raise PersonaPulseError(f"{where} reads rows, but the metric has none; name a population: `rows: ...`.")
    if len(tree.selects) != 1:
        raise PersonaPulseError(f"{where} must select one number, not {len(tree.selects)} columns.")
    return _reading(tree, text, where, named=() if rows is None else (ROWS,))


def checked_condition(text: str, columns: Iterable[str], where: str) -> None:
    """Check a condition over the columns of one mart; raises as `checked_select`."""
    tree = _one_select(f"select 1 where {text}", where)
    _refuse_changes(tree, where)
    _check_columns(tree, list(columns), where)


def _one_select(text: str, where: str) -> exp.Query:
    try:
        statements = [statement for statement in sqlglot.parse(text, dialect="postgres") if statement]
    except sqlglot.errors.SqlglotError as error:
        raise PersonaPulseError(f"{where}: {str(error).splitlines()[0]}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise PersonaPulseError(f"{where} must be one select, and nothing else.")
    return statements[0]


def _refuse_changes(tree: exp.Query, where: str) -> None:
    if found := next(tree.find_all(*_CHANGES), None):
        raise PersonaPulseError(f"{where}: {found.sql(dialect='postgres')!r} is not allowed; a metric only reads.")


def _reading(tree: exp.Query, text: str, where: str, *, named: Iterable[str]) -> Reading:
    _refuse_changes(tree, where)
    asked = frozenset(placeholder.name for placeholder in tree.find_all(exp.Placeholder))
    if unknown := asked - parameters_known():
        known = ", ".join(f"%({name})s" for name in sorted(parameters_known()))
        raise PersonaPulseError(f"{where}: unknown parameter %({min(unknown)})s. Known are: {known}.")
    return Reading(text, tuple(tree.named_selects), _tables(tree, where, named), asked)


def _tables(tree: exp.Query, where: str, named: Iterable[str]) -> frozenset[str]:
    """Return the tables and functions read, but for those the statement itself names."""
    named_here = {cte.alias for cte in tree.find_all(exp.CTE)} | set(named)
    found = set()
    for table in tree.find_all(exp.Table):
        called = table.this.name  # of a table, or of a function read like one
        name = f"{table.db}.{called}" if table.db else called
        if name not in named_here | readable():
            raise PersonaPulseError(f"{where}: no table or reading function is called {name!r}; see include/sql/setup.")
        found.add(name)
    return frozenset(found - named_here)


def _check_columns(tree: exp.Query, columns: Sequence[str], where: str) -> None:
    for column in tree.find_all(exp.Column):
        if column.name not in columns:
            raise PersonaPulseError(f"{where}: unknown column {column.sql()!r}. Known are: {', '.join(columns)}.")


@cache
def parameters_known() -> frozenset[str]:
    """Names of the parameters a metric's SQL may use: those of marts, and `persona`."""
    return frozenset(parameters(datetime.date(2000, 1, 1), ShopSettings())) | {"persona"}


@cache
def readable() -> frozenset[str]:
    """Tables and functions of core and marts that the setup files make, such as `marts.rfm`."""
    files = (SQL / "setup").glob("*.sql")
    return frozenset(name for file in files for name in _READABLE.findall(file.read_text(encoding="utf-8")))

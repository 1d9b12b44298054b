"""Enough of DAX to compute the model's measures over rows in memory, and not a word more: the rest is refused.

Power BI cannot be run here. What is computed follows the language's definition: a measure is evaluated in a filter
context (which values of which columns are let through); a filter of the one side of a relationship narrows the many
side, never the other way; CALCULATE replaces filters of the columns it names, KEEPFILTERS adds to them, REMOVEFILTERS
takes them away; a measure read in an iteration is evaluated for the row; BLANK, as a sum of nothing is, is None here.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from .dax_syntax import Binary, Call, ColumnRead, Let, Literal, MeasureRead, TableRead, UnknownDaxError, Word, parse

Column = tuple[str, str]
Row = Mapping[Column, Any]
Filters = Mapping[Column, frozenset[Any]]
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}
_FORMATS = {"yyyy-mm-dd": "%Y-%m-%d", "mmm yyyy": "%b %Y"}


@dataclass(frozen=True)
class Model:
    """Rows by table, the one side's column of each many side's column, and DAX by measure."""

    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    relationships: Mapping[Column, Column]
    measures: Mapping[str, str]

    def value(self, measure: str, filters: Mapping[Column, Any] | None = None) -> Any:
        """Evaluate a measure where each filtered column lets one value through."""
        chosen = {column: frozenset([value]) for column, value in (filters or {}).items()}
        return Context(self, chosen).value(parse(self.measures[measure]))

    def evaluate(self, dax: str, filters: Mapping[Column, Any] | None = None) -> Any:
        """Evaluate an expression as a measure would be."""
        return replace(self, measures={**self.measures, "_": dax}).value("_", filters)


@dataclass(frozen=True)
class Context:
    """What an expression is evaluated in."""

    model: Model
    filters: Filters
    variables: Mapping[str, Any] | None = None
    row: Row | None = None

    # ---------------------------------------------------------------- rows

    def rows(self, table: str) -> list[Mapping[str, Any]]:
        """Rows of a table that the filters let through."""
        narrowing = [(column, values) for (name, column), values in self.filters.items() if name == table]
        for (many, key), (one, one_key) in self.model.relationships.items():
            if many == table and any(name == one for name, _ in self.filters):
                narrowing.append((key, frozenset(row[one_key] for row in self.rows(one))))
        return [row for row in self.model.tables[table] if all(row[column] in values for column, values in narrowing)]

    def numbers(self, read: Any) -> list[Any]:
        """Values of a column in those rows, but for blanks."""
        if not isinstance(read, ColumnRead):
            raise UnknownDaxError(f"{read} in place of a column")
        return [row[read.column] for row in self.rows(read.table) if row[read.column] is not None]

    def table(self, expression: Any) -> list[Row]:
        """Evaluate an expression that is a table."""
        if isinstance(expression, TableRead):
            name = expression.table
            return [{(name, column): value for column, value in row.items()} for row in self.rows(name)]
        found = self.value(expression)
        if not isinstance(found, list):
            raise UnknownDaxError(f"{expression} is no table")
        return found

    def of_rows(self, table: Any, expression: Any) -> list[Any]:
        """Evaluate an expression for each row of a table, but for blanks."""
        values = [replace(self, row={**(self.row or {}), **row}).value(expression) for row in self.table(table)]
        return [value for value in values if value is not None]

    # ---------------------------------------------------------------- values

    def value(self, expression: Any) -> Any:
        match expression:
            case Literal(value):
                return value
            case MeasureRead(name):
                return self._transition().value(parse(self.model.measures[name]))
            case ColumnRead(table, column):
                return self._looked_up(self.row, (table, column))
            case Word(name):
                return self._looked_up(self.variables, name)
            case Let(variables, returned):
                context = self
                for name, one in variables:
                    context = replace(context, variables={**(context.variables or {}), name: context.value(one)})
                return context.value(returned)
            case Binary():
                return self._binary(expression)
            case Call(function, arguments):
                return self._looked_up(FUNCTIONS, function)(self, *arguments)
        raise UnknownDaxError(str(expression))

    @staticmethod
    def _looked_up(known: Mapping[Any, Any] | None, name: Any) -> Any:
        """A column outside an iteration, a variable of nobody and a function of another day are not there."""
        if name not in (known or {}):
            raise UnknownDaxError(str(name))
        return (known or {})[name]

    def _transition(self) -> "Context":
        """A row becomes a filter where a measure is read; variables do not reach into it."""
        row = {column: frozenset([value]) for column, value in (self.row or {}).items()}
        return Context(self.model, {**self.filters, **row})

    def _binary(self, expression: Binary) -> Any:
        left, right = self.value(expression.left), self.value(expression.right)
        if expression.sign in _COMPARE:
            if left is None or right is None:
                raise UnknownDaxError("a comparison with BLANK")
            return _COMPARE[expression.sign](left, right)
        if left is None and right is None:
            return None
        return (left or 0) + (right or 0) * (1 if expression.sign == "+" else -1)

    # ---------------------------------------------------------------- filters

    def filtered(self, *arguments: Any) -> "Context":
        """Return the context that CALCULATE evaluates in."""
        filters = dict(self._transition().filters)
        for argument in arguments:
            if isinstance(argument, Call) and argument.function == "REMOVEFILTERS":
                (read,) = argument.arguments
                gone = lambda column, read=read: column[0] == read.table  # noqa: E731
                filters = {column: values for column, values in filters.items() if not gone(column)}
        for argument in arguments:
            kept = isinstance(argument, Call) and argument.function == "KEEPFILTERS"
            condition = argument.arguments[0] if kept else argument
            if isinstance(condition, Binary):
                column, values = self._condition(condition)
                filters[column] = values & filters.get(column, values) if kept else values
            elif not (isinstance(condition, Call) and condition.function == "REMOVEFILTERS"):
                raise UnknownDaxError(f"a filter such as {condition}")
        return Context(self.model, filters, self.variables)

    def _condition(self, condition: Binary) -> tuple[Column, frozenset[Any]]:
        read, compare = condition.left, _COMPARE.get(condition.sign)
        if not isinstance(read, ColumnRead) or compare is None:
            raise UnknownDaxError(f"a filter such as {condition}")
        wanted = self.value(condition.right)
        everything = {row[read.column] for row in self.model.tables[read.table]}
        if wanted is None:
            return (read.table, read.column), frozenset(everything & {None})
        return (read.table, read.column), frozenset(
            value for value in everything if value is not None and compare(value, wanted)
        )


def _divide(context: Context, above: Any, below: Any) -> Any:
    numerator, denominator = context.value(above), context.value(below)
    if numerator is None or not denominator:
        return None
    if isinstance(numerator, float) or isinstance(denominator, float):
        return float(numerator) / float(denominator)
    return Decimal(numerator) / Decimal(denominator)


def _average(context: Context, read: Any) -> Any:
    numbers = context.numbers(read)
    return sum(numbers) / len(numbers) if numbers else None


def _top(context: Context, count: Any, table: Any, by: Any, order: Any) -> list[Row]:
    if order not in (Word("ASC"), Word("DESC")):
        raise UnknownDaxError(f"TOPN in the order {order}")
    ranked = [(replace(context, row=row).value(by), row) for row in context.table(table)]
    ranked = [(value if value is not None else 0, row) for value, row in ranked]
    ranked.sort(key=lambda pair: pair[0], reverse=order == Word("DESC"))
    last = ranked[: int(context.value(count))][-1:]
    return [
        row for value, row in ranked if last and (value == last[0][0] or (value < last[0][0]) == (order == Word("ASC")))
    ]


def _format(context: Context, value: Any, pattern: Any) -> Any:
    found, asked = context.value(value), context.value(pattern)
    if asked not in _FORMATS or not isinstance(found, datetime.date | None):
        raise UnknownDaxError(f"FORMAT of {found!r} as {asked!r}")
    return found.strftime(_FORMATS[asked]) if found is not None else ""


def _values(context: Context, read: ColumnRead) -> list[Row]:
    found = {row[read.column] for row in context.rows(read.table)}
    return [{(read.table, read.column): value} for value in sorted(found, key=str)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUM": lambda context, read: sum(numbers) if (numbers := context.numbers(read)) else None,
    "AVERAGE": _average,
    "MAX": lambda context, read: max(context.numbers(read), default=None),
    "COUNTROWS": lambda context, table: len(context.table(table)) or None,
    "DIVIDE": _divide,
    "IF": lambda context, asked, then, other: context.value(then if context.value(asked) else other),
    "ISBLANK": lambda context, value: context.value(value) is None,
    "BLANK": lambda context: None,
    "TRUE": lambda context: True,
    "FALSE": lambda context: False,
    "ISFILTERED": lambda context, read: (read.table, read.column) in context.filters,
    "CALCULATE": lambda context, value, *filters: context.filtered(*filters).value(value),
    "CALCULATETABLE": lambda context, table, *filters: context.filtered(*filters).table(table),
    "VALUES": _values,
    "MAXX": lambda context, table, value: max(context.of_rows(table, value), default=None),
    "TOPN": _top,
    "FORMAT": _format,
}

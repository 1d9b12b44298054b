"""Where statements join tables that lie on several machines by anything but what they are laid out by.

A table with a row per customer lies with its customer (`ops.layout`). A join of two such tables on the customer is done
where the rows are; any other join would carry one of them through the network, and a distributed server refuses most of
those. What a select has summed up to fewer rows, and a night's news, may be joined with anything.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from personapulse.layout import CUSTOMER, Function, spelled_out

DAY = re.compile(r"_(\d{8}(_new)?|newest|past)$")  # what the name of a partition ends in
UNKNOWN_TO_SQLGLOT = re.compile(r"\son commit drop\b|\swith no data\b")  # it would not read what is around them
NEWS = frozenset(
    {"arriving", "laid", "touched", "touched_orders", "touched_returns"}
)  # of a night, whatever the history


@dataclass
class Rows:
    """What is known of the rows of a table or a select.

    `keys` are the columns that hold the customer the rows lie with. `is_wide` rows are as many as customers, or more;
    `is_spread` if they lie on several machines, and not all with the coordinator.
    """

    keys: frozenset[str] = field(default_factory=frozenset)
    is_wide: bool = False
    is_spread: bool = False
    is_news: bool = False


def misfits(statement: str, places: Mapping[str, str], functions: dict[str, Function]) -> Iterator[str]:
    """Say of each join of a text of SQL that is not on what its tables lie by which tables it joins.

    Parameters
    ----------
    statement : str
        Any SQL, with its values in it or with `%(name)s`.
    places : mapping
        Of each table of `ops.layout`, such as `core.users`, its place.
    functions : dict
        Core's reading functions, read as the selects they are.
    """
    text = UNKNOWN_TO_SQLGLOT.sub(" ", spelled_out(statement, functions))
    for tree in sqlglot.parse(text, dialect="postgres"):
        if isinstance(tree, exp.Command) and re.search(r"\b(select|merge|using)\b", tree.sql(), re.IGNORECASE):
            yield f"not understood: {tree.sql()[:200]}"
        for query in _queries(tree) if tree else ():
            yield from _Reader(places).read(query)


def _queries(tree: exp.Expr) -> Iterator[exp.Query]:
    """Write a statement as the selects that find the rows it reads or changes."""
    if isinstance(tree, exp.Query):
        yield tree
    elif isinstance(tree, (exp.Insert, exp.Create)) and isinstance(tree.expression, exp.Query):
        query = tree.expression.copy()
        if tree.args.get("with_"):
            query.set("with_", tree.args["with_"].copy())
        yield query
    elif isinstance(tree, (exp.Delete, exp.Update, exp.Merge)):
        yield _as_select(tree)


def _as_select(tree: exp.Delete | exp.Update | exp.Merge) -> exp.Select:
    select = exp.select("1").from_(tree.this.copy())
    if isinstance(tree, exp.Merge):
        return select.join(tree.args["using"].copy(), on=tree.args["on"].copy())
    source = tree.args.get("from_")
    for other in tree.args.get("using") or ([source.this] if source else []):
        select = select.join(other.copy())
    return select.where(tree.args["where"].this.copy()) if tree.args.get("where") else select


class _Reader:
    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._known: dict[int, Rows] = {}

    def read(self, query: exp.Query) -> Iterator[str]:
        for scope in traverse_scope(query):
            if isinstance(scope.expression, exp.Select):
                yield from self._joins(scope)
            self._known[id(scope.expression)] = self._result(scope)

    def _rows(self, source: exp.Table | Scope) -> Rows:
        if isinstance(source, Scope):
            return self._known.get(id(source.expression), Rows())
        if not source.db:
            return Rows(is_news=source.name in NEWS)
        place = self._places.get(_name(source))
        is_spread = place == "by customer"
        return Rows(frozenset({CUSTOMER} if is_spread else ()), is_spread or place == "coordinator", is_spread)

    def _sources(self, scope: Scope) -> dict[str, Rows]:
        """Tables and selects that a select reads itself."""
        return {name: self._rows(source) for name, (_, source) in scope.selected_sources.items()}

    def _result(self, scope: Scope) -> Rows:
        tree = scope.expression
        if isinstance(tree, exp.SetOperation):
            one, other = (self._known.get(id(part.unnest()), Rows()) for part in (tree.left, tree.right))
            keys = one.keys & other.keys if one.is_wide and other.is_wide else one.keys | other.keys
            is_spread = one.is_spread or other.is_spread
            return Rows(keys, one.is_wide or other.is_wide, is_spread, one.is_news and other.is_news)
        sources = self._sources(scope)
        is_spread = any(rows.is_spread for rows in sources.values())
        keys = frozenset(key for column in tree.selects for key in _keys(column, sources))
        if isinstance(tree, exp.Select) and _is_led_by_news(tree, sources):
            return Rows(keys, is_spread=is_spread, is_news=True)
        is_summed = not keys and bool(tree.args.get("group") or _is_one_row(tree))
        return Rows(keys, not is_summed and any(rows.is_wide for rows in sources.values()), is_spread)

    def _joins(self, scope: Scope) -> Iterator[str]:
        sources = self._sources(scope)
        around = self._around(scope)
        wide = {name: rows for name, rows in (sources | around).items() if rows.is_wide}
        if any(rows.is_spread for rows in sources.values()):  # asked for each row of a select that is done elsewhere
            yield from (
                f"{', '.join(sorted(sources))} for each of {name}" for name in around if not around[name].is_spread
            )
        yield from _memberships(scope, wide, self._known)
        groups = {name: name for name in wide}
        for left, right in _equals(scope.expression, wide):
            old, new = groups[left], groups[right]
            groups = {name: new if group == old else group for name, group in groups.items()}
        if len(set(groups.values())) > 1 and any(rows.is_spread for rows in wide.values()):
            yield " x ".join(sorted(wide))
        if any(rows.is_spread for rows in wide.values()):
            read = {_name(scope.sources[name]) for name in sources}
            for name in sorted(read - self._places.keys() - {""}):
                yield f"{name} has no place, and is read together with {', '.join(sorted(wide))}"

    def _around(self, scope: Scope) -> dict[str, Rows]:
        """Sources of the selects around a subquery that it names."""
        named = {column.table for column in scope.external_columns} - {""}
        found: dict[str, Rows] = {}
        while scope.parent is not None:
            scope = scope.parent
            found = {name: rows for name, rows in self._sources(scope).items() if name in named} | found
        return found


def _name(source: exp.Table | Scope) -> str:
    """Name a table of ours as `ops.layout` does, a partition as its table."""
    return f"{source.db}.{DAY.sub('', source.name)}" if isinstance(source, exp.Table) and source.db else ""


def _is_led_by_news(tree: exp.Select, sources: Mapping[str, Rows]) -> bool:
    """Whether a night's news say which rows there are: they come first, or are joined to what does, not left out."""
    if any(part.this.name == "known_from" for part in tree.find_all(exp.Between)):
        return True  # what was told on the days that are taken in
    joins = [join.this for join in tree.args.get("joins") or [] if not join.side and join.kind in {"INNER", ""}]
    first = [tree.args["from_"].this] if tree.args.get("from_") else []
    return any(sources.get(table.alias_or_name, Rows()).is_news for table in first + joins)


def _is_one_row(tree: exp.Select) -> bool:
    """Whether everything is summed up: there is an aggregate that is no window's."""
    aggregates = (part for column in tree.selects for part in column.find_all(exp.AggFunc))
    return any(part.find_ancestor(exp.Window, exp.Select) is tree for part in aggregates)


def _keys(column: exp.Expr, sources: Mapping[str, Rows]) -> Iterable[str]:
    """Name what is selected, if it holds the customer rows lie with; of a star, all that do."""
    if isinstance(column, exp.Star):
        return frozenset().union(*(rows.keys for rows in sources.values()))
    if isinstance(column, exp.Column) and isinstance(column.this, exp.Star):
        return sources[column.table].keys if column.table in sources else ()
    value = column.unalias()
    parts = [value.this, *value.expressions] if isinstance(value, exp.Coalesce) else [value]
    return [column.alias_or_name] if all(_is_key(part, sources) for part in parts) else ()


def _is_key(value: exp.Expr, sources: Mapping[str, Rows]) -> bool:
    value = value.this if isinstance(value, exp.Cast) else value
    if not isinstance(value, exp.Column):
        return False
    places = [sources[value.table]] if value.table in sources else [] if value.table else sources.values()
    return any(value.name in rows.keys for rows in places)


def _memberships(scope: Scope, wide: Mapping[str, Rows], known: Mapping[int, Rows]) -> Iterator[str]:
    """Look at each `a in (select b ...)`: a join, too."""
    for member in scope.find_all(exp.In):
        rows = known.get(id(member.args["query"].unnest()), Rows()) if member.args.get("query") else Rows()
        if wide and rows.is_wide and not (rows.keys and _is_key(member.this, wide)):
            yield f"{member.this.sql()} in a select, of {', '.join(sorted(wide))}"


def _equals(tree: exp.Expr, wide: Mapping[str, Rows]) -> Iterator[tuple[str, str]]:
    """Pairs of sources whose customer a select demands to be the same."""
    joins = tree.args.get("joins") or []
    for column in (column for join in joins for column in join.args.get("using") or []):
        yield from pairwise(name for name, rows in wide.items() if column.name in rows.keys)
    conditions = [join.args["on"] for join in joins if join.args.get("on")]
    conditions += [tree.args["where"].this] if tree.args.get("where") else []
    for condition in (condition.unnest() for condition in conditions):
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            yield from _same_customer(part.unnest(), wide)


def _same_customer(part: exp.Expr, wide: Mapping[str, Rows]) -> Iterator[tuple[str, str]]:
    if not isinstance(part, exp.EQ):
        return
    sides = part.left.unnest(), part.right.unnest()
    columns = (side.expressions if isinstance(side, exp.Tuple) else [side] for side in sides)
    for pair in zip(*columns, strict=True):
        tables = [side.table for side in pair if isinstance(side, exp.Column) and side.table in wide]
        if len(tables) == 2 and all(_is_key(side, wide) for side in pair):
            yield tables[0], tables[1]

"""What a semantic model must hold beyond the grammar of its files: names that are there, keys that fit."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from personapulse.powerbi.tmdl import Node, TmdlError, read
from personapulse.powerbi.tmdl.reading import split, unquoted

_COLUMN = re.compile(r"'((?:[^']|'')+)'\[([^\]]+)\]")
_TABLE = re.compile(r"'((?:[^']|'')+)'")
_VARIABLE = re.compile(r"\bVAR (\w+)")
_MEASURE = re.compile(r"(?<!['\w])\[([^\]]+)\]")
_TEXT = re.compile(r'"(?:[^"]|"")*"')
_SELECTED = re.compile(r"Table\.SelectColumns\(\w+, \{([^}]*)\}\)")
_TYPED = re.compile(r'\{"(\w+)", ([\w. ]+)\}')
_M_TYPES = {
    "string": "type text",
    "int64": "Int64.Type",
    "double": "type number",
    "decimal": "Currency.Type",
    "dateTime": "type date",
    "boolean": "type logical",
}


@dataclass(frozen=True)
class Model:
    """The documents of a `<name>.SemanticModel`, by their path below `definition/`."""

    documents: Mapping[str, tuple[Node, ...]]

    @cached_property
    def tables(self) -> dict[str, Node]:
        """Tables by name."""
        return {node.name: node for nodes in self.documents.values() for node in nodes if node.keyword == "table"}

    @cached_property
    def measures(self) -> dict[str, Node]:
        """Measures by name."""
        return {measure.name: measure for table in self.tables.values() for measure in table.all("measure")}

    def column(self, table: str, column: str) -> Node | None:
        """Return a column, or None."""
        found = self.tables[table].all("column") if table in self.tables else ()
        return next((one for one in found if one.name == column), None)

    def top(self, keyword: str) -> list[Node]:
        """Return the objects of a type that stand in no other."""
        return [node for nodes in self.documents.values() for node in nodes if node.keyword == keyword]

    @cached_property
    def all(self) -> list[Node]:
        """Return every object."""
        found = [node for nodes in self.documents.values() for node in nodes]
        for node in found:
            found.extend(node.children)  # which lengthens the walk
        return found


def faults(folder: Path) -> list[str]:
    """Read a `<name>.SemanticModel` and return what is wrong with it, as sentences that name the place; best is none.

    Files that are no TMDL are named first, and then nothing else is looked at.
    """
    definition = folder / "definition"
    documents, found = {}, []
    for file in sorted(definition.rglob("*.tmdl")):
        name = file.relative_to(definition).as_posix()
        try:
            documents[name] = read(file.read_bytes().decode(), name)
        except TmdlError as error:
            found.append(str(error))
    return found or [fault for check in CHECKS for fault in check(Model(documents))]


def _files(model: Model) -> Iterator[str]:
    """Each table, role and culture has a file of its name, and the model names it."""
    for keyword, folder in (("table", "tables"), ("role", "roles"), ("cultureInfo", "cultures")):
        declared = {node.name for node in model.top(keyword)}
        named = Counter(node.name for node in model.top(f"ref {keyword}"))
        for name in sorted(declared - set(named)):
            yield f"model.tmdl has no `ref {keyword} {name}`"
        for name in sorted(set(named) - declared):
            yield f"model.tmdl names the {keyword} {name!r}, which no file declares"
        for path, nodes in model.documents.items():
            if path.startswith(f"{folder}/") and [(node.keyword, f"{folder}/{node.name}.tmdl") for node in nodes] != [
                (keyword, path)
            ]:
                yield f"{path} must hold the {keyword} of its name and nothing else"
    for path in ("database.tmdl", "model.tmdl"):
        if path not in model.documents:
            yield f"{path} is missing"


def _identities(model: Model) -> Iterator[str]:
    tags = Counter(tag for node in model.all if (tag := node.property("lineageTag")))
    for tag, count in tags.items():
        if count > 1:
            yield f"lineageTag {tag} stands {count} times"


def _columns(model: Model) -> Iterator[str]:
    for table in model.tables.values():
        names = {column.name for column in table.all("column")}
        for column in table.all("column"):
            by = column.property("sortByColumn")
            if by and (unquoted(by) not in names or unquoted(by) == column.name):
                yield f"{table.name}[{column.name}] is sorted by {by}, which is no other column of the table"
        for hierarchy in table.all("hierarchy"):
            for level in hierarchy.all("level"):
                column_name = unquoted(level.property("column") or "")
                if column_name not in names:
                    yield f"level {level.name} of {table.name}.{hierarchy.name} has no column {column_name!r}"
        if not table.all("partition"):
            yield f"{table.name} has no partition, so no rows"


def _measures(model: Model) -> Iterator[str]:
    names = Counter(measure.name.lower() for table in model.tables.values() for measure in table.all("measure"))
    for name, count in names.items():
        if count > 1:
            yield f"{count} measures are called {name!r}"
    for table in model.tables.values():
        columns = {column.name.lower() for column in table.all("column")}
        for measure in table.all("measure"):
            if measure.name.lower() in columns:
                yield f"{table.name} has a column and a measure called {measure.name!r}"
            yield from _dax(model, measure)
    for loop in _loops({name: set(_measures_read(measure)) for name, measure in model.measures.items()}):
        yield f"measures are made of each other: {' -> '.join(loop)}"


def _dax(model: Model, measure: Node) -> Iterator[str]:
    text = _TEXT.sub('""', measure.expression or "")
    if text.count("(") != text.count(")"):
        yield f"measure {measure.name!r} opens {text.count('(')} brackets and closes {text.count(')')}"
    for table, column in _COLUMN.findall(text):
        if model.column(table.replace("''", "'"), column) is None:
            yield f"measure {measure.name!r} reads {table}[{column}], which is not there"
    for name in _measures_read(measure):
        if name not in model.measures:
            yield f"measure {measure.name!r} reads [{name}], which is no measure"
    for table in _TABLE.findall(_COLUMN.sub("", text)):
        if table.replace("''", "'") not in model.tables:
            yield f"measure {measure.name!r} reads the table {table!r}, which is not there"
    for name in _VARIABLE.findall(text):
        if name in model.tables:
            yield f"measure {measure.name!r} has a variable called {name}, as a table is"


def _measures_read(measure: Node) -> list[str]:
    return _MEASURE.findall(_TEXT.sub('""', measure.expression or ""))


def _loops(read: Mapping[str, set[str]]) -> Iterator[list[str]]:
    for name in read:
        open_ = [[name]]
        while open_:
            path = open_.pop()
            for following in read.get(path[-1], set()):
                if following == name:
                    yield [*path, name]
                elif following not in path:
                    open_.append([*path, following])


def _relationships(model: Model) -> Iterator[str]:
    pairs: Counter[tuple[str, str]] = Counter()
    for node in model.top("relationship"):
        (many, many_column), (one, one_column) = (
            split(node.property(side) or "") for side in ("fromColumn", "toColumn")
        )
        pairs[many, one] += 1
        from_, to = model.column(many, many_column), model.column(one, one_column)
        name = f"relationship {many}[{many_column}] -> {one}[{one_column}]"
        if from_ is None or to is None:
            yield f"{name}: {f'{many}[{many_column}]' if from_ is None else f'{one}[{one_column}]'} is not there"
            continue
        if from_.property("dataType") != to.property("dataType"):
            yield f"{name}: {from_.property('dataType')} is joined with {to.property('dataType')}"
        if to.property("isKey") is None:
            yield f"{name}: the one side is no key"
    for (many, one), count in pairs.items():
        if count > 1:
            yield f"{count} relationships lead from {many} to {one}; a filter must have one way"
    manys = {many for many, _ in pairs}
    for many, one in pairs:
        if one in manys:
            yield f"{one} filters {many} and is filtered itself; a filter must have one way"


def _queries(model: Model) -> Iterator[str]:
    parameters = {node.name for node in model.top("expression")}
    for table in model.tables.values():
        policies = table.all("refreshPolicy")
        texts = [partition.property("source") or "" for partition in table.all("partition")]
        texts += [policy.property("sourceExpression") or "" for policy in policies]
        wanted = {"Server", "Database"} | ({"RangeStart", "RangeEnd"} if policies else set())
        for text in texts:
            yield from (f"{table.name}: {fault}" for fault in _query(table, text, wanted, parameters))


def _query(table: Node, text: str, wanted: Iterable[str], parameters: set[str]) -> Iterator[str]:
    for name in wanted:
        if name not in parameters:
            yield f"its query reads the parameter {name}, which expressions.tmdl does not declare"
        if not re.search(rf"\b{name}\b", text):
            yield f"its query does not read {name}"
    if any(text.count(opened) != text.count(closed) for opened, closed in ("()", "[]", "{}")):
        yield "a bracket of its query is not closed"
    columns = {column.property("sourceColumn"): column.property("dataType") for column in table.all("column")}
    selected = _SELECTED.search(text)
    if not selected or set(re.findall(r'"(\w+)"', selected[1])) != set(columns):
        yield "its query does not select just the columns' sources"
    if dict(_TYPED.findall(text)) != {source: _M_TYPES.get(kind or "") for source, kind in columns.items()}:
        yield "its query does not give every column its type"


CHECKS: tuple[Callable[[Model], Iterator[str]], ...] = (
    _files,
    _identities,
    _columns,
    _measures,
    _relationships,
    _queries,
)

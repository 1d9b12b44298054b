"""Reads TMDL, and refuses what Power BI would: a bad indent, an unknown keyword, a property given twice or wrongly."""

import re
from dataclasses import dataclass, field

from personapulse.errors import PersonaPulseError
from personapulse.powerbi.tmdl.keywords import (
    EXPRESSION,
    FLAG,
    GUID,
    NAME,
    OBJECTS,
    PATH,
    WHOLE,
    Asked,
    ObjectKind,
)
from personapulse.powerbi.tmdl.nodes import Node, Property

_NAME = r"(?:'(?:[^']|'')+'|[^\s.=:']+)"
_DECLARED = re.compile(rf"(?P<keyword>ref \w+|\w+)(?: (?P<name>{_NAME}))?(?: =(?P<expression>.*))?")
_PROPERTY = re.compile(r"(?P<name>\w+)(?:: (?P<value>\S.*)| =(?P<expression>.*))?")
_VALUES = {
    FLAG: re.compile(r"true|false"),
    WHOLE: re.compile(r"-?\d+"),
    NAME: re.compile(_NAME),
    PATH: re.compile(rf"{_NAME}\.{_NAME}"),
    GUID: re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}


class TmdlError(PersonaPulseError):
    """A document that is no TMDL; the message names the file and the line."""


@dataclass
class _Open:
    """An object whose properties and children are being read."""

    kind: ObjectKind
    keyword: str
    name: str
    expression: str | None
    description: str
    line: int
    properties: list[Property] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def closed(self) -> Node:
        return Node(
            self.keyword,
            self.name,
            self.expression,
            self.description,
            tuple(self.properties),
            tuple(self.children),
            self.line,
        )


def read(text: str, file: str = "") -> tuple[Node, ...]:
    """Return the objects of a document.

    Parameters
    ----------
    text : str
        The document.
    file : str
        Its name, for messages.

    Raises
    ------
    TmdlError
        If it is not what Power BI reads; the message names the file, the line and what is wrong with it.
    """
    return _Reader(text, file).document()


def unquoted(name: str) -> str:
    """Return a name without its quotes."""
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def split(path: str) -> tuple[str, str]:
    """Return table and column of a path such as `'Key figures'.'As of'`."""
    parts = re.fullmatch(rf"({_NAME})\.({_NAME})", path)
    assert parts is not None, path  # noqa: S101 - read as a path before
    return unquoted(parts[1]), unquoted(parts[2])


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.lines = text.splitlines()
        self.file = file
        self.at = 0
        self.top: list[Node] = []
        self.open: list[_Open] = []
        self.description: list[str] = []

    def document(self) -> tuple[Node, ...]:
        while self.at < len(self.lines):
            self._line(self.lines[self.at])
        if self.description:
            raise self._error("a description must stand right above an object")
        self._close(0)
        return tuple(self.top)

    def _error(self, what: str, line: int | None = None) -> TmdlError:
        number = self.at + 1 if line is None else line
        return TmdlError(f"{self.file or 'TMDL'}, line {number}: {what}.")

    def _line(self, line: str) -> None:
        content = line.lstrip("\t")
        depth = len(line) - len(content)
        if content != content.rstrip():
            raise self._error("blanks at the end of a line")
        if not content:
            if self.description:
                raise self._error("a description must stand right above an object")
            self.at += 1
            return
        if content[0].isspace():
            raise self._error("indent with tabs only")
        if content.startswith("///"):
            self.description.append(content[3:].removeprefix(" "))
            self.at += 1
            return
        if depth > len(self.open):
            raise self._error(f"indented by {depth} tabs, but nothing stands there that it could belong to")
        self._close(depth)
        first = re.match(r"(ref \w+|\w+)(:?)", content)
        if first and not first[2] and first[1] in OBJECTS:
            self._object(content, depth)
        else:
            self._property(content, depth)

    def _close(self, depth: int) -> None:
        """Close the objects that a line of the depth does not belong to."""
        while len(self.open) > depth:
            done = self.open.pop()
            for name in done.kind.required:
                if name not in {one.name for one in done.properties}:
                    raise self._error(f"{done.keyword} {done.name!r} has no {name}", done.line)
            siblings = self.open[-1].children if self.open else self.top
            if any(
                (one.keyword, one.name.lower()) == (done.keyword, done.name.lower()) and one.name for one in siblings
            ):
                raise self._error(f"a second {done.keyword} is called {done.name!r}", done.line)
            siblings.append(done.closed())

    def _object(self, content: str, depth: int) -> None:
        parts = _DECLARED.fullmatch(content)
        if not parts:
            raise self._error(f"a name with blanks, dots, colons or equals signs stands in single quotes: {content!r}")
        keyword, line = parts["keyword"], self.at + 1
        kind = OBJECTS[keyword]
        parent = self.open[-1].keyword if self.open else ""
        if parent not in kind.parents:
            raise self._error(f"{keyword} does not belong in {parent or 'a document of its own'}")
        if kind.is_named != (parts["name"] is not None):
            raise self._error(f"{keyword} must {'' if kind.is_named else 'not '}have a name")
        has_expression = parts["expression"] is not None
        if has_expression and kind.expression == "never":
            raise self._error(f"{keyword} has nothing behind an equals sign")
        if not has_expression and kind.expression == "must":
            raise self._error(f"{keyword} needs an equals sign and what it is")
        description, self.description = "\n".join(self.description), []
        self.at += 1
        expression = self._expression(parts["expression"], depth + 2, line) if has_expression else None
        self.open.append(_Open(kind, keyword, unquoted(parts["name"] or ""), expression, description, line))

    def _property(self, content: str, depth: int) -> None:
        parts, line = _PROPERTY.fullmatch(content), self.at + 1
        if not parts or not self.open:
            raise self._error(f"neither a known object nor a property: {content!r}")
        if self.description:
            raise self._error("a description must stand right above an object")
        owner = self.open[-1]
        name = parts["name"]
        if name not in owner.kind.properties:
            raise self._error(f"{owner.keyword} has no property {name!r}; it may be misspelt")
        if name in {one.name for one in owner.properties}:
            raise self._error(f"{name} is given twice")
        if owner.children:
            raise self._error(f"{name} must stand before what belongs to {owner.keyword}")
        self.at += 1
        asked = owner.kind.properties[name]
        if asked == EXPRESSION:
            if parts["expression"] is None:
                raise self._error(f"{name} needs an equals sign and an expression", line)
            value: str | None = self._expression(parts["expression"], depth + 1, line)
        else:
            value = parts["value"]
            self._check(name, value, asked, line, is_expression=parts["expression"] is not None)
        owner.properties.append(Property(name, value, is_expression=asked == EXPRESSION))

    def _check(self, name: str, value: str | None, asked: Asked, line: int, *, is_expression: bool) -> None:
        if is_expression:
            raise self._error(f"{name} is given behind a colon", line)
        if value is None:
            if asked != FLAG:
                raise self._error(f"{name} needs a value", line)
        elif isinstance(asked, tuple):
            if value not in asked:
                raise self._error(f"{name} must be one of {', '.join(asked)}, not {value!r}", line)
        elif asked in _VALUES and not _VALUES[asked].fullmatch(value):
            raise self._error(f"{name} must be a {asked}, not {value!r}", line)

    def _expression(self, inline: str, depth: int, line: int) -> str:
        """Return what stands behind an equals sign, or below it at least `depth` tabs deep."""
        if inline:
            if not inline.startswith(" ") or not inline.strip():
                raise self._error("one blank stands behind an equals sign", line)
            return inline[1:]
        found: list[str] = []
        while self.at < len(self.lines):
            text = self.lines[self.at]
            if text.strip() and len(text) - len(text.lstrip("\t")) < depth:
                break
            found.append(text)
            self.at += 1
        while found and not found[-1].strip():
            found.pop()
        if not found:
            raise self._error(f"an expression must follow, indented by {depth} tabs or more", line)
        indent = min(len(text) - len(text.lstrip("\t")) for text in found if text.strip())
        return "\n".join(text[indent:] for text in found)

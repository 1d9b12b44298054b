"""Reads the part of DAX that the model's measures are written in; the rest is refused."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_TOKEN = re.compile(
    r"(?P<text>\"(?:[^\"]|\"\")*\")|(?P<number>\d+(?:\.\d+)?)|(?P<table>'(?:[^']|'')+')(?:\[(?P<column>[^\]]+)\])?"
    r"|\[(?P<measure>[^\]]+)\]|(?P<word>\w+)|(?P<sign><>|<=|>=|[-+=<>(),])"
)
COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")


class UnknownDaxError(Exception):
    """Something that is not claimed to be known."""


@dataclass(frozen=True)
class Literal:
    value: Any


@dataclass(frozen=True)
class ColumnRead:
    table: str
    column: str


@dataclass(frozen=True)
class TableRead:
    table: str


@dataclass(frozen=True)
class MeasureRead:
    name: str


@dataclass(frozen=True)
class Word:
    """A variable, or ASC and DESC."""

    name: str


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Binary:
    sign: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Let:
    """VAR ... RETURN ..."""

    variables: tuple[tuple[str, Any], ...]
    returned: Any


def parse(dax: str) -> Any:
    """Return the expression."""
    reader = _Reader(dax)
    expression = reader.statement()
    if reader.tokens:
        raise UnknownDaxError(f"after the end: {reader.tokens}")
    return expression


class _Reader:
    def __init__(self, dax: str) -> None:
        self.tokens: list[re.Match[str]] = []
        at = 0
        while at < len(dax):
            if dax[at].isspace():
                at += 1
                continue
            found = _TOKEN.match(dax, at)
            if not found:
                raise UnknownDaxError(dax[at:])
            self.tokens.append(found)
            at = found.end()

    def next(self) -> str:
        return self.tokens[0][0] if self.tokens else ""

    def take(self, wanted: str) -> None:
        if self.next() != wanted:
            raise UnknownDaxError(f"{self.next()!r} in place of {wanted!r}")
        self.tokens.pop(0)

    def statement(self) -> Any:
        variables = []
        while self.next() == "VAR":
            self.take("VAR")
            name = self.tokens.pop(0)[0]
            self.take("=")
            variables.append((name, self.comparison()))
        if not variables:
            return self.comparison()
        self.take("RETURN")
        return Let(tuple(variables), self.comparison())

    def comparison(self) -> Any:
        left = self.sum()
        if self.next() not in COMPARISONS:
            return left
        return Binary(self.tokens.pop(0)[0], left, self.sum())

    def sum(self) -> Any:
        left = self.atom()
        while self.next() in {"+", "-"}:
            left = Binary(self.tokens.pop(0)[0], left, self.atom())
        return left

    def atom(self) -> Any:
        if not self.tokens:
            raise UnknownDaxError("an end where a value was expected")
        token = self.tokens.pop(0)
        if token["number"]:
            return Literal(Decimal(token["number"]))
        if token["text"]:
            return Literal(token["text"][1:-1].replace('""', '"'))
        if token["measure"]:
            return MeasureRead(token["measure"])
        if token["table"]:
            table = token["table"][1:-1].replace("''", "'")
            return ColumnRead(table, token["column"]) if token["column"] else TableRead(table)
        if token["word"]:
            return Call(token["word"], self.arguments()) if self.next() == "(" else Word(token["word"])
        if token["sign"] == "(":
            inner = self.comparison()
            self.take(")")
            return inner
        raise UnknownDaxError(token[0])

    def arguments(self) -> tuple[Any, ...]:
        self.take("(")
        found = []
        while self.next() != ")":
            found.append(self.comparison())
            if self.next() != ")":
                self.take(",")
        self.take(")")
        return tuple(found)

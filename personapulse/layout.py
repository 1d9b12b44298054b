"""Where the warehouse's rows lie when its server is several machines (Citus).

Which table lies how is data (`ops.layout`, written by migrations); the step that lays them out is
`include/sql/setup/distribution.sql`. On one machine nothing here does anything.
"""

import re
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg import sql

from personapulse.paths import SQL

STEP = SQL / "setup" / "distribution.sql"
CUSTOMER = "user_id"  # what rows lie by


def is_distributed(connection: psycopg.Connection[Any]) -> bool:
    """Whether the database is spread over several machines: it has Citus."""
    row = connection.execute("select to_regclass('pg_dist_partition') is not null").fetchone()
    return row == (True,)


def lay_out(connection: psycopg.Connection[Any]) -> None:
    """Lay the tables out as `ops.layout` says, where the server has Citus; those that are already are left alone."""
    connection.execute(STEP.read_bytes())


def like(connection: psycopg.Connection[Any], new: sql.Identifier, parent: sql.Identifier) -> None:
    """Make an empty table that lies as a distributed one does, to become a partition of it."""
    statement = sql.SQL(
        "create table {new} (like {parent});"
        "select create_distributed_table({name}::regclass, {column}, colocate_with => {parent_name})"
    )
    names = {"name": new.as_string(connection), "parent_name": parent.as_string(connection)}
    connection.execute(statement.format(new=new, parent=parent, column=CUSTOMER, **names))


@dataclass(frozen=True)
class Function:
    """One of core's reading functions (`core.orders_as_of`): a select with names for its values.

    Parameters
    ----------
    parameters, columns : tuple of str
        Names of what it is given, and of what it returns.
    body : str
        The select; a parameter is written `orders_as_of.known_on`.
    """

    parameters: tuple[str, ...]
    columns: tuple[str, ...]
    body: str


def functions(connection: psycopg.Connection[Any]) -> dict[str, Function]:
    """Look core's reading functions up in the catalogue, by name."""
    found = connection.execute(
        "select proname, prosrc, proargnames, proargmodes::text[] from pg_proc"
        " inner join pg_language on pg_language.oid = prolang"
        " where pronamespace = 'core'::regnamespace and lanname = 'sql' and proretset"
    )
    return {
        name: Function(
            tuple(argument for argument, mode in zip(names, modes, strict=True) if mode == "i"),
            tuple(argument for argument, mode in zip(names, modes, strict=True) if mode == "t"),
            body,
        )
        for name, body, names, modes in found
    }


def spelled_out(statement: str, known: dict[str, Function]) -> str:
    """Put the select of each of core's reading functions in place of its call.

    PostgreSQL does that itself when it plans; Citus sees only the call, and refuses it (its issues 981 and 6102).

    Parameters
    ----------
    statement : str
        With its values in it.
    known : dict
        From `functions`.
    """
    calls = re.compile(rf"\bcore\.({'|'.join(map(re.escape, known))})\(") if known else None
    while calls and (call := calls.search(statement)):
        name, function = call[1], known[call[1]]
        arguments, end = _arguments(statement, call.end())
        body = function.body.strip().rstrip(";")
        for parameter, argument in zip(function.parameters, arguments, strict=True):
            body = re.sub(rf"\b{name}\.{parameter}\b", lambda _, given=argument: f"({given})", body)  # type: ignore[misc]
        alias = re.compile(r"\s+as\s+(\w+)\b(?!\s*\()", re.IGNORECASE).match(statement, end)
        called, rest = (alias[1], alias.end()) if alias else (name, end)
        columns = ", ".join(function.columns)
        statement = f"{statement[: call.start()]}(\n{body}\n) as {called} ({columns}){statement[rest:]}"
    return statement


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """Read what stands in brackets opened before `start`: the parts between its commas, and where it ends."""
    parts: list[str] = []
    depth, begun, is_quoted = 0, start, False
    for place in range(start, len(text)):
        letter = text[place]
        is_quoted ^= letter == "'"
        if is_quoted:
            continue
        if letter == ")" and depth == 0:
            return [*parts, text[begun:place].strip()], place + 1
        if letter == "," and depth == 0:
            parts.append(text[begun:place].strip())
            begun = place + 1
        depth += (letter == "(") - (letter == ")")
    raise ValueError(f"brackets that do not close: {text[start : start + 100]}")


class SpellingCursor(psycopg.ClientCursor[Any]):
    """A cursor that spells core's reading functions out in whatever it runs."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement, as any cursor does."""
        text = self.mogrify(query, params)
        if "_as_of(" not in text:
            return super().execute(query, params, **options)
        return super().execute(spelled_out(text, functions(self.connection)).encode(), **options)

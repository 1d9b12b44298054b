"""Tables' rows, copied from PostgreSQL into DuckDB."""

import io
import tempfile
from pathlib import Path
from typing import Any, Self

import duckdb
import psycopg
from psycopg import sql

# PostgreSQL's numeric has no limits; twenty decimals hold what a division of amounts leaves in core.
NUMERIC = "DECIMAL(38, 20)"
TYPES = {
    "text": "VARCHAR",
    "date": "DATE",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "numeric": NUMERIC,
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp with time zone": "TIMESTAMPTZ",
    "timestamp without time zone": "TIMESTAMP",
    "smallint": "SMALLINT",
    "real": "FLOAT",
    "text[]": "VARCHAR[]",
    "boolean[]": "BOOLEAN[]",
    "numeric[]": f"{NUMERIC}[]",
    "datemultirange": "DATE[]",  # a set of days: its days
}


class Copies:
    """A DuckDB with copies of a warehouse's tables as they are at one moment, each made when it is first wanted.

    Parameters
    ----------
    source : psycopg.Connection
        In a transaction in which the tables do not change any more.
    """

    def __init__(self, source: psycopg.Connection[Any]) -> None:
        self.source = source
        self.engine = duckdb.connect(config={"threads": 1})
        self.engine.execute("set timezone = 'UTC'; set integer_division = true")  # of integers only, as in PostgreSQL
        self._made: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.engine.close()

    def want(self, schema: str, name: str) -> None:
        """Copy a table, unless it was; a temporary table has no schema."""
        if (schema, name) not in self._made:
            self._made.add((schema, name))
            _copy_rows(self.source, self.engine, schema, name)


def _copy_rows(source: psycopg.Connection[Any], target: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    """Copy a table's rows into DuckDB, under the same name; a temporary table has no schema."""
    regclass = f"{schema or 'pg_temp'}.{name}"
    columns = source.execute(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        (regclass,),
    ).fetchall()
    texts = sql.SQL(", ").join(
        sql.SQL(_AS_TEXT.get(kind, "{}::text")).format(sql.Identifier(column)) for column, kind in columns
    )
    table = sql.Identifier(*([schema] if schema else []), name)
    rows = io.BytesIO()
    copy_out = sql.SQL("copy (select {} from {}) to stdout (format csv, null '\\N')").format(texts, table)
    with source.cursor() as cursor, cursor.copy(copy_out) as chunks:
        for chunk in chunks:
            rows.write(chunk)
    kinds = {column: TYPES[kind] for column, kind in columns}
    target.execute(f"create schema if not exists {schema or 'main'}")
    declared = ", ".join(f'"{column}" {kind}' for column, kind in kinds.items())
    target.execute(f"create table {schema or 'main'}.{name} ({declared})")
    if not rows.tell():
        return
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        Path(file.name).write_bytes(rows.getvalue())
        texts_only = dict.fromkeys(kinds, "VARCHAR")
        casts = ", ".join(f'"{column}"::{kind}' for column, kind in kinds.items())
        target.execute(
            f"insert into {schema or 'main'}.{name} select {casts} from read_csv("
            f"'{file.name}', header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
            f" new_line = '\\n', nullstr = '\\N', columns = {texts_only})"
        )


_AS_TEXT = {
    # the days of a set of days, in DuckDB's words
    "datemultirange": "(select '[' || string_agg(day::date::text, ', ') || ']' from unnest({}) as stretch,"
    " generate_series(lower(stretch), upper(stretch) - 1, interval '1 day') as day)",
    "text[]": "to_json({})::text",
    "boolean[]": "to_json({})::text",
    "numeric[]": "to_json({})::text",
}

"""A warehouse of its own for every test, and a shop whose files a test can write line by line."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from personapulse import ingest, marts
from personapulse.contract import EXTRACTS
from personapulse.postgres import EmbeddedPostgres

from .days import take_in
from .sample_shop import empty, loaded


def date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.fixture
def warehouse(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """An empty warehouse, gone after the test."""
    with empty(postgres, "test") as connection:
        yield connection


class Shop:
    """A shop's daily folders, written by a test, and the warehouse they are loaded into."""

    def __init__(self, folder: Path, warehouse: psycopg.Connection[Any]) -> None:
        self.folder = folder
        self.warehouse = warehouse

    def settings(self, text: str) -> None:
        (self.folder / "source.yaml").write_text(text)

    def deliver(self, day: str, **files: str) -> None:
        """Write a day's files; those a test does not name have a header and no rows."""
        folder = self.folder / day
        folder.mkdir(exist_ok=True)
        for extract in EXTRACTS:
            if extract.is_optional and extract.name not in files:
                continue
            header = ",".join(extract.required)
            text = files.get(extract.name, header)
            lines = [line.strip() for line in text.strip().splitlines()]
            (folder / f"{extract.name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def source(self) -> ingest.Source:
        return ingest.Source(str(self.folder))

    def load(self, *days: str) -> None:
        """Stage and merge days, in the order given."""
        take_in(self.warehouse, self.source, *map(date, days))

    def forget(self) -> None:
        """Empty core and what is written of its loads, as if nothing had ever been loaded."""
        events = self.values(
            "select inhrelid::regclass::text from pg_inherits"
            " where inhparent in ('core.product_views'::regclass, 'core.contacts'::regclass)"
        )
        for table in events:
            self.warehouse.execute(f"drop table {table}".encode())
        tables = self.values(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname = 'core' or (schemaname, tablename) = ('ops', 'loads')"
        )
        self.warehouse.execute(f"truncate {', '.join(tables)}".encode())

    def build(self, as_of_date: str, *names: str, **options: Any) -> None:
        """Build the named marts for a day, or all of them."""
        for name in names or marts.NAMES:
            marts.build(self.warehouse, name, date(as_of_date), self.source.settings, **options)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.warehouse.execute(query.encode()).fetchall()

    def values(self, query: str) -> list[Any]:
        return [value for (value,) in self.rows(query)]

    def fingerprint(self, *tables: str) -> dict[str, str]:
        """Hash of every row of the named tables, or of all core tables and marts, whatever the rows' order."""
        names = tables or self.values(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('core', 'marts') order by 1"
        )
        return {
            name: self.values(f"select md5(coalesce(string_agg(r::text, '\n' order by r::text), '')) from {name} as r")[
                0
            ]
            for name in names
        }


@pytest.fixture(scope="session")
def sample(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """The sample shop's first weeks, loaded; tests build marts of it `for_the_moment`."""
    with loaded(postgres) as connection:
        yield connection


@pytest.fixture
def shop(tmp_path: Path, warehouse: psycopg.Connection[Any]) -> Shop:
    return Shop(tmp_path, warehouse)

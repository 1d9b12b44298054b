"""A warehouse of an older version, with a shop in it, is brought up to date: nothing is lost, and work goes on."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from personapulse import ingest, roles
from personapulse import warehouse as module
from personapulse.ingest.erased import Erased
from personapulse.postgres import EmbeddedPostgres

from ..e2e.small_shop import FIRST_DAY, make_shop
from .days import build, take_in
from .worlds import fingerprint

OLD = 26  # the last migration of a warehouse in which everything belonged to who had made it
DAYS = [FIRST_DAY + datetime.timedelta(number) for number in range(4)]


@pytest.fixture
def source(tmp_path: Path) -> ingest.Source:
    return ingest.Source(str(make_shop(tmp_path, len(DAYS))))


@pytest.fixture
def old(postgres: EmbeddedPostgres, source: ingest.Source, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An older version's warehouse after three days of the shop; yields its name."""
    name = "older_version"
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            with monkeypatch.context() as then, module.connect(postgres.conninfo(name)) as connection:
                known = {number: file for number, file in module.migrations().items() if number <= OLD}
                then.setattr(module, "migrations", lambda: known)
                then.setattr(roles, "grant", lambda *_, **__: False)
                then.setattr(Erased, "of", lambda _: Erased("", frozenset()))  # nobody could be, then
                assert len(module.migrate(connection)) == len(known)
                for day in DAYS[:-1]:
                    take_in(connection, source, day)
                    build(connection, source.settings, day)
            yield name
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_an_older_warehouse_keeps_every_row_and_takes_in_the_next_day(
    postgres: EmbeddedPostgres, warehouse: psycopg.Connection[Any], source: ingest.Source, old: str
) -> None:
    with module.connect(postgres.conninfo(old)) as owner:
        before = fingerprint(owner)
        newer = [file.name for number, file in module.migrations().items() if number > OLD]
        assert module.migrate(owner) == newer
        assert fingerprint(owner) == before
        assert owner.execute(
            "select count(*) from pg_class where relkind in ('r', 'p') and pg_get_userbyid(relowner) = 'postgres'"
            " and relnamespace::regnamespace::text in ('staging', 'core', 'marts', 'ml')"
        ).fetchone() == (0,)
    with module.connect(postgres.conninfo(old, roles.LOADER)) as loader:
        take_in(loader, source, DAYS[1], DAYS[-1])  # a day of before, again
    with module.connect(postgres.conninfo(old, roles.MODELER)) as modeler:
        build(modeler, source.settings, *DAYS[1:])
    for day in DAYS:
        take_in(warehouse, source, day)
        build(warehouse, source.settings, day)
    with module.connect(postgres.conninfo(old)) as owner:
        assert fingerprint(owner) == fingerprint(warehouse)


def test_an_upgrade_that_fails_leaves_the_older_version_as_it_was(
    postgres: EmbeddedPostgres, old: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "9999_broken.sql"
    broken.write_text("create table ops.half (id integer); delete from core.users; select 1 / 0;")
    files = module.migrations() | {9999: broken}
    monkeypatch.setattr(module, "migrations", lambda: files)
    with module.connect(postgres.conninfo(old)) as owner:
        before = fingerprint(owner)
        with pytest.raises(psycopg.errors.DivisionByZero):
            module.migrate(owner)
        assert fingerprint(owner) == before
        told = owner.execute("select max(number), to_regclass('ops.grants')::text from ops.migrations").fetchone()
        assert told == (OLD, None)

"""Each role does its own work, and no other's: asked of the server, logged in as the role."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from personapulse import checks, ingest, marts, roles
from personapulse import warehouse as module
from personapulse.postgres import EmbeddedPostgres

from ..e2e.small_shop import FIRST_DAY, make_shop
from ..servers import database

DAYS = [FIRST_DAY + datetime.timedelta(number) for number in range(4)]
LAST = DAYS[-1]
SCHEMAS = ("ops", "staging", "core", "marts", "ml", "reporting")
BOOKS = {"ops.shop", "ops.loads", "ops.quarantine", "ops.ignored_columns", "ops.data_quality"}
WATCHED = {"ops.runs", "ops.late_nights"}
PUBLISHED = {"ops.data_quality", "ops.frozen_marts", "ops.dashboards", *WATCHED}


class Server:
    """A warehouse one can log in to as each of the roles."""

    def __init__(self, postgres: EmbeddedPostgres, name: str, folder: Path) -> None:
        self.postgres, self.name = postgres, name
        self.source = ingest.Source(str(make_shop(folder, len(DAYS))))

    @contextmanager
    def login(self, role: str) -> Iterator[psycopg.Connection[Any]]:
        with module.connect(self.postgres.conninfo(self.name, role)) as connection:
            yield connection


@pytest.fixture(scope="module")
def server(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A small shop, taken in by the loader and built by the modeler as their dags do."""
    with database(postgres, "roles") as conninfo:
        name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
        server = Server(postgres, str(name), tmp_path_factory.mktemp("shop"))
        with module.connect(conninfo) as owner:
            roles.grant(owner, is_changed=True)  # a copied database has lost the rights on itself
        with server.login(roles.LOADER) as connection:
            for day in (*DAYS, DAYS[1]):  # a day is taken in again in place of itself
                ingest.stage(connection, server.source, day)
                checks.run(connection, "staging", day, settings=server.source.settings)
                ingest.merge(connection, server.source, day)
        with server.login(roles.MODELER) as connection:
            for day in (DAYS[-2], LAST, LAST):
                for mart in marts.NAMES:
                    marts.build(connection, mart, day, server.source.settings)
            checks.run(connection, "marts", LAST, settings=server.source.settings)
        yield server


def test_loader_and_modeler_bring_a_day_into_the_marts(server: Server) -> None:
    with server.login(roles.READER) as connection:
        told = connection.execute(
            "select users_to_date, paid_orders_to_date from marts.kpi_daily order by 1, 2"
        ).fetchall()
    assert [users for users, _ in told] == [60, 60]
    assert 0 < told[0][1] < told[1][1]


def tables(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Every table and view that is no partition, and its owner."""
    return dict(
        connection.execute(
            "select relnamespace::regnamespace || '.' || relname, pg_get_userbyid(relowner) from pg_class"
            " where relkind in ('r', 'p', 'v') and not relispartition and relnamespace::regnamespace::text = any(%s)",
            (list(SCHEMAS),),
        ).fetchall()
    )


def may(connection: psycopg.Connection[Any], right: str) -> dict[str, set[str]]:
    """Which tables each role has a right on, whole or on some column."""
    asked = "has_any_column_privilege" if right == "select" else "has_table_privilege"
    names = list(tables(connection))
    rows = connection.execute(
        f"select role, name from unnest(%s::text[]) as role, unnest(%s::text[]) as name where {asked}(role, name, %s)",
        (["pp_loader", "pp_modeler", "pp_reader", "pp_auditor", "pp_admin"], names, right),
    ).fetchall()
    found: dict[str, set[str]] = {}
    for role, name in rows:
        found.setdefault(role, set()).add(name)
    return found


def of(names: set[str], *schemas: str) -> set[str]:
    return {name for name in names if name.split(".")[0] in schemas}


def test_every_table_may_be_read_by_just_those_whose_work_needs_it(server: Server) -> None:
    with server.login(roles.AUDITOR) as connection:
        names, read = set(tables(connection)), may(connection, "select")
    assert len(names) > 70
    assert read["pp_loader"] == of(names, "ops", "staging", "core")
    assert read["pp_modeler"] == of(names, "ops", "core", "marts", "ml", "reporting")
    assert read["pp_reader"] == of(names, "marts", "reporting") | WATCHED
    assert read["pp_auditor"] == read["pp_admin"] == names


@pytest.mark.parametrize("right", ["insert", "update", "delete", "truncate"])
def test_every_table_may_be_written_by_just_those_whose_work_it_is(server: Server, right: str) -> None:
    with server.login(roles.AUDITOR) as connection:
        owned, write = tables(connection), may(connection, right)
    names = {name for name, owner in owned.items() if owner.startswith("pp_")}
    books, published = (set(), set()) if right == "truncate" else (BOOKS, PUBLISHED)
    assert write["pp_loader"] == of(names, "staging", "core") | books
    assert write["pp_modeler"] == of(names, "marts", "ml") | published
    assert write["pp_admin"] == names
    assert not {"pp_reader", "pp_auditor"} & set(write)


REFUSED = [
    ("pp_reader", "select gender from marts.customer_profile"),
    ("pp_reader", "select age from marts.customer_profile"),
    ("pp_reader", "select location from marts.customer_profile"),
    ("pp_reader", "select * from marts.customer_profile"),
    ("pp_reader", "select profile from marts.customer_profile as profile"),  # the whole row as one value
    ("pp_reader", "select count(*) from marts.customer_profile where gender = 'F'"),
    ("pp_reader", "select user_id from core.users"),
    ("pp_reader", "select * from core.customers_as_of('2026-01-04', '2026-01-04')"),
    ("pp_reader", "select raw from ops.quarantine"),
    ("pp_reader", "select * from ml.features"),
    ("pp_reader", "select * from ops.loads"),
    ("pp_reader", "delete from ops.runs"),
    ("pp_reader", "update marts.rfm set segment = 'Lost'"),
    ("pp_reader", "create table marts.mine (id integer)"),
    ("pp_reader", "create table public.mine (id integer)"),
    ("pp_reader", "create temporary table mine (id integer)"),
    ("pp_reader", "set role pp_admin"),
    ("pp_reader", "select pg_read_file('/etc/hostname')"),
    ("pp_reader", "copy (select 1) to program 'true'"),
    ("pp_reader", "copy (select 1) to '/tmp/taken.csv'"),
    ("pp_loader", "insert into ml.promotions default values"),
    ("pp_loader", "update ml.model_versions set sha256 = ''"),
    ("pp_loader", "select * from marts.purchase_intent"),
    ("pp_loader", "drop table marts.rfm"),
    ("pp_loader", "delete from ops.migrations"),
    ("pp_loader", "set role pp_modeler"),
    ("pp_modeler", "delete from core.users"),
    ("pp_modeler", "update ops.loads set state = 'loaded'"),
    ("pp_modeler", "delete from ops.quarantine"),
    ("pp_modeler", "select * from staging.users"),
    ("pp_modeler", "drop function core.customers_as_of"),
    ("pp_auditor", "delete from ops.quarantine"),
    ("pp_auditor", "create temporary table mine (id integer)"),
    ("pp_admin", "create role another"),
    ("pp_admin", "select pg_read_file('/etc/hostname')"),
    ("personapulse_dashboard", "select * from marts.kpi_daily"),
    ("personapulse_dashboard", "select * from ops.loads"),
]


@pytest.mark.parametrize(("role", "statement"), REFUSED, ids=[f"{role}: {statement}" for role, statement in REFUSED])
def test_a_role_is_refused_what_is_not_its_work(server: Server, role: str, statement: str) -> None:
    with server.login(role) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_administrator_may_take_a_day_of_anything_away(server: Server) -> None:
    with server.login(roles.ADMIN) as connection, connection.transaction(force_rollback=True):
        connection.execute(f"drop table marts.rfm_{LAST:%Y%m%d}".encode())
        connection.execute("delete from ops.quarantine; delete from core.users; delete from ml.model_versions")


def test_rights_are_given_again_when_their_text_or_a_table_changed(server: Server) -> None:
    with module.connect(server.postgres.conninfo(server.name)) as owner, owner.transaction(force_rollback=True):
        assert not roles.grant(owner, is_changed=False)
        owner.execute("create table marts.later (user_id text, gender text, spent numeric)")
        assert roles.grant(owner, is_changed=True)
        owner.execute("set local role pp_reader")
        owner.execute("select user_id, spent from marts.later")
        with pytest.raises(InsufficientPrivilege), owner.transaction():
            owner.execute("select gender from marts.later")
        owner.execute("reset role; grant insert on ops.loads to pp_reader; update ops.grants set sha256 = 'former'")
        assert roles.grant(owner, is_changed=False)
        assert "ops.loads" not in may(owner, "insert").get("pp_reader", set())

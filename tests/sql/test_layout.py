"""The warehouse can be laid out over several machines by customer: its keys and its joins allow it.

Citus itself is asked where a server with it is given: PERSONAPULSE_TEST_CITUS="host=... dbname=postgres user=...".
"""

import datetime
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from personapulse import ingest, layout
from personapulse import warehouse as module
from personapulse.paths import SQL
from personapulse.postgres import EmbeddedPostgres

from ..e2e.small_shop import FIRST_DAY, make_shop
from .days import build, take_in
from .joins import misfits
from .sample_shop import empty
from .worlds import fingerprint

Connection = psycopg.Connection[Any]
DAYS = [FIRST_DAY + datetime.timedelta(number) for number in range(3)]
RECORDED = {"core", "staging", "marts"}  # rendered by Python: what they run is written down as they run it

BAD_JOINS = {
    "by order": (
        "select 1 from core.order_facts as a inner join core.return_facts as b using (order_id)",
        "a x b",
    ),
    "told of orders": (
        "select 1 from core.orders as a inner join core.users as b on a.user_id = b.user_id",
        "a x b",
    ),
    "in a CTE": (
        "with bought as (select order_id from core.order_products_as_of('2026-01-01', '2026-01-01'))"
        " select 1 from bought inner join core.order_facts using (order_id)",
        "bought x order_facts",
    ),
    "a membership": (
        "select 1 from core.users where user_id in (select order_id from core.order_facts)",
        "user_id in a select, of users",
    ),
    "a subquery that looks outside": (
        "select 1 from core.users as u where exists (select from core.user_days as d where d.on_day = u.signup_date)",
        "d x u",
    ),
    "a subquery for each row of news": (
        "select 1 from touched as t where not exists (select from core.users as u where u.user_id = t.user_id)",
        "u for each of t",
    ),
    "an update": (
        "update core.users as u set age = 1 from core.order_facts as o where o.ordered_on = u.signup_date",
        "o x u",
    ),
    "a table without a place": (
        "select 1 from marts.rfm inner join marts.ltv_model using (as_of_date)",
        "marts.ltv_model has no place, and is read together with rfm",
    ),
}
GOOD_JOINS = {
    "by customer": "select 1 from core.order_facts as a, core.return_facts as b"
    " where (a.user_id, a.order_id) = (b.user_id, b.order_id)",
    "sums": "select 1 from core.users cross join (select count(*) as orders from core.order_facts) as shop",
    "news": "select 1 from core.order_items inner join touched_orders using (order_id)",
    "a union": "with u as (select user_id from core.users union all select user_id from core.order_facts)"
    " select 1 from u inner join core.user_states using (user_id)",
}


@pytest.fixture
def places(warehouse: Connection) -> dict[str, str]:
    return dict(warehouse.execute("select table_name, place from ops.layout").fetchall())


@pytest.mark.parametrize("case", BAD_JOINS)
def test_a_join_that_is_not_on_the_customer_is_found(warehouse: Connection, places: dict[str, str], case: str) -> None:
    statement, finding = BAD_JOINS[case]
    assert finding in list(misfits(statement, places, layout.functions(warehouse)))


@pytest.mark.parametrize("case", GOOD_JOINS)
def test_a_join_on_the_customer_is_not(warehouse: Connection, places: dict[str, str], case: str) -> None:
    assert list(misfits(GOOD_JOINS[case], places, layout.functions(warehouse))) == []


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Write down every statement that is run meanwhile, with its values in it."""
    said: dict[str, str] = {}
    run = psycopg.ClientCursor.execute

    def execute(self: psycopg.ClientCursor[Any], query: Any, params: Any = None, **options: Any) -> Any:
        text = self.mogrify(query, params)
        said.setdefault(re.sub(r"\d+", "0", text), text)  # of statements that differ in numbers alone, one
        return run(self, query, params, **options)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(psycopg.ClientCursor, "execute", execute)
        yield said


def test_every_join_is_on_the_customer(
    warehouse: Connection, places: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ingest.Source(str(make_shop(tmp_path, len(DAYS))))
    with recorded(monkeypatch) as said:
        take_in(warehouse, source, *DAYS, DAYS[1])
        build(warehouse, source.settings, DAYS[-1])
    statements = {f"while a day is taken in and built: {' '.join(text.split())[:300]}": text for text in said.values()}
    assert any("merge into core.users" in text for text in said)  # they are what was meant to be looked at
    assert any("dashboard_cube_funnel" in text for text in said)
    for file in SQL.glob("*/**/*.sql"):
        if file.relative_to(SQL).parts[0] not in RECORDED | {"setup"}:
            statements[str(file.relative_to(SQL))] = file.read_text(encoding="utf-8").replace("%%", "%")
    functions = layout.functions(warehouse)
    found = {name: list(misfits(text, places, functions)) for name, text in statements.items()}
    assert [f"{name}: {', '.join(joins)}" for name, joins in found.items() if joins] == []


def test_every_table_of_customers_has_a_place_and_the_customer_in_its_keys(
    warehouse: Connection, places: dict[str, str]
) -> None:
    having = {
        name
        for (name,) in warehouse.execute(
            "select format('%s.%s', relnamespace::regnamespace, relname) from pg_class"
            " inner join pg_attribute on attrelid = pg_class.oid and attname = 'user_id'"
            " where relkind in ('r', 'p') and not relispartition"
            " and relnamespace::regnamespace::text in ('core', 'marts', 'ml')"
        )
    }
    assert having == {name for name, place in places.items() if place == "by customer"} | {"core.orders"}
    without = warehouse.execute(
        "select indrelid::regclass::text from pg_index"
        " inner join ops.layout on indrelid = table_name::regclass"
        " where place = 'by customer' and indisunique and not exists (select from pg_attribute"
        " where attrelid = indrelid and attname = 'user_id' and attnum = any(indkey))"
    ).fetchall()
    assert without == []


def test_reading_functions_spelled_out_give_the_same_rows(warehouse: Connection, tmp_path: Path) -> None:
    """Also where their arguments have brackets and commas, and where they are joined laterally."""
    source = ingest.Source(str(make_shop(tmp_path, 7)))
    take_in(warehouse, source, *(FIRST_DAY + datetime.timedelta(number) for number in range(7)))
    known = layout.functions(warehouse)
    assert len(known) >= 10
    for name, function in known.items():
        values = {"time_zone": "'Asia/Tokyo'", "first_on": "greatest(date '2026-01-01', date '2026-01-02')"}
        given = ", ".join(
            values.get(parameter, "least('2026-01-07'::date, '2026-01-09')") for parameter in function.parameters
        )
        call = f"core.{name}({given})"
        for query in (
            f"select * from {call} order by 1, 2, 3",
            f"select asked.* from {call} as asked order by 1, 2, 3",
            f"select {name}.* from (values (1)) as one (n) cross join lateral {call} order by 1, 2, 3",
        ):
            spelled = layout.spelled_out(query, known)
            assert "_as_of(" not in spelled
            rows = warehouse.execute(query.encode()).fetchall()
            assert rows
            assert warehouse.execute(spelled.encode()).fetchall() == rows


# What Citus's functions are called with; on one machine nothing has to be moved.
DOUBLE = """
create table public.pg_dist_partition (logicalrelid regclass, distributed_by text, lies_with text);
create function public.create_distributed_table(name regclass, by text, colocate_with text default 'default')
returns void language sql as 'insert into public.pg_dist_partition values (name, by, colocate_with)';
create function public.create_reference_table(name regclass)
returns void language sql as 'insert into public.pg_dist_partition values (name, null, null)';
"""


def test_a_distributed_warehouse_is_laid_out_once_and_comes_to_the_same_rows(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """With a double of Citus's functions: what we ask of them, and that the SQL meant for it says the same."""
    source = ingest.Source(str(make_shop(tmp_path, len(DAYS))))
    with empty(postgres, "one_machine") as plain, empty(postgres, "laid_out") as first:
        first.execute(DOUBLE)
        layout.lay_out(first)
        layout.lay_out(first)  # leaves it alone
        laid = first.execute("select logicalrelid::text, distributed_by from pg_dist_partition").fetchall()
        assert laid[0] == ("core.users", "user_id")  # what the others lie with
        wanted = first.execute(
            "select table_name, case place when 'by customer' then 'user_id' end from ops.layout"
            " where place <> 'coordinator'"
        )
        assert sorted(laid, key=str) == sorted(wanted.fetchall(), key=str)
        with module.connect(first.info.dsn) as spread:
            assert spread.cursor_factory is layout.SpellingCursor
            assert plain.cursor_factory is not layout.SpellingCursor
            for connection in (plain, spread):
                take_in(connection, source, *DAYS)
                build(connection, source.settings, *DAYS[1:])
            new = spread.execute("select count(*) from pg_dist_partition where lies_with like '%marts%'").fetchall()
            assert new[0] >= (2 * 5,)  # each day of each mart by customer was made to lie there
            assert fingerprint(spread) == fingerprint(plain)


CITUS = os.environ.get("PERSONAPULSE_TEST_CITUS", "")


@pytest.mark.skipif(not CITUS, reason="no server with Citus is given (PERSONAPULSE_TEST_CITUS)")
def test_citus_comes_to_the_same_rows(warehouse: Connection, tmp_path: Path) -> None:
    source = ingest.Source(str(make_shop(tmp_path, len(DAYS))))
    name = f"personapulse_test_{os.getpid()}"
    with psycopg.connect(CITUS, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        with module.connect(psycopg.conninfo.make_conninfo(CITUS, dbname=name)) as connection:
            module.migrate(connection)
        with module.connect(psycopg.conninfo.make_conninfo(CITUS, dbname=name)) as spread:
            assert layout.is_distributed(spread), "the server has no Citus among its shared_preload_libraries"
            for connection in (warehouse, spread):
                take_in(connection, source, *DAYS)
                build(connection, source.settings, *DAYS[1:])
            assert fingerprint(spread) == fingerprint(warehouse)
    finally:
        with psycopg.connect(CITUS, autocommit=True) as server:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

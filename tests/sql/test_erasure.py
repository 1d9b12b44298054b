"""Erased customers are nowhere, the shop's sums are where they were, and who delivers them again is refused."""

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from personapulse import checks, ingest
from personapulse.ingest.erased import REASON, RULE
from personapulse.postgres import EmbeddedPostgres
from personapulse.upkeep import erasure
from personapulse.warehouse import connect

from ..e2e.small_shop import FIRST_DAY, make_shop, write_day
from ..servers import database
from .days import build, take_in
from .models import save

DAYS = [FIRST_DAY + datetime.timedelta(number) for number in range(6)]
LAST = DAYS[-1]
GONE = ["u9", "u18"]  # both have bought, returned and looked at things
STAYS = "u90"  # no customer; a text that begins like one


class World:
    def __init__(self, connection: psycopg.Connection[Any], folder: Path) -> None:
        self.connection, self.folder = connection, folder
        self.source = ingest.Source(str(folder))

    def take_in(self, *days: datetime.date) -> None:
        take_in(self.connection, self.source, *days)

    def build(self, *days: datetime.date) -> None:
        build(self.connection, self.source.settings, *days)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode()).fetchall()

    def erase(self, *ids: str) -> erasure.Erasure:
        assert erasure.request(self.connection, ids, "ada") == len(ids)
        done = erasure.erase_requested(self.connection)
        assert done
        return done

    def places(self, user_id: str) -> set[str]:
        """Tables with a row in whose text the id stands by itself, found without any of the product's code."""
        tables = self.rows(
            "select relnamespace::regnamespace::text, relname from pg_class where relkind = 'r'"
            " and relnamespace::regnamespace::text in ('ops', 'staging', 'core', 'marts', 'ml', 'public')"
        )
        found = set()
        for table in tables:
            query = sql.SQL("select exists (select from {} as r where r::text ~ %s)").format(sql.Identifier(*table))
            if self.connection.execute(query, (rf"(^|[^\w-]){user_id}($|[^\w-])",)).fetchone() == (True,):
                found.add(".".join(table))
        return found


@pytest.fixture(scope="module")
def loaded(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A small shop whose last two days are built, with a bad row and a finding that name who is to be erased."""
    folder = make_shop(tmp_path_factory.mktemp("shop"), len(DAYS))
    with (folder / str(LAST) / "product_views.csv").open("a") as views:
        views.write(f"u9,p1,not a time,b,{STAYS},view\n")
    with database(postgres, "erasure") as conninfo:
        with connect(conninfo) as connection:
            world = World(connection, folder)
            world.take_in(*DAYS)
            world.build(*DAYS[-2:])
            found = checks.Finding("return_on_unpaid_order", "warn", "Made up.", 2, ["u9: o1", "u90: o2"])
            checks.record(connection, "core", LAST, [found])
            name = connection.info.dbname
        yield name, folder


@pytest.fixture
def world(postgres: EmbeddedPostgres, loaded: tuple[str, Path], tmp_path: Path) -> Iterator[World]:
    name, original = loaded
    folder = shutil.copytree(original, tmp_path / "shop")
    with database(postgres, "erasing", like=name) as conninfo, connect(conninfo) as connection:
        connection.execute("update ops.shop set source_url = %s", (str(folder),))
        yield World(connection, folder)


SUMS = """
select string_agg(row_text, '|' order by row_text)
from (
    select 'kpi ' || kpis::text as row_text from marts.kpi_daily as kpis
    union all
    select 'cube ' || cube::text from marts.dashboard_cube_customers as cube
    union all
    select 'day ' || days::text from marts.dashboard_cube_days as days
    union all
    select 'rfm ' || as_of_date || sum(monetary) || sum(frequency) || count(*) from marts.rfm group by as_of_date
    union all
    select 'ltv ' || as_of_date || sum(net_revenue) || count(*) from marts.ltv group by as_of_date
) as sums
"""


def test_nothing_is_left_of_them_in_any_row_of_any_table(world: World) -> None:
    before = {user_id: world.places(user_id) for user_id in GONE}
    assert len(before["u9"]) > 15
    done = world.erase(*GONE)
    assert done.left_over == {}
    assert {user_id: world.places(user_id) for user_id in GONE} == {"u9": set(), "u18": set()}
    assert done.found["core.orders.user_id"] >= 1
    assert done.found["ops.quarantine.raw"] == done.found["ops.data_quality.sample_keys"] == 1
    assert world.rows("select rule, reason, raw from ops.quarantine") == [(RULE, REASON, "")]
    told = f"select sample_keys from ops.data_quality where as_of_date = '{LAST}' and rule = 'return_on_unpaid_order'"
    assert world.rows(told) == [([REASON, "u90: o2"],)]
    assert world.rows("select customers, left_over from ops.erasures") == [(2, {})]


def test_what_they_were_as_persons_goes_with_them(world: World) -> None:
    world.erase(*GONE)
    told = world.rows("select gender, age, location from core.users where starts_with(user_id, 'erased-')")
    assert told == [(None, None, None)] * 2
    assert world.rows(
        "select count(*) from marts.customer_profile where starts_with(user_id, 'erased-')"
        " and (gender, age, location) is distinct from (null, null, null)"
    ) == [(0,)]


def test_they_are_in_no_audience_any_more(world: World) -> None:
    world.erase(*GONE)
    never = world.rows(
        "select count(*), min(reason) from ops.never_exported where user_id in (select user_id from marts.personas)"
    )
    assert never == [(2, "erased")]


def test_sums_stay_and_no_check_finds_anything(world: World) -> None:
    before = world.rows(SUMS)
    world.erase(*GONE)
    assert world.rows(SUMS) == before
    found = checks.find(world.connection, "marts", LAST, settings=world.source.settings)
    assert [finding.rule for finding in found if finding.count] == []


def test_a_day_built_again_has_the_sums_it_had(world: World) -> None:
    query = (
        "select as_of_date, users_to_date, paid_orders_to_date, gross_revenue_to_date, net_revenue_to_date,"
        " buyers_to_date, (select sum(monetary) from marts.rfm),"
        " (select array_agg(persona order by persona) from marts.personas)"
        " from marts.kpi_daily order by 1"
    )
    before = world.rows(query)
    world.erase(*GONE)
    world.build(*DAYS[-2:])
    assert world.rows(query) == before
    assert world.places("u9") == set()


def test_the_next_day_is_built_on_and_their_rows_are_refused_without_a_trace(world: World) -> None:
    world.erase(*GONE)
    next_day = LAST + datetime.timedelta(1)
    folder = write_day(world.folder, next_day)
    (folder / "users.csv").write_text(
        "user_id,signup_date,gender,age,location\n"
        "u9,2025-12-01,F,29,Leeds\nu9,2025-12-01,F,old,Leeds\nu90,2026-01-01,M,1,York\n"
    )
    (folder / "orders.csv").write_text(
        "order_id,user_id,order_date,payment_status,product_id,amount\n"
        f"again,u9,{next_day}T11:00:00,Paid,p1,11.50\nbad,u18,{next_day}T11:00:00,Lost,p1,11.50\n"
        f"own,u1,{next_day}T11:00:00,Paid,p1,11.50\n"
    )
    known = world.rows("select count(*) from core.users")[0][0]
    world.take_in(next_day)
    world.build(next_day)
    assert world.rows("select count(*) from core.users")[0][0] == known + 1  # u90
    assert world.rows("select order_id from core.orders where order_id in ('again', 'bad', 'own')") == [("own",)]
    assert world.places("u9") == world.places("u18") == set()
    told = world.rows(
        "select file, line_no, rule, raw from ops.quarantine"
        f" where source_day = '{next_day}' and file <> 'product_views' order by 1, 2"
    )
    assert told == [
        ("orders", 2, RULE, ""),
        ("orders", 3, RULE, ""),
        ("users", 2, RULE, ""),
        ("users", 3, RULE, ""),
    ]  # two of three rows, and the day is not refused for it


def test_an_erasure_that_fails_has_erased_nobody_and_is_still_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure.request(world.connection, GONE, "ada")
    before = world.places("u9")

    def broken(*_: Any) -> dict[str, int]:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "search", broken)
        with pytest.raises(ConnectionError):
            erasure.erase_requested(world.connection)
    assert world.places("u9") == before
    done = erasure.erase_requested(world.connection)
    assert done
    assert done.customers == len(GONE)
    assert erasure.erase_requested(world.connection) is None


def test_what_reads_the_same_elsewhere_is_told(world: World) -> None:
    world.connection.execute("create table ops.notes (note text); insert into ops.notes values ('u9')")
    assert world.erase("u9").elsewhere == {"ops.notes.note": 1}


def test_a_column_that_still_names_them_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_compose_anew", lambda *_: {})
    assert set(world.erase("u9").left_over) == {
        f"core.{table}.return_id" for table in ("returns", "return_facts", "return_products")
    }


def test_models_that_learned_from_them_are_flagged(world: World, tmp_path: Path) -> None:
    for name, day in (("before", "2025-12-31"), ("after", str(LAST))):
        save(world.connection, tmp_path / "models", name, day)
    versions = world.rows("select model_version, cut_offs || hold_out from ml.model_versions")
    learned = sorted(version for version, days in versions if max(days) >= DAYS[0])
    assert world.erase("u9").models == learned
    assert [version for (version,) in world.rows("select model_version from ml.retraining order by 1")] == learned


def test_who_is_not_known_is_remembered_all_the_same(world: World) -> None:
    done = world.erase("zz-9")
    assert (done.found, done.left_over | done.elsewhere, done.models) == ({}, {}, [])
    assert world.rows("select count(*) from ops.erased_customers") == [(1,)]

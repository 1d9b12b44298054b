"""What has been kept long enough goes, and tomorrow is built as if it had stayed."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from personapulse import ingest, marts, roles
from personapulse import warehouse as module
from personapulse.cli import application
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings, parse_settings
from personapulse.upkeep import retention

from ..e2e.small_shop import make_shop
from ..servers import database, server_folder
from .conftest import date
from .days import build, take_in
from .models import save
from .worlds import fingerprint

DAYS = 60  # of the shop: to 2026-03-01
BUILT = ["2026-01-10", "2026-01-31", "2026-02-01", "2026-02-28"]
TOMORROW = date("2026-03-01")
SETTINGS = ShopSettings(time_zone="Asia/Tokyo", quarantine_days=20)  # daily marts: 35 days, from 2026-01-25 on
OLD = [date("2026-01-10")]


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A small shop with some of its days built; yields its database."""
    folder = make_shop(tmp_path_factory.mktemp("shop"), DAYS)
    source = ingest.Source(str(folder))
    with database(postgres, "kept") as conninfo:
        with module.connect(conninfo) as connection:
            ingest.load_history(connection, source, source.days()[0], source.days()[-1], lambda *_: None)
            build(connection, SETTINGS, *map(date, BUILT))
            connection.execute(
                "insert into ops.quarantine (source_day, file, line_no, rule, reason, raw) values"
                " ('2026-01-05', 'users', 2, 'made_up', 'made up', 'old'),"
                " ('2026-02-20', 'users', 2, 'made_up', 'made up', 'new')"
            )
            connection.execute(
                "insert into ops.runs (dag_id, run_id, day, run_type, outcome, started_at) values"
                " ('ingest_shop_data', 'old', '2024-12-01', 'scheduled', 'running', '2026-02-28'),"
                " ('ingest_shop_data', 'new', '2026-02-27', 'scheduled', 'running', '2026-02-28'),"
                " ('maintain_warehouse', 'of no day', null, 'scheduled', 'running', '2026-02-28');"
                "insert into ops.late_nights (day, standing)"
                " values ('2024-12-01', 'running'), ('2026-02-27', 'running')"
            )
            name = connection.info.dbname
        yield name


@pytest.fixture
def kept(postgres: EmbeddedPostgres, built: str) -> Iterator[psycopg.Connection[Any]]:
    with database(postgres, "letting_go", like=built) as conninfo:
        with module.connect(conninfo) as owner:
            roles.grant(owner, is_changed=True)
        with module.connect(conninfo.replace("user=postgres", "user=pp_admin")) as connection:
            yield connection


def test_days_are_kept_for_weeks_and_month_ends_for_good() -> None:
    days = [date("2025-11-30") + datetime.timedelta(number) for number in range(92)]  # to 2026-03-01
    left = retention.kept(days, 35)
    assert {"2025-11-30", "2025-12-31", "2026-01-31"} <= {str(day) for day in left}
    assert min(day for day in left if day + datetime.timedelta(1) in left) == date("2026-01-26")
    assert len(left) == 35 + 2
    assert retention.kept([], 35) == set()


def test_old_days_of_customers_go_and_sums_stay(kept: psycopg.Connection[Any]) -> None:
    sums = kept.execute("select * from marts.kpi_daily order by 1").fetchall()
    told = {one.what: one for one in retention.let_go(kept, SETTINGS)}
    assert set(told) >= {"marts.rfm", "marts.ltv", "marts.customer_profile", "marts.personas", "marts.ltv_predicted"}
    for what, one in told.items():
        if what.startswith("marts."):
            assert list(one.days) == OLD, what
            assert one.rows > 0
            days = kept.execute(f"select distinct as_of_date from {what} order by 1".encode()).fetchall()
            assert [str(day) for (day,) in days] == BUILT[1:], what
    assert told["ops.quarantine"].rows == 1
    assert kept.execute("select raw from ops.quarantine").fetchall() == [("new",)]
    assert (told["ops.runs"].rows, told["ops.late_nights"].rows) == (1, 1)
    assert kept.execute("select run_id from ops.runs order by 1").fetchall() == [("new",), ("of no day",)]
    assert kept.execute("select to_regclass('marts.rfm_20260110')").fetchone() == (None,)
    assert kept.execute("select * from marts.kpi_daily order by 1").fetchall() == sums
    assert retention.let_go(kept, SETTINGS) == []


def test_a_dry_run_says_the_same_and_does_nothing(kept: psycopg.Connection[Any]) -> None:
    before = fingerprint(kept)
    would = retention.let_go(kept, SETTINGS, is_dry_run=True)
    assert fingerprint(kept) == before
    assert retention.let_go(kept, SETTINGS) == would


def test_tomorrow_is_built_as_if_nothing_had_gone(postgres: EmbeddedPostgres, built: str) -> None:
    results = []
    for is_let_go in (False, True):
        with database(postgres, "tomorrow", like=built) as conninfo, module.connect(conninfo) as connection:
            if is_let_go:
                assert retention.let_go(connection, SETTINGS)
            build(connection, SETTINGS, TOMORROW)
            results.append(
                {
                    name: connection.execute(
                        f"select md5(string_agg(t::text, '|' order by t::text)) from marts.{name} as t"
                        f" where t::text like '%{TOMORROW}%'".encode()
                    ).fetchone()
                    for name in marts.NAMES
                }
            )
    assert results[0] == results[1]
    assert results[0]["personas"] != (None,)


def test_what_was_staged_and_never_merged_goes_after_a_week(kept: psycopg.Connection[Any]) -> None:
    kept.execute("insert into staging.files (known_from, file) values ('2026-02-10', 'users'), ('2026-02-27', 'users')")
    (gone,) = [one for one in retention.let_go(kept, SETTINGS) if one.what == "staging.files"]
    assert (gone.days, gone.rows) == ((date("2026-02-10"),), 1)


def test_models_nobody_knows_go_after_a_week(kept: psycopg.Connection[Any], tmp_path: Path) -> None:
    known = save(kept, tmp_path, "known", "2026-01-31").model_version
    for name in ("2026-01-01-orphan", "2026-02-27-under-way", "notes"):
        (tmp_path / name).mkdir()
    assert retention.orphaned_models(kept, str(tmp_path), is_dry_run=True) == [f"{tmp_path}/2026-01-01-orphan"]
    assert len(list(tmp_path.iterdir())) == 4
    retention.orphaned_models(kept, str(tmp_path))
    assert {one.name for one in tmp_path.iterdir()} == {known, "2026-02-27-under-way", "notes"}
    assert retention.orphaned_models(kept, str(tmp_path / "none")) == []


def test_the_administrator_may_tidy(kept: psycopg.Connection[Any]) -> None:
    retention.tidy(kept)
    told = kept.execute(
        "select count(*) from pg_stat_user_tables where last_vacuum is not null and schemaname = 'marts'"
    )
    assert (told.fetchone() or (0,))[0] > 20


def test_fewer_days_than_tomorrow_needs_are_refused() -> None:
    assert parse_settings("daily_snapshots_days: 60", "here").daily_snapshots_days == 60
    with pytest.raises(PersonaPulseError, match="here: daily_snapshots_days must be 35 days or more, got 34"):
        parse_settings("daily_snapshots_days: 34", "here")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home with a day of the shop in it."""
    with server_folder("upkeep") as folder, EmbeddedPostgres(Home.open(folder / "home")) as postgres:
        module.prepare(postgres)
        with module.connect(postgres.conninfo(module.DATABASE)) as connection:
            source = ingest.Source(str(make_shop(folder / "shop", 2)))
            for day in source.days():
                take_in(connection, source, day)
                marts.build(connection, "kpi_daily", day, source.settings)
        yield folder / "home"


def run(home: Path, *arguments: str) -> Any:
    return CliRunner(env={"COLUMNS": "120"}).invoke(application, ["--home", str(home), *arguments])


def test_the_commands_say_what_they_did(home: Path, tmp_path: Path) -> None:
    assert "Nothing has been kept long enough to go." in run(home, "maintain", "--dry-run").output
    assert "Name the customers" in str(run(home, "erase-user").exception)
    (tmp_path / "ids.txt").write_text("\ufeffu5\n\nu6\n", encoding="utf-8")
    assert run(home, "erase-user", "--file", str(tmp_path / "ids.txt")).output.startswith(
        "2 of 2 written down; maintain"
    )
    done = run(home, "erase-user", "u7", "--now")
    assert done.exit_code == 0, done.output
    assert "Erased: 3 asked for" in done.output
    assert "core.users.user_id" in done.output
    assert "Nothing is left of them in any column." in done.output
    unknown = run(home, "erase-user", "zz-9", "--now")
    assert "Nobody of that name is known here. Rows that name them will be refused." in unknown.output

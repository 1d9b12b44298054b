"""Migrations run once, in order, and never over a newer warehouse."""

from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from personapulse import warehouse as module
from personapulse.cli import application
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres

Warehouse = psycopg.Connection[Any]


def test_migrating_again_does_nothing(warehouse: Warehouse) -> None:
    assert module.migrate(warehouse) == []
    recorded = warehouse.execute("select number from ops.migrations order by 1").fetchall()
    assert [number for (number,) in recorded] == list(module.migrations())


def test_a_newer_warehouse_is_refused(warehouse: Warehouse) -> None:
    warehouse.execute("insert into ops.migrations (number, name, sha256) values (999, '0999_later.sql', '')")
    with pytest.raises(PersonaPulseError, match=r"newer PersonaPulse: it has migration 999"):
        module.migrate(warehouse)


def test_a_migration_changed_after_it_ran_is_refused(warehouse: Warehouse) -> None:
    warehouse.execute("update ops.migrations set sha256 = 'other' where number = 1")
    with pytest.raises(PersonaPulseError, match=r"0001_ops\.sql has changed since"):
        module.migrate(warehouse)


def test_a_migration_that_fails_leaves_nothing_behind(warehouse: Warehouse, tmp_path: Any, monkeypatch: Any) -> None:
    (tmp_path / "setup").mkdir()
    for file in module.migrations().values():
        (tmp_path / "setup" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "setup" / "0998_half.sql").write_text("create table ops.half (id int); select 1 / 0;")
    monkeypatch.setattr(module, "SQL", tmp_path)
    with pytest.raises(psycopg.errors.DivisionByZero):
        module.migrate(warehouse)
    assert warehouse.execute("select to_regclass('ops.half')").fetchone() == (None,)


def _query(postgres: EmbeddedPostgres, statement: str) -> Any:
    return CliRunner().invoke(application, ["--home", str(postgres.data.parent), "query", statement])


def test_a_query_prints_csv(postgres: EmbeddedPostgres) -> None:
    answer = _query(
        postgres, "select segment, count(*) as pairs from marts.rfm_segments group by 1 order by 1 limit 1;"
    )
    assert (answer.exit_code, answer.stdout) == (0, "segment,pairs\nAbout To Sleep,2\n")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("select * from marts.rmf", 'relation "marts.rmf" does not exist'),
        ("delete from core.users returning user_id", "permission denied for schema core"),
        ("select raw from ops.quarantine", "--everything asks as pp_auditor"),
        ("select 1; drop table core.users", "syntax error"),
        ("select 1) to '/tmp/x'; drop table core.users; copy (select 1", "permission denied to COPY to a file"),
    ],
)
def test_a_query_changes_nothing_and_says_what_is_wrong(
    postgres: EmbeddedPostgres, statement: str, message: str
) -> None:
    answer = _query(postgres, statement)
    assert isinstance(answer.exception, PersonaPulseError), answer.output
    assert message in str(answer.exception)
    with module.connect(postgres.conninfo(module.DATABASE)) as connection:
        assert connection.execute("select to_regclass('core.users')").fetchone() == ("core.users",)


def test_a_query_of_a_home_without_a_shop_says_what_to_run(tmp_path: Any) -> None:
    answer = CliRunner().invoke(application, ["--home", str(tmp_path), "query", "select 1"])
    assert "holds no shop yet. Load one with: personapulse up" in str(answer.exception)
    assert not (Home.open(tmp_path).postgres).exists()

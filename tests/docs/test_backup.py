"""A backup brought back is the same warehouse: every row, every right, and the next day comes to the same in both."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from personapulse import ingest, roles, warehouse
from personapulse.audiences.suppression import suppress
from personapulse.intent.champions import current
from personapulse.intent.registry import Registry, find
from personapulse.service.environment import Credentials
from personapulse.service.lock import HomeLock
from personapulse.upkeep import erasure
from personapulse.warehouse import AIRFLOW_DATABASE, DATABASE, prepare

from .conftest import DAY, NEXT, Place

EARLIER = 26  # the last migration of a warehouse in which everything belonged to who had made it
EVERYTHING = ("ops", "staging", "core", "marts", "ml")
RIGHTS = """
    select oid::regclass::text, relkind, pg_get_userbyid(relowner),
        array(select a::text from unnest(relacl) as a order by 1)
    from pg_class where relnamespace::regnamespace::text in ('ops', 'staging', 'core', 'marts', 'ml', 'reporting')
    and not relispartition -- whoever reads or writes asks the parent's rights
    union all
    select attrelid::regclass::text || '.' || attname, '-', '',
        array(select a::text from unnest(attacl) as a order by 1)
    from pg_attribute where attacl is not null
    union all
    select nspname, 'n', pg_get_userbyid(nspowner), array(select a::text from unnest(nspacl) as a order by 1)
    from pg_namespace where nspname !~ '^pg_'
    union all
    select 'the database', 'd', '', array(select a::text from unnest(datacl) as a order by 1)
    from pg_database where datname = current_database()
    order by 1, 2
"""


@pytest.fixture(scope="module")
def backup(folder: Path, shop: Place) -> Path:
    said = shop.told("backup", "--out", str(folder / "backup"))
    assert f"newest day {DAY}" in said
    return folder / "backup"


@pytest.fixture(scope="module")
def anew(folder: Path, shop: Place, backup: Path) -> Iterator[Place]:
    place = Place(folder / "anew")
    place.told("restore", str(backup))
    with place.postgres:
        yield place


def test_every_row_and_every_right_is_the_same(shop: Place, anew: Place) -> None:
    before, after = shop.hashes(*EVERYTHING), anew.hashes(*EVERYTHING)
    assert len(before) > 70
    del before["ops.grants"], after["ops.grants"]  # rights were given anew: another time
    assert after == before
    with shop.connect() as connection, anew.connect() as restored:
        assert restored.execute(RIGHTS).fetchall() == connection.execute(RIGHTS).fetchall()


def test_what_belongs_to_the_databases_is_there(shop: Place, anew: Place) -> None:
    with psycopg.connect(anew.postgres.conninfo(AIRFLOW_DATABASE)) as airflow:
        assert airflow.execute("select id from dag_run").fetchall() == [(7,)]
        names = {name for (name,) in airflow.execute("select datname from pg_database where not datistemplate")}
    assert names == {"postgres", DATABASE, AIRFLOW_DATABASE}
    assert Credentials.of(anew.home).fernet_key == Credentials.of(shop.home).fernet_key
    with anew.connect() as connection:
        champion = current(connection)
        assert champion
        version = find(connection, champion.model_version)
        moved = Registry(str(anew.home.models))
        shop.home.models.rename(shop.home.root / "away")  # the artifact's address is still that of the other home
        try:
            assert moved.load(version).name == "a"
        finally:
            (shop.home.root / "away").rename(shop.home.models)


def test_the_next_day_comes_to_the_same_in_both(shop: Place, anew: Place, source: ingest.Source) -> None:
    before = anew.hashes()
    for place in (shop, anew):
        place.take_in(source, NEXT)
    assert anew.hashes() == shop.hashes()
    assert anew.hashes()["marts.personas"] != before["marts.personas"]


def test_a_home_with_a_shop_is_not_written_over_unless_told_to(shop: Place, backup: Path) -> None:
    before = shop.hashes()
    assert "--replace" in shop.refused("restore", str(backup))
    assert shop.hashes() == before


def test_a_running_home_is_left_alone(shop: Place, backup: Path) -> None:
    with HomeLock(shop.home):
        assert "is running" in shop.refused("restore", str(backup), "--replace")


@pytest.fixture
def copy(backup: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(backup, tmp_path / "copy"))


def _lose_the_end(copy: Path) -> None:
    (copy / "manifest.json").unlink()


def _lose_a_table(copy: Path) -> None:
    max((copy / DATABASE).glob("*.dat.gz")).unlink()


def _turn_a_byte(copy: Path) -> None:
    file = max((copy / DATABASE).glob("*.dat.gz"), key=lambda file: file.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def _cut_the_manifest(copy: Path) -> None:
    text = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(text[: len(text) // 2])


def _add_a_file(copy: Path) -> None:
    (copy / "models" / "model.joblib").write_text("run me")


def _come_from_the_future(copy: Path) -> None:
    text = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(text.replace('"migration": ', '"migration": 9'))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_lose_the_end, "is no backup: it has no manifest.json"),
        (_lose_a_table, "it is missing"),
        (_turn_a_byte, "its SHA-256 differs"),
        (_cut_the_manifest, "manifest.json: it cannot be read"),
        (_add_a_file, "it is not part of this backup"),
        (_come_from_the_future, "newer PersonaPulse"),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_changed(
    shop: Place, copy: Path, harm: Any, message: str
) -> None:
    before = shop.hashes(*EVERYTHING)
    harm(copy)
    assert message in shop.refused("restore", str(copy), "--replace")
    assert shop.hashes(*EVERYTHING) == before


def test_a_dump_that_cannot_be_loaded_changes_nothing(shop: Place, copy: Path) -> None:
    """Its checksums are right, and PostgreSQL finds out half-way."""
    from personapulse.backup.manifest import checksums, read_checked  # noqa: PLC0415

    before = shop.hashes(*EVERYTHING)
    manifest = read_checked(copy)
    file = max((copy / DATABASE).glob("*.dat.gz"), key=lambda file: file.stat().st_size)
    file.write_bytes(file.read_bytes()[:50])
    type(manifest)(**vars(manifest) | {"files": checksums(copy)}).write(copy)
    assert "pg_restore failed" in shop.refused("restore", str(copy), "--replace")
    assert shop.hashes(*EVERYTHING) == before
    assert left_behind(shop) == []


def left_behind(shop: Place) -> list[str]:
    with shop.connect() as connection:
        names = connection.execute("select datname from pg_database where datname ~ '_(restored|before)$'")
        return [name for (name,) in names]


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(
    folder: Path, anew: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        known = {number: file for number, file in warehouse.migrations().items() if number <= EARLIER}
        then.setattr(warehouse, "migrations", lambda: known)
        then.setattr(roles, "grant", lambda *_, **__: False)
        earlier = Place(folder / "earlier")
        with earlier.postgres:
            prepare(earlier.postgres)
            earlier.told("backup", "--out", str(folder / "of-earlier"))
    assert "brought up to date: 0027_roles.sql" in anew.told("restore", str(folder / "of-earlier"), "--replace")
    with anew.connect(roles.AUDITOR) as connection:
        newest = connection.execute("select max(number) from ops.migrations").fetchone()
        assert newest == (max(warehouse.migrations()),)


def test_a_backup_is_written_whole_or_not_at_all(shop: Place, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "letter.txt").write_text("keep me")
    assert "Name another folder" in shop.refused("backup", "--out", str(folder / "mine"))
    monkeypatch.setattr("personapulse.backup.making.ROLES", "no/such/folder/roles.sql")
    assert "pg_dumpall failed" in shop.refused("backup", "--out", str(folder / "half"))
    assert not (folder / "half").exists()
    assert [file.name for file in (folder / "mine").iterdir()] == ["letter.txt"]


def test_who_asked_to_be_forgotten_since_is_forgotten_again(shop: Place, backup: Path, source: ingest.Source) -> None:
    """Comes last: it leaves the home as it was when the backup was made."""
    with shop.connect() as connection:
        erasure.request(connection, ["u9"], "ada")
        erasure.erase_requested(connection)
        erasure.request(connection, ["u18"], "ada")  # asked for, and not done yet
        suppress(connection, ["u3"], "unsubscribed")
    (shop.home.report / "latest").mkdir(parents=True)
    assert "2 erased again, 1 not exported" in shop.told("restore", str(backup), "--replace")
    with shop.connect() as connection:
        left_over, _ = erasure.search(connection, ["u9", "u18"])
        assert left_over == {}
        assert connection.execute("select user_id from ops.suppressed_customers").fetchall() == [("u3",)]
        assert connection.execute("select max(source_day) from ops.loads").fetchall() == [(DAY,)]
    assert left_behind(shop) == []
    assert not (shop.home.report / "latest").exists()
    shop.take_in(source, NEXT)  # work goes on

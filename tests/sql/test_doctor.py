"""What `personapulse doctor` says of real houses."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from personapulse import checks, ingest
from personapulse.cli import application
from personapulse.doctor import Scope, read_facts
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect, migrations, prepare

from .conftest import Shop, date

FIRST, DAY, LATER = "2026-03-01", "2026-03-02", "2026-03-03"
USERS = "user_id,signup_date\n" + "\n".join(f"u{number},{FIRST}" for number in range(50))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    folder = tmp_path_factory.mktemp("house")
    for parent in (folder, folder.parent):
        parent.chmod(0o755)  # under root the server runs as another user
    with EmbeddedPostgres(Home.open(folder)) as postgres:
        yield postgres


@pytest.fixture
def house(home: EmbeddedPostgres, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose warehouse is that of a home, new for the test."""
    with psycopg.connect(home.conninfo("postgres"), autocommit=True) as server:
        server.execute(f"drop database if exists {DATABASE} with (force)".encode())
    prepare(home)
    with connect(home.conninfo(DATABASE)) as connection:
        yield Shop(tmp_path, connection)


def doctor(home: EmbeddedPostgres, *options: str) -> Result:
    arguments = ["--home", str(home.data.parent), "doctor", *options]
    return CliRunner(env={"COLUMNS": "80"}).invoke(application, arguments)


def told(home: EmbeddedPostgres, *options: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(doctor(home, *options, "--json").stdout)
    return answer


def load(shop: Shop, day: str, **files: str) -> None:
    shop.deliver(day, **files)
    shop.load(day)


def test_a_house_in_order_fits_the_screen_and_needs_nobody(house: Shop, home: EmbeddedPostgres) -> None:
    load(house, FIRST, users=USERS.replace("user_id,", "user_id,persona,").replace(",2026", ",x,2026"))
    load(house, DAY, users="user_id\n" + "\n".join(f"w{number}" for number in range(60)) + "\nw1")
    result = doctor(home)
    assert (result.exit_code, result.exception) == (0, None), result.stdout
    assert "✓ Nothing needs you." in result.stdout
    assert f"Loaded     2 days from {FIRST} to {DAY}" in result.stdout
    assert f", running; {len(migrations())} of {len(migrations())} migrations" in result.stdout
    assert f"{DAY}/users.csv, line 62: user_id w1 stands in this file already\n  w1\n" in result.stdout
    assert "Columns the contract does not know, ignored  users: persona" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_a_house_in_trouble_says_what_is_the_matter_and_what_to_do(house: Shop, home: EmbeddedPostgres) -> None:
    house.settings("name: Troubled")
    load(house, FIRST, users=USERS)
    load(house, LATER)
    house.deliver("2026-03-04", users="user_id,age\nu1,x\nu2,3")
    with pytest.raises(PersonaPulseError):
        house.load("2026-03-04")
    house.deliver("2026-03-05")
    result = doctor(home)
    up = f"personapulse --home {home.data.parent} up --once --source {house.folder}"
    assert result.exit_code == 1
    assert "Troubled" in result.stdout
    assert f"  {up} --from 2026-03-04 --to 2026-03-04" in result.stdout.splitlines()  # in one piece, to be copied
    shown = " ".join(result.stdout.split())
    assert "✗ 2026-03-04 was refused: 1 of 2 rows of users cannot be used (50.0%, allowed are 5.0%, mostly" in shown
    assert f"✗ Not loaded, and without a folder: {DAY}." in shown
    assert "· Delivered and not loaded yet: 2026-03-05." in shown
    assert f"Loaded 2 days from {FIRST} to {LATER}; 1 missing in between" in shown


def test_a_row_mended_and_delivered_later_is_loaded_and_stays_listed_under_its_first_day(
    house: Shop, home: EmbeddedPostgres
) -> None:
    house.settings("quarantine: {users: {threshold: 0.1}}")
    load(house, FIRST, users=USERS + "\nlate,yesterday")
    assert house.values("select count(*) from core.users where user_id = 'late'") == [0]
    before = told(home)["set_aside"]
    load(house, DAY, users=f"user_id,signup_date\nlate,{FIRST}")
    assert house.values("select known_from from core.users where user_id = 'late'") == [date(DAY)]
    after = told(home)
    assert after["set_aside"] == [before[0] | {"file_rows": 52}]
    aside = after["set_aside"][0]
    assert (aside["rule"], aside["count"], aside["raw"]) == ("untypable_signup_date", 1, "late,yesterday")
    assert (aside["first_day"], aside["last_day"], aside["line_no"]) == (FIRST, FIRST, 52)
    assert told(home, "--day", DAY)["set_aside"] == []
    assert "delivered in the file of any later day" in " ".join(doctor(home).stdout.split())

    load(house, FIRST, users=USERS + f"\nlate,{FIRST}")  # the day's own file mended: now there is nothing to list
    assert told(home)["set_aside"] == []


def test_shares_are_of_the_days_looked_at_and_the_example_is_the_newest(house: Shop, home: EmbeddedPostgres) -> None:
    house.settings("quarantine: {users: {threshold: 1}, orders: {threshold: 1}}")
    for day, bad in ((FIRST, 1), (DAY, 2), (LATER, 0)):
        load(house, day, users="user_id\na\nb" + "\n,".join(["", *[""] * bad]).replace(",", '""') + "\nc")
    (aside,) = told(home)["set_aside"]
    assert (aside["count"], aside["file_rows"], aside["first_day"], aside["last_day"]) == (3, 12, FIRST, DAY)
    assert (aside["address"], aside["line_no"]) == (f"{house.folder}/{DAY}/users.csv", 4)
    (aside,) = told(home, "--day", FIRST)["set_aside"]
    assert (aside["count"], aside["file_rows"]) == (1, 4)
    assert told(home, "--last", "1")["set_aside"] == []
    assert told(home, "--file", "orders")["set_aside"] == []


def test_findings_of_checks_are_shown_fails_first_and_newest_first(house: Shop, home: EmbeddedPostgres) -> None:
    load(
        house,
        FIRST,
        orders=f"order_id,user_id,order_date,payment_status\no1,eve,{FIRST},Paid",
        product_views=f"user_id,product_id,timestamp\neve,pen,{FIRST}",
        products="product_id,name,category\npen,Pen,Office",
    )
    load(house, DAY, product_views=f"user_id,product_id,timestamp\neve,ink,{DAY}")
    for day in (FIRST, DAY):
        checks.run(house.warehouse, "core", date(day))
    assert doctor(home).exit_code == 0
    house.warehouse.execute("update ops.data_quality set severity = 'fail' where rule = 'order_without_lines'")
    result = doctor(home)
    assert result.exit_code == 1
    assert "order_without_lines (o1)" in result.stdout
    shown = result.stdout.partition("Found by checks")[2].splitlines()
    assert [line.rstrip() for line in shown if line.startswith(("fail", "warn"))] == [
        f"fail  order_without_lines: 1 on {FIRST}",
        f"warn  view_of_unknown_product: 1 on {DAY}",
        f"warn  view_of_unknown_user: 1 on {DAY}, found on 2 days",
        f"warn  order_of_unknown_user: 1 on {FIRST}",
    ]
    assert [line.strip() for line in shown if "such as" in line] == [
        "such as o1",
        "such as ink",
        "such as eve",
        "such as o1",
    ]


def test_what_came_in_is_told_by_what_became_of_it(house: Shop) -> None:
    load(house, FIRST, users="user_id,age\na,1\nb,2")
    load(house, DAY, users="user_id,age\na,1\nb,3\nc,4")
    facts = read_facts(house.warehouse, Scope())
    users = next(arrived for arrived in facts.arrivals if arrived.file == "users")
    assert (users.days, users.row_count, users.loaded_count, users.updated_count, users.unchanged_count) == (
        2,
        5,
        3,
        1,
        1,
    )


def test_a_file_that_came_again_unchanged_beside_a_mended_one_is_told_as_skipped(house: Shop) -> None:
    load(house, FIRST, users="user_id\na")
    house.warehouse.execute("update ops.loads set changed_at = changed_at - interval '1 hour'")
    load(house, FIRST, users="user_id\na\nb")
    facts = read_facts(house.warehouse, Scope())
    assert {arrived.file: arrived.kept for arrived in facts.arrivals if arrived.row_count} == {"users": 0}
    assert {arrived.kept for arrived in facts.arrivals if arrived.file != "users"} == {1}


def test_nothing_loaded_yet_is_told_with_the_way_to_change_it(house: Shop, home: EmbeddedPostgres) -> None:
    result = doctor(home)
    assert result.exit_code == 1
    assert "✗ Nothing is loaded yet." in result.stdout
    assert f"personapulse --home {home.data.parent} up --once --source FOLDER" in result.stdout


def test_a_home_without_a_warehouse_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(application, ["--home", str(tmp_path), "doctor"])
    assert isinstance(result.exception, PersonaPulseError)
    assert str(result.exception) == f"{tmp_path} holds no shop yet. Load one with: personapulse up"


def test_a_newer_warehouse_is_left_alone(house: Shop, home: EmbeddedPostgres) -> None:
    house.warehouse.execute("insert into ops.migrations (number, name, sha256) values (9999, '9999_more.sql', '')")
    result = doctor(home)
    assert isinstance(result.exception, PersonaPulseError)
    assert "last used by a newer PersonaPulse: it has migration 9999" in str(result.exception)


def test_extracts_that_moved_are_missed_and_can_be_named(house: Shop, home: EmbeddedPostgres, tmp_path: Path) -> None:
    load(house, FIRST)
    moved = tmp_path.with_name(f"{tmp_path.name} moved")
    shutil.copytree(house.folder, moved)
    shutil.rmtree(house.folder)
    assert "The extracts cannot be read" in doctor(home).stdout
    assert doctor(home, "--source", str(moved)).exit_code == 0


def test_a_file_that_is_none_is_refused_with_those_there_are(home: EmbeddedPostgres) -> None:
    result = doctor(home, "--file", "order")
    assert result.exit_code == 2
    assert "'order' is no file of the contract: users, products, orders" in " ".join(result.stderr.split())


def test_a_stopped_server_is_started_for_the_look_and_stopped_again(tmp_path: Path) -> None:
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    postgres = EmbeddedPostgres(Home.open(tmp_path))
    with postgres:
        prepare(postgres)
        with connect(postgres.conninfo(DATABASE)) as connection:
            shop = Shop(tmp_path / "shop", connection)
            shop.folder.mkdir()
            shop.deliver(FIRST)
            ingest.stage(connection, shop.source, date(FIRST))
            ingest.merge(connection, shop.source, date(FIRST))
    result = doctor(postgres)
    assert result.exit_code == 0
    assert "started for this look" in result.stdout
    assert not postgres.is_running()

"""`personapulse up` as people meet it: PostgreSQL, Airflow and its real scheduler, one home after another state.

The tests build on each other in the order of the file, because each start of Airflow takes its time.
"""

import datetime
import re
import shutil
import socket
from pathlib import Path

import psycopg
import pytest
from houses import PATIENCE
from small_shop import make_shop, write_day

from personapulse import marts
from personapulse.marts import frozen
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.airflow import CHAIN
from personapulse.warehouse import AIRFLOW_DATABASE

DAYS = 40
NEWEST = "2026-02-09"
FIRST_RUN = [f"2026-02-0{number}" for number in range(4, 10)]  # of the past only its last day, and the newest five
MENDED_DAY = "2026-02-10"  # arrives without its orders, and is mended later
BAD_DAYS = ("2026-02-11", "2026-02-12", "2026-02-13")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return make_shop(tmp_path_factory.mktemp("shop"), DAYS)


@pytest.fixture(scope="module")
def first_run(house, shop):
    """From nothing: 35 days of history, then the newest five through the scheduler, and to a double of Power BI."""
    arguments = ("--source", str(shop), "--from", FIRST_RUN[1], "--with-powerbi-double")
    return house.run("up", "--once", *arguments, patience=2 * PATIENCE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", NEWEST, "--to", "2026-02-08"), "--from 2026-02-09 is after --to 2026-02-08"),
        (("--to", "2027-01-01"), "no such day; it has 2026-01-01 to 2026-02-09"),
        (("--from", "yesterday"), "is no day"),
    ],
)
def test_days_that_cannot_be_run_are_refused_before_anything_starts(house, shop, arguments, message):
    code, output = house.run("up", "--once", "--source", str(shop), *arguments)
    assert (code, message in output) == (1, True), output
    assert not house.home.postgres.exists()


def test_a_port_in_use_is_refused_before_anything_starts(house, shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = house.run("up", "--once", "--source", str(shop), "--port", str(port))
    assert (code, f"Port {port} is in use" in output) == (1, True), output
    assert not house.home.postgres.exists()


def test_five_days_go_through_the_whole_chain(house, first_run):
    code, output = first_run
    assert code == 0, output
    assert re.search(r"Load 35 days of history", output)
    nobody_changed = {"persona_changes"}  # in this shop of arithmetic
    with house.warehouse() as warehouse:  # one start of the server for thirty questions
        days = [str(day) for (day,) in warehouse.execute("select distinct as_of_date from marts.personas order by 1")]
        assert days == FIRST_RUN
        for name in set(marts.NAMES) - frozen.NAMES - nobody_changed:
            (newest,) = warehouse.execute(f"select count(*) from marts.{name} where as_of_date = '{NEWEST}'").fetchone()
            assert newest > 0, name
        loaded = "select count(distinct source_day) from ops.loads where state = 'loaded'"
        assert warehouse.execute(loaded).fetchone() == (DAYS,)


def test_a_backfill_of_five_days_refreshes_power_bi_once_for_the_newest(house, first_run):
    with (
        EmbeddedPostgres(house.home) as postgres,
        psycopg.connect(postgres.conninfo(AIRFLOW_DATABASE)) as connection,
    ):
        told = connection.execute(
            "select partition_key, task_instance.state from task_instance inner join dag_run using (dag_id, run_id)"
            " where task_id = 'refresh_powerbi' order by partition_key"
        ).fetchall()
    assert told == [(day, "skipped") for day in FIRST_RUN[:-1]] + [(NEWEST, "success")]
    asked = (house.home.airflow / "logs" / "powerbi-double.log").read_text().splitlines()
    assert len([request for request in asked if request.startswith("POST")]) == 1


def test_people_are_told_where_to_look(house, first_run):
    output = first_run[1]
    assert re.search(r"Airflow +http://127\.0\.0\.1:\d+", output)
    assert re.search(r"Power BI +https://127\.0\.0\.1:\d+ +\(a double", output)
    assert re.search(r"Login +admin / \S{16}", output)
    assert re.search(r"\d+ seconds in all, peak memory [0-3]\.\d GiB", output)
    (report,) = re.findall(r"Report +(.+)", output)
    assert NEWEST in (Path(report).parent / "as_of_date.txt").read_text()
    assert Path(report).stat().st_size > 0


def test_nothing_runs_on_after_the_last_day(house, first_run):
    assert house.processes() == []


@pytest.fixture(scope="module")
def staying(house, shop, first_run):
    """The newest good day once more, though its report cannot be written, and a bad day; then `up` stays."""
    before = house.hashes("core"), house.hashes("marts")
    away = house.home.report.rename(house.home.root / "away")
    house.home.report.write_text("in the way")
    deliver_day_without_orders(shop)
    command = house.start("up", "--rerun", "--source", str(shop), "--from", NEWEST)
    command.wait_for("Press Ctrl-C")
    house.home.report.unlink()
    away.rename(house.home.report)
    yield command, before
    command.process.kill()
    command.wait()


def deliver_day_without_orders(shop):
    shutil.copytree(shop / NEWEST, shop / MENDED_DAY)
    (shop / MENDED_DAY / "orders.csv").unlink()


def test_a_failed_publication_is_told_with_its_reason(staying):
    said = " ".join(staying[0].output.split())
    assert re.search(rf"{NEWEST} publish_dashboards write_report (FileExists|NotADirectory)Error: ", said)
    assert re.search(rf"{MENDED_DAY} ingest_shop_data wait_for_extract .*missing: .+/{MENDED_DAY}/orders\.csv", said)


def test_a_day_run_again_and_a_day_refused_change_nothing(house, staying):
    core, built = staying[1]
    assert core
    assert built
    assert house.hashes("core") == core
    assert house.hashes("marts") == built


def test_a_second_up_is_refused_and_told_where_the_first_is(house, shop, staying):
    command, _ = staying
    code, output = house.run("up", "--once", "--source", str(shop))
    assert code == 1
    assert f"process {command.process.pid}, http://127.0.0.1:" in " ".join(output.split())
    assert command.process.poll() is None


def test_another_source_is_refused(house, shop, tmp_path, first_run):
    code, output = house.run("up", "--once", "--source", str(make_shop(tmp_path, 1)))
    assert (code, "--home" in output) == (1, True), output


@pytest.fixture(scope="module")
def interrupted_run(house, shop, staying):
    """`up` after one was killed that had a failed dag, another day's later dags were lost, and bad days have come."""
    command, _ = staying
    api = house.api(command)
    for run in list(api.runs()):
        if run.day == "2026-02-08" and run.dag in {"build_segments", "publish_dashboards"}:
            api.delete(run)
    api.close()
    command.process.kill()
    command.wait()
    left = house.processes()
    shutil.rmtree(shop / MENDED_DAY)
    write_day(shop, datetime.date.fromisoformat(MENDED_DAY))
    deliver_bad_days(shop)
    command = house.start("up", "--once", "--source", str(shop), "--from", "2026-02-07")
    command.wait_for("through ingest_shop_data")
    assert house.processes()
    return left, command.interrupt(), command.output, house.processes()


def deliver_bad_days(shop):
    """Three days that each have something wrong with them."""
    for day in BAD_DAYS:
        shutil.copytree(shop / NEWEST, shop / day)
    missing_column, not_utf8, garbage = (shop / day for day in BAD_DAYS)
    (missing_column / "orders.csv").write_text("order_id,user_id,order_date,product_id,amount\n")
    (not_utf8 / "products.csv").write_bytes("product_id,name,category\np1,Café,a\n".encode("latin-1"))
    good = "".join(f"u1,p1,2026-02-13T10:00:0{second},a,s1,view\n" for second in range(4))
    bad = "u1,p1,not a time,a,s1,view\n" * 6
    (garbage / "product_views.csv").write_text(
        "user_id,product_id,timestamp,category,session_id,event_type\n" + good + bad
    )


def test_a_killed_up_leaves_nothing_in_the_way(interrupted_run):
    left, _, output, _ = interrupted_run
    assert len(left) > 4  # Airflow's programs, and the database server
    assert "Stopped what an interrupted run had left: api-server, scheduler, dag-processor, triggerer" in output


def test_ctrl_c_stops_everything(interrupted_run):
    _, code, output, left = interrupted_run
    assert (code, left) == (130, []), output


@pytest.fixture(scope="module")
def mended_run(house, shop, interrupted_run):
    """The same once more, to its end: what was under way when it was interrupted goes on."""
    return house.run("up", "--once", "--source", str(shop), "--from", "2026-02-07")


def test_only_what_is_not_green_is_run_again(mended_run):
    output = mended_run[1]
    assert "1 of 7 days are done already" in output
    states = re.findall(rf"({'|'.join(CHAIN)}) +│ (\w+(?: \(before\))?)", output)
    good_days = states[: 4 * len(CHAIN)]
    assert good_days == [(dag, "success (before)") for dag in CHAIN] + [(dag, "success") for dag in CHAIN] * 3


def test_a_mended_day_is_taken_up_again_and_days_built_again_stay_as_they_were(house, staying, mended_run):
    days = [str(day) for (day,) in house.query("select distinct as_of_date from marts.personas order by 1")]
    assert days == [*FIRST_RUN, MENDED_DAY]
    assert house.hashes("marts", until=NEWEST) == staying[1][1]


def test_bad_days_fail_with_their_reasons(house, mended_run):
    code, output = mended_run
    assert code == 1, output
    said = " ".join(output.split())
    assert re.search(r"2026-02-11 ingest_shop_data wait_for_extract .*2026-02-11/orders\.csv.*payment_status", said)
    assert re.search(r"2026-02-12 ingest_shop_data stage_extract .*2026-02-12/products\.csv.*UTF-8", said)
    assert re.search(r"2026-02-13 ingest_shop_data stage_extract .*2026-02-13/product_views\.csv: 6 of 10 rows", said)
    logs = re.findall(r"log: (.+)", output)
    assert len(logs) == len(BAD_DAYS)
    assert all(Path(log).exists() for log in logs)
    assert house.processes() == []


def test_a_warehouse_of_a_newer_version_is_refused_before_airflow_starts(house, shop, mended_run):
    house.query("insert into ops.migrations (number, name, sha256) values (9999, 'later.sql', '') returning number")
    code, output = house.run("up", "--once", "--source", str(shop))
    assert (code, "newer PersonaPulse" in output, "Start Airflow" in output) == (1, True, False), output
    assert house.processes() == []

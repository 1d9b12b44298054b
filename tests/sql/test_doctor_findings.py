"""What the doctor finds of each part of a real house, with what is broken in it."""

import dataclasses
import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import psycopg
import pytest

from personapulse import roles
from personapulse.doctor import Extracts, Finding, Scope, house, look_at, look_over, read_facts
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.airflow import COMPONENTS, DAGS, INGEST, SEGMENTS
from personapulse.service.lock import HomeLock

from ..servers import database
from .conftest import Shop
from .models import save
from .nights import DAY, happened, published

USERS = "user_id\n" + "\n".join(f"u{number}" for number in range(50))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        monkeypatch.delenv(name)
    return Home.open(tmp_path / "home")


def findings(shop: Shop, home: Home) -> dict[str, Finding]:
    facts = read_facts(shop.warehouse, Scope())
    return {one.part: one for one in look_over(shop.warehouse, home, facts, look_at(str(shop.folder)))}


def levels(shop: Shop, home: Home) -> dict[str, str]:
    return {part: one.level for part, one in findings(shop, home).items() if one.level != "ok"}


@pytest.fixture
def well(shop: Shop) -> Shop:
    """A shop whose day is loaded and published."""
    shop.deliver(DAY, users=USERS)
    shop.load(DAY)
    published(shop, DAY)
    return shop


def test_a_house_that_is_well_lacks_only_somebody_to_tell(well: Shop, home: Home) -> None:
    assert levels(well, home) == {"alerts": "warn"}
    found = findings(well, home)
    assert all(one.means and one.do for one in found.values() if one.level != "ok")
    assert found["extracts"].found == f"can be read; the newest day is {DAY}"
    assert found["last night"].found == f"{DAY}, the newest day loaded, is published"


def test_a_right_that_was_changed_by_hand_is_found(postgres: EmbeddedPostgres, tmp_path: Path, home: Home) -> None:
    with database(postgres, "rights") as conninfo, psycopg.connect(conninfo, autocommit=True) as owner:
        shop = Shop(tmp_path, owner)
        shop.deliver(DAY)
        roles.grant(owner, is_changed=True)
        assert "roles" not in levels(shop, home)
        owner.execute("grant usage on schema core to pp_reader; grant select on core.users to pp_reader")
        owner.execute("revoke select on ops.loads from pp_auditor")
        found = findings(shop, home)["roles"]
        assert found.level == "fail"
        assert found.found == "pp_reader may select core.users; pp_auditor may not select ops.loads"


def test_too_little_memory_for_sorting_is_told_with_the_command(well: Shop, home: Home) -> None:
    well.warehouse.execute("set work_mem = '4MB'")
    found = findings(well, home)["server"]
    assert (found.level, found.found) == ("warn", "PostgreSQL 18, work_mem is 4 MB")
    assert "alter system set work_mem = '32MB'" in found.do


def test_a_day_that_is_not_published_is_told_and_is_urgent_when_its_run_failed_or_people_were_told(
    well: Shop, home: Home
) -> None:
    well.deliver("2026-03-03")
    well.load("2026-03-03")
    waits = findings(well, home)["last night"]
    assert (waits.level, waits.found) == ("warn", "2026-03-03, the newest day loaded, is not published")
    assert waits.means == f"The dashboards show {DAY}."
    happened(well, (SEGMENTS, "failed"), day=well.source.days()[-1])
    assert findings(well, home)["last night"].found.endswith(f"is not published: {SEGMENTS} failed")
    assert levels(well, home)["last night"] == "fail"
    well.warehouse.execute("insert into ops.late_nights (day, standing) values ('2026-03-04', 'not_delivered')")
    late = findings(well, home)["last night"]
    assert (late.level, late.found) == ("fail", "2026-03-04 was not published by the deadline, and is not now")
    published(well, "2026-03-03", "2026-03-04")
    assert findings(well, home)["last night"].level != "fail"


def test_a_champion_that_is_missing_or_old_is_told_once_there_is_history_enough(well: Shop, home: Home) -> None:
    assert findings(well, home)["champion"].found == "none yet; a model needs 56 days of history"
    well.deliver("2026-05-30")
    well.load("2026-05-30")
    assert findings(well, home)["champion"].found == "no model has been promoted"
    save(well.warehouse, home.models, "old", "2026-04-01")
    well.warehouse.execute(
        "insert into ml.promotions (model_version, valid_from, kind, promoted_by, reason)"
        " select model_version, trained_for, 'gate', 'a test', 'a test' from ml.model_versions"
    )
    found = findings(well, home)["champion"]
    assert (found.level, found.found.split(" is ")[1]) == ("warn", "59 days old")


def test_a_file_near_its_limit_is_told_and_rules_with_a_limit_of_their_own_do_not_count(well: Shop, home: Home) -> None:
    well.deliver("2026-03-03", users=USERS + "\nu0\nu1")
    well.load("2026-03-03")
    found = findings(well, home)["set aside"]
    assert (found.level, found.found) == ("ok", "far from every file's limit")  # of both days together
    well.settings("quarantine: {users: {threshold: 0.03}}")
    assert findings(well, home)["set aside"].found == "2.0% of users (limit 3.0%)"
    well.settings("quarantine: {users: {threshold: 0.03, rules: {duplicate_key: 0.5}}}")
    assert findings(well, home)["set aside"].level == "ok"


@pytest.mark.parametrize(("days", "level"), [(2, "ok"), (9, "warn"), (31, "fail")])
def test_who_waits_to_be_erased_waits_a_week_and_never_a_month(well: Shop, home: Home, days: int, level: str) -> None:
    well.warehouse.execute(
        "insert into ops.erasure_requests (user_id, requested_by, requested_at)"
        " values ('u1', 'a test', clock_timestamp() - make_interval(days => %s))",
        (days,),
    )
    found = findings(well, home)["erasures"]
    assert (found.level, found.found.split(";")[0]) == (level, f"1 wait to be erased, for up to {days} days")
    assert "u1" not in json.dumps(dataclasses.asdict(found))


def test_an_erasure_that_left_something_needs_a_person(well: Shop, home: Home) -> None:
    well.warehouse.execute(
        "insert into ops.erasures (customers, found, left_over, elsewhere)"
        " values (1, '{}', '{\"core.users\": 1}', '{}')"
    )
    assert levels(well, home)["erasures"] == "fail"


def test_what_should_have_gone_is_told_and_nothing_is_taken_away(well: Shop, home: Home) -> None:
    well.build(DAY, "kpi_daily")
    assert findings(well, home)["retention"].found == "nothing is kept for longer than it should be"
    well.warehouse.execute(
        "insert into ops.quarantine (source_day, file, line_no, rule, reason, raw)"
        " values ('2025-01-05', 'users', 2, 'made_up', 'made up', 'old')"
    )
    found = findings(well, home)["retention"]
    assert (found.level, found.found) == ("warn", "1 rows should have gone: ops.quarantine")
    assert well.values("select count(*) from ops.quarantine") == [1]


def test_the_doctor_waits_for_nobody(postgres: EmbeddedPostgres, well: Shop, home: Home) -> None:
    well.build(DAY, "kpi_daily")
    with psycopg.connect(postgres.conninfo(well.warehouse.info.dbname)) as other:
        other.execute("select pg_advisory_xact_lock(hashtextextended('personapulse.core', 0))")
        assert findings(well, home)["retention"].found == "not looked at: a day is being taken in or built"


@pytest.mark.parametrize(("free", "level"), [(100, "ok"), (1.5, "warn"), (0.3, "fail")])
def test_a_disk_that_fills_up_is_told(
    well: Shop, home: Home, monkeypatch: pytest.MonkeyPatch, free: float, level: str
) -> None:
    # nobody fills the disk of who runs the tests
    monkeypatch.setattr("shutil.disk_usage", lambda _: _Usage(int(free * 2**30)))
    found = findings(well, home)["disk"]
    assert (found.level, found.found.split(" ")[0]) == (level, f"{free:.1f}")


@dataclasses.dataclass
class _Usage:
    free: int


@pytest.mark.parametrize(
    ("told", "level", "found"),
    [
        ({house.APPRISE: "x"}, "ok", "go out by Apprise"),
        ({house.MAIL: "x", house.ALERT_TO: "ada@example.org"}, "ok", "go out by mail to ada@example.org"),
        ({house.MAIL: "x"}, "warn", f"{house.MAIL} is set and {house.ALERT_TO} is not"),
    ],
)
def test_who_would_be_told_is_said(
    well: Shop, home: Home, monkeypatch: pytest.MonkeyPatch, told: dict[str, str], level: str, found: str
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    alerts = findings(well, home)["alerts"]
    assert (alerts.level, alerts.found) == (level, found)


def test_a_power_bi_that_is_half_set_up_is_told(well: Shop, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(house.POWER_BI, "x")
    assert findings(well, home)["Power BI"].found == f"{house.POWER_BI} is set and {house.POWER_BI_MODEL} is not"
    monkeypatch.setenv(house.POWER_BI_MODEL, "x")
    assert findings(well, home)["Power BI"].found == "is refreshed every night"


class Answers(BaseHTTPRequestHandler):
    """Airflow's API as far as the doctor asks it."""

    health: ClassVar[dict[str, Any]] = {}
    errors: ClassVar[list[dict[str, str]]] = []
    paused: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].removeprefix("/api/v2/")
        dags = self.paused if "paused=" in self.path else DAGS
        told = {"monitor/health": self.health, "importErrors": {"import_errors": self.errors}}
        self._say(told.get(path, {"dags": [{"dag_id": dag} for dag in dags]}))

    def do_POST(self) -> None:
        self._say({"access_token": "x"})

    def _say(self, told: Any) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def airflow(home: Home) -> Iterator[type[Answers]]:
    """An Airflow that runs for the home, as its lock says, and answers what a test lets it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Answers.health, Answers.errors, Answers.paused = {one: {"status": "healthy"} for one in COMPONENTS}, [], []
    Thread(target=server.serve_forever, daemon=True).start()
    with HomeLock(home) as lock:
        lock.tell(f"http://127.0.0.1:{server.server_port}")
        yield Answers
    server.shutdown()
    server.server_close()


def test_a_running_airflow_is_asked_how_it_is(well: Shop, home: Home, airflow: type[Answers]) -> None:
    assert findings(well, home)["Airflow"].found.endswith(f"healthy; {len(DAGS)} dags read")
    airflow.paused = [INGEST, "somebody_elses"]
    paused = findings(well, home)["Airflow"]
    assert (paused.level, paused.found) == ("warn", f"paused: {INGEST}")
    airflow.errors = [{"filename": "build_segments.py", "stack_trace": "Traceback\nPersonaPulseError: a rule"}]
    broken = findings(well, home)["Airflow"]
    assert (broken.level, broken.found) == (
        "fail", "cannot read a dag: build_segments.py: Traceback ... PersonaPulseError: a rule"
    )  # fmt: skip
    airflow.health = airflow.health | {"scheduler": {"status": "unhealthy"}}
    assert "is not healthy: scheduler" in findings(well, home)["Airflow"].found


def test_extracts_that_cannot_be_read_are_left_to_the_advice(well: Shop, home: Home) -> None:
    facts = read_facts(well.warehouse, Scope())
    parts = [one.part for one in look_over(well.warehouse, home, facts, Extracts(problem="gone"))]
    assert "extracts" not in parts

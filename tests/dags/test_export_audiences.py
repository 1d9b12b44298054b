"""The dag exports the newest day, once, to what is set up; on a real warehouse, as the role it works as."""

import json

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from personapulse import roles
from personapulse.errors import PersonaPulseError, UnreachableError
from personapulse.warehouse import connect
from personapulse_airflow import audiences, turn
from personapulse_airflow.audiences import WaitToExport, export_all, receiver
from tests.receivers import SECRET, TOKEN, Inbox
from tests.servers import database
from tests.sql.audience_shop import DAY, fill

CONTEXT = {"partition_key": str(DAY)}
LATER = DAY.replace(month=6, day=1)


@pytest.fixture
def inbox():
    with Inbox() as inbox:
        yield inbox


@pytest.fixture
def warehouse(postgres, monkeypatch):
    """A day's marts, and Airflow's connections to them, each as its role."""
    with database(postgres, "audiences") as conninfo, connect(conninfo) as connection:
        roles.grant(connection, is_changed=True)  # a copied database has lost the rights on itself
        fill(connection, [f"u{number}" for number in range(20)])
        where = psycopg.conninfo.conninfo_to_dict(conninfo)
        known = {"conn_type": "postgres", "host": where["host"], "port": int(where["port"]), "schema": where["dbname"]}
        for name, role in {"warehouse": where["user"], **roles.CONNECTIONS}.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_SHOP_{name.upper()}", json.dumps(known | {"login": role}))
        yield connection


@pytest.fixture
def webhook(inbox, monkeypatch):
    known = {"conn_type": "http", "host": inbox.url, "password": SECRET}
    monkeypatch.setenv("AIRFLOW_CONN_AUDIENCE_WEBHOOK", json.dumps(known))


def states(warehouse):
    rows = warehouse.execute("select destination, state, run_id from ops.audience_exports order by export_no")
    return [(destination.split(" ")[0], state, run_id) for destination, state, run_id in rows]


def test_nothing_set_up_is_skipped_and_said(warehouse):
    with pytest.raises(AirflowSkipException, match="No destination of an audience is set up"):
        WaitToExport(task_id="wait").execute(CONTEXT)


@pytest.mark.parametrize("which", ["folder", "webhook"])
def test_one_destination_is_enough_for_the_newest_day_to_go_on(warehouse, monkeypatch, request, which):
    monkeypatch.setattr(turn, "days_on_their_way", lambda: 0)
    if which == "folder":
        monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_AUDIENCES", "somewhere")
    else:
        request.getfixturevalue("webhook")
    WaitToExport(task_id="wait").execute(CONTEXT)


def test_a_day_waits_for_newer_ones_on_their_way_and_an_older_one_never_leaves(warehouse, webhook, inbox, monkeypatch):
    monkeypatch.setattr(turn, "days_on_their_way", lambda: 1)
    with pytest.raises(TaskDeferred):
        WaitToExport(task_id="wait").execute(CONTEXT)
    fill(warehouse, ["u1"], LATER)
    for go_on in (
        lambda: WaitToExport(task_id="wait").execute(CONTEXT),
        lambda: WaitToExport(task_id="wait").after_waiting(CONTEXT, {}),
        lambda: export_all(DAY, "a run"),
    ):
        with pytest.raises(AirflowSkipException, match=r"2026-06-01 is in core .* its own run exports audiences"):
            go_on()
    assert (inbox.received, states(warehouse)) == ([], [])


def test_every_audience_goes_to_all_that_is_set_up_and_not_twice(warehouse, webhook, inbox, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_PERSONAPULSE_AUDIENCES", str(tmp_path))
    for _ in range(2):
        export_all(DAY, "scheduled__1")
    names = list(audiences.load_audiences().by_name)
    assert sorted(file.stem for file in tmp_path.rglob("*.csv")) == sorted(names)
    assert [request.headers["x-personapulse-audience"] for request in inbox.received] == names
    assert all(request.is_genuine for request in inbox.received)
    assert states(warehouse) == [
        (where, "exported", "scheduled__1") for _ in names for where in (str(tmp_path), "audience_webhook")
    ]


def test_a_receiver_that_is_busy_has_the_task_tried_again_and_only_what_is_missing_is_sent(
    warehouse, webhook, inbox, monkeypatch
):
    inbox.answers = [200, (503, {"Retry-After": "0"})]
    monkeypatch.setattr(audiences, "PATIENCE", audiences.Patience(attempts=1))
    with pytest.raises(UnreachableError, match=r"Not everything was exported. win-back: .* it answered 503") as error:
        export_all(DAY, "first")
    assert TOKEN not in str(error.value)
    export_all(DAY, "second")
    assert [run for _, state, run in states(warehouse) if state == "exported"].count("second") == 1


def test_a_receiver_that_refuses_fails_the_task_at_once(warehouse, webhook, inbox):
    inbox.answers = [401]
    with pytest.raises(PersonaPulseError, match=r"champions: .* it answered 401"):
        export_all(DAY, "first")
    assert [state for _, state, _ in states(warehouse)] == ["failed"] + ["exported"] * 6


@pytest.mark.parametrize(
    ("known", "url"),
    [
        ({"host": "https://crm.example.com/hooks/7"}, "https://crm.example.com/hooks/7"),
        ({"host": "crm.example.com"}, "https://crm.example.com/"),
        (
            {"host": "crm.example.com", "schema": "https", "port": 8443, "extra": {"endpoint": "/hooks/7"}},
            "https://crm.example.com:8443/hooks/7",
        ),
    ],
)
def test_a_connection_may_be_written_in_either_way(monkeypatch, known, url):
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps({"conn_type": "http", "password": SECRET} | known))
    assert receiver("crm").url == url
    assert receiver("another") is None


@pytest.mark.parametrize("known", [{"host": "http://crm.example.com"}, {"host": "crm.example.com", "password": ""}])
def test_a_connection_that_is_not_safe_is_refused(monkeypatch, known):
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps({"conn_type": "http", "password": SECRET} | known))
    with pytest.raises(PersonaPulseError, match="The webhook crm cannot be used"):
        receiver("crm")


def test_a_mistake_in_the_file_is_an_import_error_with_its_line(monkeypatch, tmp_path, read_dags):
    from personapulse.audiences import settings  # noqa: PLC0415

    text = settings.AUDIENCES_FILE.read_text().replace("personas: [Frequent Returner]", "personas: [Returner]")
    (tmp_path / "audiences.yaml").write_text(text)
    monkeypatch.setattr(settings, "AUDIENCES_FILE", tmp_path / "audiences.yaml")
    (error,) = read_dags().import_errors.values()
    line = text.splitlines().index("    personas: [Returner]") + 1
    assert f"audiences.yaml, line {line}: audiences.frequent-returners.personas.0: unknown 'Returner'" in error

"""Who watches a day sees it: in the ledger, in metrics, in logs a machine reads; and is told when it is late."""

import collections
import datetime
import json

from personapulse.service.airflow import CHAIN, DAGS, TRAIN, WATCH

from .publications import until


def test_every_run_of_the_day_is_in_the_ledger_as_airflow_knows_it(house, api, shop):
    runs = {run.run: run for run in api.runs() if run.day == str(shop.newest) and run.dag in CHAIN}
    told = house.query(
        "select run_id, dag_id, outcome, seconds::float8, tasks_tried, failed_tasks, row_count from ops.runs"
        f" where day = '{shop.newest}' and dag_id = any('{{{','.join(CHAIN)}}}')"
    )
    ended = {run for run, known in runs.items() if known.state in {"success", "failed"}}
    assert ended <= {run for run, *_ in told}
    for run, dag, outcome, seconds, tries, failed, rows in told:
        assert (dag, outcome) == (runs[run].dag, runs[run].state)
        assert abs(seconds - runs[run].seconds) < 1
        assert tries >= len(failed)
        if dag in CHAIN[:2]:
            assert rows > 100
        if dag == TRAIN:
            assert (outcome, failed) == ("failed", ["gate"])


def test_the_ledger_is_shown_to_people_and_machines(house, up, shop):
    code, table = house.run("runs", "--days", "9")
    assert code == 0
    assert [line.split()[0] for line in table.splitlines() if str(shop.newest) in line and "20:" not in line]
    assert "failed: gate" in table
    code, lines = house.run("runs", "--csv", "--days", "9")
    assert lines.startswith("dag_id,run_id,day,run_type,outcome,")
    assert {line.split(",")[0] for line in lines.splitlines()[1:]} >= set(CHAIN)


def test_the_doctor_sees_what_the_running_airflow_was_told(house, up, shop):
    _, told = house.run("doctor", "--json")
    found = {one["part"]: one for one in json.loads(told)["findings"]}
    assert found["Airflow"]["found"].endswith(f"healthy; {len(DAGS)} dags read")
    assert found["alerts"]["found"] == "go out by mail to ada@example.org, bob@example.org and Apprise"
    assert found["Power BI"]["found"] == "is refreshed every night"
    assert found["last night"]["level"] == "ok"
    assert found["roles"]["level"] == "ok"


def watch(api, day):
    """Look at a day as the morning does; return the run when it has ended."""
    before = {run.run for run in api.runs()}
    api.trigger_day(WATCH, day)
    return until(
        lambda: next(
            (r for r in api.runs() if r.dag == WATCH and r.run not in before and r.state in {"success", "failed"}), None
        )
    )


def test_a_published_day_is_late_for_nobody_and_a_missing_one_is_told_once(house, api, shop, mails, hook):
    assert watch(api, shop.newest).state == "success"
    assert mails.about("is not published") == []
    never = shop.next + datetime.timedelta(1)
    for _ in range(2):
        assert watch(api, never).state == "failed"
    ((to, mail),) = mails.about("is not published")
    assert to == ["ada@example.org", "bob@example.org"]
    body = " ".join(mail.get_body(("html",)).get_content().split())
    assert f"the shop has not delivered it; missing: {shop.folder}/{never}." in body
    assert len([message for message in hook.received if "is not published" in message["title"]]) == 1
    assert house.query("select day, standing from ops.late_nights") == [(never, "not_delivered")]


def test_metrics_of_airflow_and_of_the_house_arrive(house, up, meter):
    metrics = collections.defaultdict(list)
    for name, value in meter.metrics():
        metrics[name].append(value)
    assert "shop.scheduler_heartbeat" in metrics
    assert "shop.dagrun.duration.success.build_segments" in metrics
    ((rows,),) = house.query(
        "select row_count from ops.runs where dag_id = 'build_segments' order by ended_at desc limit 1"
    )
    assert metrics["shop.personapulse.build_segments.rows"][-1] == str(rows)
    assert metrics[f"shop.personapulse.{TRAIN}.failed"]
    assert all(float(seconds) > 0 for seconds in metrics["shop.personapulse.ingest_shop_data.seconds"])


def test_every_line_of_the_programs_logs_is_json(house, up):
    logs = sorted((house.home.airflow / "logs").glob("*.log"))
    assert {log.name for log in logs} >= {"api-server.log", "dag-processor.log", "scheduler.log", "triggerer.log"}
    for log in logs:
        if log.name != "powerbi-double.log":
            lines = [line for line in log.read_text().splitlines()[:-1] if line]  # the last may be half written
            assert all(isinstance(json.loads(line), dict) for line in lines), log.name

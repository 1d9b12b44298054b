import datetime
import json
import re
from zoneinfo import ZoneInfo

import pytest
from airflow.sdk import Asset
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

from personapulse import marts, personas
from personapulse.paths import ROOT, SQL
from personapulse.personas import reading

DAG_IDS = [
    "build_segments",
    "export_audiences",
    "ingest_shop_data",
    "load_history",
    "maintain_warehouse",
    "override_intent_gate",
    "publish_dashboards",
    "rollback_intent_model",
    "score_intent",
    "train_intent_model",
    "watch_deadline",
]


def test_the_house_has_exactly_these_dags(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == DAG_IDS  # an empty bag has no import errors either


def test_a_dag_file_is_named_like_its_dag_and_stays_short(bag):
    for dag_id, dag in bag.dags.items():
        text = (ROOT / "dags" / f"{dag_id}.py").read_text()
        assert dag.fileloc.endswith(f"/{dag_id}.py")
        assert 30 <= len(text.splitlines()) <= 80


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_explains_itself(bag, dag_id):
    dag = bag.dags[dag_id]
    assert f"docs/runbook.md#{dag_id}" in dag.doc_md
    assert re.search(r"^1\. ", dag.doc_md, re.MULTILINE)
    assert {tag.split(":")[0] for tag in dag.tags} == {"layer", "impact"}
    for task in dag.tasks:
        assert f"`{task.task_id}`" in dag.doc_md or task.task_id.startswith("build_")


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_task_is_tried_again_but_not_for_ever(bag, dag_id):
    tasks = bag.dags[dag_id].tasks
    assert tasks
    assert all(task.retries and task.execution_timeout and task.retry_policy for task in tasks)


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_callbacks_hang_on_tasks_because_a_dags_own_may_never_fire(bag, dag_id):
    dag = bag.dags[dag_id]
    assert not dag.on_failure_callback
    assert not dag.on_success_callback


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_parsing_twice_gives_the_same_dag(bag, read_dags, dag_id):
    first, second = (
        json.dumps(DagSerialization.to_dict(a_bag.dags[dag_id]), sort_keys=True, default=str)
        for a_bag in (bag, read_dags())
    )
    assert first == second  # otherwise every parse stores a new dag version


def test_the_runbook_has_an_entry_for_each_dag():
    headings = re.findall(r"^## (\S+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert [heading for heading in headings if heading in DAG_IDS] == [
        "ingest_shop_data",
        "build_segments",
        "train_intent_model",
        "override_intent_gate",
        "rollback_intent_model",
        "score_intent",
        "publish_dashboards",
        "export_audiences",
        "load_history",
        "maintain_warehouse",
        "watch_deadline",
    ]


def test_each_mart_is_built_by_exactly_one_task(bag):
    groups = [task.op_args[0] for task in bag.dags["build_segments"].tasks if task.task_id != "check_marts"]
    built = [name for group in groups for name in marts.GROUPS[group]]
    assert sorted(built) == sorted(marts.NAMES)
    assert sorted(built) == sorted(file.stem for file in (SQL / "marts").glob("*.sql"))


def test_a_mart_is_built_after_the_marts_it_reads(bag):
    dag = bag.dags["build_segments"]
    for group, names in marts.GROUPS.items():
        built = [name for before in dag.get_task(f"build_{group}").get_flat_relative_ids(upstream=True)
                 for name in marts.GROUPS[before.removeprefix("build_")]]  # fmt: skip
        for name, read in names.items():
            assert set(read) <= set(built), name
            built.append(name)


def test_a_day_is_announced_only_after_its_checks(bag):
    announcing = {
        (dag_id, task.task_id): [outlet.name for outlet in task.outlets if isinstance(outlet, Asset)]
        for dag_id, dag in bag.dags.items()
        for task in dag.tasks
        if task.outlets
    }
    assert announcing == {
        ("ingest_shop_data", "merge_core"): ["core"],
        ("load_history", "load_days"): ["core"],
        ("build_segments", "check_marts"): ["marts"],
        ("train_intent_model", "announce_model"): ["intent_model"],
        ("score_intent", "announce_scores"): ["purchase_intent"],
    }
    assert bag.dags["build_segments"].get_task("check_marts").upstream_task_ids == {
        f"build_{group}" for group in marts.GROUPS
    }


def test_a_nightly_run_is_for_the_day_just_ended_where_the_shop_is(monkeypatch, read_dags):
    monkeypatch.setenv("PERSONAPULSE_TIME_ZONE", "Asia/Tokyo")
    timetable = _timetable(read_dags().dags["ingest_shop_data"])
    midnight = datetime.datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Tokyo"))
    run = timetable.next_dagrun_info_v2(
        last_dagrun_info=None,
        restriction=TimeRestriction(earliest=midnight, latest=None, catchup=True),
    )
    assert run.run_after == midnight
    assert run.partition_key == "2026-03-01"


def test_the_first_night_begins_where_the_shop_is(monkeypatch, read_dags):
    monkeypatch.setenv("PERSONAPULSE_TIME_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("PERSONAPULSE_FIRST_NIGHT", "2999-01-03")
    dag = read_dags().dags["ingest_shop_data"]
    assert dag.start_date == datetime.datetime(2999, 1, 3, tzinfo=ZoneInfo("Asia/Tokyo"))
    run = _timetable(dag).next_dagrun_info_v2(
        last_dagrun_info=None, restriction=TimeRestriction(earliest=dag.start_date, latest=None, catchup=False)
    )
    assert run.partition_key == "2999-01-02"


def _timetable(dag):
    return DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("days_konwn < 28", "rule 'New Customer': unknown column 'days_konwn'"),
        ("days_known < 28 and days_known > 30", "rule 'New Customer' can never be true"),
        ("user_id in (select user_id from core.users)", "is not allowed in a condition"),
    ],
)
def test_a_broken_persona_rule_is_an_import_error_with_its_name(monkeypatch, tmp_path, read_dags, when, reason):
    broken = personas.RULES_FILE.read_text().replace("when: days_known < 28", f"when: {when}")
    (tmp_path / "personas.yaml").write_text(broken)
    monkeypatch.setattr(reading, "RULES_FILE", tmp_path / "personas.yaml")
    (error,) = read_dags().import_errors.values()
    assert "personas.yaml: default: rule 'New Customer'" in error
    assert reason in error


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Europe/Berlin", "2026-03-27"),  # 23 hours on the 29th
        ("Europe/Berlin", "2026-10-23"),  # 25 hours on the 25th
        ("America/Santiago", "2026-09-03"),  # the 6th begins at one o'clock
        ("America/Santiago", "2026-04-02"),  # the 4th ends an hour later
        ("Asia/Kathmandu", "2026-05-01"),
    ],
)
def test_every_shop_day_has_one_night_whatever_the_clocks_do(monkeypatch, read_dags, zone, first):
    monkeypatch.setenv("PERSONAPULSE_TIME_ZONE", zone)
    timetable, shop_clock = _timetable(read_dags().dags["ingest_shop_data"]), ZoneInfo(zone)
    day = datetime.date.fromisoformat(first)
    earliest = datetime.datetime.combine(day, datetime.time(), shop_clock)
    run, nights = None, []
    for _ in range(6):
        restriction = TimeRestriction(earliest=earliest, latest=None, catchup=True)
        run = timetable.next_dagrun_info_v2(last_dagrun_info=run, restriction=restriction)
        nights.append((run.partition_key, run.run_after.astimezone(datetime.UTC)))
    days = [day + datetime.timedelta(number - 1) for number in range(6)]
    assert [key for key, _ in nights] == [str(day) for day in days]
    ends = [datetime.datetime.combine(day + datetime.timedelta(1), datetime.time(), shop_clock) for day in days]
    assert [at for _, at in nights] == [end.astimezone(datetime.UTC) for end in ends]

"""What has run is written down, and a night that comes to nothing is told with what it waits for."""

import dataclasses
import datetime
from decimal import Decimal

import pytest

from personapulse.nights import NightIsLateError, claim, demand_published, late, look, read, write
from personapulse.service.airflow import CHAIN, INGEST, PUBLISH, SCORE, SEGMENTS, TRAIN

from .conftest import Shop, date
from .nights import DAY, MIDNIGHT, entry, happened, published

AIRFLOW = "http://127.0.0.1:8080"


def told(shop: Shop, day: str = DAY) -> str:
    """Text of the alert, in one line."""
    message = late.message(look(shop.warehouse, shop.source, date(day)), "06:00", "Maple", AIRFLOW)
    for step in message.text.split("What to do:")[1].split("- ")[1:]:
        assert "{{" not in step
    assert all(part in message.html for part in ("Maple", "What to do", "personapulse runs"))
    return " ".join(message.text.split())


def test_a_run_is_one_row_from_its_start_to_its_end_and_again_when_it_is_cleared(shop: Shop) -> None:
    shop.deliver(DAY, users="user_id\na\nb")
    shop.load(DAY)
    assert write(shop.warehouse, entry(INGEST, "running")) is None
    (begun,) = read(shop.warehouse, 1)
    assert (begun.outcome, begun.ended_at, begun.seconds, begun.row_count) == ("running", None, None, None)
    write(shop.warehouse, entry(INGEST, "failed", tasks_tried=3, failed_tasks=("merge_core",)))
    (failed,) = read(shop.warehouse, 1)
    assert (failed.outcome, failed.failed_tasks, failed.tasks_tried) == ("failed", ("merge_core",), 3)
    later = MIDNIGHT + datetime.timedelta(hours=1)
    again = entry(INGEST, "success", started_at=later, ended_at=later + datetime.timedelta(seconds=12), tasks_tried=5)
    assert write(shop.warehouse, again) == 2
    assert read(shop.warehouse, 1) == [dataclasses.replace(again, row_count=2, seconds=Decimal("12.0"))]


def test_rows_are_those_the_run_has_left_behind_where_the_books_know_them(shop: Shop) -> None:
    shop.deliver(DAY, users="user_id\na\nb\nc")
    shop.load(DAY)
    shop.build(DAY, "customer_profile")
    rows = {dag: write(shop.warehouse, entry(dag, "success")) for dag in (INGEST, SEGMENTS, SCORE, PUBLISH)}
    assert rows == {INGEST: 3, SEGMENTS: 3, SCORE: None, PUBLISH: None}


def test_runs_are_read_by_their_day_and_those_without_one_by_the_day_they_started(shop: Shop) -> None:
    happened(shop, (INGEST, "success"), (SEGMENTS, "success"))
    happened(shop, (INGEST, "success"), day=date("2026-02-27"), run_id="older")
    happened(shop, ("maintain_warehouse", "success"), day=None)
    happened(shop, ("rollback_intent_model", "success"), day=None, started_at=MIDNIGHT - datetime.timedelta(days=3))
    assert [(run.dag_id, run.day) for run in read(shop.warehouse, 1)] == [
        ("maintain_warehouse", None),
        (INGEST, date(DAY)),
        (SEGMENTS, date(DAY)),
    ]
    assert [run.run_id for run in read(shop.warehouse, 2)][-2:] == ["rollback_intent_model-1", "older"]


def test_a_folder_that_has_not_come_is_told_with_its_address_while_the_run_waits_and_after(shop: Shop) -> None:
    published(shop, "2026-03-01")
    happened(shop, (INGEST, "running"))
    waiting = told(shop)
    assert f"Maple: {DAY} is not published, and it is past 06:00." in waiting
    assert f"the shop has not delivered it; missing: {shop.folder}/{DAY}. Its run waits for it." in waiting
    assert f"- Ask the shop for: {shop.folder}/{DAY} - Nothing else: the run goes on by itself" in waiting
    assert "everybody who reads the dashboards, marts or audiences this morning. They show 2026-03-01;" in waiting
    assert f"personapulse doctor --day {DAY}" in waiting
    happened(shop, (INGEST, "failed"))
    assert f"clear the run {AIRFLOW}/dags/{INGEST}/runs/{INGEST}-1 (only failed tasks)" in told(shop)


def test_a_file_that_has_not_come_is_named(shop: Shop) -> None:
    shop.deliver(DAY)
    (shop.folder / DAY / "orders.csv").unlink()
    happened(shop, (INGEST, "running"))
    assert f"missing: {shop.folder}/{DAY}/orders" in told(shop)


def test_a_night_that_never_began_is_told_with_how_to_begin_it(shop: Shop) -> None:
    shop.deliver(DAY)
    never = told(shop)
    assert f"{INGEST} (taking the day in) has not begun." in never
    assert f"If it is not, backfill it for {DAY}." in never
    assert "What was published before is still there" in never


@pytest.mark.parametrize(
    ("runs", "what"),
    [
        ([(INGEST, "running")], f"{INGEST} (taking the day in) is still at work."),
        ([(INGEST, "failed")], f"{INGEST} (taking the day in) failed in a_task."),
        ([(INGEST, "success")], f"{SEGMENTS} (building its segments) has not begun."),
        ([(INGEST, "success"), (SEGMENTS, "running")], f"{SEGMENTS} (building its segments) is still at work."),
        ([(INGEST, "success"), (SEGMENTS, "failed")], f"{SEGMENTS} (building its segments) failed in a_task."),
        ([(SEGMENTS, "success"), (TRAIN, "running")], f"{TRAIN} (training the model that is due) is still at work."),
        ([(SEGMENTS, "success"), (TRAIN, "failed")], f"{SCORE} (scoring its customers) has not begun."),
        ([(TRAIN, "success"), (SCORE, "failed")], f"{PUBLISH} (publishing its dashboards) has not begun."),
        ([(SCORE, "success"), (PUBLISH, "failed")], f"{PUBLISH} (publishing its dashboards) failed in a_task."),
    ],
)
def test_the_dag_the_day_has_come_to_is_named(shop: Shop, runs: list[tuple[str, str]], what: str) -> None:
    shop.deliver(DAY)
    for run in runs:
        happened(shop, run, failed_tasks=("a_task",) if run[1] == "failed" else ())
    assert what in told(shop)
    with pytest.raises(NightIsLateError, match=f"^{DAY} is not published: "):
        demand_published(shop.warehouse, shop.source, date(DAY))


def test_a_day_that_is_loaded_is_not_said_to_be_awaited_though_its_run_is_not_in_the_ledger(shop: Shop) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    assert look(shop.warehouse, shop.source, date(DAY)).dag == SEGMENTS


def test_a_published_day_is_late_for_nobody_whatever_else_failed(shop: Shop) -> None:
    happened(shop, *((dag, "success") for dag in CHAIN[:-1]), (PUBLISH, "failed"))  # Power BI has its own alert
    published(shop, DAY)
    demand_published(shop.warehouse, shop.source, date(DAY))


def test_a_published_day_before_is_not_this_one(shop: Shop) -> None:
    published(shop, "2026-03-01", "2026-03-03")
    assert look(shop.warehouse, shop.source, date(DAY)).shown == date("2026-03-01")


def test_a_source_that_does_not_answer_is_told_in_its_words(shop: Shop) -> None:
    happened(shop, (INGEST, "running"))
    source = shop.source
    shop.folder.rename(shop.folder.with_name(f"{shop.folder.name} moved"))
    standing = look(shop.warehouse, source, date(DAY))
    assert standing.state == "not_delivered"
    assert str(shop.folder) in standing.missing[0]


def test_people_are_told_of_a_day_once(shop: Shop) -> None:
    assert claim(shop.warehouse, date(DAY), "running")
    assert not claim(shop.warehouse, date(DAY), "failed")
    assert claim(shop.warehouse, date("2026-03-03"), "failed")
    assert shop.rows("select day::text, standing from ops.late_nights order by day") == [
        (DAY, "running"),
        ("2026-03-03", "failed"),
    ]


def test_who_cannot_say_says_so() -> None:
    message = late.unknown(date(DAY), "connection refused", "06:00", "Maple")
    assert message.subject == f"Maple: it cannot be said whether {DAY} is published, and it is past 06:00"
    assert "connection refused" in message.text

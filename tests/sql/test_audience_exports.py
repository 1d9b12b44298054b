"""Audiences leave once, for the newest day, to what is set up; and what is written down of it."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from personapulse import ingest
from personapulse.audiences import Folder, Webhook, books, exports, load_audiences, suppression
from personapulse.audiences.settings import SEGMENTS
from personapulse.errors import PersonaPulseError

from ..receivers import SECRET, TOKEN, Inbox
from .audience_shop import DAY, IDS, LATER, audience, books_of, export, fill, held_out, ids_in, set_up, someone_else


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


def test_the_same_again_is_said_and_nothing_is_sent_unless_it_is_wanted(
    warehouse: psycopg.Connection[Any], tmp_path: Path, inbox: Inbox
) -> None:
    fill(warehouse, IDS[:10])
    both, around = audience(Folder(), Webhook(), hold_out=0.5), set_up(tmp_path, inbox)
    assert [outcome.state for outcome in export(warehouse, both, around)] == ["exported", "exported"]
    file = tmp_path / "2026-05-31" / "win-back.csv"
    file.unlink()
    again = export(warehouse, both, around)
    assert [outcome.state for outcome in again] == ["already exported", "already exported"]
    assert all("already exported to" in outcome.told and "--again" in outcome.told for outcome in again)
    assert (file.exists(), len(inbox.received)) == (False, 1)
    export(warehouse, both, around, again=True)
    assert (file.exists(), len(inbox.received)) == (True, 2)
    assert len({request.headers["idempotency-key"] for request in inbox.received}) == 1
    suppression.suppress(warehouse, ids_in(tmp_path)[:1], "asked")
    assert [outcome.state for outcome in export(warehouse, both, around)] == ["exported", "exported"]  # other content


def test_an_export_is_written_down_without_address_or_secret(
    warehouse: psycopg.Connection[Any], tmp_path: Path, inbox: Inbox
) -> None:
    fill(warehouse, IDS[:10])
    inbox.answers = [200, 403]
    export(warehouse, audience(Webhook(), Folder(), hold_out=0.5), set_up(tmp_path, inbox))
    export(warehouse, audience(Webhook(), hold_out=0.5), set_up(tmp_path, inbox), again=True)
    count = len(held_out(warehouse))
    host = f"audience_webhook ({inbox.url.removesuffix(f'/hooks/{TOKEN}')})"
    assert books_of(warehouse) == [
        ("win-back", host, 10 - count, count, 0, "exported"),
        ("win-back", str(tmp_path), 10 - count, count, 0, "exported"),
        ("win-back", host, 10 - count, count, 0, "failed"),
    ]
    newest = books.history(warehouse)[0]
    assert "it answered 403" in newest["error"]
    assert (newest["exported_by"], newest["exported_at"]) == ("ada", None)
    for table in ("ops.audience_exports", "ops.audience_members"):
        text = warehouse.execute(f"select string_agg(r::text, '') from {table} as r".encode()).fetchone()
        assert text
        assert TOKEN not in text[0]
        assert SECRET not in text[0]


def test_a_destination_that_fails_keeps_none_of_the_others_and_is_tried_alone_the_next_time(
    warehouse: psycopg.Connection[Any], tmp_path: Path, inbox: Inbox
) -> None:
    fill(warehouse, IDS[:10])
    inbox.answers = [503, "drop"]
    both = audience(Webhook(), Folder())
    first = export(warehouse, both, set_up(tmp_path, inbox))
    assert [(outcome.state, outcome.may_pass) for outcome in first] == [("failed", True), ("exported", False)]
    second = export(warehouse, both, set_up(tmp_path, inbox))
    assert [outcome.state for outcome in second] == ["exported", "already exported"]


def test_two_exports_at_once_send_once(warehouse: psycopg.Connection[Any], inbox: Inbox) -> None:
    fill(warehouse, IDS[:10])
    inbox.answers = [(503, {"Retry-After": "1"})]  # the first is on its way for a second
    states: list[str] = []

    def run() -> None:
        with someone_else(warehouse) as connection:
            states.extend(outcome.state for outcome in export(connection, audience(Webhook()), set_up(inbox=inbox)))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["already exported", "exported"]
    assert len(inbox.received) == 2


def test_nothing_happens_where_nothing_is_set_up(warehouse: psycopg.Connection[Any]) -> None:
    fill(warehouse, IDS[:10])
    outcomes = export(warehouse, audience(Folder(), Webhook("crm"), hold_out=0.5), set_up())
    assert [outcome.state for outcome in outcomes] == ["not set up", "not set up"]
    assert "webhook crm is not set up, so it was skipped" in outcomes[1].told
    assert (books_of(warehouse), held_out(warehouse)) == ([], set())


def test_a_folder_with_credentials_in_its_url_or_that_is_a_file_fails_and_says_so(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    fill(warehouse, IDS[:10])
    (tmp_path / "a file").write_text("")
    folders = (Folder("sftp://ada:marked-password@example.com/x"), Folder(str(tmp_path / "a file")))
    outcomes = export(warehouse, audience(*folders), set_up())
    assert [outcome.state for outcome in outcomes] == ["failed", "failed"]
    assert "credentials in its URL" in outcomes[0].told
    assert "cannot be written to" in outcomes[1].told
    assert "marked-password" not in str(outcomes) + str(books.history(warehouse))


def test_an_audience_by_intent_is_skipped_on_a_day_that_is_not_scored(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    fill(warehouse, IDS[:10])
    warehouse.execute("delete from ml.scored_days")
    (outcome,) = export(warehouse, audience(intent_bands=(2,)), set_up(tmp_path))
    assert outcome.state == "not scored"
    assert "nobody is scored as of 2026-05-31" in outcome.told
    assert export(warehouse, audience(), set_up(tmp_path))[0].state == "exported"


def test_only_the_newest_day_that_is_whole_is_ever_exported(warehouse: psycopg.Connection[Any]) -> None:
    with pytest.raises(PersonaPulseError, match="No day has been loaded"):
        exports.newest_day(warehouse)
    fill(warehouse, ["ann"])
    fill(warehouse, ["ann"], DAY.replace(day=30))
    assert exports.newest_day(warehouse) == max(ingest.loaded_days(warehouse)) == DAY
    fill(warehouse, [], LATER)
    with pytest.raises(PersonaPulseError, match="2026-06-01 is the newest day, and its personas are not built"):
        exports.newest_day(warehouse)


def test_the_segments_one_may_choose_are_those_of_the_marts(warehouse: psycopg.Connection[Any]) -> None:
    named = {name for (name,) in warehouse.execute("select segment from marts.rfm_segments")}
    assert set(SEGMENTS) == named | {"insufficient data"}


def test_every_audience_that_ships_can_be_selected(warehouse: psycopg.Connection[Any], tmp_path: Path) -> None:
    fill(warehouse, IDS[:50])
    states = {
        outcome.audience: outcome.state
        for one in load_audiences().by_name.values()
        for outcome in export(warehouse, one, set_up(tmp_path))
        if "webhook" not in outcome.destination
    }
    assert states == dict.fromkeys(load_audiences().by_name, "exported")
    assert len(ids_in(tmp_path, name="unlikely-to-buy")) == 15

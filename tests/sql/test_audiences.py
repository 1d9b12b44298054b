"""Who leaves with an audience, who does not, and what is written down of it."""

import csv
import hashlib
import io
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from scipy.stats import binom

from personapulse import ingest
from personapulse.audiences import Audiences, Folder, Webhook, books, exports, load_audiences, suppression
from personapulse.audiences.content import prepared
from personapulse.audiences.exports import Outcome
from personapulse.audiences.settings import SEGMENTS
from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT

from ..receivers import SECRET, TOKEN, Inbox
from .audience_shop import DAY, WHO, audience, fill, set_up, someone_else

SALT = "salt"
IDS = [f"u{number:04d}" for number in range(1000)]
LATER = DAY.replace(month=6, day=1)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


def export(warehouse: psycopg.Connection[Any], one: Any, around: Any, day: Any = DAY, **options: Any) -> list[Outcome]:
    return exports.export(warehouse, Audiences(SALT, {}), one, day, set_up=around, who=WHO, **options)


def exported(folder: Path, name: str = "win-back", day: Any = DAY) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / str(day) / f"{name}.csv").read_text(encoding="utf-8"))))


def ids_in(folder: Path, **which: Any) -> list[str]:
    return [row["user_id"] for row in exported(folder, **which)]


def held_out(warehouse: psycopg.Connection[Any], name: str = "win-back") -> set[str]:
    rows = warehouse.execute("select user_id from ops.audience_members where is_held_out and audience = %s", (name,))
    return {user_id for (user_id,) in rows}


def books_of(warehouse: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        "select audience, destination, customers, held_out, suppressed, state"
        " from ops.audience_exports order by export_no"
    ).fetchall()


@pytest.mark.parametrize(
    ("chosen", "who"),
    [
        ({}, {"ann", "bob", "cid", "dan"}),
        ({"personas": ("Abandoner",)}, {"dan"}),
        ({"personas": ("Loyalist", "Abandoner"), "segments": ("At Risk",)}, {"ann", "bob"}),
        ({"personas": (), "segments": ("At Risk", "Champions")}, {"ann", "bob", "cid"}),
        ({"personas": (), "intent_bands": (2,)}, {"ann"}),
        ({"segments": ("At Risk",), "intent_bands": (3, 4)}, {"bob"}),
    ],
)
def test_a_customer_must_be_one_of_each_that_is_named(
    warehouse: psycopg.Connection[Any], tmp_path: Path, chosen: dict[str, Any], who: set[str]
) -> None:
    fill(warehouse, ["ann", "bob", "cid", "dan"])  # bands 2, 3, 4, 5
    warehouse.execute("update marts.rfm set segment = 'Champions' where user_id = 'cid'")
    warehouse.execute("delete from marts.rfm where user_id = 'dan'")
    warehouse.execute("update marts.personas set persona = 'Abandoner' where user_id = 'dan'")
    everybody = {"personas": ("Loyalist", "Abandoner")}
    export(warehouse, audience(**(chosen or everybody)), set_up(tmp_path))
    assert set(ids_in(tmp_path)) == who


def test_a_row_says_what_the_marts_say_and_nothing_personal(warehouse: psycopg.Connection[Any], tmp_path: Path) -> None:
    fill(warehouse, ["ann", "bob"])
    warehouse.execute(
        "delete from marts.rfm where user_id = 'bob'; delete from marts.ltv_predicted where user_id = 'bob'"
    )
    export(warehouse, audience(), set_up(tmp_path))
    assert (tmp_path / "2026-05-31" / "win-back.csv").read_text() == (
        "audience,as_of_date,user_id,persona,segment,recency_days,frequency,monetary,expected_value_12_months,"
        "intent_probability,intent_band\n"
        "win-back,2026-05-31,ann,Loyalist,At Risk,71,6,512.40,80.13,0.0471,2\n"
        "win-back,2026-05-31,bob,Loyalist,,,,,,0.0471,3\n"
    )


def test_the_same_customers_make_the_same_bytes_whatever_their_order(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    ids = ["b", "a", "B", "ä", "10", "9", "a b"]
    fill(warehouse, ids)
    warehouse.execute("update marts.purchase_intent set band = 1")
    first = export(warehouse, audience(), set_up(tmp_path / "first"))
    for mart in ("personas", "rfm", "ltv_predicted", "purchase_intent"):
        warehouse.execute(f"create temporary table kept as select * from marts.{mart} order by user_id desc".encode())
        warehouse.execute(
            f"truncate marts.{mart}; insert into marts.{mart} select * from kept; drop table kept".encode()
        )
    export(warehouse, audience(), set_up(tmp_path / "second"))
    assert first[0].state == "exported"
    assert ids_in(tmp_path / "first") == sorted(ids, key=str.encode)
    same = [(tmp_path / folder / "2026-05-31" / "win-back.csv").read_bytes() for folder in ("first", "second")]
    assert same[0] == same[1]
    assert len({row["idempotency_key"] for row in books.history(warehouse)}) == 1
    assert books.history(warehouse)[0]["sha256"] == hashlib.sha256(same[0]).hexdigest()


# hold-out


def test_who_is_held_out_is_decided_by_a_hash_of_salt_audience_and_id(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    fill(warehouse, IDS)
    export(warehouse, audience(hold_out=0.2), set_up(tmp_path))

    def number(user_id: str) -> float:
        hashed = hashlib.sha256(f"{SALT}\0win-back\0{user_id}".encode()).digest()
        return int.from_bytes(hashed[:4], "big") / 2**32

    expected = {user_id for user_id in IDS if number(user_id) < 0.2}
    assert held_out(warehouse) == expected
    assert set(ids_in(tmp_path)) == set(IDS) - expected


@pytest.mark.parametrize("share", [0, 0.05, 0.3, 0.9])
def test_the_share_held_out_is_the_one_wanted_within_chance(
    warehouse: psycopg.Connection[Any], tmp_path: Path, share: float
) -> None:
    fill(warehouse, IDS)
    low, high = binom.interval(0.9999, len(IDS), share)
    counts = []
    for name in ("one", "two", "three"):
        export(warehouse, audience(name=name, hold_out=share), set_up(tmp_path))
        counts.append(len(held_out(warehouse, name)))
        assert len(ids_in(tmp_path, name=name)) == len(IDS) - counts[-1]
    assert all(low <= count <= high for count in counts)


def test_who_is_held_out_stays_so_on_other_days_beside_other_customers(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    fill(warehouse, IDS[:600])
    others = IDS[300:]
    random.Random(1).shuffle(others)
    fill(warehouse, others, LATER)
    for day in (DAY, LATER):
        export(warehouse, audience(hold_out=0.2), set_up(tmp_path), day)
    sides = warehouse.execute(
        "select user_id from ops.audience_members group by user_id having count(*) > 1"
    ).fetchall()
    assert sides == []
    ((first, last),) = warehouse.execute(
        "select first_on, last_on from ops.audience_members where user_id = %s", (IDS[400],)
    ).fetchall()
    assert (first, last) == (DAY, LATER)


def test_raising_the_share_adds_and_another_audience_or_salt_draws_anew(
    warehouse: psycopg.Connection[Any],
) -> None:
    fill(warehouse, IDS)

    def drawn(salt: str = SALT, **how: Any) -> set[str]:
        with prepared(warehouse, audience(**how), DAY, salt):
            rows = warehouse.execute("select user_id from pg_temp.audience_now where is_held_out").fetchall()
        return {user_id for (user_id,) in rows}

    tenth, fifth = drawn(hold_out=0.1), drawn(hold_out=0.2)
    assert tenth < fifth
    for another in (drawn(hold_out=0.2, name="another"), drawn("pepper", hold_out=0.2)):
        assert 10 < len(fifth & another) < 80  # a fifth of a fifth is 40


def test_the_documented_lift_compares_the_two_sides(warehouse: psycopg.Connection[Any], tmp_path: Path) -> None:
    query = (ROOT / "docs" / "audiences.md").read_text().split("```sql\n")[1].split("```")[0].replace("%", "%%")
    orders = "create function pg_temp.orders() returns table (user_id text, is_paid boolean, ordered_on date)"
    warehouse.execute(
        f"{orders} language sql as 'select user_id, is_paid, ordered_on from (values"
        " (''u1'', true, date ''2026-05-20''), (''u2'', false, date ''2026-05-20''),"
        " (''u3'', true, date ''2026-05-10''), (''u4'', true, date ''2026-05-24''),"
        " (''u5'', true, date ''2026-05-25''), (''both'', true, date ''2026-05-20'')"
        ") as orders (user_id, is_paid, ordered_on)'".encode()
    )
    for user_id, is_held_out in [
        ("u1", False), ("u2", False), ("u3", False), ("u4", True), ("u5", True), ("both", True), ("both", False),
    ]:  # fmt: skip
        warehouse.execute(
            "insert into ops.audience_members values ('win-back', %s, %s, '2026-05-10', '2026-05-30')",
            (user_id, is_held_out),
        )
    warehouse.execute("insert into ops.audience_members values ('win-back', 'young', true, '2026-05-18', '2026-05-30')")
    asked = query.replace("core.orders_as_of('2026-05-31', '2026-05-31')", "pg_temp.orders()")
    assert asked != query
    rows = warehouse.execute(asked.encode()).fetchall()
    assert [(side, count, round(float(share), 3)) for side, count, share in rows] == [(False, 3, 0.333), (True, 2, 0.5)]
    assert warehouse.execute(query.encode()).fetchall() == [(False, 3, 0), (True, 2, 0)]  # core has no orders


# suppression


def test_a_suppressed_customer_is_neither_exported_nor_held_out(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    fill(warehouse, IDS[:100])
    whole = audience(hold_out=0.5)
    export(warehouse, whole, set_up(tmp_path))
    gone = [ids_in(tmp_path)[0], min(held_out(warehouse))]
    warehouse.execute("truncate ops.audience_members")
    assert suppression.suppress(warehouse, [*gone, "not yet known"], "asked") == 3
    (outcome,) = export(warehouse, whole, set_up(tmp_path))
    assert "2 suppressed" in outcome.told
    assert not set(gone) & (set(ids_in(tmp_path)) | held_out(warehouse))
    assert len(ids_in(tmp_path)) + len(held_out(warehouse)) == 98
    assert suppression.unknown(warehouse, [*gone, "not yet known"]) == [*gone, "not yet known"]  # no day is built
    suppression.unsuppress(warehouse, gone)
    export(warehouse, whole, set_up(tmp_path))
    assert set(gone) <= set(ids_in(tmp_path)) | held_out(warehouse)


def test_a_further_reason_never_to_be_exported_is_added_to_one_view(
    warehouse: psycopg.Connection[Any], tmp_path: Path
) -> None:
    fill(warehouse, ["ann", "bob"])
    suppression.suppress(warehouse, ["ann"], "asked")
    warehouse.execute(
        "create table ops.erased (user_id text); insert into ops.erased values ('ann'), ('bob');"
        "create or replace view ops.never_exported as select user_id, 'suppressed'::text as reason"
        " from ops.suppressed_customers union all select user_id, 'erased' from ops.erased"
    )
    (outcome,) = export(warehouse, audience(), set_up(tmp_path))
    assert (ids_in(tmp_path), "0 customers" in outcome.told, "2 suppressed" in outcome.told) == ([], True, True)


def test_a_file_of_ids_may_have_a_header_and_no_second_column(tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    file.write_text('user_id\n4711\n\n"a ""b"""\n4711\n', encoding="utf-8-sig")
    assert suppression.read_ids(str(file)) == ["4711", 'a "b"']
    assert suppression.read_ids("4711") == ["4711"]
    file.write_text("4711,asked\n")
    with pytest.raises(PersonaPulseError, match=r"ids.csv, line 1: .* more than one column"):
        suppression.read_ids(str(file))
    file.write_text("user_id\n")
    with pytest.raises(PersonaPulseError, match="names nobody"):
        suppression.read_ids(str(file))


# cells


RISKY = ["=1+1", "+49", "-5", "@sum", "\tx", "'x", "＝1"]  # noqa: RUF001 - a wide one


def test_a_cell_that_looks_like_a_formula_is_text_to_a_spreadsheet_and_can_be_read_back(
    warehouse: psycopg.Connection[Any], tmp_path: Path, inbox: Inbox
) -> None:
    harmless = ["a=b", 'say "a,b"', "two\nlines", "4711"]
    fill(warehouse, [*RISKY, *harmless])
    warehouse.execute("update marts.rfm set monetary = -5 where user_id = '4711'")
    told = export(warehouse, audience(Folder(), Webhook()), set_up(tmp_path, inbox))
    assert set(ids_in(tmp_path)) == {f"'{user_id}" for user_id in RISKY} | set(harmless)
    assert f"{len(RISKY)} begin like a formula" in told[0].told
    assert {row["monetary"] for row in exported(tmp_path)} == {"512.40", "-5.00"}
    customers = json.loads(inbox.received[0].body)["customers"]
    assert {customer["user_id"] for customer in customers} == {*RISKY, *harmless}


# the books


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

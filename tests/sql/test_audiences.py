"""Who leaves with an audience, who does not, and as what bytes."""

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from scipy.stats import binom

from personapulse.audiences import Folder, Webhook, books, suppression
from personapulse.audiences.content import prepared
from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT

from ..receivers import Inbox
from .audience_shop import DAY, IDS, LATER, SALT, audience, export, exported, fill, held_out, ids_in, set_up


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


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

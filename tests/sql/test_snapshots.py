"""Snapshots: frames to learn from and to score, who bought afterwards, and which days are looked ahead from."""

import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from psycopg.pq import TransactionStatus

from personapulse.errors import PersonaPulseError
from personapulse.intent import packing, snapshots
from personapulse.intent.features import FEATURES, SLICES, numbers, texts

from .conftest import Shop, date
from .persona_rules import use_rules
from .test_features import DAY, EVENTS, FILES, events
from .test_returns import orders

WINDOW_ENDS = "2026-04-14"  # 14 days after DAY
USERS = "user_id,gender\nann,f\nbob,m\ncid,\ndan,\neve,\nfay,\ngus,\nhal,"
BOUGHT = orders(
    "b1 ann 2026-04-01 Paid pen=1", "b2 bob 2026-04-14 Refunded pen=1",  # first and last day
    "b3 cid 2026-03-31 Paid pen=1", "b4 dan 2026-04-15 Paid pen=1",  # before and after
    "b5 eve 2026-04-02 Failed pen=1", "b6 fay 2026-04-02 Pending pen=1",
    "b7 gus 2026-04-03 Paid pen=1", "b8 gus 2026-04-04 Paid pen=1",
)  # fmt: skip


@pytest.fixture
def house(shop: Shop) -> Shop:
    """Customers on a day, what they bought afterwards, and what was told of that later still."""
    shop.settings("persona_rules: classic")
    shop.deliver(DAY, **{**FILES, "users": USERS}, product_views=events(*EVENTS))
    shop.deliver("2026-04-15", **BOUGHT)
    shop.deliver("2026-04-16", **orders("b6 fay 2026-04-02 Paid pen=1", "b9 hal 2026-04-05 Paid pen=1"))
    shop.load(DAY, "2026-04-15", "2026-04-16")
    return shop


def frame(shop: Shop, *cut_offs: str, known_on: str = "2026-04-16", **options: Any) -> pd.DataFrame:
    days = [date(day) for day in cut_offs or (DAY,)]
    return snapshots.frame(shop.warehouse, days, 14, date(known_on), shop.source.settings, **options)


def chunks(shop: Shop, day: str = DAY, **options: Any) -> list[pd.DataFrame]:
    return list(snapshots.chunks(shop.warehouse, date(day), **options))


@pytest.mark.parametrize(
    ("known_on", "buyers"),
    [("2026-04-15", {"ann", "bob", "gus"}), ("2026-04-16", {"ann", "bob", "gus", "fay", "hal"})],
)
def test_a_buyer_has_a_paid_order_within_the_window_as_known_on_the_day_of_training(
    house: Shop, known_on: str, buyers: set[str]
) -> None:
    assert set(snapshots.buyers(house.warehouse, date(DAY), 14, date(known_on))) == buyers
    told = frame(house, known_on=known_on)
    assert set(told.loc[told["bought"], "user_id"]) == buyers
    assert told["bought"].dtype == bool


def test_labels_of_a_window_that_is_not_over_are_refused(house: Shop) -> None:
    with pytest.raises(PersonaPulseError, match=r"known on 2026-04-14, not on 2026-04-13.* no later than 2026-03-30"):
        frame(house, known_on="2026-04-13")
    assert len(frame(house, known_on=WINDOW_ENDS)) == 8


def test_a_frame_has_the_columns_promised_and_says_what_the_table_says(house: Shop) -> None:
    told = frame(house)
    names = [feature.name for feature in FEATURES]
    assert list(told.columns) == ["user_id", "cut_off", *names, *(set(SLICES) - set(names)), "bought"]
    assert isinstance(told.index, pd.RangeIndex)
    assert set(told["cut_off"].dt.date) == {date(DAY)}
    assert {str(told[name].dtype) for name in numbers()} == {"float32"}
    assert {str(told[name].dtype) for name in texts()} == {"category"}
    columns = ["user_id", *numbers(), *texts()]
    exact = ", ".join(f"{name}::double precision" if name in numbers() else name for name in columns)
    rows = house.rows(f"select {exact} from ml.features where as_of_date = '{DAY}' order by user_id")
    seen = [tuple(None if pd.isna(value) else value for value in row) for row in told[columns].itertuples(index=False)]
    assert seen == rows


def test_user_ids_and_texts_of_any_letters_come_through(shop: Shop) -> None:
    users = 'user_id,gender\nå,"f,\n""x"""\n"two\nlines",Ж\n  spaced,\n日本,f'
    shop.deliver(DAY)
    (shop.folder / DAY / "users.csv").write_text(users, encoding="utf-8")
    shop.load(DAY)
    told = frame(shop, known_on=WINDOW_ENDS)
    seen = [(user, None if pd.isna(text) else text) for user, text in told[["user_id", "gender"]].to_numpy()]
    assert seen == shop.rows('select user_id, gender from ml.features order by user_id collate "C"')
    assert len(seen) == 4


def test_every_customer_is_in_just_one_chunk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    names = sorted(f"u{number}" for number in range(400))
    shop.deliver(DAY, users="\n".join(["user_id", *names]))
    shop.load(DAY)
    snapshots.build(shop.warehouse, date(DAY), shop.source.settings)
    monkeypatch.setattr(packing, "AT_A_TIME", 40)
    several = chunks(shop, rows=80)
    assert 4 <= len(several) <= 8
    assert sorted(pd.concat(several)["user_id"]) == names
    (one,) = chunks(shop)
    assert sorted(one["user_id"]) == names


def test_chunks_say_what_the_frame_says(house: Shop) -> None:
    whole = frame(house).drop(columns="bought")
    (chunk,) = chunks(house)
    pd.testing.assert_frame_equal(chunk.sort_values("user_id", ignore_index=True), whole)


def test_chunks_are_read_as_of_one_moment(house: Shop) -> None:
    frame(house)
    reading = snapshots.chunks(house.warehouse, date(DAY))
    next(reading)
    assert house.warehouse.info.transaction_status == TransactionStatus.INTRANS
    assert list(reading) == []
    assert house.warehouse.info.transaction_status == TransactionStatus.IDLE


def test_a_day_that_is_not_built_is_named_and_not_silently_empty(house: Shop) -> None:
    with pytest.raises(PersonaPulseError, match="2026-03-31 are not built"):
        chunks(house)
    with pytest.raises(PersonaPulseError, match="2026-03-31 are not built"):
        frame(house, build_missing=False)


def test_a_day_on_which_nobody_was_known_is_named(house: Shop) -> None:
    with pytest.raises(PersonaPulseError, match="Nobody was known on 2026-03-30"):
        frame(house, "2026-03-30", DAY)


def test_a_day_packed_by_another_version_is_not_read_for_something_else(house: Shop) -> None:
    frame(house)
    house.warehouse.execute("update ml.features set packed = packed || packed")
    with pytest.raises(PersonaPulseError, match="2026-03-31 were built by another version"):
        chunks(house)


def test_rows_are_ordered_by_cut_off_and_customer_whatever_order_is_asked_for(house: Shop) -> None:
    frame(house, "2026-04-01", DAY)
    house.warehouse.execute("update ml.features set packed = packed where user_id = 'ann'")  # goes to the table's end
    told = frame(house, "2026-04-01", DAY)
    assert list(told[["cut_off", "user_id"]].itertuples(index=False)) == sorted(
        told[["cut_off", "user_id"]].itertuples(index=False)
    )
    assert set(told["cut_off"].dt.date) == {date(DAY), date("2026-04-01")}
    assert {str(told[name].dtype) for name in texts()} == {"category"}


def test_a_text_that_nobody_had_yet_on_one_cut_off_is_a_category_all_the_same(shop: Shop) -> None:
    shop.deliver(DAY, users="user_id\nann")
    shop.deliver("2026-04-01", users="user_id,gender\nann,f")
    shop.load(DAY, "2026-04-01")
    told = frame(shop, DAY, "2026-04-01")
    assert list(told["gender"].isna()) == [True, False]
    assert list(told["gender"].cat.categories) == ["f"]


def test_a_day_made_of_something_else_by_now_is_made_anew(house: Shop) -> None:
    settings = house.source.settings
    assert frame(house)["recency_days"].count() == 1
    assert snapshots.is_built(house.warehouse, date(DAY), settings)
    house.deliver("2026-03-30", **orders("l1 cid 2026-03-30 Paid pen=1"))
    house.load("2026-03-30")  # an older day that comes in late
    assert not snapshots.is_built(house.warehouse, date(DAY), settings)
    with pytest.raises(PersonaPulseError, match="of something else"):
        frame(house, build_missing=False)
    assert frame(house)["recency_days"].count() == 2
    house.deliver("2026-04-17")
    house.load("2026-04-17")  # a newer one changes nothing
    assert snapshots.is_built(house.warehouse, date(DAY), settings)
    house.settings("persona_rules: default")
    assert not snapshots.is_built(house.warehouse, date(DAY), house.source.settings)


def test_other_persona_rules_make_a_day_anew(house: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house.settings("persona_rules: default")
    use_rules(monkeypatch, tmp_path, {}, Patron="paid_orders >= 1")
    assert list(frame(house)["persona"].value_counts()) == [7, 1]
    use_rules(monkeypatch, tmp_path, {}, Patron="paid_orders >= 0")
    assert list(frame(house)["persona"].value_counts()) == [8]


def test_of_too_many_rows_the_same_customers_are_drawn_every_time(shop: Shop) -> None:
    names = [f"u{number}" for number in range(400)]
    shop.deliver(DAY, users="\n".join(["user_id", *names]))
    shop.deliver("2026-04-01")
    shop.load(DAY, "2026-04-01")
    some = frame(shop, DAY, "2026-04-01", most_rows=200)
    drawn = some.groupby("cut_off")["user_id"].agg(set)
    assert drawn.iloc[0] == drawn.iloc[1]
    assert 60 <= len(drawn.iloc[0]) <= 140  # a quarter of 400
    more = set(frame(shop, DAY, "2026-04-01", most_rows=400)["user_id"])
    assert drawn.iloc[0] < more
    assert list(frame(shop, DAY, most_rows=400)["user_id"]) == sorted(names)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-04-20", r"core does not hold that day yet, the newest day is 2026-04-16"),
        ("2026-04-16", r"has delivered 17 days, and 56 are needed: .* Train as of 2026-05-25 or later"),
    ],
)
def test_a_training_that_cannot_be_says_why_and_what_to_do(house: Shop, day: str, said: str) -> None:
    with pytest.raises(PersonaPulseError, match=said):
        snapshots.cut_offs(house.warehouse, date(day))


def test_a_shop_without_a_day_is_told_so(shop: Shop) -> None:
    with pytest.raises(PersonaPulseError, match="it holds no day at all"):
        snapshots.cut_offs(shop.warehouse, date(DAY))


def test_the_newest_complete_window_is_held_out_and_those_to_learn_from_end_before_it(shop: Shop) -> None:
    shop.deliver("2026-03-01")
    shop.deliver("2026-05-31")
    shop.load("2026-03-01", "2026-05-31")
    found = snapshots.cut_offs(shop.warehouse, date("2026-05-31"))
    assert found.hold_out == date("2026-05-17")
    assert found.training == tuple(
        date(day) for day in ("2026-03-29", "2026-04-05", "2026-04-12", "2026-04-19", "2026-04-26", "2026-05-03")
    )
    assert found.training[-1] + datetime.timedelta(14) <= found.hold_out

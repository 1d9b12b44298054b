"""Promotions: one after the other, never over the gate's head unsaid, and no past day changes its model."""

import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personapulse.errors import PersonaPulseError
from personapulse.intent import champions, decisions
from personapulse.intent.champions import (
    ChampionChangedError,
    PastTrainingError,
    Promotion,
    champion_of,
    current,
    history,
    spans,
)
from personapulse.warehouse import connect

from .conftest import date
from .models import save
from .sample_shop import for_the_moment

Warehouse = psycopg.Connection[Any]


class House:
    """Three models, and promotions of them."""

    def __init__(self, warehouse: Warehouse, folder: Path) -> None:
        self.warehouse = warehouse
        self.versions = {name: save(warehouse, folder, name).model_version for name in "abc"}
        self.names = {version: name for name, version in self.versions.items()}

    def judge(self, name: str, *, passed: bool = True, champion: str | None = None) -> None:
        decisions.record(
            self.warehouse,
            self.versions[name],
            decided_for=date("2026-03-31"),
            passed=passed,
            reasons=["as told"],
            criteria=[],
            measurements={},
            champion_version=champion and self.versions[champion],
        )

    def promote(self, name: str, day: str, *, over: str | None = None, **options: Any) -> Promotion:
        given = {"kind": "override", "promoted_by": "ann", "reason": "better"} | options
        return champions.promote(
            self.warehouse,
            self.versions[name],
            valid_from=date(day),
            expected_champion=over and self.versions[over],
            **given,
        )

    def roll_back(self, day: str, *, over: str, **options: Any) -> Promotion:
        return champions.roll_back(
            self.warehouse,
            valid_from=date(day),
            promoted_by="ann",
            reason="worse",
            expected_champion=self.versions[over],
            **options,
        )

    def scored(self, day: str, name: str) -> None:
        self.warehouse.execute(
            "insert into ml.scored_days (as_of_date, model_version, customers) values (%s, %s, 1)",
            (day, self.versions[name]),
        )

    def champion(self, day: str) -> str | None:
        champion = champion_of(self.warehouse, date(day))
        return champion and self.names[champion.model_version]


@pytest.fixture
def house(warehouse: Warehouse, tmp_path: Path) -> House:
    return House(warehouse, tmp_path)


def test_a_day_before_the_first_promotion_has_no_champion(house: House) -> None:
    assert (current(house.warehouse), house.champion("2026-03-31")) == (None, None)
    house.promote("a", "2026-03-31")
    assert [house.champion(day) for day in ("2026-03-30", "2026-03-31", "2027-01-01")] == [None, "a", "a"]


def test_the_champion_of_a_day_stays_it_whatever_is_promoted_or_rolled_back_later(house: House) -> None:
    house.promote("a", "2026-03-31")
    house.promote("b", "2026-04-07", over="a")
    days = ["2026-03-31", "2026-04-06", "2026-04-07", "2026-04-13"]
    before = [house.champion(day) for day in days]
    house.promote("c", "2026-04-14", over="b")
    house.roll_back("2026-04-15", over="c")
    house.roll_back("2026-04-16", over="b")
    assert [house.champion(day) for day in days] == before == ["a", "a", "b", "b"]
    assert [house.champion(day) for day in ("2026-04-14", "2026-04-15", "2026-04-16")] == ["c", "b", "a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "back"]), st.integers(1, 28)), max_size=8))
def test_no_order_of_promotions_changes_a_day_before_they_begin(house: House, asked: list[tuple[str, int]]) -> None:
    days = [f"2026-04-{day:02}" for day in range(1, 29)]
    with for_the_moment(house.warehouse):
        for what, day in asked:
            before = {day: house.champion(day) for day in days}
            now = current(house.warehouse)
            over = now and house.names[now.model_version]
            try:
                with house.warehouse.transaction():
                    one = (
                        house.roll_back
                        if what == "back"
                        else lambda day, over, what=what: house.promote(what, day, over=over)
                    )
                    promoted = one(f"2026-04-{day:02}", over=over or "a")  # type: ignore[operator]
            except PersonaPulseError:
                promoted = None
            for day_, champion in before.items():
                if promoted is None or date(day_) < promoted.valid_from:
                    assert house.champion(day_) == champion


def test_a_promotion_before_an_earlier_one_is_refused(house: House) -> None:
    house.promote("a", "2026-04-07")
    with pytest.raises(PersonaPulseError, match=r"from 2026-04-07 on.*change which model past days had"):
        house.promote("b", "2026-04-06", over="a")
    assert [one.valid_from for one in history(house.warehouse)] == [date("2026-04-07")]
    house.promote("b", "2026-04-07", over="a")  # the same day: the newest counts
    assert house.champion("2026-04-07") == "b"


def test_a_day_that_is_scored_keeps_its_model_unless_a_person_means_it(house: House) -> None:
    house.promote("a", "2026-03-31")
    house.scored("2026-04-02", "a")
    assert house.promote("b", "2026-04-01", over="a").valid_from == date("2026-04-03")
    assert house.champion("2026-04-02") == "a"
    assert house.promote("c", "2026-04-03", over="b", keep_scored_days=False).valid_from == date("2026-04-03")
    house.scored("2026-04-05", "c")
    assert house.roll_back("2026-04-04", over="c", keep_scored_days=False).valid_from == date("2026-04-04")


def test_the_gate_promotes_only_what_passed_against_the_champion(house: House) -> None:
    by_gate = {"kind": "gate", "promoted_by": "gate", "reason": "passed"}
    with pytest.raises(PersonaPulseError, match=f"{house.versions['a']} was not judged"):
        house.promote("a", "2026-03-31", **by_gate)
    house.judge("a", passed=False)
    with pytest.raises(PersonaPulseError, match=f"was refused by the gate.*explain {house.versions['a']}"):
        house.promote("a", "2026-03-31", **by_gate)
    house.judge("a")  # judged again: the newest counts
    house.promote("a", "2026-03-31", **by_gate)
    house.judge("b")  # as if nobody served
    with pytest.raises(ChampionChangedError):
        house.promote("b", "2026-04-07", over="a", **by_gate)
    house.judge("b", champion="a")
    assert house.promote("b", "2026-04-07", over="a", **by_gate).kind == "gate"


def test_a_training_of_the_past_moves_no_champion(house: House) -> None:
    by_gate = {"kind": "gate", "promoted_by": "gate", "reason": "passed"}
    house.promote("a", "2026-03-01")
    house.scored("2026-04-14", "a")
    house.judge("b", champion="a")
    with pytest.raises(PastTrainingError, match=r"training of the past: for 2026-04-07, and days up to 2026-04-14"):
        house.promote("b", "2026-04-07", over="a", **by_gate)
    with pytest.raises(PastTrainingError, match="choose 2026-03-01 or later"):
        house.promote("b", "2026-02-28", over="a", **by_gate)
    assert house.champion("2026-05-01") == "a"
    assert house.promote("b", "2026-04-08", over="a", **by_gate).valid_from == date("2026-04-15")  # a late one does


def test_a_promotion_against_another_champion_than_there_is_changes_nothing(house: House) -> None:
    with pytest.raises(ChampionChangedError, match="The champion is nobody, not") as refused:
        house.promote("a", "2026-03-31", over="b")
    assert refused.value.champion is None
    house.promote("a", "2026-03-31")
    with pytest.raises(ChampionChangedError) as refused:
        house.promote("b", "2026-04-07")
    assert refused.value.champion == house.versions["a"]
    with pytest.raises(ChampionChangedError):
        house.roll_back("2026-04-07", over="b")
    assert len(history(house.warehouse)) == 1


def test_a_promotion_done_again_is_the_same(house: House) -> None:
    first = house.promote("a", "2026-03-31")
    assert house.promote("a", "2026-04-07", over=None) == first
    assert history(house.warehouse) == [first]


@pytest.mark.parametrize(("promoted_by", "reason"), [("", "better"), ("ann", " ")])
def test_nobody_promotes_without_a_name_and_a_reason(house: House, promoted_by: str, reason: str) -> None:
    with pytest.raises(PersonaPulseError, match="needs a reason, and the name"):
        house.promote("a", "2026-03-31", promoted_by=promoted_by, reason=reason)


def test_rolling_back_goes_one_champion_back_at_a_time_and_not_to_and_fro(house: House) -> None:
    for name, day, over in (("a", "2026-04-01", None), ("b", "2026-04-02", "a"), ("c", "2026-04-03", "b")):
        house.promote(name, day, over=over)
    house.roll_back("2026-04-04", over="c")
    assert house.champion("2026-04-04") == "b"
    house.roll_back("2026-04-05", over="b")
    assert house.champion("2026-04-05") == "a"
    with pytest.raises(PersonaPulseError, match="no champion before this one"):
        house.roll_back("2026-04-06", over="a")
    house.promote("c", "2026-04-06", over="a")
    house.promote("b", "2026-04-06", over="c", kind="rollback")  # to one that is none of the champions before
    house.roll_back("2026-04-06", over="b")
    house.roll_back("2026-04-07", over="c")
    assert house.champion("2026-04-07") == "a"
    assert history(house.warehouse)[-1].kind == "rollback"


def test_of_two_promotions_at_once_one_wins_and_the_other_is_told_of_it(house: House) -> None:
    house.promote("a", "2026-03-31")
    address = house.warehouse.info.dsn
    told: dict[str, Promotion | ChampionChangedError] = {}

    def take_part(name: str) -> None:
        with connect(address) as connection:
            try:
                told[name] = champions.promote(
                    connection,
                    house.versions[name],
                    valid_from=date("2026-04-07"),
                    kind="override",
                    promoted_by=name,
                    reason="at once",
                    expected_champion=house.versions["a"],
                )
            except ChampionChangedError as error:
                told[name] = error

    # both stand at the door before either may enter
    with connect(address) as doorkeeper, doorkeeper.transaction():
        champions.take_lock(doorkeeper, champions.LOCK)
        threads = [threading.Thread(target=take_part, args=(name,)) for name in "bc"]
        for thread in threads:
            thread.start()
        waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = ("
        waiting += "select oid from pg_database where datname = current_database())"
        give_up = time.monotonic() + 60
        while house.warehouse.execute(waiting.encode()).fetchone() != (2,):
            assert time.monotonic() < give_up, "they do not wait for each other"
    for thread in threads:
        thread.join()
    (winner,) = (name for name, one in told.items() if isinstance(one, Promotion))
    (loser,) = (one for one in told.values() if isinstance(one, ChampionChangedError))
    assert loser.champion == house.versions[winner]
    assert [house.names[one.model_version] for one in history(house.warehouse)] == ["a", winner]


def test_no_promotion_comes_between_looking_at_the_champion_and_writing_its_scores(house: House) -> None:
    house.promote("a", "2026-03-31")
    with connect(house.warehouse.info.dsn) as other, other.transaction():
        champions.hold(other, date("2026-03-31"), house.versions["a"])
        with connect(house.warehouse.info.dsn) as second, second.transaction():  # two may score at once
            champions.hold(second, date("2026-04-01"), house.versions["a"])
        house.warehouse.execute("set lock_timeout = 100")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            house.promote("b", "2026-03-31", over="a")
    house.promote("b", "2026-03-31", over="a")
    with house.warehouse.transaction(), pytest.raises(ChampionChangedError):
        champions.hold(house.warehouse, date("2026-03-31"), house.versions["a"])


def test_spans_say_which_days_a_version_serves(house: House) -> None:
    house.promote("a", "2026-04-01")
    house.promote("b", "2026-04-08", over="a")
    house.promote("c", "2026-04-08", over="b")
    house.roll_back("2026-04-10", over="c")
    assert {house.names[version]: days for version, days in spans(history(house.warehouse)).items()} == {
        "a": [(date("2026-04-01"), date("2026-04-07"))],
        "c": [(date("2026-04-08"), date("2026-04-09"))],
        "b": [(date("2026-04-10"), None)],
    }
    assert spans([]) == {}

"""What a person is told of a house: from facts to advice."""

import datetime

import pytest

from personapulse.doctor.diagnosis import Advice, advise, how_to_mend, share, spans
from personapulse.doctor.extracts import Extracts, look_at
from personapulse.doctor.facts import Facts, FileState, Found, SetAside
from personapulse.settings import QuarantineLimits, ShopSettings

UP = "personapulse up --once --source /shop"


def day(number: int) -> datetime.date:
    return datetime.date(2026, 3, number)


def days(*numbers: int) -> list[datetime.date]:
    return [day(number) for number in numbers]


def house(**known: object) -> Facts:
    """A house that has loaded the first nine days of March."""
    ordinary: dict[str, object] = {
        "postgres": "18.0", "migrations_applied": 6, "migrations_known": 6, "shop_name": "Maple", "source_url": "/shop",
        "day": None, "first_day": day(1), "last_day": day(9), "loaded": days(*range(1, 10)),
        "open_files": [], "arrivals": [], "set_aside": [], "found": [], "ignored": [],
    }  # fmt: skip
    return Facts(**(ordinary | known))  # type: ignore[arg-type]


def found(layer: str, rule: str, severity: str, on: int) -> Found:
    return Found(day(on), layer, rule, severity, 1, ["a key"], "What it means.")


def delivered(*numbers: int) -> Extracts:
    return Extracts(days(*numbers))


def test_a_house_with_every_day_loaded_needs_nobody() -> None:
    assert advise(house(), delivered(*range(1, 10)), UP) == []


def test_what_checks_warn_of_needs_nobody() -> None:
    warned = house(found=[found("core", "order_before_signup", "warn", 9)])
    assert advise(warned, delivered(*range(1, 10)), UP) == []


def test_an_empty_house_is_told_how_to_be_filled() -> None:
    empty = house(first_day=None, last_day=None, loaded=[])
    assert advise(empty, Extracts(), UP) == [Advice(True, "Nothing is loaded yet.", "Load the shop:", UP)]


def test_days_in_between_are_told_apart_by_whether_they_were_delivered() -> None:
    advice = advise(house(loaded=days(1, 2, 5, 6, 9)), delivered(1, 2, 3, 5, 6, 8, 9), UP)
    assert [(one.is_urgent, one.what, one.command) for one in advice] == [
        (True, "Not loaded, though delivered: 2026-03-03, 2026-03-08.", f"{UP} --from 2026-03-03 --to 2026-03-08"),
        (True, "Not loaded, and without a folder: 2026-03-04, 2026-03-07.", ""),
    ]


def test_days_before_the_first_loaded_one_and_outside_the_look_are_no_gap() -> None:
    assert advise(house(loaded=days(5, 6, 7, 8, 9)), delivered(*range(1, 10)), UP) == []
    assert advise(house(loaded=days(1, 6, 7, 8, 9), first_day=day(6)), delivered(*range(1, 10)), UP) == []


def test_a_day_asked_for_by_name_is_told_of_wherever_it_is() -> None:
    asked = house(day=day(12), first_day=day(12), last_day=day(12))
    (advice,) = advise(asked, delivered(*range(1, 13)), UP)
    assert advice.what == "Not loaded, though delivered: 2026-03-12."
    (advice,) = advise(asked, delivered(*range(1, 10)), UP)
    assert advice.what == "Not loaded, and without a folder: 2026-03-12."


@pytest.mark.parametrize(("newest", "is_urgent"), [(10, False), (11, True)])
@pytest.mark.parametrize("first", [1, 9])
def test_one_day_may_wait_for_the_night_but_not_two(newest: int, is_urgent: bool, first: int) -> None:
    (advice,) = advise(house(first_day=day(first)), delivered(*range(1, newest + 1)), UP)
    assert (advice.is_urgent, advice.command) == (is_urgent, f"{UP} --from 2026-03-10 --to 2026-03-{newest}")


def test_extracts_that_cannot_be_read_are_a_matter_and_no_day_is_said_to_be_undelivered() -> None:
    advice = advise(house(loaded=days(1, 2, 4, 5, 6, 7, 8, 9)), look_at("/nowhere/at/all"), UP)
    assert [one.what.partition(".")[0] for one in advice] == [
        "The extracts cannot be read, so it is not known what was delivered",
        "Not loaded: 2026-03-03",
    ]
    assert "/nowhere/at/all is not a folder" in advice[0].what


def refused(file: str, rows: int, **set_aside: int) -> FileState:
    return FileState(day(9), file, "refused", rows, set_aside)


@pytest.mark.parametrize(
    ("files", "limits", "what"),
    [
        (
            [refused("orders", 100, missing_user_id=4, field_count=2), refused("users", 100, field_count=5)],
            QuarantineLimits(),
            "was refused: 6 of 100 rows of orders cannot be used (6.0%, allowed are 5.0%, mostly missing_user_id). "
            "Core is as it was.",
        ),
        (
            [refused("orders", 100, missing_user_id=40, field_count=2)],
            QuarantineLimits(0.01, {"missing_user_id": 0.3}),
            "was refused: 2 of 100 rows of orders cannot be used (2.0%, allowed are 1.0%, mostly field_count); "
            "40 of 100 rows of orders have missing_user_id (40.0%, allowed are 30.0%). Core is as it was.",
        ),
        (
            [refused("orders", 100, missing_user_id=4)],
            QuarantineLimits(0.1),
            "was refused by limits that are not those of source.yaml now.",
        ),
    ],
)
def test_a_refused_day_is_told_with_the_limits_it_exceeded(
    files: list[FileState], limits: QuarantineLimits, what: str
) -> None:
    shop = Extracts(days(*range(1, 10)), ShopSettings(quarantine={"orders": limits}))
    (advice,) = advise(house(loaded=days(*range(1, 9)), open_files=files), shop, UP)
    assert advice.what == f"2026-03-09 {what}"
    assert advice.command == f"{UP} --from 2026-03-09 --to 2026-03-09"


def test_a_stopped_day_is_told_with_its_checks_and_how_to_overrule_those_of_the_extract() -> None:
    staged = {"loaded": days(*range(1, 9)), "open_files": [FileState(day(9), "orders", "staged", 100, {})]}
    checks = [
        found("core", "one_version_at_a_time", "fail", 9),
        found("staging", "volume_collapsed", "fail", 9),
        found("staging", "volume_unusual", "warn", 9),
        found("staging", "copy_of_another_day", "fail", 8),
    ]
    shop = delivered(*range(1, 10))
    stopped, failed = advise(house(found=checks, **staged), shop, UP)
    assert stopped.what == (
        "2026-03-09 was stopped before core changed: one_version_at_a_time (a key); volume_collapsed (a key)."
    )
    assert stopped.do == "Mend the file; if it is right, put `checks: {volume_collapsed: warn}` into source.yaml. Then:"
    assert failed.what.startswith("2026-03-08 failed a check of staging")
    assert failed.command == f"{UP} --from 2026-03-08 --to 2026-03-08 --rerun"
    (waits,) = advise(house(**staged), shop, UP)
    assert waits.what == "2026-03-09 is staged and not merged (orders)."


def test_what_needs_a_person_comes_first() -> None:
    failed = house(found=[found("marts", "totals_agree", "fail", 9)])
    assert [one.is_urgent for one in advise(failed, delivered(*range(1, 11)), UP)] == [True, False]


def test_limits_are_told_as_they_are_and_never_raised_above_all() -> None:
    aside = SetAside("orders", "field_count", 3, 10, day(1), day(2), "/shop/orders.csv", 2, "why", "raw")
    assert how_to_mend([], ShopSettings()) == ""
    assert "over 5.0% of its orders" in how_to_mend([aside], ShopSettings())
    generous = ShopSettings(quarantine={"orders": QuarantineLimits(0.7)})
    assert how_to_mend([aside], generous).endswith("quarantine: {orders: {threshold: 1}}")


def test_what_is_there_never_reads_as_nothing() -> None:
    assert [share(*of) for of in ((0, 10), (1, 100_000), (1, 1000), (1, 3), (3, 3))] == [
        "0.0%", "< 0.1%", "0.1%", "33.3%", "100.0%",
    ]  # fmt: skip


def test_many_spans_stay_a_sentence() -> None:
    assert spans(days(1, 2, 3, 5, 7, 8, 10, 12, 14, 16)) == (
        "2026-03-01 to 2026-03-03, 2026-03-05, 2026-03-07 to 2026-03-08, 2026-03-10, 2026-03-12 and 2 more"
    )

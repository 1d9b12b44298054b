"""Which days a day is compared with, and what becomes of what is found."""

import pytest

from personapulse import checks, ingest
from personapulse.errors import PersonaPulseError

from .conftest import Shop, date
from .ordinary_days import DAY, DAY_BEFORE, MONDAYS, extract, found, have_been, items, orders, products, users, views


def test_a_holiday_does_not_stop_a_shop_that_records_no_views(shop: Shop) -> None:
    shop.settings("lacks: [product_views]")
    have_been(shop, *MONDAYS, product_views=lambda day: views(day, 0))
    closed = {"users": users(DAY, 0), "orders": orders(DAY, 0), "order_items": items(DAY, 0)}
    assert found(shop, **closed, product_views=views(DAY, 0)).keys() == {"file_without_rows"}


def test_a_holiday_of_corrections_does_not_stop_a_busy_shop(shop: Shop) -> None:
    have_been(shop, *MONDAYS, orders=lambda day: orders(day, 300), users=lambda day: users(day, 300))
    corrections = orders(DAY, 149, on="2026-02-28")
    assert found(shop, users=users(DAY, 149), orders=corrections).keys() == {"no_event_of_the_day"}


def returns(of: str, rows: int) -> str:
    return "\n".join(["order_id,amount", *(f"o{of}-{number},1" for number in range(rows))])


def test_a_file_that_is_full_on_some_weeks_and_empty_on_others_may_be_either(shop: Shop) -> None:
    have_been(shop, *MONDAYS[:2], returns=lambda day: returns(day, 0))
    have_been(shop, *MONDAYS[2:], returns=lambda day: returns(day, 100))
    assert found(shop, returns=returns(DAY, 0)) == {}
    assert found(shop, returns=returns(DAY, 2)) == {}
    assert found(shop, returns=returns(DAY, 151)) == {"volume_unusual": ["returns: 151 rows, usually 50"]}


def test_few_lines_may_be_told_twice(shop: Shop) -> None:
    have_been(shop, *MONDAYS, order_items=lambda day: items(day, 19))
    assert found(shop, order_items=items(MONDAYS[3], 19)) == {}


def test_a_quiet_or_empty_day_of_a_small_shop_is_nothing_special(shop: Shop) -> None:
    have_been(shop, *MONDAYS, rows=19, products=lambda _: products(19))
    assert found(shop, **(extract(DAY, 19) | {"users": users(DAY, 19, gender="")})) == {}
    assert found(shop, **(extract(DAY, 2) | {"products": products(2)})) == {}
    shop.deliver(DAY)
    ingest.stage(shop.warehouse, shop.source, date(DAY))
    assert [f for f in checks.run(shop.warehouse, "staging", date(DAY)) if f.count] == []


def test_three_weeks_are_too_few_to_judge_by(shop: Shop) -> None:
    have_been(shop, *MONDAYS[1:], "2026-03-01", "2026-02-28")  # and days of the week-end before
    nothing = {"users": users(DAY, 0), "orders": orders(DAY, 0), "order_items": items(DAY, 0)}
    assert found(shop, **nothing, product_views=views(DAY, 100, on="2026-02-28")) == {}


def test_days_of_other_weeks_are_no_measure(shop: Shop) -> None:
    have_been(shop, *MONDAYS[1:], "2025-12-29")  # nine weeks before
    assert found(shop, product_views=views(DAY, 0)) == {}


def test_days_that_were_refused_are_no_measure(shop: Shop) -> None:
    have_been(shop, *MONDAYS[1:])
    shop.deliver(MONDAYS[0], **(extract(MONDAYS[0]) | {"product_views": views(MONDAYS[0], 100, step="?")}))
    with pytest.raises(PersonaPulseError, match="so the day is refused"):
        shop.load(MONDAYS[0])
    assert found(shop, product_views=views(DAY, 0)) == {}


def test_a_refused_day_is_not_judged_a_second_time(shop: Shop) -> None:
    have_been(shop, *MONDAYS)
    shop.deliver(DAY, **(extract(DAY) | {"users": users(DAY, 5) + "\nu1,f,x" * 5, "product_views": views(DAY, 0)}))
    with pytest.raises(PersonaPulseError, match="so the day is refused"):
        shop.load(DAY)
    assert [f.rule for f in checks.find(shop.warehouse, "staging", date(DAY)) if f.count] == []


def test_a_day_that_is_filled_in_late_is_compared_with_the_days_before_it_only(shop: Shop) -> None:
    have_been(shop, "2026-03-30", "2026-03-23", "2026-03-16", "2026-03-09")
    little = {file: text(DAY, 5) for file, text in (("users", users), ("orders", orders), ("product_views", views))}
    copied = {"order_items": items("2026-03-09", 100)}
    assert found(shop, **little, **copied) == {}


def test_a_column_filled_later_was_not_filled_before(shop: Shop) -> None:
    have_been(shop, "2026-03-09")
    assert found(shop, users=users(DAY, 100, gender="")) == {}


def test_a_shop_that_always_delivers_the_day_before_is_left_in_peace(shop: Shop) -> None:
    have_been(shop, *MONDAYS, orders=lambda day: orders(day, 100, on=f"{day[:-2]}01"))
    assert found(shop, orders=orders(DAY, 100, on="2026-03-01")) == {}


def test_a_shop_that_sells_to_guests_is_left_in_peace(shop: Shop) -> None:
    have_been(shop, DAY_BEFORE, users=lambda day: users(day, 89))
    assert found(shop, users=users(DAY, 0)) == {}


def test_customers_are_no_strangers_where_the_days_that_told_of_them_are_not_loaded(shop: Shop) -> None:
    have_been(shop, "2026-02-26")
    assert found(shop, users=users(DAY, 0)) == {}
    have_been(shop, "2026-02-27")
    assert found(shop, users=users(DAY, 0)).keys() == {"ids_unknown_all_at_once"}


def test_a_rule_with_a_limit_of_its_own_brings_no_file_near_its_limit(shop: Shop) -> None:
    bad = {"users": users(DAY, 100) + "\nu1,f,x" * 20}
    shop.settings("quarantine: {users: {rules: {field_count: 0.2}}}")
    assert found(shop, **bad) == {}
    shop.settings("quarantine: {users: {threshold: 0.2}}")
    assert found(shop, **bad) == {"quarantine_near_limit": ["users: 20 of 120 rows, allowed are 24"]}


def test_a_failed_day_says_what_to_do_and_is_written_down(shop: Shop) -> None:
    have_been(shop, *MONDAYS)
    assert found(shop, product_views=views(DAY, 0)).keys() == {"volume_collapsed", "file_without_rows"}
    with pytest.raises(PersonaPulseError) as refused:
        checks.run(shop.warehouse, "staging", date(DAY), settings=shop.source.settings)
    assert str(refused.value) == (
        "Check volume_collapsed of staging failed for 2026-03-02: Orders, their lines and views do not all but vanish "
        "while the shop is open. Found 1, such as: product_views: 0 rows, usually 100. The check is "
        "include/sql/checks/staging/volume_collapsed.sql. If the data are right, put "
        "`checks: {volume_collapsed: warn}` into source.yaml."
    )
    written = f"select rule from ops.data_quality where as_of_date = '{DAY}' and finding_count > 0 and severity ="
    assert shop.values(f"{written} 'fail'") == ["volume_collapsed"]

    shop.settings("checks: {volume_collapsed: warn, file_without_rows: fail}")
    with pytest.raises(PersonaPulseError, match=r"^Check file_without_rows of staging failed"):
        checks.run(shop.warehouse, "staging", date(DAY), settings=shop.source.settings)
    assert shop.values(f"{written} 'warn'") == ["volume_collapsed"]


def test_a_past_that_was_loaded_in_bulk_is_looked_over_and_holds_up_nobody(shop: Shop) -> None:
    have_been(shop, *MONDAYS)
    shop.deliver(DAY, **(extract(DAY) | {"product_views": views(DAY, 0), "users": users(DAY, 100, gender="")}))
    shop.load(DAY)
    have_been(shop, "2026-03-09")
    checks.run(shop.warehouse, "staging", date("2026-03-09"))
    checked = shop.rows("select * from ops.data_quality where as_of_date = '2026-03-09' order by rule")
    assert checks.look_back(shop.warehouse, date(MONDAYS[0]), date("2026-03-09")) == [date(DAY)]
    assert shop.rows("select as_of_date, rule, severity from ops.data_quality where finding_count > 0 order by 2") == [
        (date(DAY), "file_without_rows", "warn"),
        (date(DAY), "volume_collapsed", "warn"),
    ]
    # what could not be looked at any more is not said to be in order
    assert "column_emptied" not in shop.values(f"select rule from ops.data_quality where as_of_date = '{DAY}'")
    assert shop.rows("select * from ops.data_quality where as_of_date = '2026-03-09' order by rule") == checked


def test_what_was_found_in_a_file_stays_when_the_file_comes_again_unchanged(shop: Shop) -> None:
    have_been(shop, *MONDAYS)
    shop.deliver(
        DAY, **(extract(DAY) | {"users": users(DAY, 100, gender=""), "product_views": views(DAY, 100, "view")})
    )
    ingest.stage(shop.warehouse, shop.source, date(DAY))
    checks.run(shop.warehouse, "staging", date(DAY))
    ingest.merge(shop.warehouse, shop.source, date(DAY))

    shop.deliver(DAY, **(extract(DAY) | {"users": users(DAY, 100, gender="")}))  # the views are mended
    ingest.stage(shop.warehouse, shop.source, date(DAY))
    checks.run(shop.warehouse, "staging", date(DAY))
    assert shop.rows(
        "select rule, finding_count, sample_keys from ops.data_quality"
        " where as_of_date = '2026-03-02' and finding_count > 0"
    ) == [("column_emptied", 1, ["users: gender is filled in 0 of 100 rows, before in 100 of 100"])]

"""What a day brought is compared with itself and the weeks before it, while core is still as it was."""

from collections.abc import Iterator

import pytest

from personapulse import checks
from personapulse.postgres import EmbeddedPostgres

from .conftest import Shop, date
from .ordinary_days import (
    DAY,
    DAY_BEFORE,
    MONDAYS,
    extract,
    found,
    have_been,
    items,
    orders,
    products,
    users,
    views,
    without_header,
)
from .sample_shop import empty


@pytest.fixture(scope="module")
def four_weeks(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose last four Mondays and Sunday are loaded. Tests may stage the next Monday, and load nothing."""
    with empty(postgres, "four_weeks") as connection:
        shop = Shop(tmp_path_factory.mktemp("four_weeks"), connection)
        have_been(shop, *MONDAYS, DAY_BEFORE)
        yield shop


def test_an_ordinary_day_has_no_findings_and_a_row_for_every_check(four_weeks: Shop) -> None:
    assert found(four_weeks) == {}
    checks.run(four_weeks.warehouse, "staging", date(DAY))
    assert four_weeks.rows(
        f"select rule, finding_count from ops.data_quality where as_of_date = '{DAY}' and layer = 'staging' order by 1"
    ) == [(file.stem, 0) for file in checks.check_files("staging")]


STRIKING: dict[str, tuple[dict[str, str], dict[str, list[str]]]] = {
    "views vanish": (
        {"product_views": views(DAY, 5)},
        {
            "volume_collapsed": ["product_views: 5 rows, usually 100"],
            "volume_unusual": ["product_views: 5 rows, usually 100"],
        },
    ),
    "orders and lines vanish while people look around": (
        {"orders": orders(DAY, 0), "order_items": items(DAY, 0)},
        {
            "volume_collapsed": ["order_items: 0 rows, usually 100", "orders: 0 rows, usually 100"],
            "file_without_rows": ["order_items: 0 rows, usually 100", "orders: 0 rows, usually 100"],
        },
    ),
    "everything vanishes, as if the extract had been cut off": (
        {"orders": orders(DAY, 0), "order_items": items(DAY, 0), "product_views": views(DAY, 0)},
        {
            "volume_collapsed": ["product_views: 0 rows, usually 100"],
            "file_without_rows": [
                "order_items: 0 rows, usually 100",
                "orders: 0 rows, usually 100",
                "product_views: 0 rows, usually 100",
            ],
        },
    ),
    "little comes in": (
        {"product_views": views(DAY, 6), "order_items": items(DAY, 33)},
        {"volume_unusual": ["order_items: 33 rows, usually 100", "product_views: 6 rows, usually 100"]},
    ),
    "much comes in": ({"users": users(DAY, 301)}, {"volume_unusual": ["users: 301 rows, usually 100"]}),
    "a file is empty": (
        {"users": users(DAY, 0), "products": products(0), "orders": orders(MONDAYS[0], 100)},
        {
            "file_without_rows": ["products: 0 rows, usually 20", "users: 0 rows, usually 100"],
            "copy_of_another_day": ["orders: the file of 2026-02-02"],
            "file_of_another_day": ["orders: 100 rows, the newest of 2026-02-02"],
            "no_event_of_the_day": ["orders: the newest is of 2026-02-02"],
        },
    ),
    "an earlier day's lines come again": (
        {"order_items": items(MONDAYS[2], 100)},
        {"copy_of_another_day": ["order_items: the file of 2026-02-16"]},
    ),
    "an earlier day's views come again, exported anew": (
        {"product_views": views(DAY, 100, on="2026-02-28")},
        {
            "file_of_another_day": ["product_views: 100 rows, the newest of 2026-02-28"],
            "no_event_of_the_day": ["product_views: the newest is of 2026-02-28"],
        },
    ),
    "few events, none of the day": (
        {"orders": orders(DAY, 99, on="2026-02-28")},
        {"no_event_of_the_day": ["orders: the newest is of 2026-02-28"]},
    ),
    "customers lose a zero": (
        {"orders": orders(DAY, 100, prefix="0u")},
        {"ids_unknown_all_at_once": ["orders: 100 of 100 values of user_id are unknown"]},
    ),
    "products change their numbers": (
        {"order_items": items(DAY, 100, prefix="SKU-")},
        {"ids_unknown_all_at_once": ["order_items: 20 of 20 values of product_id are unknown"]},
    ),
    "a column is no longer filled": (
        {"users": users(DAY, 100, gender="")},
        {"column_emptied": ["users: gender is filled in 0 of 100 rows, before in 100 of 100"]},
    ),
    "a step of the funnel is no longer told": (
        {"product_views": views(DAY, 100, step="view")},
        {"column_emptied": ["product_views: event_type is filled in 0 of 100 rows, before in 40 of 100"]},
    ),
    "customers are named by what tells who they are": (
        {"users": users(DAY, 97) + "\nann@example.org,f\nb.o@mail.example,f\n+49 (151) 234-567,f"},
        {
            "ids_that_name_people": [
                "users: 1 values of user_id are telephone numbers",
                "users: 2 values of user_id are e-mail addresses",
            ]
        },
    ),
    "many rows are set aside": (
        {"users": users(DAY, 194) + "\nu1,f,x" * 6},
        {"quarantine_near_limit": ["users: 6 of 200 rows, allowed are 10"]},
    ),
}


@pytest.mark.parametrize("what", STRIKING)
def test_what_is_striking_is_named_with_its_figures(four_weeks: Shop, what: str) -> None:
    files, expected = STRIKING[what]
    assert found(four_weeks, **files) == expected


QUIET: dict[str, dict[str, str]] = {
    "a quiet day": {"product_views": views(DAY, 34), "order_items": items(DAY, 34)},
    "a busy day": extract(DAY, 300),
    "a few orders of an earlier day": {"orders": orders(DAY, 19, on="2026-02-28")},
    "one order of the day among old ones": {"orders": orders(DAY, 99, on="2026-02-28") + f"\nx,u{DAY}-1,{DAY},Paid"},
    "strangers the users file tells of": {"users": users("x", 100), "orders": orders("x", 100, on=DAY)},
    "as many strangers as others": {"orders": orders(DAY, 50) + without_header(orders("y", 50, on=DAY))},
    "a column half filled": {"users": users(DAY, 50) + without_header(users("x", 50, gender=""))},
    "a share that chance can explain": {
        "product_views": views(DAY, 20) + without_header(views("x", 30, step="view", on=DAY))
    },
    "keys that look a little like names": {"users": users(DAY, 97) + "\nann@shop,f\n491512345678,f\n+4915,f"},
    "rows set aside, a handful": {"users": users(DAY, 96) + "\nu1,f,x" * 4},
    "rows set aside, not many": {"users": users(DAY, 195) + "\nu1,f,x" * 5},
    "the products of last week once more": {"products": products()},
}


@pytest.mark.parametrize("what", QUIET)
def test_what_may_well_be_is_left_in_peace(four_weeks: Shop, what: str) -> None:
    assert found(four_weeks, **QUIET[what]).keys() - {"volume_unusual"} == set()
    assert found(four_weeks, **QUIET["a quiet day"]) == {}


def test_every_check_is_tried_here() -> None:
    tried = {rule for _, expected in STRIKING.values() for rule in expected}
    assert tried == {file.stem for file in checks.check_files("staging")}

"""Every check finds what it is for; a fail stops the day, a warn is written down."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from personapulse import checks, ingest
from personapulse.errors import PersonaPulseError
from personapulse.warehouse import connect

from .conftest import Shop, date

DAY = "2026-03-02"
ORDER = "order_id,user_id,order_date,payment_status\no1,ann,2026-03-01,{status}"
LINE = "order_id,line_no,product_id,quantity,unit_price\n{order},1,{product},1,10"


def deliver_clean(shop: Shop) -> None:
    shop.deliver(
        "2026-03-01",
        users="user_id,signup_date\nann,2026-03-01\nbob,2026-03-01",
        products="product_id,name,category\npen,Pen,Office",
    )
    shop.deliver(
        DAY,
        orders=ORDER.format(status="Paid"),
        order_items=LINE.format(order="o1", product="pen"),
        returns="order_id,amount\no1,10",
        product_views="user_id,product_id,timestamp,category\nann,pen,2026-03-01,Office",
    )


CONTRADICTIONS = {
    "order_before_signup": {"orders": "order_id,user_id,order_date,payment_status\no1,ann,2026-02-28,Paid"},
    "order_of_unknown_user": {"orders": "order_id,user_id,order_date,payment_status\no1,eve,2026-03-01,Paid"},
    "order_without_lines": {"orders": ORDER.format(status="Paid") + "\no2,ann,2026-03-01,Paid"},
    "line_without_order": {"order_items": LINE.format(order="o1", product="pen") + "\no3,1,pen,1,10"},
    "line_of_unknown_product": {"order_items": LINE.format(order="o1", product="ink")},
    "return_on_unpaid_order": {"orders": ORDER.format(status="Failed")},
    "return_above_order": {"returns": "order_id,amount\no1,10.01"},
    "return_of_unknown_order": {"returns": "order_id,user_id,amount\no9,ann,5"},
    "return_of_unknown_user": {"returns": "order_id,user_id,amount\n,eve,5"},
    "return_of_unknown_product": {"returns": "order_id,product_id,amount\no1,ink,5"},
    "return_names_another_customer": {"returns": "order_id,user_id,amount\no1,bob,10"},
    "refund_without_return": {"orders": ORDER.format(status="Refunded"), "returns": "order_id,amount"},
    "view_of_unknown_product": {"product_views": "user_id,product_id,timestamp\nann,ink,2026-03-01"},
    "view_of_unknown_user": {"product_views": "user_id,product_id,timestamp\neve,pen,2026-03-01"},
    "view_category_differs": {"product_views": "user_id,product_id,timestamp,category\nann,pen,2026-03-01,Toys"},
    "contact_of_unknown_user": {"contacts": "user_id,sent_at\neve,2026-03-01"},
}


def test_a_return_of_nobody_is_counted_with_its_order(shop: Shop) -> None:
    deliver_clean(shop)
    clean = {file.stem: (shop.folder / DAY / file.name).read_text() for file in (shop.folder / DAY).iterdir()}
    shop.deliver(DAY, **(clean | {"returns": "order_id,amount\no9,5"}))
    shop.load("2026-03-01", DAY)
    assert found(shop) == {"return_of_unknown_order": 1, "return_of_unknown_customer": 1}


def test_views_are_counted_one_by_one_and_named_by_what_is_wrong_with_them(shop: Shop) -> None:
    deliver_clean(shop)
    shop.load("2026-03-01")
    views = [f"{user},{product},2026-03-01 10:0{minute},{category}" for user, product, category, minute in (
        ("ann", "pen", "Toys", 1), ("ann", "pen", "Toys", 2), ("ann", "pen", "Tools", 3), ("eve", "ink", "Toys", 4),
        ("eve", "ink", "", 5), ("ann", "pen", "", 6), ("ann", "pen", "Office", 7),
    )]  # fmt: skip
    shop.deliver(DAY, product_views="\n".join(["user_id,product_id,timestamp,category", *views]))
    shop.load(DAY)
    findings = {finding.rule: finding for finding in checks.find(shop.warehouse, "core", date(DAY))}
    assert {rule: (found.count, found.sample) for rule, found in findings.items() if found.count} == {
        "view_category_differs": (3, ["pen as Tools", "pen as Toys"]),
        "view_of_unknown_product": (2, ["ink"]),
        "view_of_unknown_user": (2, ["eve"]),
    }


def test_a_fact_is_strange_until_the_day_that_tells_of_its_customer_and_product(shop: Shop) -> None:
    days = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]
    for number, day in enumerate(days):
        shop.deliver(
            day,
            users="user_id,signup_date" + ("\neve,2026-03-03" if number == 2 else ""),
            products="product_id,name,category" + ("\nink,Ink,Office" if number == 1 else ""),
            orders=f"order_id,user_id,order_date,payment_status\no{number},eve,{day},Paid",
            order_items=f"order_id,line_no,product_id,quantity,unit_price\no{number},1,ink,1,5\nlost{number},1,ink,1,5",
            returns=f"order_id,product_id,user_id,amount\no{number - 1},ink,eve,6",
            product_views=f"user_id,product_id,timestamp,category\neve,ink,{day} 10:00,Toys\neve,ink,{day} 11:00,Toys",
            contacts=f"user_id,sent_at\neve,{day}",
        )
    shop.load(*days[::-1])
    by_day = {day: checks.find(shop.warehouse, "core", date(day)) for day in days}
    assert {day: {found.rule: found.count for found in by_day[day] if found.count} for day in days} == {
        days[0]: {
            "order_of_unknown_user": 1, "line_of_unknown_product": 2, "line_without_order": 1,
            "view_of_unknown_user": 2, "view_of_unknown_product": 2, "contact_of_unknown_user": 1,
            "return_of_unknown_order": 1, "return_of_unknown_user": 1, "return_of_unknown_product": 1,
        },
        days[1]: {
            "order_of_unknown_user": 1, "line_without_order": 1, "return_above_order": 1, "return_of_unknown_user": 1,
            "view_of_unknown_user": 2, "view_category_differs": 2, "contact_of_unknown_user": 1,
        },
        days[2]: {"line_without_order": 1, "return_above_order": 1, "view_category_differs": 2},
        days[3]: {"line_without_order": 1, "return_above_order": 1, "view_category_differs": 2},
    }  # fmt: skip
    # several days in one pass are the same as one by one
    assert checks.find_days(shop.warehouse, "core", [date(day) for day in days]) == {
        date(day): findings for day, findings in by_day.items()
    }
    assert checks.find_days(shop.warehouse, "core", [date(days[1]), date(days[3])]) == {
        date(day): by_day[day] for day in (days[1], days[3])
    }
    assert checks.find_days(shop.warehouse, "core", []) == {}


def test_what_was_corrected_before_the_day_contradicts_nothing(shop: Shop) -> None:
    order = "order_id,user_id,order_date,payment_status\n"
    line = "order_id,line_no,product_id,quantity,unit_price\n"
    shop.deliver(
        "2026-03-01",
        users="user_id,signup_date\nann,2026-03-01\nbob,2026-02-01",
        products="product_id,name,category\npen,Pen,Toys",
        orders=order + "o1,bob,2026-02-20,Failed\no2,bob,2026-02-20,Paid",
        order_items=line + "o1,1,pen,1,1\no2,1,pen,1,10",
        returns="order_id\no2",
    )
    shop.deliver(
        "2026-03-02",
        users="user_id,signup_date\nann,2026-02-01",
        products="product_id,name,category\npen,Pen,Office",
        orders=order + "o1,ann,2026-02-20,Paid",
        order_items=line + "o1,1,pen,1,5\no2,1,pen,1,6",
    )
    shop.deliver(
        "2026-03-03",
        orders=order + "o3,ann,2026-02-20,Refunded",
        order_items=line + "o3,1,pen,1,5",
        returns="order_id,product_id,user_id,amount\no1,pen,ann,5\no2,,,0\no3,,,5",
        product_views="user_id,product_id,timestamp,category\nann,pen,2026-03-01,Office",
    )
    shop.load("2026-03-01", "2026-03-02", "2026-03-03")
    assert [finding.rule for finding in checks.find(shop.warehouse, "core", date("2026-03-03")) if finding.count] == []


def test_contradictions_of_a_past_that_was_loaded_in_bulk_are_counted_on_their_days(shop: Shop) -> None:
    deliver_clean(shop)
    shop.deliver("2026-03-03", orders="order_id,user_id,order_date,payment_status\no3,eve,2026-03-03,Failed")
    shop.deliver("2026-03-04")
    shop.load(DAY)
    checks.record(shop.warehouse, "core", date(DAY), [checks.Finding("kept", "warn", "As it came.", 1, ["o1"])])
    ingest.load_history(shop.warehouse, shop.source, date("2026-03-01"), date("2026-03-04"), print)
    assert shop.rows("select as_of_date, rule from ops.data_quality where finding_count > 0 order by 1") == [
        (date(DAY), "kept"),
        (date("2026-03-03"), "order_of_unknown_user"),
    ]
    assert shop.values("select distinct as_of_date from ops.data_quality where layer = 'core' order by 1") == [
        date("2026-03-01"), date(DAY), date("2026-03-03"), date("2026-03-04"),
    ]  # fmt: skip


def found(shop: Shop, layer: str = "core") -> dict[str, int]:
    findings = checks.run(shop.warehouse, layer, date(DAY))  # type: ignore[arg-type]
    return {finding.rule: finding.count for finding in findings if finding.count}


def test_a_clean_day_has_no_findings_and_a_row_for_every_check(shop: Shop) -> None:
    deliver_clean(shop)
    shop.load("2026-03-01", DAY)
    shop.build(DAY)
    assert (found(shop, "core"), found(shop, "marts")) == ({}, {})
    written = shop.values(f"select rule from ops.data_quality where as_of_date = '{DAY}' order by 1")
    assert written == sorted(file.stem for layer in ("core", "marts") for file in checks.check_files(layer))


@pytest.mark.parametrize("rule", CONTRADICTIONS)
def test_a_contradiction_is_counted_with_its_key_and_stops_nothing(shop: Shop, rule: str) -> None:
    deliver_clean(shop)
    clean = {file.stem: (shop.folder / DAY / file.name).read_text() for file in (shop.folder / DAY).iterdir()}
    shop.deliver(DAY, **(clean | CONTRADICTIONS[rule]))
    shop.load("2026-03-01", DAY)
    assert found(shop) == {rule: 1}
    assert shop.rows(
        "select severity, finding_count, cardinality(sample_keys) from ops.data_quality where finding_count > 0"
    ) == [("warn", 1, 1)]


def execute(statement: str) -> Callable[[Shop], object]:
    return lambda shop: shop.warehouse.execute(statement.encode())


def _doubled(table: str, columns: str) -> Callable[[Shop], object]:
    """Give each row, which the day told anew, another version that never ended."""
    columns += ", known_to, delivered_on"
    return execute(
        f"update core.{table} set known_from = '{DAY}';"
        f"insert into core.{table} (known_from, {columns}) select '2026-02-01', {columns} from core.{table}"
    )


FAILURES = {
    "day_is_loaded": execute("delete from ops.loads"),
    "one_version_at_a_time (orders)": _doubled("orders", "order_id, user_id, ordered_at, ordered_on, payment_status"),
    "one_version_at_a_time (lines)": _doubled("order_items", "order_id, line_no, product_id, quantity, unit_price"),
    "one_version_at_a_time (returns)": _doubled("returns", "order_id, return_id"),
    "one_version_at_a_time (users)": _doubled("users", "user_id"),
    "one_version_at_a_time (products)": _doubled("products", "product_id"),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_what_must_not_be_stops_the_day_and_says_where(shop: Shop, failure: str) -> None:
    rule = failure.partition(" ")[0]
    deliver_clean(shop)
    shop.load("2026-03-01", DAY)
    FAILURES[failure](shop)
    with pytest.raises(PersonaPulseError, match=rf"Check {rule} of core failed for {DAY}: .*include/sql/checks"):
        found(shop)
    assert rule in shop.values("select rule from ops.data_quality where severity = 'fail' and finding_count > 0")


def test_every_check_of_core_is_tried_here() -> None:
    tried = CONTRADICTIONS.keys() | {failure.partition(" ")[0] for failure in FAILURES} | {"return_of_unknown_customer"}
    assert tried == {file.stem for file in checks.check_files("core")}


def test_two_runs_that_write_down_what_they_found_take_turns(shop: Shop) -> None:
    deliver_clean(shop)
    shop.load("2026-03-01", DAY)
    first, second = shop.warehouse, connect(shop.warehouse.info.dsn)
    findings = checks.find(first, "core", date(DAY))
    first.execute("delete from ops.data_quality")
    with second, ThreadPoolExecutor() as pool:
        with first.transaction():
            checks.record(first, "core", date(DAY), findings)
            other = pool.submit(checks.record, second, "core", date(DAY), findings)
            wait([other], timeout=1)
            assert not other.done()
        assert other.result(timeout=30) is None
    assert shop.values("select count(*) from ops.data_quality") == [len(findings)]

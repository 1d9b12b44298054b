"""What was known when: versions, late days, corrections, and that the order of arrival does not matter."""

import itertools
from decimal import Decimal

import pytest

from personapulse import checks, ingest
from personapulse.errors import PersonaPulseError
from personapulse.warehouse import migrations

from .conftest import Shop, date


def deliver_a_story(shop: Shop) -> tuple[str, ...]:
    """Four days: an order, its lines a day late, corrections, a new owner, returns with and without a date."""
    days = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
    order = "order_id,user_id,order_date,payment_status\no1,{user},2026-03-01,{status}"
    line = "order_id,line_no,product_id,quantity,unit_price\no1,1,pen,{quantity},2.00"
    shop.deliver(days[0], orders=order.format(user="ann", status="Pending"), users="user_id,age\nann,30")
    shop.deliver(
        days[1],
        order_items=line.format(quantity=1),
        orders=order.format(user="ann", status="Paid"),
        product_views="user_id,product_id,timestamp\nann,pen,2026-03-01 09:00:00",
    )
    shop.deliver(
        days[2],
        order_items=line.format(quantity=3),
        returns="order_id,product_id,user_id,amount\no1,pen,,\n,,ann,1.00\n,,ann,1.00",
        users="user_id,age\nann,31\nbob,40",
    )
    shop.deliver(
        days[3],
        orders=order.format(user="bob", status="Refunded"),
        returns="order_id,product_id,user_id,amount\no1,pen,,",
        product_views="user_id,product_id,timestamp\nann,pen,2026-03-01 09:00:00",
    )
    return days


def test_days_in_any_order_and_twice_end_in_the_same_tables(shop: Shop) -> None:
    days = deliver_a_story(shop)
    shop.load(*days)
    expected = shop.fingerprint()
    for order in itertools.permutations(days):
        shop.load(*order, order[1])
        assert shop.fingerprint() == expected, order


def test_a_history_in_one_pass_ends_in_the_same_tables_as_day_by_day(shop: Shop) -> None:
    days = deliver_a_story(shop)
    shop.load(*days)
    expected = shop.fingerprint()
    shop.forget()
    told: list[str] = []
    loaded = ingest.load_history(shop.warehouse, shop.source, date(days[0]), date(days[-1]), told.append)
    assert (loaded, told) == (4, ["2026-03: 4 days, 14 rows loaded (4 of 4 days)"])
    assert shop.fingerprint() == expected
    assert ingest.load_history(shop.warehouse, shop.source, date(days[0]), date(days[-1]), told.append) == 0


@pytest.mark.parametrize(
    ("known_on", "expected"),
    [
        ("2026-03-01", [("ann", "Pending", False, Decimal(0))]),
        ("2026-03-02", [("ann", "Paid", True, Decimal("2.00"))]),
        ("2026-03-03", [("ann", "Paid", True, Decimal("6.00"))]),
        ("2026-03-04", [("bob", "Refunded", True, Decimal("6.00"))]),
    ],
)
def test_an_order_reads_as_it_was_known_each_night(
    shop: Shop, known_on: str, expected: list[tuple[object, ...]]
) -> None:
    shop.load(*deliver_a_story(shop))
    query = "select user_id, payment_status, is_paid, gross_amount from core.orders_as_of('{}', '{}')"
    assert shop.rows(query.format(known_on, known_on)) == expected
    # restated: what is known today about the first day
    assert shop.rows(query.format("2026-03-01", "9999-12-31")) == [("bob", "Refunded", True, Decimal("6.00"))]


def test_a_return_without_a_date_is_dated_by_the_day_it_became_known_and_worth_its_order(shop: Shop) -> None:
    shop.load(*reversed(deliver_a_story(shop)))
    assert shop.rows(
        "select user_id, returned_on, amount, is_on_paid_order from core.returns_as_of('2026-03-04', '2026-03-04')"
        " order by order_id, return_id"
    ) == [
        ("bob", date("2026-03-03"), Decimal("6.00"), True),
        ("ann", date("2026-03-03"), Decimal("1.00"), False),
        ("ann", date("2026-03-03"), Decimal("1.00"), False),
    ]
    assert shop.values("select distinct has_date from core.return_facts") == [False]


def test_a_return_is_worth_its_lines_of_the_product_or_nothing_on_an_unpaid_order(shop: Shop) -> None:
    shop.deliver(
        "2026-03-01",
        orders="order_id,user_id,order_date,payment_status\no1,u1,2026-03-01,Paid\no2,u1,2026-03-01,Failed",
        order_items="""order_id,line_no,product_id,quantity,unit_price
                       o1,1,pen,2,1.50
                       o1,2,ink,1,4.00
                       o2,1,pen,1,1.50""",
        returns="order_id,product_id,amount\no1,pen,\no1,,\no2,pen,1.50\no7,,9.00",
    )
    shop.load("2026-03-01")
    assert shop.rows(
        "select order_id, product_id, amount from core.returns_as_of('2026-03-01', '2026-03-01') order by 1, 2"
    ) == [
        ("o1", "pen", Decimal("3.00")),
        ("o1", None, Decimal("7.00")),
        ("o2", "pen", Decimal(0)),
        ("o7", None, Decimal("9.00")),
    ]


def test_returns_that_say_no_amount_share_what_their_order_was_worth(shop: Shop) -> None:
    shop.deliver(
        "2026-03-01",
        orders="order_id,user_id,order_date,payment_status\no1,u1,2026-03-01,Paid",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,2,1.50",
        returns="order_id,product_id\no1,pen\no1,pen",
    )
    shop.load("2026-03-01")
    assert shop.values("select amount from core.returns_as_of('2026-03-01', '2026-03-01')") == [
        Decimal("1.50"),
        Decimal("1.50"),
    ]


def test_a_return_follows_its_order_to_a_new_customer_though_it_names_the_old_one(shop: Shop) -> None:
    order = "order_id,user_id,order_date,payment_status\no1,{},2026-03-01,Paid"
    shop.deliver(
        "2026-03-01",
        orders=order.format("ann"),
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,1,10",
        returns="order_id,user_id,amount\no1,ann,10",
    )
    shop.deliver("2026-03-02", orders=order.format("bob"))
    shop.load("2026-03-02", "2026-03-01")
    query = "select user_id, amount, is_on_paid_order from core.returns_as_of('2026-03-02', '{}')"
    assert shop.rows(query.format("2026-03-01")) == [("ann", 10, True)]
    assert shop.rows(query.format("2026-03-02")) == [("bob", 10, True)]


def test_returns_without_order_and_date_on_two_days_are_two_returns(shop: Shop) -> None:
    shop.deliver("2026-03-01", returns="order_id,user_id,amount\n,ann,5")
    shop.deliver("2026-03-02", returns='order_id,user_id,amount\n,ann,7\n,"a|b",1\n"a|b",,1')
    shop.load("2026-03-01", "2026-03-02")
    assert shop.values("select amount from core.returns_as_of('2026-03-02', '2026-03-02') order by 1") == [1, 1, 5, 7]


def test_an_event_told_twice_is_one_event(shop: Shop) -> None:
    shop.load(*deliver_a_story(shop))
    assert shop.rows("select known_from, known_to::text from core.product_views order by known_from") == [
        (date("2026-03-02"), "2026-03-04"),
        (date("2026-03-04"), "infinity"),
    ]


def test_a_day_delivered_anew_replaces_what_it_said_before(shop: Shop) -> None:
    days = deliver_a_story(shop)
    shop.load(*days)
    shop.deliver(days[2])
    shop.load(days[2])
    assert shop.rows("select user_id, age, known_to::text from core.users") == [("ann", 30, "infinity")]
    assert shop.values("select gross_amount from core.orders_as_of('2026-03-03', '2026-03-03')") == [Decimal("2.00")]
    assert shop.values("select returned_on from core.return_facts") == [date("2026-03-04")]


def test_a_failing_check_leaves_core_as_it_was_and_is_written_down(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    days = deliver_a_story(shop)
    shop.load(days[0])
    before = shop.fingerprint()
    found = checks.Finding("no_such_thing", "fail", "No day is a bad day.", 1, ["o1"])
    monkeypatch.setattr(checks, "find", lambda *_args, **_options: [found])
    with pytest.raises(PersonaPulseError, match="Check no_such_thing of core failed for 2026-03-02: No day is a bad"):
        shop.load(days[1])
    assert shop.fingerprint() == before
    assert shop.rows("select rule, sample_keys from ops.data_quality where as_of_date = '2026-03-02'") == [
        ("no_such_thing", ["o1"])
    ]
    assert shop.values("select distinct state from ops.loads where source_day = '2026-03-02'") == ["staged"]


def test_a_file_loaded_before_is_skipped_and_said_so(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    days = deliver_a_story(shop)
    shop.load(*days)
    before = shop.fingerprint()
    caplog.set_level("INFO")
    counts = ingest.stage(shop.warehouse, shop.source, date(days[1]))
    assert {file["skipped"] for file in counts.values()} == {1}
    assert "2026-03-02/orders.csv was loaded before, byte for byte" in caplog.text
    shop.deliver(days[1], orders="order_id,user_id,order_date,payment_status\no1,ann,2026-03-01,Failed")
    counts = ingest.stage(shop.warehouse, shop.source, date(days[1]))
    assert {name for name, file in counts.items() if not file["skipped"]} == {
        "orders", "order_items", "product_views"
    }  # fmt: skip
    ingest.merge(shop.warehouse, shop.source, date(days[1]))
    assert shop.fingerprint() != before


def test_each_file_counts_what_it_brought(shop: Shop) -> None:
    shop.load(*deliver_a_story(shop))
    counts = "select file, loaded_count, updated_count, unchanged_count from ops.loads where source_day = '{}'"
    assert set(shop.rows(counts.format("2026-03-03") + " and staged_count > 0")) == {
        ("users", 1, 1, 0),
        ("order_items", 0, 1, 0),
        ("returns", 3, 0, 0),
    }
    assert ("product_views", 0, 0, 1) in shop.rows(counts.format("2026-03-04"))


def test_a_day_that_tells_the_same_again_adds_no_version(shop: Shop) -> None:
    for day in ("2026-03-01", "2026-03-02", "2026-03-04"):
        shop.deliver(day, users="user_id,age\nann,30")
        shop.load(day)
    assert shop.rows("select known_from, known_to::text, delivered_on::text from core.users") == [
        (date("2026-03-01"), "infinity", "{[2026-03-01,2026-03-03),[2026-03-04,2026-03-05)}")
    ]
    shop.deliver("2026-03-02", users="user_id,age\nann,31")
    shop.load("2026-03-02")
    assert shop.rows("select age, known_from, known_to::text from core.users order by 2") == [
        (30, date("2026-03-01"), "2026-03-02"),
        (31, date("2026-03-02"), "2026-03-04"),
        (30, date("2026-03-04"), "infinity"),
    ]


def test_users_and_products_nobody_told_of_have_placeholders(shop: Shop) -> None:
    shop.deliver(
        "2026-03-01",
        users="user_id,age\nann,30",
        products="product_id,name,category\npen,Pen,Desk",
        product_views="user_id,product_id,timestamp\nbob,ink,2026-03-01 09:00:00",
    )
    shop.deliver("2026-03-02", users="user_id,age\nbob,40")
    shop.load("2026-03-01", "2026-03-02")
    users = "select user_id, age, is_placeholder from core.users_as_of('{}') order by 1"
    assert shop.rows(users.format("2026-03-01")) == [("ann", 30, False), ("bob", None, True)]
    assert shop.rows(users.format("2026-03-02")) == [("ann", 30, False), ("bob", 40, False)]
    assert shop.rows("select product_id, name, is_placeholder from core.products_as_of('2026-03-02') order by 1") == [
        ("ink", None, True),
        ("pen", "Pen", False),
    ]
    assert shop.rows("select rule, finding_count from ops.data_quality where as_of_date = '2026-03-01'"
                     " and finding_count > 0 and layer = 'core' order by 1") == [
        ("view_of_unknown_product", 1), ("view_of_unknown_user", 1)
    ]  # fmt: skip


def test_merging_stages_what_staging_has_lost(shop: Shop) -> None:
    days = deliver_a_story(shop)
    ingest.stage(shop.warehouse, shop.source, date(days[0]))
    shop.warehouse.execute("truncate staging.files, staging.orders, staging.users")
    ingest.merge(shop.warehouse, shop.source, date(days[0]))
    assert shop.values("select user_id from core.orders") == ["ann"]
    assert shop.values("select count(*) from staging.orders") == [0]


def test_a_warehouse_from_before_gets_the_months_it_would_have_had(shop: Shop) -> None:
    orders = "order_id,user_id,order_date,payment_status\n"
    lines = "order_id,line_no,product_id,quantity,unit_price\n"
    shop.deliver(
        "2026-01-31",
        orders=orders + "o1,ann,2026-01-31,Paid\no2,bob,2026-01-30,Pending",
        order_items=lines + "o1,1,pen,2,5\no1,2,ink,1,7.5\no1,3,pen,1,5\no2,1,pen,1,9.99",
        product_views="user_id,product_id,timestamp\ncid,pen,2026-01-31",
    )
    shop.deliver(
        "2026-02-01",
        orders=orders + "o2,bob,2026-01-30,Paid\no3,ann,2026-02-01,Paid",
        order_items=lines + "o3,1,ink,1,5",
        returns="order_id,product_id,return_reason,amount\no1,,Late,10\no3,ink,,5",
    )
    shop.deliver(
        "2026-02-02",
        orders=orders + "o3,ann,2026-02-01,Cancelled",
        returns="order_id,amount,return_reason\nnobody,3,Broken",
    )
    shop.load("2026-02-02", "2026-01-31", "2026-02-01")
    names = ("order_products", "return_products", "user_months", "product_months", "return_months")
    tables = [f"core.{name}" for name in names]
    moved_on = shop.fingerprint(*tables)
    shop.warehouse.execute(f"truncate {', '.join(tables)}".encode())
    shop.warehouse.execute(migrations()[18].read_text().encode())
    assert shop.fingerprint(*tables) == moved_on
    # 10 of o1 came back without saying of what: two thirds of it pens
    assert shop.rows("select product_id, amount from core.return_products where order_id = 'o1' order by 1 desc") == [
        ("pen", Decimal("6.67")), ("ink", Decimal("3.33")),
    ]  # fmt: skip
    assert shop.rows(
        "select month, paid_orders, returned_orders, units, gross_revenue, known_from, known_to::text"
        " from core.product_months where product_id = 'ink' order by 1, 6"
    ) == [
        (date("2026-01-01"), 1, 0, 1, Decimal("7.5"), date("2026-01-31"), "2026-02-01"),
        (date("2026-01-01"), 1, 1, 1, Decimal("7.5"), date("2026-02-01"), "infinity"),
        (date("2026-02-01"), 1, 1, 1, 5, date("2026-02-01"), "2026-02-02"),
    ]

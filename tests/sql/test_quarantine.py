"""Which rows are set aside, with which line, reason and text."""

from decimal import Decimal

import pytest

from .conftest import Shop

DAY = "2026-03-01"
ORDERS = """order_id,user_id,order_date,payment_status
            o1,u1,2026-03-01 10:00:00,Paid
            o2,u2,2026-03-01 11:00:00,failed"""


def test_every_bad_row_is_kept_with_its_line_its_reason_and_its_text(shop: Shop) -> None:
    shop.settings("quarantine: {users: {threshold: 1.0}}")
    shop.deliver(
        DAY,
        users="""user_id,signup_date,age,location
                 u1,2026-01-01,30,Oslo
                 u2,2026-01-01,thirty,Oslo
                 u1,2026-01-01,30,Oslo
                 ,2026-01-01,30,Oslo
                 u5,2026-01-01,30,Oslo,extra
                 u6,2026-03-02,30,Oslo
                 u7,2026-01-01,30,5" Oslo
                 u8,03/04/2026,30,Oslo
                 u9,2026-01-01,131,Oslo
                 u10,2026-01-01,30,Oslo""",
    )
    shop.load(DAY)
    assert shop.values("select user_id from core.users order by 1") == ["u1", "u10"]
    assert shop.rows("select line_no, rule, reason, raw from ops.quarantine where file = 'users' order by line_no") == [
        (3, "untypable_age", "age 'thirty' is not a whole number", "u2,2026-01-01,thirty,Oslo"),
        (4, "duplicate_key", "user_id u1 stands in this file already", "u1,2026-01-01,30,Oslo"),
        (5, "missing_user_id", "user_id is empty", ",2026-01-01,30,Oslo"),
        (6, "field_count", "the row has 5 fields, the header 4", "u5,2026-01-01,30,Oslo,extra"),
        (
            7,
            "impossible_signup_date",
            "signup_date 2026-03-02 is not between 1900 and the day of the file",
            "u6,2026-03-02,30,Oslo",
        ),
        (8, "field_count", "a quote is opened inside a field, or never closed", 'u7,2026-01-01,30,5" Oslo'),
        (9, "untypable_signup_date", "signup_date '03/04/2026' is not a date (YYYY-MM-DD)", "u8,03/04/2026,30,Oslo"),
        (10, "impossible_age", "age 131 is not between 0 and 130", "u9,2026-01-01,131,Oslo"),
    ]
    assert shop.rows("select row_count, staged_count, quarantined_count from ops.loads where file = 'users'") == [
        (10, 2, 8)
    ]


def test_lines_are_counted_right_behind_a_row_that_spans_several(shop: Shop) -> None:
    shop.settings("quarantine: {users: {threshold: 1.0}}")
    shop.deliver(DAY, users='user_id,age,location\nu1,30,"a\nb\nc"\nu2,x,Oslo\nu1,1,Oslo\n"u\n3",y,Oslo\n')
    shop.load(DAY)
    assert shop.rows("select line_no, rule from ops.quarantine order by 1") == [
        (5, "untypable_age"),
        (6, "duplicate_key"),
        (7, "untypable_age"),
    ]


def test_inch_marks_do_not_join_rows(shop: Shop) -> None:
    shop.settings("quarantine: {products: {threshold: 1.0}}")
    shop.deliver(
        DAY,
        products="""product_id,name,category
                    p1,5" pipe,Tools
                    p2,6" pipe,Tools
                    p3,"7"" pipe",Tools
                    p4,19"x20" frame,Tools
                    p5,8",Tools
                    p6,9",Tools
                    p7,cap,Tools""",
    )
    shop.load(DAY)
    assert shop.rows("select product_id, name from core.products order by 1") == [("p3", '7" pipe'), ("p7", "cap")]
    assert shop.rows("select line_no, rule from ops.quarantine order by 1") == [
        (line, "field_count") for line in (2, 3, 5, 6, 7)
    ]


def test_lines_are_counted_right_in_a_file_of_windows_with_line_ends_of_both_kinds(shop: Shop) -> None:
    shop.settings("quarantine: {users: {threshold: 1.0}}")
    shop.deliver(DAY)
    text = b'user_id,age,location\r\nu1,30,"a\nb\r\nc"\r\nu2,x,Oslo\r\nu3,4,Ro\rme\r\n\r\nu4,y,Rome'
    (shop.folder / DAY / "users.csv").write_bytes(text)
    shop.load(DAY)
    assert shop.rows("select user_id, location from core.users") == [("u1", "a\nb\r\nc")]
    assert shop.rows("select line_no, rule, raw from ops.quarantine order by 1") == [
        (5, "untypable_age", "u2,x,Oslo"),
        (6, "field_count", "u3,4,Ro\rme"),
        (8, "untypable_age", "u4,y,Rome"),
    ]


def test_an_empty_line_is_no_row_but_where_it_is_all_there_can_be(shop: Shop) -> None:
    shop.settings("quarantine: {users: {threshold: 1.0}, products: {threshold: 1.0}}")
    shop.deliver(DAY)
    (shop.folder / DAY / "users.csv").write_text("user_id\nu1\n\nu2\nu2\nu3\n")
    (shop.folder / DAY / "products.csv").write_text("product_id,name,category\n\np1,Pen,Office\n\np1,Pen,Office\n\n")
    shop.load(DAY)
    assert shop.values("select user_id from core.users order by 1") == ["u1", "u2", "u3"]
    assert shop.rows("select file, line_no, rule from ops.quarantine order by 1, 2") == [
        ("products", 5, "duplicate_key"),
        ("users", 3, "missing_user_id"),
        ("users", 5, "duplicate_key"),
    ]


@pytest.mark.parametrize("rows", [20_000])
def test_a_quote_that_is_never_closed_costs_its_own_row_only(shop: Shop, rows: int) -> None:
    users = "".join(f"u{number},Oslo\n" for number in range(rows))
    shop.deliver(DAY, users=f'user_id,location\nbad,"5 Oslo\n{users}')
    shop.load(DAY)
    assert shop.values("select count(*) from core.users") == [rows]
    assert shop.rows("select line_no, raw from ops.quarantine") == [(2, 'bad,"5 Oslo')]


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("today", "untypable_order_date"),
        ("infinity", "untypable_order_date"),
        ("01/03/26", "untypable_order_date"),
        ("20260301", "untypable_order_date"),
        ("2026-02-30", "untypable_order_date"),
        ("2026-03-01 25:00", "untypable_order_date"),
        ("2026-03-01T10:00:00 Oslo", "untypable_order_date"),
        ("1899-12-31", "impossible_order_date"),
        ("2026-03-02", "impossible_order_date"),
        ("", "missing_order_date"),
        ("   ", "untypable_order_date"),
    ],
)
def test_a_date_is_read_as_iso_or_not_at_all(shop: Shop, value: str, rule: str) -> None:
    shop.settings("quarantine: {orders: {threshold: 1.0}}")
    shop.deliver(DAY, orders=f"order_id,user_id,order_date,payment_status\no1,u1,{value},Paid")
    shop.load(DAY)
    assert shop.values("select rule from ops.quarantine") == [rule]


@pytest.mark.parametrize(
    ("view", "rule"),
    [
        (",pen,2026-03-01,view", "missing_user_id"),
        ("  ,pen,2026-03-01,view", "missing_user_id"),
        ("u1,pen,2026-03-01,bought", "impossible_event_type"),
        ("u1,pen,2026-03-02,view", "impossible_timestamp"),
        (f"{'u' * 501},pen,2026-03-01,view", "impossible_user_id"),
    ],
)
def test_a_view_that_cannot_be_is_set_aside(shop: Shop, view: str, rule: str) -> None:
    shop.settings("quarantine: {product_views: {threshold: 1.0}}")
    shop.deliver(DAY, product_views="user_id,product_id,timestamp,event_type\n" + view)
    shop.load(DAY)
    assert shop.values("select rule from ops.quarantine") == [rule]


def test_a_word_the_contract_does_not_know_is_told_with_those_it_does(shop: Shop) -> None:
    shop.settings("quarantine: {orders: {threshold: 1.0}, product_views: {threshold: 1.0}}")
    shop.deliver(
        DAY,
        orders="order_id,user_id,order_date,payment_status\no1,u1,2026-03-01,Maybe",
        product_views="user_id,product_id,timestamp,event_type\nu1,pen,2026-03-01,bought",
    )
    shop.load(DAY)
    assert shop.values("select reason from ops.quarantine order by file") == [
        "payment_status Maybe is none of Paid, Failed, Pending, Refunded, Cancelled",
        "event_type bought is none of view, add_to_cart, checkout",
    ]


def test_the_same_event_twice_in_a_file_is_one_event(shop: Shop) -> None:
    shop.settings("quarantine: {product_views: {threshold: 1.0}}")
    shop.deliver(DAY, product_views="user_id,product_id,timestamp,event_type\nu1,p,2026-03-01,\nu1,p,2026-03-01,view")
    shop.load(DAY)
    assert shop.values("select rule from ops.quarantine") == ["duplicate_key"]
    assert shop.values("select event_type from core.product_views") == ["view"]


def test_a_bad_first_row_does_not_take_the_key_from_the_good_one(shop: Shop) -> None:
    shop.settings("quarantine: {orders: {threshold: 1.0}}")
    shop.deliver(
        DAY,
        orders="""order_id,user_id,order_date,payment_status
                  o1,u1,2026-03-01,Maybe
                  o1,u1,2026-03-01,Paid""",
    )
    shop.load(DAY)
    assert shop.values("select payment_status from core.orders") == ["Paid"]


@pytest.mark.parametrize(
    ("items", "rule"),
    [
        ("o1,1,pen,0,1.00,u1", "impossible_quantity"),
        ("o1,1,pen,-2,1.00,u1", "impossible_quantity"),
        ("o1,1,pen,NaN,1.00,u1", "impossible_quantity"),
        ("o1,1,pen,1,-0.01,u1", "impossible_unit_price"),
        ("o1,1,pen,1,Infinity,u1", "impossible_unit_price"),
        ("o1,1,pen,1,0.00,u1", "missing_unit_price"),
        ("o1,1,pen,1,0.00,", "missing_user_id"),
        ("o1,1,,1,1.00,u1", "missing_product_id"),
        ("o1,1.5,pen,1,1.00,u1", "untypable_line_no"),
    ],
)
def test_a_line_that_cannot_be_is_set_aside(shop: Shop, items: str, rule: str) -> None:
    shop.settings("zero_price: quarantine\nquarantine: {order_items: {threshold: 1.0}}")
    shop.deliver(DAY, order_items="order_id,line_no,product_id,quantity,unit_price,user_id\n" + items)
    shop.load(DAY)
    assert shop.rows("select line_no, rule from ops.quarantine") == [(2, rule)]
    assert shop.rows("select 1 from core.order_items") == []


def test_a_price_of_zero_is_a_free_item_unless_the_shop_says_otherwise(shop: Shop) -> None:
    shop.deliver(DAY, orders=ORDERS, order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,gift,1,0")
    shop.load(DAY)
    assert shop.values("select amount from core.order_items") == [0]


def test_a_return_needs_its_order_or_its_customer_and_worth(shop: Shop) -> None:
    shop.settings("quarantine: {returns: {threshold: 1.0}}")
    shop.deliver(
        DAY,
        returns="""order_id,user_id,amount
                   o9,,
                   ,u1,5.00
                   ,u1,
                   ,,5.00""",
    )
    shop.load(DAY)
    assert shop.rows("select order_id, named_user_id, amount from core.returns order by 1") == [
        ("", "u1", Decimal("5.00")),
        ("o9", None, None),
    ]
    assert shop.rows("select line_no, rule from ops.quarantine order by 1") == [
        (4, "missing_amount"),
        (5, "missing_user_id"),
    ]


def test_an_event_in_core_has_no_nulls_but_its_category(shop: Shop) -> None:
    shop.settings("quarantine: {product_views: {threshold: 1}, contacts: {threshold: 1}}")
    shop.deliver(
        DAY,
        product_views="""timestamp,user_id,product_id,session_id,event_type,category
                         2026-03-01 09:00:00,u1,pen,,,
                         ,u1,pen,s,view,Desk
                         2026-03-01 09:00:00,,pen,s,view,Desk
                         2026-03-01 09:00:00,"",pen,s,view,Desk
                         2026-03-01 09:00:00,u1,,"",checkout,Desk""",
        contacts="""user_id,sent_at,campaign,channel
                    u1,2026-03-01 09:00:00,,
                    ,2026-03-01 09:00:00,a,b
                    u1,,a,b""",
    )
    shop.load(DAY)
    assert shop.rows("select user_id, product_id, event_type, session_id, category from core.product_views") == [
        ("u1", "pen", "view", "", None)
    ]
    assert shop.rows("select user_id, campaign, channel from core.contacts") == [("u1", "", "")]
    assert shop.values("select rule from ops.quarantine order by file desc, line_no") == [
        "missing_timestamp", "missing_user_id", "missing_user_id", "missing_product_id",
        "missing_user_id", "missing_sent_at",
    ]  # fmt: skip


def test_dates_that_are_none_are_found_in_rows_of_several_lines_too(shop: Shop) -> None:
    header = "user_id,signup_date,location"
    (shop.folder / "source.yaml").write_text("quarantine: {users: {threshold: 1}}")
    shop.deliver(DAY)
    (shop.folder / DAY / "users.csv").write_text(
        f'{header}\nu1,2026-01-01,"two\nlines"\nu2,today,"two\nlines"\nu3,x,"a"\nu4,26-01-01,b\nu5,2026-01-05,"c"\n'
    )
    shop.load(DAY)
    assert shop.values("select user_id from core.users order by 1") == ["u1", "u5"]
    assert shop.rows("select line_no, reason from ops.quarantine order by 1") == [
        (4, "signup_date 'today' is not a date (YYYY-MM-DD)"),
        (6, "signup_date 'x' is not a date (YYYY-MM-DD)"),
        (7, "signup_date '26-01-01' is not a date (YYYY-MM-DD)"),
    ]

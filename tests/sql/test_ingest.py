"""What reaches core, what reaches the quarantine, and what stops a day."""

import gzip
from decimal import Decimal

import pandas as pd
import pytest

from personapulse import ingest
from personapulse.errors import PersonaPulseError

from .conftest import Shop, date

DAY = "2026-03-01"
MANY_USERS = "user_id\n" + "\n".join(f"u{number}" for number in range(1, 101)) + "\n"
ORDERS = """order_id,user_id,order_date,payment_status
            o1,u1,2026-03-01 10:00:00,Paid
            o2,u2,2026-03-01 11:00:00,failed"""
ITEMS = """order_id,line_no,product_id,quantity,unit_price
           o1,1,pen,2,1.50
           o1,2,ink,1,4.00
           o2,1,pen,1,1.50"""


def test_orders_are_known_with_their_owner_day_status_and_worth(shop: Shop) -> None:
    shop.deliver(DAY, orders=ORDERS, order_items=ITEMS)
    shop.load(DAY)
    assert shop.rows(
        "select user_id, order_id, ordered_on, payment_status, is_paid, gross_amount"
        " from core.orders_as_of('2026-03-01', '2026-03-01') order by order_id"
    ) == [
        ("u1", "o1", date(DAY), "Paid", True, Decimal("7.00")),
        ("u2", "o2", date(DAY), "Failed", False, Decimal("1.50")),
    ]


def test_an_order_in_the_simple_form_is_one_line(shop: Shop) -> None:
    shop.deliver(
        DAY, orders="amount,order_id,product_id,user_id,order_date,payment_status\n9.90,o1,pen,u1,2026-03-01,Paid"
    )
    (shop.folder / DAY / "order_items.csv").unlink()
    shop.load(DAY)
    assert shop.rows("select user_id, line_no, product_id, quantity, amount from core.order_items") == [
        ("u1", 1, "pen", 1, Decimal("9.90"))
    ]


def test_a_shop_in_the_simple_form_may_say_that_it_lacks_order_items(shop: Shop) -> None:
    shop.settings("lacks: [order_items, product_views]")
    shop.deliver(DAY, orders="order_id,user_id,order_date,payment_status,product_id,amount")
    for file in ("order_items", "product_views"):
        (shop.folder / DAY / f"{file}.csv").unlink()
    assert shop.source.missing(date(DAY)) == []


def test_days_are_days_of_the_shops_time_zone(shop: Shop) -> None:
    shop.settings("time_zone: America/New_York")
    shop.deliver(
        DAY,
        orders="order_id,user_id,order_date,payment_status\no1,u1,2026-03-01 23:30:00,Paid",
        product_views="user_id,product_id,timestamp\nu1,pen,2026-03-01 23:30:00",
        returns="order_id,returned_at,amount\no1,2026-03-01 23:45:00,1",
    )
    shop.load(DAY)
    assert shop.rows("select ordered_on, ordered_at at time zone 'UTC' from core.orders") == [
        (date(DAY), pd.Timestamp("2026-03-02 04:30:00").to_pydatetime())
    ]
    assert shop.values("select viewed_on from core.product_views") == [date(DAY)]
    assert shop.values("select returned_on from core.returns") == [date(DAY)]


@pytest.mark.parametrize("form", ["with byte order mark", "windows line ends", "gzip", "parquet"])
def test_the_same_rows_arrive_in_every_form(shop: Shop, form: str) -> None:
    shop.deliver(DAY)
    text = 'user_id,location,nickname\nu1,"Oslo, ""old town""\nNorway",x\nu2,,y\n'
    plain = shop.folder / DAY / "users.csv"
    if form == "with byte order mark":
        plain.write_text("\ufeff" + text, encoding="utf-8")
    elif form == "windows line ends":
        plain.write_bytes(text.replace("\n", "\r\n").encode())
    else:
        plain.unlink()
    if form == "gzip":
        (shop.folder / DAY / "users.csv.gz").write_bytes(gzip.compress(text.encode()))
    if form == "parquet":
        table = pd.DataFrame({"user_id": ["u1", "u2"], "location": ['Oslo, "old town"\nNorway', None], "nickname": "x"})
        table.to_parquet(shop.folder / DAY / "users.parquet")
    shop.load(DAY)
    assert [
        (user, location and location.replace("\r", ""))
        for user, location in shop.rows("select user_id, location from core.users order by 1")
    ] == [("u1", 'Oslo, "old town"\nNorway'), ("u2", None)]


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
    "value",
    ["2026-03-01", "2026-03-01 10:00", "2026-03-01T10:00:00.5", "2026-03-01T10:00:00Z", "2026-03-01 12:00:00+02:00"],
)
def test_a_date_may_have_a_time_and_a_zone(shop: Shop, value: str) -> None:
    shop.deliver(DAY, orders=f"order_id,user_id,order_date,payment_status\no1,u1,{value},Paid")
    shop.load(DAY)
    assert shop.values("select ordered_on from core.orders") == [date(DAY)]


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


def test_the_same_event_twice_in_a_file_is_one_event(shop: Shop) -> None:
    shop.settings("quarantine: {product_views: {threshold: 1.0}}")
    shop.deliver(DAY, product_views="user_id,product_id,timestamp,event_type\nu1,p,2026-03-01,\nu1,p,2026-03-01,view")
    shop.load(DAY)
    assert shop.values("select rule from ops.quarantine") == ["duplicate_key"]
    assert shop.values("select event_type from core.product_views") == ["view"]


def test_contacts_are_taken_where_they_are_delivered(shop: Shop) -> None:
    shop.deliver(DAY, contacts="user_id,sent_at,campaign\nu1,2026-03-01 08:00:00,spring")
    shop.load(DAY)
    assert shop.rows("select user_id, campaign, channel, sent_on from core.contacts") == [
        ("u1", "spring", "", date(DAY))
    ]


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
    assert shop.rows("select coalesce(order_id, ''), user_id, amount from core.returns order by 1") == [
        ("", "u1", Decimal("5.00")),
        ("o9", "", None),
    ]
    assert shop.rows("select line_no, rule from ops.quarantine order by 1") == [
        (4, "missing_amount"),
        (5, "missing_user_id"),
    ]


def test_columns_the_contract_does_not_know_are_ignored_and_told_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.deliver(DAY, users="order_count,user_id,persona\n7,u1,Loyalist")
    shop.load(DAY, DAY)
    assert shop.values("select user_id from core.users") == ["u1"]
    told = [record.message for record in caplog.records]
    assert told == [
        f"{shop.source.address(date(DAY), 'users.csv')}: column '{column}' is not in the contract and is ignored."
        for column in ("order_count", "persona")
    ]


def test_a_day_without_rows_is_a_day(shop: Shop) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    assert ingest.loaded_days(shop.warehouse) == {date(DAY)}


BROKEN_FILES = {
    "empty file": ("users.csv", b""),
    "missing column": ("users.csv", MANY_USERS.replace("user_id", "customer").encode()),
    "semicolons": ("products.csv", b"product_id;name;category\n"),
    "column twice": ("users.csv", b"user_id,age,age\nu1,3,4\n"),
    "latin-1 row": ("users.csv", b"user_id,location\nu1,Oslo\nu2,Troms\xf8\n"),
    "latin-1 header": ("users.csv", b"user_id,plass\xe9\nu1,Oslo\n"),
    "utf-16": ("users.csv", MANY_USERS.encode("utf-16")),
    "garbage": ("users.csv", b"user_id,age\n" + b"u1,x\nu2,y\nu3,z\n" * 2 + b"a,1\nb,2\nc,3\nd,4\n"),
    "half a gzip": ("users.csv.gz", gzip.compress(MANY_USERS.encode())[:60]),
    "no gzip": ("users.csv.gz", MANY_USERS.encode()),
    "two forms": ("users.csv.gz", gzip.compress(MANY_USERS.encode())),
    "broken settings": ("../source.yaml", b"quarantine: [users]"),
}


def _break(shop: Shop, what: str) -> None:
    users = shop.folder / DAY / "users.csv"
    if what == "missing file":
        users.unlink()
    elif what == "no parquet":
        users.rename(users.with_suffix(".parquet"))
    else:
        name, content = BROKEN_FILES[what]
        if what.endswith("gzip"):
            users.unlink()
        (shop.folder / DAY / name).write_bytes(content)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("missing file", r"Missing: .*/2026-03-01/users\.csv\. Deliver it"),
        ("two forms", r"2026-03-01 holds users twice \(users\.csv and users\.csv\.gz\)"),
        ("empty file", r"users\.csv is empty: not even a header\. Expected columns: user_id"),
        ("missing column", r"users\.csv, line 1: column 'user_id' is missing\. Found: customer\."),
        ("semicolons", r"products\.csv, line 1: column 'product_id' is missing\. Columns must be separated by commas"),
        ("column twice", r"users\.csv, line 1: column 'age' stands there twice"),
        ("latin-1 row", r"users\.csv, line 3: not UTF-8 .*0xf8"),
        ("latin-1 header", r"users\.csv, line 1: not UTF-8"),
        ("utf-16", r"users\.csv, line 1: not UTF-8"),
        (
            "garbage",
            r"(?s)users\.csv: 6 of 10 rows are bad rows \(60\.0%, allowed are 5\.0%\).*line 2: age 'x' is not a whole",
        ),
        ("no parquet", r"users\.parquet is not a readable Parquet file"),
        ("half a gzip", r"users\.csv\.gz is not a whole gzip file"),
        ("no gzip", r"users\.csv\.gz is not a whole gzip file"),
        ("broken settings", r"source\.yaml: quarantine must be a mapping"),
    ],
)
def test_a_day_that_cannot_be_trusted_is_refused_and_core_is_untouched(shop: Shop, what: str, message: str) -> None:
    shop.deliver(DAY, users=MANY_USERS, orders=ORDERS, order_items=ITEMS)
    shop.load(DAY)
    before = shop.fingerprint()
    _break(shop, what)
    with pytest.raises(PersonaPulseError, match=message):
        shop.load(DAY)
    assert shop.fingerprint() == before


def test_the_quarantine_of_a_refused_day_is_there_to_look_at(shop: Shop) -> None:
    shop.deliver(DAY, users="user_id,age\nu1,x\nu2,y\nu3,4")
    with pytest.raises(PersonaPulseError):
        shop.load(DAY)
    assert shop.values("select line_no from ops.quarantine order by 1") == [2, 3]
    assert shop.rows("select distinct state from ops.loads where file = 'users'") == [("refused",)]
    assert ingest.loaded_days(shop.warehouse) == set()
    assert shop.values("select count(*) from staging.users") == [0]
    assert shop.values("select count(*) from staging.batches") == [0]


def test_a_day_that_could_not_be_read_does_not_claim_the_warehouse(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wrong = Shop(tmp_path_factory.mktemp("wrong"), shop.warehouse)
    (wrong.folder / DAY).mkdir()
    with pytest.raises(PersonaPulseError, match="Missing"):
        wrong.load(DAY)
    shop.deliver(DAY)
    shop.load(DAY)
    assert ingest.loaded_days(shop.warehouse) == {date(DAY)}


def test_a_rule_with_a_share_of_its_own_does_not_count_towards_the_files(shop: Shop) -> None:
    lines = "order_id,line_no,product_id,quantity,unit_price,user_id\n"
    anonymous = "".join(f"o{number},1,pen,1,1.00,\n" for number in range(9)) + "o9,1,pen,1,1.00,u1\n"
    shop.settings("quarantine: {order_items: {rules: {missing_user_id: 0.9}}}")
    shop.deliver(DAY, order_items=lines + anonymous)
    shop.load(DAY)
    shop.settings("quarantine: {order_items: {rules: {missing_user_id: 0.8}}}")
    with pytest.raises(
        PersonaPulseError, match=r"9 of 10 rows are rows with missing_user_id \(90\.0%, allowed are 80\.0%\)"
    ):
        shop.load(DAY)


def test_a_warehouse_holds_one_shop(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    other = Shop(tmp_path_factory.mktemp("other"), shop.warehouse)
    other.deliver(DAY)
    with pytest.raises(PersonaPulseError, match=r"This home holds the shop at .*--home"):
        other.load(DAY)
    shop.settings("time_zone: Asia/Tokyo")
    with pytest.raises(PersonaPulseError, match=r"time_zone is Asia/Tokyo, but this home's days are days in UTC"):
        shop.load(DAY)

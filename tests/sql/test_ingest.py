"""What a day brings into core."""

import gzip
from decimal import Decimal

import pandas as pd
import pytest

from personapulse import ingest

from .conftest import Shop, date

DAY = "2026-03-01"
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
    assert shop.rows("select order_id, line_no, product_id, quantity, amount from core.order_items") == [
        ("o1", 1, "pen", 1, Decimal("9.90"))
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
    assert shop.values("select on_day from core.user_days where views = 1") == [date(DAY)]
    assert shop.values("select returned_on from core.return_facts") == [date(DAY)]


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


@pytest.mark.parametrize(
    "value",
    ["2026-03-01", "2026-03-01 10:00", "2026-03-01T10:00:00.5", "2026-03-01T10:00:00Z", "2026-03-01 12:00:00+02:00"],
)
def test_a_date_may_have_a_time_and_a_zone(shop: Shop, value: str) -> None:
    shop.deliver(DAY, orders=f"order_id,user_id,order_date,payment_status\no1,u1,{value},Paid")
    shop.load(DAY)
    assert shop.values("select ordered_on from core.orders") == [date(DAY)]


def test_contacts_are_taken_where_they_are_delivered(shop: Shop) -> None:
    shop.deliver(DAY, contacts="user_id,sent_at,campaign\nu1,2026-03-01 08:00:00,spring")
    shop.load(DAY)
    assert shop.rows("select user_id, campaign, channel from core.contacts") == [("u1", "spring", "")]
    assert shop.rows("select on_day, contacts from core.user_days") == [(date(DAY), 1)]


def test_columns_the_contract_does_not_know_are_ignored_and_told_once(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.deliver(DAY, users="order_count,user_id,persona\n7,u1,Loyalist")
    shop.deliver("2026-03-02", users="order_count,user_id,persona\n8,u1,Others")
    shop.load(DAY, "2026-03-02")
    assert shop.values("select user_id from core.users") == ["u1"]
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert told == [
        f"{shop.source.address(date(DAY), 'users.csv')}: column '{column}' is not in the contract and is ignored."
        for column in ("order_count", "persona")
    ]


def test_a_day_without_rows_is_a_day(shop: Shop) -> None:
    shop.deliver(DAY)
    shop.load(DAY)
    assert ingest.loaded_days(shop.warehouse) == {date(DAY)}

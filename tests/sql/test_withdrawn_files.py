"""A file that a day brought once and does not bring any more."""

import pytest

from personapulse import ingest
from personapulse.errors import PersonaPulseError

from .conftest import Shop, date

DAY = "2026-03-01"
CONTACTS = "user_id,sent_at\nann,2026-03-01 09:00:00"


def test_a_file_that_is_delivered_no_more_is_taken_back(shop: Shop) -> None:
    contacts = "user_id,sent_at\nann,2026-03-01 08:00:00"
    shop.deliver("2026-03-01", contacts=contacts)
    shop.load("2026-03-01")
    assert shop.values("select contacts from core.customers_as_of('2026-03-01', '2026-03-01')") == [1]
    (shop.folder / "2026-03-01" / "contacts.csv").unlink()
    shop.load("2026-03-01")
    assert shop.values("select user_id from core.customers_as_of('2026-03-01', '2026-03-01')") == []
    shop.deliver("2026-03-01", contacts=contacts)
    shop.load("2026-03-01")
    assert shop.values("select contacts from core.customers_as_of('2026-03-01', '2026-03-01')") == [1]


def test_a_file_that_was_only_staged_leaves_nothing(shop: Shop) -> None:
    shop.deliver(DAY, contacts=CONTACTS)
    ingest.stage(shop.warehouse, shop.source, date(DAY))
    (shop.folder / DAY / "contacts.csv").unlink()
    shop.load(DAY)
    assert ingest.loaded_days(shop.warehouse) == {date(DAY)}
    assert shop.values("select user_id from core.contacts") == []


def test_a_refused_day_can_be_mended_by_leaving_a_file_out(shop: Shop) -> None:
    shop.deliver(DAY, contacts=CONTACTS, users="user_id,age\nann,999")
    with pytest.raises(PersonaPulseError):
        ingest.stage(shop.warehouse, shop.source, date(DAY))
    shop.deliver(DAY, users="user_id,age\nann,99")
    (shop.folder / DAY / "contacts.csv").unlink()
    shop.load(DAY)
    assert ingest.loaded_days(shop.warehouse) == {date(DAY)}
    assert shop.values("select file from ops.quarantine") == []


def test_a_refused_day_can_be_mended_by_the_simple_form(shop: Shop) -> None:
    shop.deliver(DAY, order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,pen,0,1")
    with pytest.raises(PersonaPulseError):
        ingest.stage(shop.warehouse, shop.source, date(DAY))
    shop.deliver(
        DAY, orders="order_id,user_id,order_date,payment_status,product_id,amount\no1,ann,2026-03-01,Paid,pen,1"
    )
    (shop.folder / DAY / "order_items.csv").unlink()
    shop.load(DAY)
    assert ingest.loaded_days(shop.warehouse) == {date(DAY)}
    assert shop.values("select gross_amount from core.orders_as_of('2026-03-01', '2026-03-01')") == [1]

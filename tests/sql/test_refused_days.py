"""Which days are refused, with which message; core stays as it was."""

import gzip

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
    assert shop.values("select distinct state from ops.loads") == ["refused"]
    assert ingest.loaded_days(shop.warehouse) == set()
    assert shop.values("select count(*) from staging.users") == [0]
    assert shop.values("select count(*) from staging.files") == [0]


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

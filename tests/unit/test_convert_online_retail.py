"""Online Retail as daily extracts: ten lines to add up by hand, and the real file's figures."""

import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from personapulse.contract import BY_NAME
from personapulse.convert.online_retail import Accounts, convert_online_retail
from personapulse.errors import PersonaPulseError
from personapulse.settings import QuarantineLimits, parse_settings

REAL = Path(__file__).parents[3] / "shared" / "data" / "online_retail.parquet"
COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
LINES = [
    ("1", "MUG", "Red Mug ", 2, "2010-12-01 09:05:00", 2.1, 7, "France"),
    ("1", "CAP", "Cap", 3, "2010-12-01 09:04:00", 0.001, 7, "France"),  # an invoice begins with its earliest line
    ("2", "MUG", "damaged", -4, "2010-12-01 10:00:00", 0.0, None, "France"),  # a note in place of a name
    ("3", "MUG", "Mug", 1, "2010-12-01 11:00:00", 2.1, 8, "Spain"),
    ("3", "BOX", "", 1, "2010-12-01 11:00:00", 0.0, 8, "Spain"),  # a sample: no price, and not yet a name
    ("C4", "MUG", "Red Mug", -1, "2010-12-03 08:00:00", 2.1, 7, "Spain"),  # from order 1
    ("C5", "CAP", "Cap", -3, "2010-12-03 09:00:00", 19.99, 8, "Spain"),  # 8 never bought a cap
    ("C6", "CAP", "Cap", -1, "2010-12-03 09:30:00", 5.0, None, "Spain"),
    ("7", "BOX", "Box", 1, "2010-12-03 10:00:00", 4.0, None, "Spain"),
    ("8", "BOX", "broken", 1, "2010-12-03 11:00:00", 0.0, 9, "Spain"),  # an invoice without a clean line: no order
]


def frame(lines=LINES) -> pd.DataFrame:
    given = pd.DataFrame(lines, columns=COLUMNS)
    given["InvoiceDate"] = pd.to_datetime(given["InvoiceDate"])
    return given.astype({"CustomerID": "Int64"})


def convert(tmp_path, given: pd.DataFrame | None = None) -> Accounts:
    (frame() if given is None else given).to_parquet(tmp_path / "lines.parquet")
    return convert_online_retail(tmp_path / "lines.parquet", tmp_path / "out", lambda what, share: None)


def rows(tmp_path, day: str, file: str) -> list[str]:
    return (tmp_path / "out" / day / f"{file}.csv").read_text().splitlines()


def test_every_line_is_accounted_for_once(tmp_path):
    assert convert(tmp_path) == Accounts(
        paid_lines=3,
        returned_lines=2,
        anonymous_lines=3,
        unpriced_lines=2,
        other_lines=0,
        orders=2,
        customers=2,
        gross=Decimal("6.303"),  # 2 x 2.10 + 3 x 0.001 + 2.10
        matched_returns=1,
        orders_returned_from=1,
        anonymous_returns=1,
        days=3,
    )


def test_orders_are_invoices_with_a_clean_line_at_their_earliest_time(tmp_path):
    convert(tmp_path)
    assert rows(tmp_path, "2010-12-01", "orders") == [
        "order_id,user_id,order_date,payment_status",
        "1,7,2010-12-01 09:04:00,Paid",
        "3,8,2010-12-01 11:00:00,Paid",
    ]
    assert rows(tmp_path, "2010-12-03", "orders") == ["order_id,user_id,order_date,payment_status"]


def test_order_lines_are_all_there_the_unusable_ones_as_they_are(tmp_path):
    convert(tmp_path)
    header = "order_id,line_no,product_id,quantity,unit_price,user_id"
    assert rows(tmp_path, "2010-12-01", "order_items") == [
        header, "1,1,MUG,2,2.10,7", "1,2,CAP,3,0.001,7", "2,1,MUG,-4,0.00,", "3,1,MUG,1,2.10,8", "3,2,BOX,1,0.00,8",
    ]  # fmt: skip
    assert rows(tmp_path, "2010-12-03", "order_items") == [header, "7,1,BOX,1,4.00,", "8,1,BOX,1,0.00,9"]


def test_returns_name_the_order_only_where_the_customer_bought_the_product_before(tmp_path):
    convert(tmp_path)
    assert rows(tmp_path, "2010-12-03", "returns") == [
        "order_id,product_id,user_id,return_reason,returned_at,amount",
        "1,MUG,7,cancelled,2010-12-03 08:00:00,2.10",
        ",CAP,8,cancelled,2010-12-03 09:00:00,59.97",  # 3 x 19.99, to the penny
        ",CAP,,cancelled,2010-12-03 09:30:00,5.00",
    ]


def test_a_return_is_from_the_newest_order_up_to_its_own_time(tmp_path):
    bought = [
        (invoice, "MUG", "Mug", 1, f"2010-12-0{day} 09:00:00", 2.0, 7, "France")
        for invoice, day in (("1", 1), ("2", 2), ("3", 2), ("4", 4))
    ]
    back = ("C9", "MUG", "Mug", -1, "2010-12-02 09:00:00", 2.0, 7, "France")
    convert(tmp_path, frame([*bought, back]))
    assert rows(tmp_path, "2010-12-02", "returns")[1:] == ["3,MUG,7,cancelled,2010-12-02 09:00:00,2.00"]


def test_customers_come_when_first_seen_and_again_when_they_moved(tmp_path):
    convert(tmp_path)
    assert rows(tmp_path, "2010-12-01", "users") == ["user_id,location", "7,France", "8,Spain"]
    assert rows(tmp_path, "2010-12-03", "users") == ["user_id,location", "7,Spain", "9,Spain"]


def test_products_have_names_and_notes_do_not_rename_them(tmp_path):
    convert(tmp_path)
    assert rows(tmp_path, "2010-12-01", "products") == [
        "product_id,name,category", "BOX,,", "CAP,Cap,", "MUG,Mug,",  # Mug and Red Mug are as common: M is before R
    ]  # fmt: skip
    # Box gets its name; "Red Mug" is a new name for the mug; "broken" stands on a line without a price.
    assert rows(tmp_path, "2010-12-03", "products") == ["product_id,name,category", "BOX,Box,", "MUG,Red Mug,"]


def test_a_product_is_renamed_by_names_only(tmp_path):
    told = [("", 0.0), ("ask Ann", 0.0), ("", 0.0), ("Mug", 2.0), ("a broken one", 0.0)]
    told += [("", 2.0), ("Mug", 2.0), ("Cup", 2.0)]
    given = [
        (str(day), "MUG", name, 1, f"2010-12-0{day} 09:00:00", price, 7, "France")
        for day, (name, price) in enumerate(told, start=1)
    ]
    given.append(("4", "MUG", "A note", 1, "2010-12-04 09:00:00", 0.0, 7, "France"))
    convert(tmp_path, frame(given))
    news = {day: rows(tmp_path, f"2010-12-0{day}", "products")[1:] for day in range(1, 9)}
    assert {day: names for day, names in news.items() if names} == {
        1: ["MUG,,"], 2: ["MUG,ask Ann,"], 4: ["MUG,Mug,"], 8: ["MUG,Cup,"],
    }  # fmt: skip


def test_the_latest_country_of_a_day_counts(tmp_path):
    convert(tmp_path, frame([
        ("1", "MUG", "Mug", 1, "2010-12-01 09:00:00", 2.0, 7, "France"),
        ("3", "MUG", "Mug", 1, "2010-12-01 11:00:00", 2.0, 7, "Spain"),
        ("2", "MUG", "Mug", 1, "2010-12-01 10:00:00", 2.0, 7, "Malta"),
    ]))  # fmt: skip
    assert rows(tmp_path, "2010-12-01", "users")[1:] == ["7,Spain"]


def test_an_invoice_over_midnight_belongs_to_the_day_it_began(tmp_path):
    accounts = convert(tmp_path, frame([
        ("1", "MUG", "Mug", 1, "2010-12-02 00:01:00", 2.0, 7, "France"),
        ("1", "CAP", "Cap", 1, "2010-12-01 23:59:00", 2.0, 7, "France"),
    ]))  # fmt: skip
    assert (accounts.days, rows(tmp_path, "2010-12-01", "orders")[1:]) == (1, ["1,7,2010-12-01 23:59:00,Paid"])
    assert rows(tmp_path, "2010-12-01", "order_items")[1:] == ["1,1,MUG,1,2.00,7", "1,2,CAP,1,2.00,7"]


def test_lines_that_were_never_paid_are_no_orders_and_match_no_return(tmp_path):
    accounts = convert(tmp_path, frame([
        ("1", "MUG", "Mug", 1, "2010-12-01 09:00:00", 0.0, 7, "France"),
        ("2", "MUG", "Mug", 0, "2010-12-01 10:00:00", 2.0, 7, "France"),
        ("C3", "MUG", "Mug", -1, "2010-12-01 11:00:00", 2.0, 7, "France"),
    ]))  # fmt: skip
    assert (accounts.unpriced_lines, accounts.other_lines, accounts.returned_lines) == (1, 1, 1)
    assert (accounts.lines, accounts.orders, accounts.matched_returns) == (3, 0, 0)


def test_a_day_without_invoices_is_there(tmp_path):
    convert(tmp_path)
    files = ("order_items", "orders", "products", "returns", "users")
    assert sorted(path.name for path in (tmp_path / "out" / "2010-12-02").iterdir()) == [
        f"{file}.csv" for file in files
    ]
    assert all(len(rows(tmp_path, "2010-12-02", file)) == 1 for file in files)


def test_the_settings_are_ones_the_product_reads(tmp_path):
    convert(tmp_path)
    settings = parse_settings((tmp_path / "out" / "source.yaml").read_text(), "source.yaml")
    assert (settings.currency, settings.time_zone, settings.lacks) == ("GBP", "Europe/London", ("product_views",))
    assert settings.zero_price == "quarantine"
    assert settings.limits("order_items").rules == {"missing_user_id": 1.0, "missing_unit_price": 1.0}
    assert settings.limits("returns").rules == {"missing_user_id": 1.0}
    assert settings.limits("users") == QuarantineLimits()


def test_every_file_has_the_columns_the_contract_asks_for(tmp_path):
    convert(tmp_path)
    for path in (tmp_path / "out" / "2010-12-01").iterdir():
        extract = BY_NAME[path.stem]
        header = path.read_text().splitlines()[0].split(",")
        assert set(extract.required) <= set(header) <= set(extract.columns)


@pytest.mark.parametrize("date_format", ["%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M"])
def test_csv_and_parquet_give_the_same_extracts(tmp_path, date_format):
    accounts = convert(tmp_path)
    frame().to_csv(tmp_path / "lines.csv", index=False, date_format=date_format)
    assert convert_online_retail(tmp_path / "lines.csv", tmp_path / "csv", lambda what, share: None) == accounts
    for path in (tmp_path / "out").rglob("*.csv"):
        assert (tmp_path / "csv" / path.relative_to(tmp_path / "out")).read_text() == path.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: given.drop(columns="UnitPrice"), "column 'UnitPrice' is missing"),
        (lambda given: given.head(0), "holds no invoice line"),
        (lambda given: given.astype({"Quantity": "str"}).replace({"Quantity": {"-4": "few"}}), "row 3 .*'few'"),
        (lambda given: given.astype({"Quantity": "float"}).replace({"Quantity": {-4: -4.5}}), "whole number"),
        (lambda given: given.assign(InvoiceDate="soon"), "row 1 below the header: InvoiceDate 'soon'"),
        (lambda given: given.replace({"InvoiceNo": {"7": " "}}), "row 9 below the header: InvoiceNo ' ' is empty"),
    ],
)
def test_what_cannot_be_understood_is_named_and_nothing_is_written(tmp_path, change, message):
    with pytest.raises(PersonaPulseError, match=message):
        convert(tmp_path, change(frame()))
    assert not (tmp_path / "out").exists()


def test_a_wrong_file_is_named(tmp_path):
    for name, content, message in (
        ("a.xlsx", b"", "ending with .parquet or .csv"),
        ("a.parquet", b"nonsense", "cannot be read"),
        ("a.csv", b"", "cannot be read"),
        ("a.csv", b"InvoiceNo\n\xff\n", "not UTF-8"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(PersonaPulseError, match=message):
            convert_online_retail(tmp_path / name, tmp_path / "out", lambda what, share: None)
    with pytest.raises(PersonaPulseError, match=r"gone\.csv"):
        convert_online_retail(tmp_path / "gone.csv", tmp_path / "out", lambda what, share: None)


@pytest.mark.skipif(
    not REAL.exists(), reason="the Online Retail file is not part of the product; it lies in ../shared/data"
)
def test_the_real_file_adds_up_to_its_reference_figures(tmp_path):
    accounts = convert_online_retail(REAL, tmp_path / "out", lambda what, share: None)
    assert accounts.lines == 541_909
    assert (accounts.paid_lines, accounts.returned_lines) == (397_884, 8_905)
    assert (accounts.anonymous_lines, accounts.unpriced_lines, accounts.other_lines) == (135_080, 40, 0)
    assert (accounts.orders, accounts.customers, accounts.gross) == (18_532, 4_338, Decimal("8911407.904"))
    written = dict.fromkeys(("users", "products", "orders", "order_items", "returns"), 0)
    returned = Decimal(0)
    day = datetime.date(2010, 12, 1)
    for _ in range(accounts.days):
        for name in written:
            lines = (tmp_path / "out" / day.isoformat() / f"{name}.csv").read_text().splitlines()[1:]
            written[name] += len(lines)
            if name == "returns":
                returned += sum(Decimal(line.rpartition(",")[2]) for line in lines)
        day += datetime.timedelta(days=1)
    assert day == datetime.date(2011, 12, 10)
    assert (written["orders"], written["order_items"], written["returns"]) == (18_532, 541_909 - 9_288, 9_288)
    assert returned == Decimal("896812.49")

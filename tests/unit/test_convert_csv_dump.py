"""A dump of five files as daily extracts: every row is written once, as it was, on the right day."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from personapulse.cli import application
from personapulse.convert import csv_dump
from personapulse.convert.csv_dump import DumpCounts, convert_csv_dump
from personapulse.errors import PersonaPulseError
from personapulse.ingest.source import Source

DUMP = {
    "users": [
        "user_id,signup_date,gender,order_count,persona",
        "u1,2025-11-30,f,99,Loyalist",  # before the first day
        "u2,2026-03-02,m,,Others",
        "u3,2027-01-01,m,,Others",  # after the last day
        "u4,,x,,",
        "u5,lately,x,,",
    ],
    "products": ["product_id,name,category", 'p1,"Mug, red",Kitchen', 'p2,"Two\nlines",Desk'],
    "orders": [
        "order_id,user_id,product_id,order_date,payment_status,amount,note",
        'o1,"u,1",p1,"2026-03-02",Paid,10.50,"she said\n""hello"", twice"',
        "o2,u1,p1,2026-03-04 23:59:59,paid,7,",
        "o3,u2,p2,03/04/2026,Paid,7,",
        "o4,u2,p2,2026-03-03,Paid,7",  # a field short
        "o5,u2,p2,,Paid,7,",
        'o6,u2,p2,2026-03-03,Paid,7,"never closed',
        "o7,u2,p2,2026-03-02T22:30:00-03:00,Paid,7,",  # the third of March in UTC
    ],
    "returns": ["order_id,return_reason", "o1,too red"],
    "product_views": ["user_id,product_id,timestamp", "u1,p1,2026-03-01T08:00:00", "u1,p1,2026-03-02"],
}


def write_dump(tmp_path: Path, **changed: list[str]) -> Path:
    folder = tmp_path / "Ann's: dump"
    folder.mkdir(exist_ok=True)
    for name, lines in (DUMP | changed).items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def convert(tmp_path: Path, **changed: list[str]) -> DumpCounts:
    return convert_csv_dump(write_dump(tmp_path, **changed), tmp_path / "out", lambda what, share: None)


def rows(tmp_path: Path, file: str) -> dict[str, str]:
    """What stands below the header, by day; days without rows left out."""
    found = {}
    for path in (tmp_path / "out").glob(f"*/{file}.csv"):
        below = path.read_text().partition("\n")[2]
        found |= {path.parent.name[-2:]: below} if below else {}
    return found


def test_every_row_is_written_once_as_it_was(tmp_path):
    counts = convert(tmp_path)
    for name, lines in DUMP.items():
        written = "".join(rows(tmp_path, name).values())
        assert Counter(written.splitlines()) == Counter("\n".join(lines[1:]).splitlines())
        for path in (tmp_path / "out").glob(f"*/{name}.csv"):
            assert path.read_text().splitlines()[0] == lines[0]
    assert [(file.name, file.rows, file.uneven, file.undated) for file in counts.files] == [
        ("orders", 7, 2, 2), ("product_views", 2, 0, 0), ("users", 5, 0, 1), ("products", 2, 0, 0),
        ("returns", 1, 0, 0),
    ]  # fmt: skip


def test_orders_and_views_go_to_their_day_and_what_cannot_be_placed_below_the_last(tmp_path):
    convert(tmp_path)
    lines = DUMP["orders"]
    assert rows(tmp_path, "orders") == {
        "02": f"{lines[1]}\n",
        "03": f"{lines[7]}\n",
        "04": "".join(f"{line}\n" for line in (lines[2], lines[3], lines[4], lines[5], lines[6])),
    }
    assert rows(tmp_path, "product_views") == {"01": "u1,p1,2026-03-01T08:00:00\n", "02": "u1,p1,2026-03-02\n"}


def test_users_come_when_they_signed_up_within_the_days_of_the_shop(tmp_path):
    convert(tmp_path)
    _, before, within, after, without, unreadable = DUMP["users"]
    assert rows(tmp_path, "users") == {
        "01": f"{before}\n{without}\n",
        "02": f"{within}\n",
        "04": f"{after}\n{unreadable}\n",
    }


def test_products_come_first_and_undated_returns_when_they_became_known(tmp_path):
    convert(tmp_path)
    assert rows(tmp_path, "products") == {"01": 'p1,"Mug, red",Kitchen\np2,"Two\nlines",Desk\n'}
    assert rows(tmp_path, "returns") == {"04": "o1,too red\n"}


def test_dated_returns_go_to_their_day(tmp_path):
    header, *dated = (
        "order_id,returned_at", "o1,2026-03-03 10:00:00", "o2,", "o3,2026-02-01", "o4,2026-05-01", "o5,soon",
    )  # fmt: skip
    convert(tmp_path, returns=[header, *dated])
    assert rows(tmp_path, "returns") == {
        "01": "o3,2026-02-01\n",
        "03": "o1,2026-03-03 10:00:00\n",
        "04": "o2,\no4,2026-05-01\no5,soon\n",
    }


def test_the_extracts_can_be_read_and_no_file_is_missing_on_any_day(tmp_path):
    convert(tmp_path)
    source = Source(str(tmp_path / "out"))
    assert source.settings.name == "Ann's: dump"
    assert [str(day) for day in source.days()] == [f"2026-03-0{number}" for number in (1, 2, 3, 4)]
    assert [source.missing(day) for day in source.days()] == [[], [], [], []]
    quoted = next(source.files(source.days()[1])["orders"].rows())
    assert quoted.raw.decode() == DUMP["orders"][1]


def test_users_without_a_signup_date_are_there_from_the_first_day(tmp_path):
    convert(tmp_path, users=["user_id", "u1", "u2"])
    assert rows(tmp_path, "users") == {"01": "u1\nu2\n"}


def test_windows_files_and_compressed_ones_give_the_same_extracts(tmp_path):
    folder = write_dump(tmp_path)
    convert_csv_dump(folder, tmp_path / "out", lambda what, share: None)
    for name in ("users", "orders"):
        text = (folder / f"{name}.csv").read_bytes()
        (folder / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    (folder / "products.csv.gz").write_bytes(gzip.compress((folder / "products.csv").read_bytes()))
    (folder / "products.csv").unlink()
    convert_csv_dump(folder, tmp_path / "again", lambda what, share: None)
    for path in (tmp_path / "out").rglob("*.csv"):
        assert (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes() == path.read_bytes()


def test_a_dump_larger_than_memory_allows_is_written_in_pieces(tmp_path, monkeypatch):
    convert(tmp_path)
    whole = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.csv")}
    monkeypatch.setattr(csv_dump, "FLUSH_AT", 20)
    convert_csv_dump(tmp_path / "Ann's: dump", tmp_path / "out", lambda what, share: None, replace=True)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.csv")} == whole


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"orders": ["order_id,user_id,order_date,payment_status,amount"]},
            "orders.*line 1: column 'product_id'",
        ),
        ({"product_views": ["user_id,product_id"]}, r"product_views\.csv, line 1: column 'timestamp' is missing"),
        ({"orders": DUMP["orders"][:1], "product_views": DUMP["product_views"][:1]}, "no day to begin with"),
        (
            {"product_views": [*DUMP["product_views"], "u1,p1,1026-03-02"]},
            r"from 1026-03-02 \(.*product_views\.csv, line 4\) to 2026-03-04 \(.*orders\.csv, line 4\)",
        ),
    ],
)
def test_a_dump_that_cannot_be_right_is_refused(tmp_path, changed, message):
    with pytest.raises(PersonaPulseError, match=message):
        convert(tmp_path, **changed)
    assert not (tmp_path / "out").exists()


def test_missing_and_unreadable_files_are_named(tmp_path):
    folder = write_dump(tmp_path)
    (folder / "returns.csv").rename(folder / "gone.csv")
    with pytest.raises(PersonaPulseError, match=r"returns\.csv is missing"):
        convert_csv_dump(folder, tmp_path / "out", lambda what, share: None)
    (folder / "returns.csv").write_bytes(b"order_id,return_reason\no1,\xe4rgerlich\n")
    with pytest.raises(PersonaPulseError, match=r"returns\.csv, line 2: not UTF-8"):
        convert_csv_dump(folder, tmp_path / "out", lambda what, share: None)
    (folder / "users.csv.gz").write_bytes(b"")
    with pytest.raises(PersonaPulseError, match=r"users twice \(users\.csv and users\.csv\.gz\)"):
        convert_csv_dump(folder, tmp_path / "out", lambda what, share: None)
    with pytest.raises(PersonaPulseError, match=r"users\.csv is not a folder"):
        convert_csv_dump(folder / "users.csv", tmp_path / "out", lambda what, share: None)


def test_the_command_says_what_became_of_each_file(tmp_path):
    result = CliRunner().invoke(
        application, ["convert", "csv-dump", str(write_dump(tmp_path)), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 0, result.output
    assert "2026-03-01 to 2026-03-04" in result.output
    table = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line]
    assert ["orders", "7", "2", "2"] in table

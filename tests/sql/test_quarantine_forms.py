"""The same bad rows, told with the same lines and texts, whatever form the file has."""

import gzip
import re
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from .conftest import Shop

DAY = "2026-03-01"
HEADER = "user_id,product_id,timestamp,category"
ROWS = 70_000  # more than one block and more than one batch
BAD = {  # by the last digits of a row's number
    111: ("", "untypable_timestamp", "02/03/26"),
    222: ("", "untypable_timestamp", "2026-02-30"),
    333: ("", "impossible_timestamp", "2026-03-05 10:00:00"),
    444: ("nobody", "missing_user_id", ""),
    555: ("again", "duplicate_key", ""),
}


def _rows() -> tuple[list[str], list[tuple[int, str, str]]]:
    """Return the rows, and the bad ones with line and rule."""
    rows: list[str] = []
    bad = []
    for number in range(2, ROWS + 2):
        who, rule, when = BAD.get(number % 10_000, ("", "", ""))
        at = f"2026-03-01 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
        user = "" if who == "nobody" else f"u{number % 500}"
        row = rows[-1] if who == "again" else f"{user},p{number % 7},{when or at},{number}"
        rows.append(row)
        if rule:
            bad.append((number, rule, row))
    return rows, bad


def _write(folder: Path, form: str, rows: list[str]) -> None:
    text = "\n".join([HEADER, *rows, ""])
    match form:
        case "csv":
            (folder / "product_views.csv").write_text(text)
        case "csv of windows":
            (folder / "product_views.csv").write_bytes(text.replace("\n", "\r\n").encode())
        case "csv without a last line end":
            (folder / "product_views.csv").write_text(text.removesuffix("\n"))
        case "gzip":
            (folder / "product_views.csv.gz").write_bytes(gzip.compress(text.encode()))
        case "csv with a row of several lines":  # the rows are taken apart one by one
            (folder / "product_views.csv").write_text(text + f'last,p1,{DAY},"two\nlines"\n')
        case "parquet" | "parquet with a comma" | "parquet with a line end":
            columns = dict(zip(HEADER.split(","), zip(*(row.split(",") for row in rows), strict=True), strict=True))
            table = {name: [value or None for value in values] for name, values in columns.items()}
            table["category"][-1] += {"parquet": "", "parquet with a comma": ","}.get(form, "\n")
            pyarrow.parquet.write_table(pyarrow.table(table), folder / "product_views.parquet")


@pytest.mark.parametrize(
    "form",
    [
        "csv",
        "csv of windows",
        "csv without a last line end",
        "csv with a row of several lines",
        "gzip",
        "parquet",
        "parquet with a comma",
        "parquet with a line end",
    ],
)
def test_bad_rows_are_told_alike_in_every_form(shop: Shop, form: str) -> None:
    rows, bad = _rows()
    shop.deliver(DAY)
    (shop.folder / DAY / "product_views.csv").unlink()
    _write(shop.folder / DAY, form, rows)
    shop.load(DAY)
    told = shop.rows("select line_no, rule, raw from ops.quarantine order by line_no")
    assert [(line, rule, re.sub('"', "", raw)) for line, rule, raw in told] == bad
    good = {row.rpartition(",")[2] for row in rows} - {row.rpartition(",")[2] for _, rule, row in bad if rule[0] != "d"}
    kept = shop.values("select category from core.product_views where user_id <> 'last'")
    assert sorted(category.strip(",\n") for category in kept) == sorted(good)

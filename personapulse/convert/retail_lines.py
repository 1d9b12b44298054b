"""The lines of an Online Retail file, typed and sorted into what they are good for."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow

from personapulse.errors import PersonaPulseError

COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
_TEXTS = ("InvoiceNo", "StockCode", "Description", "Country")
CANCELLATION = "C"  # how the number of an invoice begins that takes another one back

PAID, RETURNED, ANONYMOUS, UNPRICED, OTHER = "paid", "returned", "anonymous", "unpriced", "other"


def read_lines(source: Path) -> pd.DataFrame:
    """Read an Online Retail file, one row per invoice line, in the file's order.

    Parameters
    ----------
    source : Path
        `.parquet` or `.csv` with the columns of `COLUMNS`.

    Returns
    -------
    pandas.DataFrame
        Columns invoice, product, name, country, user (texts, empty where unknown), quantity (whole number), sold_at
        (the shop's local time), price (number), day (`YYYY-MM-DD` of the invoice's earliest line), line_no (place in
        the invoice, from 1), kind (paid, returned, anonymous, unpriced, other: the first that fits).

    Raises
    ------
    PersonaPulseError
        If the file cannot be read, has no line, lacks a column, or holds a value of the wrong type.
    """
    given = _read(source)
    if missing := [column for column in COLUMNS if column not in given.columns]:
        raise PersonaPulseError(f"{source}: column {missing[0]!r} is missing. Expected: {', '.join(COLUMNS)}.")
    if given.empty:
        raise PersonaPulseError(f"{source} holds no invoice line.")
    texts = {column: given[column].astype("str").str.strip().fillna("") for column in _TEXTS}
    lines = pd.DataFrame({
        "invoice": texts["InvoiceNo"],
        "product": texts["StockCode"],
        "name": texts["Description"],
        "country": texts["Country"],
        "user": _whole_numbers(given, "CustomerID", source, may_miss=True).astype("str").fillna(""),
        "quantity": _whole_numbers(given, "Quantity", source).astype("int64"),
        "sold_at": _times(given, source),
        "price": _numbers(given, "UnitPrice", source),
    })  # fmt: skip
    for column, key in (("InvoiceNo", "invoice"), ("StockCode", "product")):
        _refuse(given, column, source, lines[key].eq(""), "is empty")
    invoices = lines.groupby("invoice", sort=False)
    lines["day"] = day_texts(invoices["sold_at"].transform("min"))
    lines["line_no"] = invoices.cumcount() + 1
    lines["kind"] = _kinds(lines)
    return lines


def money(prices: "pd.Series[float]") -> "pd.Series[str]":
    """Write prices exactly as they were given, with two decimals or more: 2.1 is `2.10`, 0.001 is `0.001`."""
    texts = {price: decimal_text(Decimal(repr(price))) for price in prices.unique().tolist()}
    return prices.map(texts).astype("str")


def decimal_text(amount: Decimal) -> str:
    """Write an amount without exponent, with two decimals or more.

    Examples
    --------
    >>> decimal_text(Decimal("2.1")), decimal_text(Decimal("1E+2")), decimal_text(Decimal("0.038"))
    ('2.10', '100.00', '0.038')
    """
    exponent = amount.as_tuple().exponent
    return f"{amount:.2f}" if isinstance(exponent, int) and exponent > -2 else f"{amount:f}"


def day_texts(times: "pd.Series[pd.Timestamp]") -> "pd.Series[str]":
    """Write the day (`YYYY-MM-DD`) of each time; years have few days, so each is written once."""
    midnights = times.dt.normalize()
    texts = {midnight: midnight.strftime("%Y-%m-%d") for midnight in midnights.unique()}
    return midnights.map(texts).astype("str")


def _read(source: Path) -> pd.DataFrame:
    try:
        if source.suffix == ".parquet":
            return pd.read_parquet(source)
        if source.suffix == ".csv":
            # "NA" and "null" may be what a product is called: only nothing is nothing.
            return pd.read_csv(source, dtype="str", keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    except OSError as error:
        raise PersonaPulseError(f"{source} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise PersonaPulseError(f"{source} is not UTF-8 (byte {error.start}). Save the file as UTF-8.") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pyarrow.ArrowInvalid) as error:
        raise PersonaPulseError(f"{source} cannot be read: {error}") from None
    raise PersonaPulseError(f"{source}: expected a file ending with .parquet or .csv.")


def _numbers(given: pd.DataFrame, column: str, source: Path, *, may_miss: bool = False) -> "pd.Series[float]":
    numbers = pd.to_numeric(given[column], errors="coerce")
    bad = numbers.isna() & given[column].notna() if may_miss else numbers.isna()
    _refuse(given, column, source, bad, "is not a number")
    return numbers.astype("Float64") if may_miss else numbers.astype("float64")


def _whole_numbers(given: pd.DataFrame, column: str, source: Path, *, may_miss: bool = False) -> "pd.Series[int]":
    numbers = _numbers(given, column, source, may_miss=may_miss)
    _refuse(given, column, source, numbers.mod(1).fillna(0).ne(0), "is not a whole number")
    return numbers.astype("Int64")


def _times(given: pd.DataFrame, source: Path) -> "pd.Series[pd.Timestamp]":
    column = given["InvoiceDate"]
    if not pd.api.types.is_datetime64_dtype(column):
        iso = pd.to_datetime(column, errors="coerce", format="ISO8601")
        # The spreadsheet's own CSV writes 12/1/2010 8:26 for the first of December.
        column = iso.fillna(pd.to_datetime(column, errors="coerce", format="%m/%d/%Y %H:%M"))
    _refuse(given, "InvoiceDate", source, column.isna(), "is not a time like 2010-12-01 08:26:00")
    return column


def _refuse(given: pd.DataFrame, column: str, source: Path, bad: "pd.Series[bool]", fault: str) -> None:
    if bad.any():
        place = int(bad.to_numpy().argmax())
        value = given[column].iloc[place]
        raise PersonaPulseError(f"{source}, row {place + 1} below the header: {column} {value!r} {fault}.")


def _kinds(lines: pd.DataFrame) -> "pd.Series[str]":
    kinds = pd.Series(PAID, index=lines.index, dtype="str")
    # From the last to the first that fits; the earlier ones overrule.
    kinds[lines["quantity"] <= 0] = OTHER
    kinds[lines["price"] <= 0] = UNPRICED
    kinds[lines["invoice"].str.startswith(CANCELLATION)] = RETURNED
    kinds[lines["user"].eq("")] = ANONYMOUS
    return kinds

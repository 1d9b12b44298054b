"""Online Retail (UCI, data set 352) as daily extracts: invoice lines become orders, order lines and returns.

What a shop would have known each evening stands in that evening's folder, and nothing is mended on the way: lines
without a customer or a price are delivered as they are, for the quarantine to set aside and count.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd

from personapulse.convert.retail_lines import (
    ANONYMOUS,
    CANCELLATION,
    OTHER,
    PAID,
    RETURNED,
    UNPRICED,
    decimal_text,
    money,
    read_lines,
)
from personapulse.day_folders import SETTINGS, DayFolders, Progress, new_source

SOURCE_YAML = """\
# Online Retail (UCI Machine Learning Repository, data set 352): a British wholesaler of gifts, 2010-12 to 2011-12.
name: Online Retail
currency: GBP
locale: en_GB
time_zone: Europe/London
lacks: [product_views]  # nobody recorded what people looked at
zero_price: quarantine  # a price of 0 stands for samples, write-offs and corrections of stock
quarantine:
  order_items:
    rules:
      missing_user_id: 1.0  # a quarter of all lines names no customer
      missing_unit_price: 1.0
  returns:
    rules:
      missing_user_id: 1.0
"""
TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Accounts:
    """Where each line of the file went; every line is in exactly one of the first five counts.

    Parameters
    ----------
    paid_lines : int
        On paid orders: customer known, quantity and price above 0.
    returned_lines : int
        On cancellations of known customers.
    anonymous_lines : int
        Without a customer, cancellations among them.
    unpriced_lines : int
        Of known customers, not cancelled, without a price above 0.
    other_lines : int
        Of known customers, not cancelled, with a price but no quantity above 0.
    orders, customers : int
        Paid orders, and who made them.
    gross : Decimal
        What the lines on paid orders are worth, in GBP.
    matched_returns : int
        Returned lines for which an earlier order of that customer holds the product.
    orders_returned_from : int
        How many different orders these are.
    anonymous_returns : int
        Lines on cancellations without a customer; they are in `anonymous_lines`.
    days : int
        Daily folders written.
    """

    paid_lines: int
    returned_lines: int
    anonymous_lines: int
    unpriced_lines: int
    other_lines: int
    orders: int
    customers: int
    gross: Decimal
    matched_returns: int
    orders_returned_from: int
    anonymous_returns: int
    days: int

    @property
    def lines(self) -> int:
        """Every line of the file."""
        found = (self.paid_lines, self.returned_lines, self.anonymous_lines, self.unpriced_lines, self.other_lines)
        return sum(found)


def convert_online_retail(source: Path, out: Path, progress: Progress, *, replace: bool = False) -> Accounts:
    """Write an Online Retail file as daily extracts.

    Parameters
    ----------
    source : Path
        The file, see `personapulse.convert.retail_lines.read_lines`.
    out : Path
        Folder for the extracts; see `personapulse.day_folders.new_source`.
    progress : callable
        Told what is being done.
    replace : bool, default=False
        Whether earlier extracts in `out` may be replaced.

    Raises
    ------
    PersonaPulseError
        If the file cannot be understood or `out` must not be written.
    """
    with new_source(out, replace=replace) as root:
        progress("Reading the lines", 0.0)
        lines = read_lines(source)
        folders = DayFolders(root)
        progress("Writing users and products", 0.2)
        _add(folders, "users", users(lines))
        _add(folders, "products", products(lines))
        progress("Writing orders", 0.35)
        headers = orders(lines)
        _add(folders, "orders", headers)
        progress("Writing order lines", 0.45)
        _add(folders, "order_items", order_items(lines))
        progress("Writing returns", 0.85)
        returned = returns(lines)
        _add(folders, "returns", returned)
        progress("Filling quiet days", 0.95)
        first, last = (datetime.date.fromisoformat(day) for day in (lines["day"].min(), lines["day"].max()))
        days = folders.complete(first, last)
        (root / SETTINGS).write_text(SOURCE_YAML, encoding="utf-8")
        return _accounts(lines, headers, returned, days)


def users(lines: pd.DataFrame) -> pd.DataFrame:
    """Give customers on the day they first appear, and again on days their (latest) country is another one."""
    known = lines[lines["user"].ne("")].sort_values("sold_at", kind="stable")
    daily = known.drop_duplicates(["user", "day"], keep="last")
    is_news = daily["country"].ne(daily.groupby("user")["country"].shift())
    return _table(daily[is_news], {"user": "user_id", "country": "location"})


def products(lines: pd.DataFrame) -> pd.DataFrame:
    """Give products on the day they first appear, and again on days they have another name.

    A day's name is the commonest of that day, the alphabet deciding between equals. Lines without a price often carry
    a note such as "damaged" in place of a name: they name a product only as long as nothing else did.
    """
    lines = lines.assign(is_priced=lines["price"].gt(0) & lines["name"].ne(""), is_named=lines["name"].ne(""))
    counted = lines.groupby(["product", "day", "is_priced", "is_named", "name"], as_index=False).size()
    ranked = counted.sort_values(
        ["product", "day", "is_priced", "is_named", "size", "name"], ascending=[True, True, False, False, False, True]
    )
    daily = ranked.drop_duplicates(["product", "day"])
    # What was known of the name before this day: 0 nothing, 1 a note, 2 a name.
    worth = daily["is_priced"].astype("int64") + daily["is_named"]
    best_before = worth.groupby(daily["product"]).cummax().groupby(daily["product"]).shift(fill_value=-1)
    candidates = daily[worth >= best_before]
    is_news = candidates["name"].ne(candidates.groupby("product")["name"].shift())
    return _table(
        candidates[is_news].assign(category=""), {"product": "product_id", "name": "name", "category": "category"}
    )


def orders(lines: pd.DataFrame) -> pd.DataFrame:
    """Give invoices with at least one clean line, at the time of their earliest line."""
    started = lines.groupby("invoice")["sold_at"].min()
    clean = lines[lines["kind"].eq(PAID)].drop_duplicates("invoice")
    clean = clean.assign(
        order_date=clean["invoice"].map(started).dt.strftime(TIME).astype("str"), payment_status="Paid"
    )
    names = {"invoice": "order_id", "user": "user_id", "order_date": "order_date", "payment_status": "payment_status"}
    return _table(clean, names)


def order_items(lines: pd.DataFrame) -> pd.DataFrame:
    """Give every line that is not on a cancellation, the unusable ones as they are."""
    sold = lines[~lines["invoice"].str.startswith(CANCELLATION)]
    names = {
        "invoice": "order_id", "line_no": "line_no", "product": "product_id", "quantity": "quantity",
        "unit_price": "unit_price", "user": "user_id",
    }  # fmt: skip
    return _table(sold.assign(unit_price=money(sold["price"])), names)


def returns(lines: pd.DataFrame) -> pd.DataFrame:
    """Give every line on a cancellation, with the customer's newest earlier order of the product, if there is one."""
    back = lines[lines["invoice"].str.startswith(CANCELLATION)]
    amounts = [
        decimal_text(-quantity * Decimal(repr(price)))
        for quantity, price in zip(back["quantity"].tolist(), back["price"].tolist(), strict=True)
    ]
    back = back.assign(
        order_id=_newest_order(lines, back),
        return_reason="cancelled",
        returned_at=back["sold_at"].dt.strftime(TIME).astype("str"),
        amount=pd.Series(amounts, index=back.index, dtype="str"),
    )
    names = {
        "order_id": "order_id", "product": "product_id", "user": "user_id", "return_reason": "return_reason",
        "returned_at": "returned_at", "amount": "amount",
    }  # fmt: skip
    return _table(back, names)


def _newest_order(lines: pd.DataFrame, back: pd.DataFrame) -> "pd.Series[str]":
    """Order each returned line is taken to be from; empty where there is none. Indexed like `back`."""
    started = lines.groupby("invoice")["sold_at"].min()
    bought = lines.loc[lines["kind"].eq(PAID), ["user", "product", "invoice"]].drop_duplicates()
    # Two orders of one minute: the higher number is the newer.
    bought = bought.assign(sold_at=bought["invoice"].map(started)).sort_values(["sold_at", "invoice"])
    wanted = back[["user", "product", "sold_at"]].reset_index().sort_values("sold_at", kind="stable")
    found = pd.merge_asof(wanted, bought, on="sold_at", by=["user", "product"])
    return found.set_index("index")["invoice"].fillna("").reindex(back.index)


def _table(rows: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Keep the named columns under their names in the contract, and the day."""
    return rows[["day", *names]].rename(columns=names)


def _add(folders: DayFolders, name: str, table: pd.DataFrame) -> None:
    folders.add_table(name, table.drop(columns="day"), table["day"])


def _accounts(lines: pd.DataFrame, headers: pd.DataFrame, returned: pd.DataFrame, days: int) -> Accounts:
    kinds = lines["kind"].value_counts()
    paid = lines[lines["kind"].eq(PAID)]
    pieces = paid.groupby("price")["quantity"].sum()
    matched = returned.loc[returned["order_id"].ne(""), "order_id"]
    return Accounts(
        paid_lines=int(kinds.get(PAID, 0)),
        returned_lines=int(kinds.get(RETURNED, 0)),
        anonymous_lines=int(kinds.get(ANONYMOUS, 0)),
        unpriced_lines=int(kinds.get(UNPRICED, 0)),
        other_lines=int(kinds.get(OTHER, 0)),
        orders=len(headers),
        customers=headers["user_id"].nunique(),
        gross=sum((Decimal(repr(price)) * int(count) for price, count in pieces.items()), Decimal(0)),
        matched_returns=len(matched),
        orders_returned_from=matched.nunique(),
        anonymous_returns=int(returned["user_id"].eq("").sum()),
        days=days,
    )

"""The sample shop: lively enough to show something, untidy but never so much that a day is refused."""

import csv
from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
from shop_rows import FILES, delivered

from personapulse.paths import SAMPLE_SHOP
from personapulse.settings import DEFAULT_THRESHOLD

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


@pytest.fixture(scope="module")
def sample() -> dict[str, pd.DataFrame]:
    """What the quarantine leaves of the sample shop, file by file."""
    found = {name: delivered(SAMPLE_SHOP, name) for name in FILES}
    views, items = found["product_views"], found["order_items"]
    found["product_views"] = views[views["user_id"].ne("") & views["timestamp"].str.fullmatch(TIME)]
    items = items[items["quantity"].ne("0") & items["unit_price"].ne("a smile")]
    found["order_items"] = items.drop_duplicates(["came_on", "order_id", "line_no"])
    found["truth"] = pd.read_csv(SAMPLE_SHOP / "truth" / "customers.csv", keep_default_na=False)
    return found


def paid_orders(shop: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Paid orders as known at the end, with their amount, day and customer's persona."""
    items = shop["order_items"]
    amounts = (items["quantity"].astype(int) * items["unit_price"].astype(float)).groupby(items["order_id"]).sum()
    orders = shop["orders"].drop_duplicates("order_id", keep="last").merge(shop["truth"], on="user_id")
    orders = orders.assign(amount=orders["order_id"].map(amounts), day=orders["order_date"].str[:10])
    return orders[orders["payment_status"].eq("Paid")]


def bad_rows(name: str, header: list[str], rows: list[list[str]]) -> int:
    """Count what the quarantine will not take, by rules written here again."""
    seen: set[tuple[str, ...]] = set()
    bad = 0
    for fields in rows:
        row = dict(zip(header, fields, strict=False))
        key = (row.get("order_id", ""), row.get("line_no", ""))
        wrong = len(fields) != len(header)
        if name == "product_views":
            wrong = wrong or row["user_id"] == "" or row["timestamp"] == "just now"
        if name == "order_items":
            wrong = wrong or row["quantity"] == "0" or row["unit_price"] == "a smile" or key in seen
            seen.add(key)
        bad += wrong
    return bad


def test_no_file_is_so_dirty_that_its_day_is_refused():
    bad = Counter()
    for path in sorted(SAMPLE_SHOP.glob("*-*-*/*.csv")):
        with path.open(newline="") as stream:
            header, *rows = csv.reader(stream)
        count = bad_rows(path.stem, header, rows)
        assert count <= DEFAULT_THRESHOLD * len(rows) / 2, path
        bad[path.stem] += count
    assert bad["product_views"] > 100
    assert bad["order_items"] > 20
    assert bad.total() == bad["product_views"] + bad["order_items"]


def test_keys_are_unique_on_a_day_and_nothing_is_from_the_future(sample):
    for name, key in (("users", ["user_id"]), ("products", ["product_id"]), ("orders", ["order_id"])):
        assert not sample[name].duplicated(["came_on", *key]).any()
    assert not sample["order_items"].duplicated(["order_id", "product_id"]).any()
    views = sample["product_views"]
    assert not views.duplicated(["user_id", "product_id", "timestamp", "session_id", "event_type"]).any()
    for name, column in (("orders", "order_date"), ("product_views", "timestamp"), ("users", "signup_date")):
        assert (sample[name][column].str[:10] <= sample[name]["came_on"]).all()


def test_some_rows_are_late_by_one_to_three_days(sample):
    views = sample["product_views"]
    first = sample["orders"].drop_duplicates("order_id")
    for late, event in ((views, "timestamp"), (first, "order_date")):
        days = (pd.to_datetime(late["came_on"]) - pd.to_datetime(late[event].str[:10])).dt.days
        assert set(days) == {0, 1, 2, 3}
        assert days.gt(0).mean() < 0.04


def test_corrections_come_later_and_change_only_the_status(sample):
    orders = sample["orders"]
    again = orders[orders.duplicated("order_id")].merge(orders.drop_duplicates("order_id"), on="order_id")
    assert (again["came_on_x"] > again["came_on_y"]).all()
    assert (again["order_date_x"] == again["order_date_y"]).all()
    assert (again["user_id_x"] == again["user_id_y"]).all()
    assert set(zip(again["payment_status_y"], again["payment_status_x"], strict=True)) == {
        ("Pending", "Paid"), ("Pending", "Cancelled"), ("Paid", "Refunded"),
    }  # fmt: skip
    moved = sample["users"][sample["users"].duplicated("user_id", keep=False)].groupby("user_id")["location"].nunique()
    assert len(moved) > 5
    assert (moved == 2).all()


def test_what_is_ordered_was_looked_at_and_taken_to_the_checkout_before(sample):
    items = sample["order_items"].merge(sample["orders"].drop_duplicates("order_id"), on=["order_id", "came_on"])
    assert len(items) == len(sample["order_items"])  # lines come with their order
    views = sample["product_views"]
    views = views[~views["session_id"].isin(views.loc[views["came_on"].gt(views["timestamp"].str[:10]), "session_id"])]
    keys = [views["user_id"], views["product_id"], views["timestamp"].str[:10], views["event_type"]]
    last = views["timestamp"].groupby(keys).max().unstack()
    bought = pd.MultiIndex.from_arrays([items["user_id"], items["product_id"], items["order_date"].str[:10]])
    found = last.reindex(bought).assign(ordered=items["order_date"].to_numpy()).dropna()
    assert len(found) > 0.95 * len(items)  # the others' visits are late
    for earlier, later in pairwise(["view", "add_to_cart", "checkout", "ordered"]):
        assert (found[earlier] < found[later]).all()


def test_returns_are_of_paid_orders_and_sometimes_say_little(sample):
    orders = paid_orders(sample).set_index("order_id")
    returns = sample["returns"]
    assert returns["order_id"].isin(orders.index).all()
    assert (returns["came_on"].to_numpy() > orders.loc[returns["order_id"], "day"].to_numpy()).all()
    dated, valued = returns["returned_at"].ne(""), returns["amount"].ne("")
    assert (returns.loc[dated, "returned_at"].str[:10] == returns.loc[dated, "came_on"]).all()
    assert 0.05 < (~dated).mean() < 0.3
    assert 0.03 < (~valued).mean() < 0.2
    amounts = returns.loc[valued, "amount"].astype(float).to_numpy()
    assert (amounts <= orders.loc[returns.loc[valued, "order_id"], "amount"].to_numpy() + 0.001).all()
    assert returns.loc[~valued, "product_id"].eq("").all()  # without an amount, all of the order is back


def test_the_sample_shop_is_lively(sample):
    orders = paid_orders(sample)
    per_buyer = orders.groupby("user_id").size()
    assert orders.loc[orders["day"] <= "2026-04-29", "user_id"].nunique() >= 250  # the sixtieth day
    assert (per_buyer >= 5).sum() >= 100
    assert 40 <= orders["amount"].mean() <= 80
    assert 0.07 <= len(sample["returns"]) / len(orders) <= 0.09
    per_day = orders.groupby("day").size()
    is_weekend = pd.to_datetime(per_day.index).day_of_week >= 5
    assert per_day[is_weekend].mean() > 1.2 * per_day[~is_weekend].mean()
    assert sum(path.stat().st_size for path in SAMPLE_SHOP.rglob("*.csv")) < 3_000_000
    assert (len(sample["products"]), sample["products"]["category"].nunique()) == (30, 6)


def test_hidden_personas_show_in_what_they_do(sample):
    orders, truth = paid_orders(sample), sample["truth"]
    per_user = truth.assign(
        orders=truth["user_id"].map(orders.groupby("user_id").size()).fillna(0),
        views=truth["user_id"].map(sample["product_views"].groupby("user_id").size()).fillna(0),
        returns=truth["user_id"].map(sample["returns"].groupby("user_id").size()).fillna(0),
    )
    total = per_user.groupby("persona")[["orders", "views", "returns"]].sum()
    mean = per_user.groupby("persona")[["orders", "views"]].mean()
    return_rate, basket = total["returns"] / total["orders"], orders.groupby("persona")["amount"].mean()
    assert mean.loc["Loyal Minimalist", "orders"] > 7
    assert return_rate["Loyal Minimalist"] < 0.03
    assert basket["Loyal Minimalist"] == basket.max()
    assert basket["Impulsive Buyer"] == basket.min()
    assert 0.15 < return_rate["Impulsive Buyer"] < return_rate["Frequent Returner"]
    assert return_rate["Frequent Returner"] > 0.5
    assert total.loc["Window Shopper", "orders"] == 0
    assert mean.loc["Window Shopper", "views"] > 30
    assert per_user.loc[per_user["persona"].eq("Bargain Hunter"), "orders"].max() <= 2
    assert mean.loc["Bargain Hunter", "views"] > 40
    signed_up = sample["users"].drop_duplicates("user_id").set_index("user_id")["signup_date"]
    assert signed_up[truth.loc[truth["persona"].eq("New Customer"), "user_id"]].min() >= "2026-05-04"


def test_price_conscious_customers_buy_the_cheap_end_of_each_category(sample):
    products = sample["products"].assign(price=lambda rows: rows["price"].astype(float))
    level = products["price"] / products.groupby("category")["price"].transform("mean")
    items = sample["order_items"].merge(paid_orders(sample)[["order_id", "persona"]], on="order_id")
    levels = items["product_id"].map(level.set_axis(products["product_id"])).groupby(items["persona"]).mean()
    assert levels["Price-Conscious"] < 0.7 < 1 < levels["Loyal Minimalist"]

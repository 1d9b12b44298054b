"""The sample shop: lively enough to show something, untidy but never so much that a day is refused."""

from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
from shop_rows import FILES, KEYS, as_it_stands, delivered, lines, truth

from personapulse.paths import SAMPLE_SHOP
from personapulse.settings import DEFAULT_THRESHOLD

PERSONAS = {
    "Loyal Minimalist", "Loyalist", "Impulsive Buyer", "Price-Conscious", "Bargain Hunter", "Frequent Returner",
    "Window Shopper", "Abandoner", "New Customer", "No Clear Type",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample() -> dict[str, pd.DataFrame]:
    """What the quarantine leaves of the sample shop, file by file."""
    return {name: delivered(SAMPLE_SHOP, name) for name in FILES} | {"truth": truth(SAMPLE_SHOP, "customers")}


@pytest.fixture(scope="module")
def paid() -> pd.DataFrame:
    """Paid orders as known at the end, with their amount, day and customer's persona."""
    items = as_it_stands(SAMPLE_SHOP, "order_items")
    amounts = (items["quantity"].astype(int) * items["unit_price"].astype(float)).groupby(items["order_id"]).sum()
    orders = as_it_stands(SAMPLE_SHOP, "orders").merge(truth(SAMPLE_SHOP, "customers"), on="user_id")
    orders = orders.assign(amount=orders["order_id"].map(amounts), day=orders["order_date"].str[:10])
    return orders[orders["payment_status"].isin(["Paid", "Refunded"])]


def is_bad(name: str, header: list[str], fields: list[str], day: str, seen: set[tuple[str, ...]]) -> bool:
    """Whether a row breaks the contract, by rules written here again."""
    row = dict(zip(header, fields, strict=False))
    key = tuple(row.get(column, "") for column in KEYS[name])
    wrong = (
        len(fields) != len(header)
        or (name != "returns" and row.get("user_id") == "")
        or row.get("age", "") in {"203", "forty"}
        or any(column in row and row[column] and not row[column].startswith("20") for column in TIMES)
        or any(row.get(column, "") > f"{day} 24" for column in TIMES)
        or row.get("payment_status", "Paid") not in {"Paid", "Failed", "Pending", "Cancelled", "Refunded"}
        or row.get("event_type", "view") not in {"view", "add_to_cart", "checkout"}
        or row.get("quantity", "1") == "0"
        or row.get("unit_price") == "a smile"
        or row.get("amount", "").startswith("-")
    )
    if not wrong and name != "returns":
        wrong = key in seen
        seen.add(key)
    return wrong


TIMES = ("order_date", "returned_at", "timestamp", "sent_at")


def test_the_truth_about_dirt_is_true_and_no_day_is_refused():
    dirty = truth(SAMPLE_SHOP, "dirty_rows")
    told = truth(SAMPLE_SHOP, "deliveries").set_index(["source_day", "file"])
    expected = set(zip(dirty["source_day"], dirty["file"], dirty["line_no"], strict=True))
    found = set()
    for path in sorted(SAMPLE_SHOP.glob("*-*-*/*.csv")):
        (header, *rows), seen = lines(path), set()
        bad = [no for no, row in enumerate(rows, 2) if is_bad(path.stem, header, row, path.parent.name, seen)]
        assert len(bad) <= DEFAULT_THRESHOLD * len(rows) / 2, path
        counts = told.loc[(path.parent.name, path.stem)]
        assert (counts["rows"], counts["dirty_rows"]) == (len(rows), len(bad)), path
        found |= {(path.parent.name, path.stem, line_no) for line_no in bad}
    assert found == expected
    assert len(told) == 92 * len(FILES)
    rules = Counter(dirty["file"])
    assert rules["product_views"] > 300
    assert min(rules["order_items"], rules["orders"], rules["contacts"], rules["users"]) >= 5


def test_keys_are_unique_on_a_day_and_nothing_is_from_the_future(sample):
    for name, key in KEYS.items():
        assert not sample[name].duplicated(["came_on", *key]).any(), name
    assert not as_it_stands(SAMPLE_SHOP, "order_items").duplicated(["order_id", "product_id"]).any()
    for name, column in (("orders", "order_date"), ("product_views", "timestamp"), ("users", "signup_date")):
        assert (sample[name][column].str[:10] <= sample[name]["came_on"]).all()


def test_late_rows_are_late_by_one_to_six_days_and_counted(sample):
    told = truth(SAMPLE_SHOP, "deliveries")
    happened = {"product_views": "timestamp", "orders": "order_date", "contacts": "sent_at"}
    for name, column in happened.items():
        first = sample[name].drop_duplicates(KEYS[name])
        days = (pd.to_datetime(first["came_on"]) - pd.to_datetime(first[column].str[:10])).dt.days
        assert {1, 2, 3} <= set(days[days > 0]) <= {1, 2, 3, 4, 5, 6}  # 3 days late, and 3 to be mended
        assert 0 < days.gt(0).mean() < 0.04
        assert days.gt(0).sum() == told.loc[told["file"].eq(name), "late_rows"].sum()


def test_corrections_change_what_may_change_and_are_counted(sample):
    told = truth(SAMPLE_SHOP, "deliveries").groupby("file")["corrected_rows"].sum()
    for name in ("orders", "order_items", "users", "products"):
        assert sample[name].duplicated(KEYS[name]).sum() == told[name] > 10
    orders = sample["orders"]
    again = orders[orders.duplicated("order_id")].merge(orders.drop_duplicates("order_id"), on="order_id")
    assert (again["came_on_x"] > again["came_on_y"]).all()
    assert (again["order_date_x"] == again["order_date_y"]).all()
    assert (again["user_id_x"] == again["user_id_y"]).all()
    assert (
        {("Pending", "Paid"), ("Pending", "Cancelled"), ("Paid", "Refunded")}
        <= set(zip(again["payment_status_y"], again["payment_status_x"], strict=True))
        <= {("Pending", "Paid"), ("Pending", "Cancelled"), ("Paid", "Refunded"), ("Pending", "Refunded")}
    )
    lines_ = sample["order_items"]
    again = lines_[lines_.duplicated(KEYS["order_items"])].merge(lines_, on=KEYS["order_items"])
    assert (again["product_id_x"] == again["product_id_y"]).all()
    assert {"quantity", "unit_price"} == {
        column for column in ("quantity", "unit_price") if (again[f"{column}_x"] != again[f"{column}_y"]).any()
    }


def test_customers_move_have_birthdays_and_wrong_ages_are_put_right(sample):
    users = sample["users"]
    again = users[users.duplicated("user_id")].merge(users.drop_duplicates("user_id"), on="user_id")
    assert (again["location_x"] != again["location_y"]).sum() > 5
    years = pd.to_numeric(again["age_x"]) - pd.to_numeric(again["age_y"])
    assert (years == 1).sum() > 50
    assert (years < 0).sum() >= 3
    assert (again["signup_date_x"] == again["signup_date_y"]).all()


def test_prices_change_and_products_come(sample):
    products = sample["products"]
    assert products.loc[products["came_on"].eq("2026-03-01"), "product_id"].nunique() == 30
    assert products["category"].nunique() == 6
    assert len(products.drop_duplicates("product_id")) == 34
    on_sale = products[products["came_on"].eq("2026-04-10")].set_index("product_id")["price"].astype(float)
    after = products[products["came_on"].eq("2026-04-20")].set_index("product_id")["price"].astype(float)
    assert len(on_sale) == len(after) == 32
    assert (on_sale / after).between(0.77, 0.81).all()
    rises = products[~products["came_on"].isin(["2026-03-01", "2026-04-10", "2026-04-20"])]
    assert rises["product_id"].duplicated().sum() + len(rises) > 10


def test_an_order_costs_what_the_day_costs(sample):
    prices = sample["products"].assign(day=pd.to_datetime(sample["products"]["came_on"])).sort_values("day")
    items = as_it_stands(SAMPLE_SHOP, "order_items").merge(sample["orders"].drop_duplicates("order_id"), on="order_id")
    items = items.assign(day=pd.to_datetime(items["order_date"].str[:10])).sort_values("day")
    told = pd.merge_asof(items, prices[["day", "product_id", "price"]], on="day", by="product_id")
    assert (told["unit_price"] == told["price"]).all()


def test_what_is_ordered_was_looked_at_and_taken_to_the_checkout_before(sample):
    first = sample["orders"].drop_duplicates("order_id")
    failed = first[first["payment_status"].eq("Failed")]
    items = as_it_stands(SAMPLE_SHOP, "order_items").merge(first, on="order_id")
    views = sample["product_views"]
    keys = [views["user_id"], views["product_id"], views["timestamp"].str[:10], views["event_type"]]
    last = views["timestamp"].groupby(keys).max().unstack()
    bought = pd.MultiIndex.from_arrays([items["user_id"], items["product_id"], items["order_date"].str[:10]])
    found = last.reindex(bought).assign(ordered=items["order_date"].to_numpy())
    assert found.notna().all(axis=None)
    for earlier, later in pairwise(["view", "add_to_cart", "checkout", "ordered"]):
        assert (found[earlier] < found[later]).all()
    again = failed.merge(first, on="user_id", suffixes=("", "_again"))
    wait = (pd.to_datetime(again["order_date_again"]) - pd.to_datetime(again["order_date"])).dt.total_seconds()
    assert 0.4 < wait.between(1, 900).sum() / len(failed) < 0.8  # tried again at once


def test_returns_are_of_paid_orders_and_sometimes_say_little(sample, paid):
    orders = paid.set_index("order_id")
    returns = sample["returns"]
    assert returns["order_id"].isin(orders.index).all()
    dated, valued = returns["returned_at"].ne(""), returns["amount"].ne("")
    kept = (
        pd.to_datetime(returns["returned_at"].str[:10])
        - pd.to_datetime(orders.loc[returns["order_id"], "day"]).to_numpy()
    ).dt.days[dated]
    assert kept.between(3, 26).all()
    assert 8 < kept.mean() < 15
    late = returns.loc[dated, "returned_at"].str[:10] != returns.loc[dated, "came_on"]
    assert 0 < late.mean() < 0.12
    assert 0.05 < (~dated).mean() < 0.3
    assert 0.03 < (~valued).mean() < 0.2
    amounts = returns.loc[valued, "amount"].astype(float).to_numpy()
    assert (amounts <= orders.loc[returns.loc[valued, "order_id"], "amount"].to_numpy() + 0.001).all()
    assert returns.loc[~valued, "product_id"].eq("").all()  # without an amount, all of the order is back
    refunded = orders.index[orders["payment_status"].eq("Refunded")]
    assert len(refunded) > 20
    assert set(refunded) <= set(returns.loc[returns["product_id"].eq(""), "order_id"])
    assert returns["return_reason"].nunique() == 5


def test_the_sample_shop_is_lively(sample, paid):
    per_buyer = paid.groupby("user_id").size()
    assert paid.loc[paid["day"] <= "2026-04-29", "user_id"].nunique() >= 250  # the sixtieth day
    assert (per_buyer >= 5).sum() >= 100
    assert 40 <= paid["amount"].mean() <= 80
    assert 0.07 <= len(sample["returns"]) / len(paid) <= 0.15
    per_day = paid.groupby("day").size()
    is_weekend = pd.to_datetime(per_day.index).day_of_week >= 5
    assert per_day[is_weekend].mean() > 1.1 * per_day[~is_weekend].mean()
    assert sum(path.stat().st_size for path in [SAMPLE_SHOP, *SAMPLE_SHOP.rglob("*")]) < 5_000_000
    days = sorted(path.name for path in SAMPLE_SHOP.glob("*-*-*"))
    assert (days[0], days[-1], len(days)) == ("2026-03-01", "2026-05-31", 92)


def test_hidden_personas_show_in_what_they_do(sample, paid):
    who = sample["truth"]
    views = sample["product_views"][sample["product_views"]["event_type"].eq("view")]
    counts = {"orders": paid, "views": views, "returns": sample["returns"]}
    per_user = who[["user_id", "persona"]].assign(**{
        name: who["user_id"].map(rows.groupby("user_id").size()).fillna(0) for name, rows in counts.items()
    })  # fmt: skip
    total = per_user.groupby("persona")[[*counts]].sum()
    mean = per_user.groupby("persona")[[*counts]].mean()
    return_rate, basket = total["returns"] / total["orders"], paid.groupby("persona")["amount"].mean()
    assert set(who["persona"]) == PERSONAS
    assert mean.loc["Loyal Minimalist", "orders"] > 7
    assert return_rate["Loyal Minimalist"] < 0.04
    assert basket["Loyal Minimalist"] == basket.max()
    assert basket["Impulsive Buyer"] < 0.7 * basket.drop(["Impulsive Buyer", "Abandoner", "Window Shopper"]).min()
    assert 0.15 < return_rate["Impulsive Buyer"] < return_rate["Frequent Returner"]
    assert return_rate["Frequent Returner"] > 0.5
    assert mean.loc["Window Shopper", "orders"] < 0.3
    assert mean.loc["Window Shopper", "views"] > 30
    assert mean.loc["Abandoner", ["orders", "views"]].max() < 6
    assert 0.5 < mean.loc["Bargain Hunter", "orders"] < 2.5
    assert mean.loc["Bargain Hunter", "views"] > 40
    assert mean.loc["Loyalist", "views"] > 2 * mean.loc["Loyal Minimalist", "views"]
    signed_up = as_it_stands(SAMPLE_SHOP, "users").set_index("user_id")["signup_date"]
    assert signed_up[who.loc[who["persona"].eq("New Customer"), "user_id"]].min() >= "2026-05-04"


def test_the_most_valuable_persona_is_written_to_least(sample, paid):
    heads = sample["truth"]["persona"].value_counts()
    worth = paid.groupby("persona")["amount"].sum() / heads
    contacts = sample["contacts"].merge(sample["truth"], on="user_id").groupby("persona").size() / heads
    best = worth.idxmax()
    assert best == "Loyal Minimalist"
    assert worth[best] > 1.5 * worth.drop(best).max()
    others = contacts.drop([best, "New Customer"])  # who has just come had no time to be written to
    assert contacts[best] < 0.5 * others.min()
    assert sample["contacts"].groupby("campaign")["channel"].unique().str.join("").to_dict() == {
        "Friday Find": "push", "Letter": "email", "Sale": "email",
    }  # fmt: skip


def test_price_conscious_customers_buy_the_cheap_end_of_each_category(sample, paid):
    products = sample["products"].drop_duplicates("product_id")
    price = products["price"].astype(float)
    level = price / price.groupby(products["category"]).transform("mean")
    items = as_it_stands(SAMPLE_SHOP, "order_items").merge(paid[["order_id", "persona"]], on="order_id")
    levels = items["product_id"].map(level.set_axis(products["product_id"])).groupby(items["persona"]).mean()
    assert levels["Price-Conscious"] < 0.7 < 1 < levels["Loyal Minimalist"]

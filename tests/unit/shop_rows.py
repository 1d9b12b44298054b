"""Rows of written extracts, for tests that look at a whole shop."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

FILES = ("users", "products", "orders", "order_items", "returns", "product_views", "contacts")
KEYS = {
    "users": ["user_id"],
    "products": ["product_id"],
    "orders": ["order_id"],
    "order_items": ["order_id", "line_no"],
    "returns": ["order_id", "product_id"],
    "product_views": ["user_id", "timestamp", "product_id", "event_type", "session_id"],
    "contacts": ["user_id", "sent_at", "campaign", "channel"],
}


def lines(path: Path) -> list[list[str]]:
    """Fields of every line of a CSV file, the header first."""
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def truth(root: Path, name: str) -> pd.DataFrame:
    """A truth table; whole numbers and probabilities are numbers, empty fields are empty texts."""
    return pd.read_csv(root / "truth" / f"{name}.csv", keep_default_na=False)


def delivered(root: Path, name: str) -> pd.DataFrame:
    """Good rows of a file over all days, with the day they came on: all but those the truth calls dirty."""
    dirty = truth(root, "dirty_rows")
    dirty = dirty[dirty["file"].eq(name)].groupby("source_day")["line_no"].agg(set).to_dict()
    parts = []
    for path in sorted(root.glob(f"*-*-*/{name}.csv")):
        header, *rows = lines(path)
        bad = dirty.get(path.parent.name, set())
        good = [row for line_no, row in enumerate(rows, 2) if line_no not in bad]
        parts.append(pd.DataFrame(good, columns=header, dtype="str").assign(came_on=path.parent.name))
    return pd.concat(parts, ignore_index=True)


def as_it_stands(root: Path, name: str) -> pd.DataFrame:
    """Rows of a file as last told, one per key."""
    return delivered(root, name).drop_duplicates(KEYS[name], keep="last")


def paid_orders(root: Path) -> pd.DataFrame:
    """Orders that are paid as last told (Refunded ones were), with the date of their day."""
    orders = as_it_stands(root, "orders")
    orders = orders[orders["payment_status"].isin(["Paid", "Refunded"])]
    return orders.assign(day=pd.to_datetime(orders["order_date"].str[:10]))


def chance_to_rank(feature: np.ndarray, is_positive: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive has the larger feature than a negative; ties count half."""
    ranks = pd.Series(feature).rank().to_numpy()
    positives = int(is_positive.sum())
    negatives = len(is_positive) - positives
    return float((ranks[is_positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))

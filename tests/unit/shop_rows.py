"""Rows of written extracts, for tests that look at a whole shop."""

import csv
from pathlib import Path

import pandas as pd

FILES = ("users", "products", "orders", "order_items", "returns", "product_views")


def delivered(root: Path, name: str) -> pd.DataFrame:
    """Rows of a file over all days that have as many fields as the header, with the day they came on."""
    parts = []
    for path in sorted(root.glob(f"*-*-*/{name}.csv")):
        with path.open(newline="") as stream:
            header, *rows = csv.reader(stream)
        part = pd.DataFrame([row for row in rows if len(row) == len(header)], columns=header, dtype="str")
        parts.append(part.assign(came_on=path.parent.name))
    return pd.concat(parts, ignore_index=True)

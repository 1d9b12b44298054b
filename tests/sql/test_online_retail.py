"""A real shop: every mart comes to the figures known of Online Retail (UCI, data set 352), to the last digit."""

import datetime
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pytest

from personapulse import checks, ingest, marts
from personapulse.convert.online_retail import convert_online_retail
from personapulse.paths import ROOT
from personapulse.postgres import EmbeddedPostgres

from .sample_shop import empty

REAL = ROOT.parent / "shared" / "data" / "online_retail.parquet"
LAST = datetime.date(2011, 12, 9)
CUSTOMERS, ORDERS, GROSS = 4_338, 18_532, Decimal("8911407.904")
KEYS = {"users": "user_id", "products": "product_id"}

pytestmark = pytest.mark.skipif(
    not REAL.exists(), reason="the Online Retail file is not part of the product; it lies in ../shared/data"
)


def in_one_day(extracts: Path, folder: Path) -> None:
    """Put a year's daily files into one day: it is the marts that are looked at, and a day is loaded in seconds."""
    (folder / str(LAST)).mkdir(parents=True)
    shutil.copy(extracts / "source.yaml", folder)
    for name in ("users", "products", "orders", "order_items", "returns"):
        days = [pd.read_csv(file, dtype=str) for file in sorted(extracts.glob(f"*/{name}.csv"))]
        rows = pd.concat(days)
        if name in KEYS:
            rows = rows.drop_duplicates(KEYS[name], keep="last")
        rows.to_csv(folder / str(LAST) / f"{name}.csv", index=False)


@pytest.fixture(scope="module")
def retail(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    """The shop with all its lines, and every mart of its last day."""
    folder = tmp_path_factory.mktemp("retail")
    convert_online_retail(REAL, folder / "extracts", lambda what, share: None)
    in_one_day(folder / "extracts", folder / "shop")
    source = ingest.Source(str(folder / "shop"))
    with empty(postgres, "online_retail") as connection:
        ingest.stage(connection, source, LAST)
        ingest.merge(connection, source, LAST)
        for name in marts.NAMES:
            marts.build(connection, name, LAST, source.settings)
        yield connection


@pytest.mark.parametrize(
    ("query", "figures"),
    [
        ("select buyers_to_date, paid_orders_to_date, gross_revenue_to_date from marts.kpi_daily",
         (CUSTOMERS, ORDERS, GROSS)),
        ("select count(*), sum(frequency) from marts.rfm", (CUSTOMERS, ORDERS)),
        ("select count(*) filter (where paid_orders > 0), sum(paid_orders), sum(gross_revenue) from marts.ltv",
         (CUSTOMERS, ORDERS, GROSS)),
        ("select count(*), sum(paid_orders), sum(gross_revenue) from marts.ltv_predicted", (CUSTOMERS, ORDERS, GROSS)),
        ("select count(*) filter (where paid_orders > 0), sum(paid_orders), sum(gross_revenue)"
         " from marts.customer_profile", (CUSTOMERS, ORDERS, GROSS)),
        ("select sum(paid_orders), sum(gross_revenue) from marts.kpi_monthly", (ORDERS, GROSS)),
        ("select sum(paid_orders), sum(gross_revenue) from marts.cohorts", (ORDERS, GROSS)),
        ("select sum(gross_revenue) from marts.product_performance", (GROSS,)),
        ("select sum(paid_orders), sum(gross_revenue) from marts.dashboard_cube_months", (ORDERS, GROSS)),
        ("select sum(buyers), sum(paid_orders), sum(gross_revenue) from marts.dashboard_cube_customers",
         (CUSTOMERS, ORDERS, GROSS)),
    ],
)  # fmt: skip
def test_every_mart_comes_to_the_figures_known_of_it(
    retail: psycopg.Connection[Any], query: str, figures: tuple[object, ...]
) -> None:
    assert retail.execute(query.encode()).fetchone() == figures


def test_the_marts_contradict_each_other_nowhere(retail: psycopg.Connection[Any]) -> None:
    assert [found.rule for found in checks.find(retail, "marts", LAST) if found.count] == []

"""Draw docs/images/simulator.png: a simulated year, and its true purchase probabilities against what then happened.

Run from the checkout: `.venv-test/bin/python benchmarks/draw_simulated_shop.py`. Takes about half a minute.
"""

import tempfile
from datetime import date
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from personapulse.simulate.extracts import simulate_shop

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "simulator.png"
SHOWN = ("Loyal Minimalist", "Loyalist", "Impulsive Buyer", "Price-Conscious", "Frequent Returner")


def main() -> None:
    """Simulate a year of 3,000 customers, and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "shop"
        simulate_shop(root, lambda *_: None, users=3000, days=365, seed=7, first_day=date(2025, 1, 1))
        orders, customers = paid_orders(root), pd.read_csv(root / "truth" / "customers.csv")
        told = pd.read_csv(root / "truth" / "purchase_probability.csv", parse_dates=["as_of_date"])
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), width_ratios=(2.2, 1), layout="constrained")
    draw_year(left, orders, customers)
    draw_calibration(right, orders, told)
    figure.savefig(PICTURE, dpi=90)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")


def paid_orders(root: Path) -> pd.DataFrame:
    """Return the shop's paid orders as last told: user_id and day."""
    files = sorted(root.glob("*-*-*/orders.csv"))
    orders = pd.concat([pd.read_csv(file, dtype="str", on_bad_lines="skip") for file in files])
    is_dirty = orders["user_id"].isna() | orders["order_date"].str.startswith("32")
    orders = orders[~is_dirty].drop_duplicates("order_id", keep="last")
    orders = orders[orders["payment_status"].isin(["Paid", "Refunded"])]
    return orders.assign(day=pd.to_datetime(orders["order_date"].str[:10]))


def draw_year(axes: plt.Axes, orders: pd.DataFrame, customers: pd.DataFrame) -> None:
    """Stack the paid orders of each day, mean of seven days, by true persona."""
    persona = orders["user_id"].map(customers.set_index("user_id")["persona"])
    persona = persona.where(persona.isin(SHOWN), "all others")
    days = pd.date_range("2025-01-01", "2025-12-31")
    counts = pd.crosstab(orders["day"], persona).reindex(days, fill_value=0)
    smooth = counts[[*SHOWN, "all others"]].rolling(7, center=True).mean()
    axes.stackplot(days, smooth.to_numpy().T, labels=smooth.columns, colors=plt.get_cmap("Set2").colors)
    axes.set(title="Paid orders a day, by true persona (7-day mean)", xlim=(days[3], days[-4]))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%b"))
    axes.legend(loc="upper left", ncols=2, fontsize=8, frameon=False)
    axes.set_ylim(0, smooth.sum(axis=1).max() * 1.35)


def draw_calibration(axes: plt.Axes, orders: pd.DataFrame, told: pd.DataFrame) -> None:
    """Draw the share that bought within the horizon against the true probability, in twenty bins."""
    horizon = pd.Timedelta(days=int(told["horizon_days"].iloc[0]))
    told = told[told["as_of_date"] + horizon <= told["as_of_date"].max()]
    bought = pd.merge_asof(
        told.sort_values("as_of_date"),
        orders[["user_id", "day"]].sort_values("day"),
        left_on="as_of_date", right_on="day", by="user_id", direction="forward", allow_exact_matches=False,
    )  # fmt: skip
    is_bought = (bought["day"] - bought["as_of_date"]) <= horizon
    bins = pd.cut(bought["probability"], np.linspace(0, 1, 21), include_lowest=True)
    points = pd.DataFrame({"p": bought["probability"], "y": is_bought}).groupby(bins, observed=True).mean()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.scatter(points["p"], points["y"], s=18, color="#d95f02", zorder=2)
    axes.set(title="Bought within 14 days", xlabel="true probability", ylabel="share that did")


if __name__ == "__main__":
    main()

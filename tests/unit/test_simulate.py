"""The simulator: the same bytes for the same seed, every day complete, and what cannot be simulated is said."""

import datetime
import filecmp
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from shop_rows import FILES, as_it_stands, delivered, lines, paid_orders, truth
from typer.testing import CliRunner

from personapulse.cli import application
from personapulse.contract import BY_NAME
from personapulse.errors import PersonaPulseError
from personapulse.paths import SAMPLE_SHOP
from personapulse.settings import parse_settings
from personapulse.simulate import dirt, shop
from personapulse.simulate.draws import Draws
from personapulse.simulate.extracts import simulate_shop


def simulate(out: Path, **changed):
    given = {"users": 60, "days": 30, "seed": 5} | changed
    return simulate_shop(out, lambda what, share: None, **given)


def same_files(one: Path, other: Path) -> bool:
    names = sorted(path.relative_to(one) for path in one.rglob("*"))
    if names != sorted(path.relative_to(other) for path in other.rglob("*")):
        return False
    files = [str(name) for name in names if (one / name).is_file()]
    return filecmp.cmpfiles(one, other, files, shallow=False)[0] == files


def test_the_sample_shop_is_what_the_simulator_writes(tmp_path):
    simulate(tmp_path / "shop", users=600, days=92, seed=7)
    assert same_files(tmp_path / "shop", SAMPLE_SHOP), (
        "include/data is not what the simulator writes. If the change is meant: "
        "personapulse simulate --users 600 --days 92 --seed 7 --out include/data --replace"
    )


def test_another_seed_is_another_shop(tmp_path):
    simulate(tmp_path / "one")
    simulate(tmp_path / "two", seed=6)
    assert not same_files(tmp_path / "one", tmp_path / "two")


def test_chance_is_pinned_to_the_bit():
    # Another machine, numpy or Python that draws anything else would not write the sample shop.
    assert Draws(7, "test").whole(0, 99, 6).tolist() == [69, 86, 9, 97, 57, 68]
    assert Draws(7, "other").whole(0, 99, 6).tolist() != Draws(7, "test").whole(0, 99, 6).tolist()


def test_draws_keep_their_bounds_and_weights():
    draws = Draws(1, "bounds")
    assert Counter(draws.whole(2, 4, 3000).tolist()).keys() == {2, 3, 4}
    assert draws.whole(np.array([1, 5]), np.array([1, 5]), 2).tolist() == [1, 5]
    weighed = Counter(draws.choices([1, 0, 3], 4000).tolist())
    assert weighed.keys() == {0, 2}
    assert weighed[2] / weighed[0] == pytest.approx(3, rel=0.15)
    assert draws.happens(0.25, 4000).mean() == pytest.approx(0.25, abs=0.03)


def test_every_day_has_every_file_as_the_contract_wants_it(tmp_path):
    simulate(tmp_path / "shop", users=3, days=12, first_day=datetime.date(2027, 12, 25))
    days = [f"2027-12-{day}" for day in range(25, 32)] + [f"2028-01-0{day}" for day in range(1, 6)]
    assert sorted(path.name for path in (tmp_path / "shop").iterdir()) == [*days, "source.yaml", "truth"]
    for day in days:
        files = {path.stem: path for path in (tmp_path / "shop" / day).iterdir()}
        assert files.keys() == set(FILES)
        for name, path in files.items():
            header = lines(path)[0]
            assert set(BY_NAME[name].required) <= set(header) <= set(BY_NAME[name].columns)
    settings = parse_settings((tmp_path / "shop" / "source.yaml").read_text(), "source.yaml")
    assert (settings.name, settings.currency, settings.time_zone) == ("Maple & Moss", "EUR", "Europe/Berlin")


@pytest.mark.parametrize("ending", ["csv.gz", "parquet"])
def test_other_forms_hold_the_same_rows(tmp_path, ending, monkeypatch):
    monkeypatch.setattr(dirt, "SHARE", 0)  # a Parquet file cannot hold rows with a field too many
    simulate(tmp_path / "csv", users=300, days=5)
    simulate(tmp_path / "other", users=300, days=5, ending=ending)
    files = sorted((tmp_path / "other").glob("*-*-*/*"))
    assert {path.name.split(".", 1)[1] for path in files} == {ending}
    assert len(files) == 5 * len(FILES)
    for path in files:
        name = path.name.split(".")[0]
        expected = pd.read_csv(tmp_path / "csv" / path.parent.name / f"{name}.csv", dtype="str", keep_default_na=False)
        if ending == "parquet":
            found = pyarrow.parquet.read_table(path).to_pandas().fillna("").astype("str")
        else:
            found = pd.read_csv(path, dtype="str", keep_default_na=False)
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert (tmp_path / "csv" / "truth" / "customers.csv").read_bytes() == (
        tmp_path / "other" / "truth" / "customers.csv"
    ).read_bytes()


def test_a_parquet_shop_has_its_dirt_too(tmp_path):
    drawn = simulate(tmp_path / "shop", users=4000, days=2, ending="parquet")
    dirty = truth(tmp_path / "shop", "dirty_rows")
    assert len(dirty) == drawn.dirty_rows > 10
    assert "field_count" not in set(dirty["rule"])
    views = pyarrow.parquet.read_table(tmp_path / "shop" / "2026-03-01" / "product_views.parquet").to_pandas()
    here = dirty[dirty["file"].eq("product_views") & dirty["source_day"].eq("2026-03-01")].set_index("line_no")["rule"]
    nobodys = here[here == "missing_user_id"].index - 2
    assert len(nobodys) > 0
    assert views["user_id"].isna().to_numpy().nonzero()[0].tolist() == sorted(nobodys)


def test_every_row_is_right_in_the_end(tmp_path, monkeypatch):
    """Late, mistaken and dirty rows or not: what the shop knows at last is the same."""
    simulate(tmp_path / "untidy", users=900, days=40)
    for share in ("LATE_VISITS", "LATE_ORDERS", "LATE_CONTACTS", "LATE_RETURNS", "WRONG"):
        monkeypatch.setattr(shop, share, 0)
    monkeypatch.setattr(dirt, "SHARE", 0)
    simulate(tmp_path / "tidy", users=900, days=40)
    assert truth(tmp_path / "tidy", "dirty_rows").empty
    assert len(delivered(tmp_path / "untidy", "order_items")) > len(delivered(tmp_path / "tidy", "order_items"))
    for name in ("users", "products", "order_items", "product_views", "contacts"):
        untidy, tidy = (as_it_stands(tmp_path / root, name).drop(columns="came_on") for root in ("untidy", "tidy"))
        order = list(tidy.columns)
        untidy, tidy = (rows.sort_values(order, ignore_index=True) for rows in (untidy, tidy))
        pd.testing.assert_frame_equal(untidy, tidy)
    told = [set(as_it_stands(tmp_path / root, "orders")["order_id"]) for root in ("untidy", "tidy")]
    assert told[0] == told[1]


def test_the_summary_counts_what_was_written(tmp_path):
    root = tmp_path / "shop"
    drawn = simulate(root, users=1500, days=40)
    assert (drawn.days, drawn.users) == (40, as_it_stands(root, "users")["user_id"].nunique())
    assert drawn.orders == len(as_it_stands(root, "orders"))
    assert drawn.visits == delivered(root, "product_views")["session_id"].nunique()
    assert drawn.rows == {name: sum(len(lines(path)) - 1 for path in root.glob(f"*/{name}.csv")) for name in FILES}
    paid = paid_orders(root)
    assert 0 <= drawn.paid_orders - len(paid) < 20  # pending ones that are paid after the last day
    assert 0 <= drawn.buyers - paid["user_id"].nunique() < 20
    assert drawn.dirty_rows == len(truth(root, "dirty_rows"))
    told = truth(root, "deliveries")
    assert (drawn.late_rows, drawn.corrected_rows) == (told["late_rows"].sum(), told["corrected_rows"].sum())
    assert drawn.personas == truth(root, "customers")["persona"].value_counts().to_dict()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"users": 0}, "--users must be at least 1, got 0"),
        ({"days": 0}, "--days must be at least 1, got 0"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
        ({"horizon": 0}, "--horizon must be at least 1, got 0"),
        ({"horizon": 366}, "--horizon must be at most 365 days, got 366"),
        ({"ending": "xlsx"}, "--format must be one of csv, csv.gz, parquet, got xlsx"),
        ({"first_day": datetime.date(1901, 12, 31)}, "--first-day must be 1902 or later, got 1901-12-31"),
        ({"first_day": datetime.date(9998, 12, 20)}, "would end after the year 9998"),
    ],
)
def test_what_cannot_be_simulated_is_said_before_anything_is_written(tmp_path, changed, message):
    with pytest.raises(PersonaPulseError, match=message):
        simulate(tmp_path / "shop", **changed)
    assert list(tmp_path.iterdir()) == []


def test_another_folder_is_never_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(PersonaPulseError, match=r"not empty and not an earlier output.*thesis\.txt"):
        simulate(tmp_path / "mine", replace=True)
    simulate(tmp_path / "shop", days=1)
    with pytest.raises(PersonaPulseError, match="--replace"):
        simulate(tmp_path / "shop", days=2)
    assert not (tmp_path / "shop" / "2026-03-02").exists()
    simulate(tmp_path / "shop", days=2, replace=True)
    assert (tmp_path / "shop" / "2026-03-02").exists()
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


def test_progress_is_told_day_by_day(tmp_path):
    told = []
    simulate_shop(tmp_path / "shop", lambda what, share: told.append((what, share)), users=5, days=4, seed=1)
    assert [what for what, _ in told][1:3] == ["Day 1 of 4, 2026-03-01", "Day 2 of 4, 2026-03-02"]
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1


def test_the_command_tells_what_it_drew(tmp_path):
    out = tmp_path / "shop"
    options = ["--first-day", "2025-11-20", "--horizon", "7", "--format", "csv.gz", "--no-signal"]
    given = ["simulate", "--users", "40", "--days", "3", "--seed", "1", "--out", str(out)]
    result = CliRunner().invoke(application, given + options)
    assert result.exit_code == 0, result.output
    assert f"40 customers, 3 days in {out}" in result.output
    assert "Everyone Alike" in result.output
    assert (out / "2025-11-20" / "orders.csv.gz").exists()
    assert set(truth(out, "purchase_probability")["horizon_days"]) == {7}

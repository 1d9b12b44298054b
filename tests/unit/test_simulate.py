"""The simulator: the same bytes for the same seed, every day complete, and nothing told without signal."""

import datetime
import filecmp
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from shop_rows import FILES, delivered
from typer.testing import CliRunner

from personapulse.cli import application
from personapulse.contract import BY_NAME
from personapulse.errors import PersonaPulseError
from personapulse.paths import SAMPLE_SHOP
from personapulse.settings import parse_settings
from personapulse.simulate.draws import Draws
from personapulse.simulate.shop import simulate_shop


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
            header = path.read_text().splitlines()[0].split(",")
            assert set(BY_NAME[name].required) <= set(header) <= set(BY_NAME[name].columns)
    settings = parse_settings((tmp_path / "shop" / "source.yaml").read_text(), "source.yaml")
    assert (settings.name, settings.currency, settings.time_zone) == ("Maple & Moss", "EUR", "Europe/Berlin")


def later_buyers(root: Path) -> tuple[float, float]:
    """Share of customers ordering in the second month: of those who ordered often in the first, and of the others."""
    orders = delivered(root, "orders").drop_duplicates("order_id")
    users = delivered(root, "users")
    known = users.loc[users["signup_date"] < "2026-03-01", "user_id"].drop_duplicates()
    early, late = (orders[orders["order_date"].lt("2026-04-01") == is_early] for is_early in (True, False))
    often = known.map(early.groupby("user_id").size()).fillna(0) >= 2
    comes = known.isin(late["user_id"])
    return comes[often].mean(), comes[~often].mean()


def test_without_signal_the_past_tells_nothing(tmp_path):
    simulate(tmp_path / "signal", users=2000, days=62)
    drawn = simulate(tmp_path / "alike", users=2000, days=62, has_signal=False)
    often, seldom = later_buyers(tmp_path / "signal")
    assert often - seldom > 0.5
    often, seldom = later_buyers(tmp_path / "alike")
    assert often == pytest.approx(seldom, abs=0.05)
    assert drawn.personas == {"Everyone Alike": 2000}
    truth = (tmp_path / "alike" / "truth" / "customers.csv").read_text().splitlines()[1:]
    assert all(line.endswith(",Everyone Alike,") for line in truth)  # nobody is ever lost


def test_the_summary_counts_what_was_written(tmp_path):
    drawn = simulate(tmp_path / "shop", users=1500, days=40)
    files = {name: delivered(tmp_path / "shop", name) for name in FILES}
    orders = files["orders"].drop_duplicates("order_id", keep="last")
    assert (drawn.days, drawn.users) == (40, files["users"]["user_id"].nunique())
    assert (drawn.orders, drawn.returns) == (len(orders), len(files["returns"]))
    paid = orders[orders["payment_status"].isin(["Paid", "Refunded"])]
    assert (drawn.paid_orders, drawn.buyers) == (len(paid), paid["user_id"].nunique())
    rows = sum(len(path.read_text().splitlines()) - 1 for path in (tmp_path / "shop").glob("*/product_views.csv"))
    assert drawn.events < rows <= drawn.events + drawn.dirty_rows
    assert sum(drawn.personas.values()) == 1500


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"users": 0}, "--users must be at least 1, got 0"),
        ({"days": 0}, "--days must be at least 1, got 0"),
        ({"seed": -1}, "--seed must be at least 0, got -1"),
        ({"first_day": datetime.date(9999, 12, 20)}, "would end after the year 9999"),
    ],
)
def test_what_cannot_be_simulated_is_said_before_anything_is_written(tmp_path, changed, message):
    with pytest.raises(PersonaPulseError, match=message):
        simulate(tmp_path / "shop", **changed)
    assert list(tmp_path.iterdir()) == []


def test_the_command_tells_what_it_drew(tmp_path):
    out = tmp_path / "shop"
    result = CliRunner().invoke(
        application, ["simulate", "--users", "40", "--days", "3", "--seed", "1", "--out", str(out), "--no-signal"]
    )
    assert result.exit_code == 0, result.output
    assert f"40 customers, 3 days in {out}" in result.output
    assert "Everyone Alike" in result.output
    assert (out / "2026-03-01" / "orders.csv").exists()

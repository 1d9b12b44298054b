"""The truth beside the extracts: exact, calibrated, flat without signal, and never read by the product."""

import datetime
import io
import re
import tokenize
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shop_rows import as_it_stands, chance_to_rank, delivered, paid_orders, truth

from personapulse.paths import SAMPLE_SHOP
from personapulse.simulate.behaviour import STAYS, Life, purchase_rate
from personapulse.simulate.contacts import campaign_on
from personapulse.simulate.customers import draw_customers
from personapulse.simulate.draws import Draws
from personapulse.simulate.extracts import simulate_shop
from personapulse.simulate.payments import PAID_SHARE, draw_payments
from personapulse.simulate.seasons import Season
from personapulse.simulate.truth import purchase_probability

ROOT = Path(__file__).parents[2]
SPRING, ADVENT = datetime.date(2026, 3, 1), datetime.date(2026, 11, 7)


def live_on(first_day: datetime.date, horizon: int, *, users: int, past: int, seed: int = 3):
    """Let customers live to the evening of day `past`, note the truth, and live on.

    Returns customers, their true probability on that evening, and whether they really bought within the horizon.
    """
    season, draws = Season(first_day), Draws(seed, "payments")
    customers = draw_customers(users, past + horizon + 1, seed, has_signal=True)
    life, bought, chances = Life(customers, season, seed), np.zeros(users, dtype=bool), np.zeros(users)
    for day in range(past + horizon + 1):
        today = life.live(day, campaign_on(season, day))
        buyers = today.visitors[today.is_order]
        paid = buyers[draw_payments(len(buyers), draws).is_paid]
        life.settle(day, paid)
        if day == past:
            chances = purchase_probability(customers, life.minds, season, day, horizon)
        elif day > past:
            bought[paid] = True
    known = customers.signed_up <= past
    return customers.persona[known], chances[known], bought[known]


def assert_calibrated(chances: np.ndarray, bought: np.ndarray) -> None:
    """As many bought as the chances say, give or take what chance does once in thousands of tries."""
    spread = np.sqrt((chances * (1 - chances)).sum())
    assert abs(bought.sum() - chances.sum()) <= 3.7 * spread + 1e-9


@pytest.mark.parametrize(
    ("first_day", "past", "horizon"),
    [(SPRING, 32, 14), (SPRING, 41, 7), (ADVENT, 10, 30), (ADVENT, 20, 14), (SPRING, 12, 1)],
    ids=["a sale begins", "a sale ends", "thirty days with a sale", "before the holidays", "one day"],
)
def test_the_true_probability_is_what_really_happens(first_day, past, horizon):
    persona, chances, bought = live_on(first_day, horizon, users=60_000, past=past)
    assert_calibrated(chances, bought)
    for tenth in np.array_split(np.argsort(chances, kind="stable"), 10):
        assert_calibrated(chances[tenth], bought[tenth])
    for kind in np.unique(persona):
        assert_calibrated(chances[persona == kind], bought[persona == kind])


def test_the_written_probability_is_what_the_extracts_show(tmp_path):
    simulate_shop(tmp_path / "shop", lambda what, share: None, users=4000, days=57, seed=11)
    told = truth(tmp_path / "shop", "purchase_probability")
    assert sorted(set(told["as_of_date"])) == ["2026-03-01", "2026-03-15", "2026-03-29", "2026-04-12", "2026-04-26"]
    paid = paid_orders(tmp_path / "shop")
    known = as_it_stands(tmp_path / "shop", "users").set_index("user_id")["signup_date"]
    for as_of, rows in told.groupby("as_of_date"):
        assert set(rows["user_id"]) == set(known.index[known <= as_of])
        first = pd.Timestamp(as_of)
        window = paid["day"].gt(first) & paid["day"].le(first + pd.Timedelta(days=14))
        if as_of < "2026-04-26":
            assert_calibrated(
                rows["probability"].to_numpy(), rows["user_id"].isin(paid.loc[window, "user_id"]).to_numpy()
            )


def test_who_left_never_comes_back_and_will_not_buy(tmp_path):
    simulate_shop(tmp_path / "shop", lambda what, share: None, users=2000, days=60, seed=12)
    lost = truth(tmp_path / "shop", "customers").set_index("user_id")["lost_on"].replace("", None).dropna()
    assert 100 < len(lost) < 800
    views = delivered(tmp_path / "shop", "product_views")
    seen = views["timestamp"].str[:10].groupby(views["user_id"]).max().reindex(lost.index).dropna()
    assert (seen < lost[seen.index]).all()
    told = truth(tmp_path / "shop", "purchase_probability")
    gone = told["user_id"].map(lost).le(told["as_of_date"])
    assert told.loc[gone, "probability"].max() == 0
    assert told.loc[~gone, "probability"].mean() > 0.3


def test_purchase_rates_are_what_customers_do_in_the_long_run():
    season = Season(SPRING, is_on=False)
    customers = draw_customers(6000, 1, 4, has_signal=True)
    still = customers.__class__(**{**vars(customers), "dropout": np.zeros(6000), "response": np.zeros(6000)})
    life, draws, paid = Life(still, season, 4), Draws(4, "payments"), np.zeros(6000)
    for day in range(400):
        today = life.live(day, None)
        buyers = today.visitors[today.is_order]
        buyers = buyers[draw_payments(len(buyers), draws).is_paid]
        life.settle(day, buyers)
        paid[buyers] += day >= 100
    rate = purchase_rate(still)
    assert life.minds.left_on.min() == STAYS
    for kind in np.unique(still.persona):
        mine = still.persona == kind
        orders = rate[mine].sum() * 10
        assert paid[mine].sum() == pytest.approx(orders, rel=0.05, abs=4 * np.sqrt(orders))


def test_the_share_of_paid_attempts_is_the_one_the_truth_counts_with():
    payments = draw_payments(200_000, Draws(1, "payments"))
    assert payments.is_paid.mean() == pytest.approx(PAID_SHARE, abs=0.002)


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """The same shop with and without signal; 42 days are known and 14 follow."""
    roots = {}
    for has_signal in (True, False):
        roots[has_signal] = tmp_path_factory.mktemp("shops") / str(has_signal)
        simulate_shop(roots[has_signal], lambda what, share: None, users=3500, days=57, seed=21, has_signal=has_signal)
    return roots


def features_and_label(root: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """What can be seen of each customer (the index) on 12 April (day 43), and whether they buy in the 14 days after."""
    as_of = pd.Timestamp("2026-04-12")
    users = as_it_stands(root, "users")
    who = users.loc[pd.to_datetime(users["signup_date"]) < "2026-03-01", "user_id"]  # everybody was there all along
    paid, views = paid_orders(root), delivered(root, "product_views")
    views = views.assign(day=pd.to_datetime(views["timestamp"].str[:10]))
    views, before = views[views["day"] <= as_of], paid[paid["day"] <= as_of]
    returns = delivered(root, "returns")
    lately = views[views["day"] > as_of - pd.Timedelta(days=7)]
    counts = {
        "orders": before,
        "orders of the last 14 days": before[before["day"] > as_of - pd.Timedelta(days=14)],
        "views": views,
        "visits of the last 7 days": lately.drop_duplicates("session_id"),
        "cart events of the last 7 days": lately[lately["event_type"].ne("view")],
        "returns": returns[returns["came_on"] <= "2026-04-12"],
        "contacts": delivered(root, "contacts"),
    }
    found = pd.DataFrame({name: who.map(rows["user_id"].value_counts()).fillna(0) for name, rows in counts.items()})
    found["days since the last order"] = (as_of - who.map(before.groupby("user_id")["day"].max())).dt.days.fillna(99)
    after = paid[paid["day"].gt(as_of) & paid["day"].le(as_of + pd.Timedelta(days=14))]
    return found.set_index(who), who.isin(after["user_id"]).to_numpy()


def test_without_signal_nothing_seen_tells_who_will_buy(shops):
    features, buys = features_and_label(shops[False])
    positives, negatives = buys.sum(), (~buys).sum()
    # Standard error of the area under the curve of a feature that has nothing to say.
    error = np.sqrt((len(buys) + 1) / (12 * positives * negatives))
    for name, values in features.items():
        assert abs(chance_to_rank(values.to_numpy(), buys) - 0.5) < 3.3 * error, name


def test_without_signal_the_truth_is_the_same_for_everybody(shops):
    told = truth(shops[False], "purchase_probability")
    assert told["probability"].nunique() == 1
    assert told["probability"].iloc[0] == pytest.approx(1 - (1 - 0.05 * PAID_SHARE) ** 14, abs=1e-6)
    customers = truth(shops[False], "customers").drop(columns="user_id")
    assert len(customers.drop_duplicates()) == 1
    assert customers.iloc[0]["persona"] == "Everyone Alike"
    assert customers.iloc[0]["lost_on"] == ""


def test_with_signal_what_is_seen_tells_a_good_deal_but_not_all(shops):
    features, buys = features_and_label(shops[True])
    ranks = {name: chance_to_rank(values.to_numpy(), buys) for name, values in features.items()}
    assert 0.75 < ranks["orders of the last 14 days"] < 0.95
    assert 0.7 < ranks["visits of the last 7 days"] < 0.95
    assert ranks["cart events of the last 7 days"] > 0.7
    assert ranks["days since the last order"] < 0.2
    told = truth(shops[True], "purchase_probability")
    told = told[told["as_of_date"].eq("2026-04-12")]
    best = chance_to_rank(told["probability"].to_numpy(), told["user_id"].isin(_buyers_after(shops[True])).to_numpy())
    assert 0.95 < best < 0.999
    assert best > max(*ranks.values(), 1 - min(ranks.values())) + 0.03


def _buyers_after(root: Path) -> set[str]:
    paid = paid_orders(root)
    return set(paid.loc[paid["day"].gt("2026-04-12") & paid["day"].le("2026-04-26"), "user_id"])


def test_looking_for_something_shows_before_the_order(shops):
    """Within one persona, and without an order lately, who came often is likelier to buy: intent, not only habit."""
    features, buys = features_and_label(shops[True])
    persona = truth(shops[True], "customers").set_index("user_id")["persona"]
    hunters = (persona[features.index].eq("Bargain Hunter") & features["orders of the last 14 days"].eq(0)).to_numpy()
    often = features["visits of the last 7 days"].to_numpy() >= 3
    assert buys[hunters & often].mean() > 1.8 * buys[hunters & ~often].mean()


def test_the_year_the_week_and_dropout_show(tmp_path):
    half = {"users": 1500, "days": 175, "first_day": datetime.date(2025, 7, 1)}
    drawn = simulate_shop(tmp_path / "year", lambda what, share: None, seed=2, **half)
    assert sum(drawn.personas.values()) == 1500
    paid = paid_orders(tmp_path / "year")
    per_day = paid.groupby("day").size()
    december, summer, autumn = (
        per_day[first:last].mean()
        for first, last in (("2025-12-01", "2025-12-20"), ("2025-07-26", "2025-08-25"), ("2025-10-01", "2025-10-31"))
    )
    assert december > 1.15 * autumn > 1.25 * summer
    by_weekday = per_day.groupby(per_day.index.day_of_week).mean()
    assert by_weekday[[5, 6]].min() > by_weekday[[1, 2]].max()


def test_the_product_never_reads_the_truth():
    """No code and no SQL names it: `day_folders` alone knows that an earlier output may hold such a folder."""
    allowed = {ROOT / "personapulse" / "day_folders.py", ROOT / "personapulse" / "commands" / "simulate.py"}
    read = [
        path
        for folder in ("personapulse", "dags", "plugins", "include/sql")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".yml", ".yaml", ".jinja"}
        and ROOT / "personapulse" / "simulate" not in path.parents
        and path not in allowed
    ]
    assert len(read) > 60
    for path in read:
        assert not re.search(r"\btruth\b", _code(path), re.IGNORECASE), path
    assert (SAMPLE_SHOP / "truth").is_dir()


def _code(path: Path) -> str:
    """Text of a file without Python comments: an English word in a remark reads nothing."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return "\n".join(token.string for token in tokens if token.type != tokenize.COMMENT)

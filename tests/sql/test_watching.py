"""What was served is held against what came, once it has come."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from personapulse.errors import PersonaPulseError
from personapulse.intent import champions, scoring, snapshots, watching
from personapulse.intent.watching import NothingMatured, Watched
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings

from .conftest import Shop, date
from .models import Chances, save
from .sample_shop import empty, for_the_moment

SERVED, MATURED = "2026-03-10", "2026-03-24"
CUSTOMERS = [f"u{number:03}" for number in range(200)]
BUYERS = CUSTOMERS[::2]  # every second
LINES = "order_id,line_no,product_id,quantity,unit_price\n"
ORDERS = "order_id,user_id,order_date,payment_status\n"


def foretold(chance: float) -> pd.DataFrame:
    """Of every buyer this chance to buy, of the others what is left."""
    return pd.DataFrame({"user_id": CUSTOMERS, "chance": [chance, 1 - chance] * 100})


def order(user: str, day: str, status: str = "Paid") -> str:
    return f"{user}-{day},{user},{day},{status}"


class Served:
    """A shop that knew its customers on a day, and was told of their orders afterwards."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop = shop
        self.version = save(shop.warehouse, folder).model_version
        champions.promote(
            shop.warehouse,
            self.version,
            valid_from=date("2026-03-01"),
            kind="override",
            promoted_by="ann",
            reason="first",
            expected_champion=None,
        )
        signed_up = "".join(f"\n{user},2026-03-01" for user in CUSTOMERS)
        shop.deliver(SERVED, users=f"user_id,signup_date{signed_up}")
        shop.load(SERVED)
        snapshots.build(shop.warehouse, date(SERVED), ShopSettings())

    def deliver(self, day: str, *orders: str) -> None:
        ids = [one.partition(",")[0] for one in orders]
        lines = LINES + "\n".join(f"{one},1,p,1,5" for one in ids)
        self.shop.deliver(day, orders=ORDERS + "\n".join(orders), order_items=lines)
        self.shop.load(day)

    def score(self, chance: float = 0.9, day: str = SERVED) -> None:
        scoring.score(self.shop.warehouse, date(day), Chances(), self.version, iter([foretold(chance)]))  # type: ignore[arg-type]

    def measure(self, day: str = MATURED, floor: float = 0.89) -> Watched:
        watched = watching.measure(self.shop.warehouse, date(day), ShopSettings(intent_accuracy_floor=floor))
        assert isinstance(watched, Watched)
        return watched


@pytest.fixture(scope="module")
def house(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A day is scored, and every second customer bought on the first day after or on the last that counts."""
    with empty(postgres, "watched") as warehouse:
        served = Served(Shop(tmp_path_factory.mktemp("shop"), warehouse), tmp_path_factory.mktemp("models"))
        served.score()
        served.deliver("2026-03-11", *(order(user, "2026-03-11") for user in BUYERS[:50]))
        served.deliver(MATURED, *(order(user, MATURED) for user in BUYERS[50:]))
        yield served


@pytest.fixture
def served(house: Served) -> Iterator[Served]:
    """The house, as it was left by nobody before."""
    with for_the_moment(house.shop.warehouse):
        yield house


def test_what_was_served_is_measured_against_who_bought(served: Served) -> None:
    # a day too late, a day too early, and never paid
    served.deliver("2026-03-25", order("u001", "2026-03-25"), order("u003", SERVED), order("u005", MATURED, "Failed"))
    everybody, *personas = served.measure("2026-03-25").metrics
    assert (everybody.model_version, everybody.served_on) == (served.version, date(SERVED))
    assert everybody.measured_for == date("2026-03-25")
    assert (everybody.persona, everybody.customers, everybody.positives) == ("(all)", 200, 100)
    assert (everybody.base_rate, everybody.majority, everybody.accuracy) == (0.5, 0.5, 1.0)
    assert (everybody.roc_auc, everybody.pr_auc) == (1.0, 1.0)
    assert everybody.brier == pytest.approx(0.01)
    assert everybody.calibration_error == pytest.approx(0.1)
    assert sum(one.customers for one in personas) == 200
    assert sum(one.positives for one in personas) == 100


def test_nothing_is_measured_before_the_horizon_has_passed(served: Served) -> None:
    early = watching.measure(served.shop.warehouse, date("2026-03-23"), ShopSettings())
    assert early == NothingMatured(date("2026-03-23"))
    assert served.shop.rows("select * from ml.live_metrics") == []


def test_purchases_count_as_they_were_known_on_the_day_of_measuring(served: Served) -> None:
    served.deliver("2026-03-26", order("u001", "2026-03-20"))  # told late
    assert served.measure(MATURED).metrics[0].positives == 100
    assert served.measure("2026-03-26").metrics[0].positives == 101
    assert served.measure(MATURED).metrics[0].positives == 100


def test_a_day_that_core_does_not_hold_yet_is_not_measured(served: Served) -> None:
    with pytest.raises(PersonaPulseError, match="newest day core holds is 2026-03-24"):
        served.measure("2026-03-31")


def test_measuring_again_replaces_what_was_measured_and_no_more(served: Served) -> None:
    served.deliver("2026-03-25")
    first, second = served.measure(MATURED), served.measure("2026-03-25")
    assert served.measure(MATURED) == first
    rows = served.shop.values("select measured_for from ml.live_metrics order by 1")
    assert rows == [date(MATURED)] * len(first.metrics) + [date("2026-03-25")] * len(second.metrics)
    assert watching.of_version(served.shop.warehouse, served.version) == [second.metrics[0]]


def test_the_newest_day_that_has_matured_is_measured_as_it_was_served(served: Served, tmp_path: Path) -> None:
    served.score(0.9, "2026-03-09")
    served.score(0.8, "2026-03-11")
    other = save(served.shop.warehouse, tmp_path / "models", "b").model_version
    champions.promote(
        served.shop.warehouse,
        other,
        valid_from=date(SERVED),
        kind="override",
        promoted_by="ann",
        reason="better",
        expected_champion=served.version,
        keep_scored_days=False,
    )
    everybody = served.measure().metrics[0]
    assert (everybody.served_on, everybody.model_version) == (date(SERVED), served.version)  # not by whom by now
    assert everybody.brier == pytest.approx(0.01)


def test_a_fall_below_the_floor_is_complained_of_and_chance_is_not(served: Served) -> None:
    assert served.measure().complaints == ()
    served.score(0.6)  # right, and far from calibrated
    (calibration,) = served.measure().complaints
    assert calibration.startswith("The calibration error of what was served is 0.4")
    served.score(0.1)  # wrong of everybody
    assert served.measure().complaints[0] == "Accuracy of what was served is 0; the floor is 0.89."


def test_small_personas_are_counted_and_not_judged(served: Served) -> None:
    served.shop.warehouse.execute(
        "update ml.features set persona = case when user_id < 'u019' then 'Few' else 'Many' end"
    )
    by_persona = {one.persona: one for one in served.measure().metrics}
    assert (by_persona["Few"].customers, by_persona["Few"].positives, by_persona["Few"].accuracy) == (19, 10, None)
    assert (by_persona["Many"].customers, by_persona["Many"].accuracy) == (181, 1.0)
    rows = served.shop.rows(
        "select persona, customers, positives, accuracy, accuracy_low, brier from ml.live_metrics order by persona"
    )
    assert [row[0] for row in rows] == ["(all)", "Few", "Many"]
    assert rows[1][1:] == (19, 10, None, None, None)


def test_where_nobody_bought_ranking_is_unknown_and_the_rest_is_not(shop: Shop, tmp_path: Path) -> None:
    served = Served(shop, tmp_path / "models")
    served.score(0.1)
    shop.deliver(MATURED)
    shop.load(MATURED)
    everybody = served.measure().metrics[0]
    assert (everybody.positives, everybody.roc_auc, everybody.pr_auc) == (0, None, None)
    assert everybody.accuracy == 0.5

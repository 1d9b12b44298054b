"""Scores of a day: everybody once, by the champion of that day, and no other day's are touched."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from personapulse import checks
from personapulse.errors import PersonaPulseError
from personapulse.intent import champions, scoring
from personapulse.intent.champions import ChampionChangedError
from personapulse.intent.scoring import NoChampion, Scored
from personapulse.settings import ShopSettings

from .conftest import Shop, date
from .models import Chances, save

DAY, EVE = "2026-04-02", "2026-04-01"
Warehouse = psycopg.Connection[Any]
CHANCES = {"ann": 0.9, "bob": 0.25, "eve": 0.5, "Zoë 'o'": 0.125}


def frames(chances: dict[str, float] = CHANCES, rows: int = 3) -> Generator[pd.DataFrame]:
    """Snapshots of customers, a few rows each."""
    names = list(chances)
    for begin in range(0, len(names), rows):
        some = names[begin : begin + rows]
        yield pd.DataFrame({"user_id": some, "chance": [chances[name] for name in some]})


@pytest.fixture
def version(warehouse: Warehouse, tmp_path: Path) -> str:
    """The champion since the eve."""
    version = save(warehouse, tmp_path / "models").model_version
    promote(warehouse, version, EVE)
    return version


def promote(warehouse: Warehouse, version: str, day: str) -> None:
    champion = champions.current(warehouse)
    champions.promote(
        warehouse,
        version,
        valid_from=date(day),
        kind="override",
        promoted_by="ann",
        reason="better",
        expected_champion=champion and champion.model_version,
        keep_scored_days=False,
    )


def scores(warehouse: Warehouse, day: str = DAY) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        "select user_id, probability, band, model_version, reason_1, reason_2, reason_3"
        " from marts.purchase_intent where as_of_date = %s order by probability desc",
        (day,),
    ).fetchall()


def test_everybody_has_a_probability_a_band_the_version_and_reasons_in_words(
    warehouse: Warehouse, version: str
) -> None:
    scored = scoring.score(warehouse, date(DAY), Chances(), version, frames())
    assert scored == Scored(date(DAY), version, 4)
    assert scores(warehouse) == [
        ("ann", 0.9, 9, version, "bought lately", "looks often", None),
        ("eve", 0.5, 7, version, "bought lately", "looks often", None),
        ("bob", 0.25, 4, version, "looks often", None, None),
        ("Zoë 'o'", 0.125, 2, version, "looks often", None, None),
    ]
    assert warehouse.execute("select as_of_date, model_version, customers from ml.scored_days").fetchall() == [
        (date(DAY), version, 4)
    ]


@pytest.mark.parametrize("rows", [1, 2, 4, 100])
def test_scores_are_the_same_in_whatever_pieces_customers_come(warehouse: Warehouse, version: str, rows: int) -> None:
    scoring.score(warehouse, date(EVE), Chances(), version, frames(rows=3))
    scoring.score(warehouse, date(DAY), Chances(), version, frames(rows=rows))
    assert scores(warehouse) == scores(warehouse, EVE)


def test_scoring_a_day_again_replaces_it_and_no_other(warehouse: Warehouse, version: str) -> None:
    scoring.score(warehouse, date(EVE), Chances(), version, frames())
    eve = scores(warehouse, EVE)
    scoring.score(warehouse, date(DAY), Chances(), version, frames())
    day = scores(warehouse)
    assert scoring.score(warehouse, date(DAY), Chances(), version, frames({"ann": 0.75})).customers == 1
    assert [row[:2] for row in scores(warehouse)] == [("ann", 0.75)]
    of_days = "select as_of_date, customers from ml.scored_days order by 1"
    assert warehouse.execute(of_days.encode()).fetchall() == [(date(EVE), 4), (date(DAY), 1)]
    scoring.score(warehouse, date(DAY), Chances(), version, frames())
    assert (scores(warehouse), scores(warehouse, EVE)) == (day, eve)


def test_a_day_without_customers_has_no_scores(warehouse: Warehouse, version: str) -> None:
    scoring.score(warehouse, date(DAY), Chances(), version, frames())
    assert scoring.score(warehouse, date(DAY), Chances(), version, frames({})).customers == 0
    assert scores(warehouse) == []


class Failing(Chances):
    """Fails at a customer."""

    def probabilities(self, matrix: Any) -> Any:
        if (matrix == np.float32(0.125)).any():
            raise RuntimeError("no such leaf")
        return super().probabilities(matrix)


def test_a_scoring_that_fails_half_way_leaves_the_former_scores(warehouse: Warehouse, version: str) -> None:
    scoring.score(warehouse, date(DAY), Chances(), version, frames())
    before = scores(warehouse)
    with pytest.raises(RuntimeError, match="no such leaf"):
        scoring.score(warehouse, date(DAY), Failing(), version, frames(rows=1))
    with pytest.raises(PersonaPulseError, match="gives customer bob the probability nan"):
        scoring.score(warehouse, date(DAY), Chances(), version, frames(CHANCES | {"bob": np.nan}))
    assert scores(warehouse) == before


def test_who_is_not_the_champion_of_the_day_scores_nothing(warehouse: Warehouse, version: str, tmp_path: Path) -> None:
    other = save(warehouse, tmp_path / "models", "b").model_version
    for day, candidate in ((DAY, other), ("2026-03-31", version)):
        with pytest.raises(ChampionChangedError):
            scoring.score(warehouse, date(day), Chances(), candidate, frames())
    assert scores(warehouse) == []


def test_a_promotion_while_a_day_is_scored_writes_nothing_of_the_former_champion(
    warehouse: Warehouse, version: str, tmp_path: Path
) -> None:
    other = save(warehouse, tmp_path / "models", "b").model_version

    def interrupted() -> Iterator[pd.DataFrame]:
        yield from frames()
        with psycopg.connect(warehouse.info.dsn, autocommit=True) as second:
            promote(second, other, DAY)

    with pytest.raises(ChampionChangedError) as refused:
        scoring.score(warehouse, date(DAY), Chances(), version, interrupted())  # type: ignore[arg-type]
    assert refused.value.champion == other
    assert scores(warehouse) == []


def known(shop: Shop) -> None:
    """Deliver the customers, all known on the day before the eve, and an order."""
    shop.deliver(
        "2026-03-31",
        users="user_id,signup_date\n" + "\n".join(f"{user},2026-03-01" for user in CHANCES),
        orders="order_id,user_id,order_date,payment_status\no1,ann,2026-03-20,Paid",
        order_items="order_id,line_no,product_id,quantity,unit_price\no1,1,p,1,5",
    )
    shop.load("2026-03-31")


def findings(shop: Shop, day: str = EVE) -> dict[str, tuple[int, list[str]]]:
    return {one.rule: (one.count, one.sample) for one in checks.find(shop.warehouse, "scores", date(day)) if one.count}


def test_the_checks_find_whoever_is_not_scored_or_not_by_the_champion(shop: Shop, version: str, tmp_path: Path) -> None:
    known(shop)
    rule = "everyone_is_scored_once"
    assert findings(shop)[rule][0] == 4  # the champion serves, and nobody is scored
    scoring.score(shop.warehouse, date(EVE), Chances(), version, frames())
    assert findings(shop) == {}
    shop.warehouse.execute("delete from marts.purchase_intent where user_id = 'bob'")
    assert findings(shop) == {rule: (1, ["bob"])}
    shop.warehouse.execute("update marts.purchase_intent set user_id = 'nobody' where user_id = 'ann'")
    assert findings(shop) == {rule: (3, ["ann", "bob", "nobody"])}
    scoring.score(shop.warehouse, date(EVE), Chances(), version, frames())
    promote(shop.warehouse, save(shop.warehouse, tmp_path / "models", "b").model_version, EVE)
    assert findings(shop)[rule][0] == 4  # scored by another than the champion of the day
    with pytest.raises(PersonaPulseError, match=f"Check {rule} of scores failed for {EVE}"):
        checks.run(shop.warehouse, "scores", date(EVE))


def test_a_day_without_a_champion_needs_no_scores_and_has_none(shop: Shop, version: str) -> None:
    known(shop)
    assert findings(shop, "2026-03-31") == {}
    scoring.score(shop.warehouse, date(EVE), Chances(), version, frames())
    shop.warehouse.execute("delete from ml.promotions")
    assert findings(shop)["everyone_is_scored_once"][0] == 4


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("probability = 'NaN' where user_id = 'ann'", "ann"),
        ("probability = 1.5 where user_id = 'ann'", "ann"),
        ("band = 0 where user_id = 'bob'", "bob"),
        ("band = 8 where user_id = 'bob'", "band 8"),
    ],
)
def test_the_checks_find_impossible_scores(shop: Shop, version: str, change: str, key: str) -> None:
    known(shop)
    scoring.score(shop.warehouse, date(EVE), Chances(), version, frames())
    shop.warehouse.execute(f"update marts.purchase_intent set {change}".encode())
    assert key in findings(shop)["scores_are_possible"][1]


def test_every_check_of_scores_is_tried_here() -> None:
    assert {file.stem for file in checks.check_files("scores")} == {"everyone_is_scored_once", "scores_are_possible"}


def test_a_day_by_which_nobody_was_promoted_is_told_as_such(shop: Shop, tmp_path: Path) -> None:
    known(shop)
    answer = scoring.score_day(shop.warehouse, date(EVE), scoring.Registry(str(tmp_path)), ShopSettings())
    assert answer == NoChampion(date(EVE))

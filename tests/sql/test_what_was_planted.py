"""The whole sample shop: personas and insights find what the simulator planted."""

import csv
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from personapulse import ingest, marts
from personapulse.insights.kinds import KINDS
from personapulse.insights.model import Told
from personapulse.paths import SAMPLE_SHOP
from personapulse.postgres import EmbeddedPostgres
from personapulse.settings import ShopSettings

from .conftest import date
from .sample_shop import empty, for_the_moment

LAST = date("2026-05-31")
MOST_OTHERS = 0.15
LEAST_BALANCED_ACCURACY = 0.78  # at least 0.75 is wanted; what is reached is in docs/personas.md

Insight = dict[str, Any]


@pytest.fixture(scope="module")
def sample(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """The sample shop with all its days, and every mart of the last one."""
    source = ingest.Source(SAMPLE_SHOP.as_uri())
    days = source.days()
    with empty(postgres, "whole_sample") as connection:
        ingest.load_history(connection, source, days[0], days[-1], lambda told: None)
        for name in marts.NAMES:
            marts.build(connection, name, LAST, source.settings)
        yield connection


def insights(connection: psycopg.Connection[Any]) -> dict[str, Insight]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select * from marts.insights where as_of_date = %s", (LAST,)).fetchall()
    return {row["kind"]: row for row in rows}


@pytest.fixture(scope="module")
def told(sample: psycopg.Connection[Any]) -> dict[str, Insight]:
    return insights(sample)


def test_the_default_rules_recover_the_true_personas_and_leave_few_to_others(sample: psycopg.Connection[Any]) -> None:
    named = dict(
        sample.execute("select user_id, persona from marts.personas where as_of_date = %s", (LAST,)).fetchall()
    )
    with (SAMPLE_SHOP / "truth" / "customers.csv").open(encoding="utf-8") as file:
        truth = {row["user_id"]: row["persona"].replace("No Clear Type", "Others") for row in csv.DictReader(file)}
    sizes = Counter(truth.values())
    right = Counter(persona for user_id, persona in truth.items() if named.get(user_id) == persona)
    assert len(sizes) == 10
    assert sum(right[persona] / sizes[persona] for persona in sizes) / len(sizes) >= LEAST_BALANCED_ACCURACY
    assert min(right[persona] / sizes[persona] for persona in sizes) >= 0.4  # none of them is lost
    assert Counter(named.values())["Others"] / len(named) < MOST_OTHERS
    assert sample.execute(
        "select distinct basis_date::text from marts.persona_cuts where quantile is not null"
    ).fetchall() == [("2026-04-30",)]


def test_the_most_valuable_persona_hears_too_little(told: dict[str, Insight]) -> None:
    assert (told["highest_value"]["subject"], told["under_contacted"]["subject"]) == ("Loyal Minimalist",) * 2
    assert told["highest_value"]["effect"] > 0 > told["under_contacted"]["effect"]


def test_its_customers_have_brought_in_most_to_date_too(
    sample: psycopg.Connection[Any], told: dict[str, Insight]
) -> None:
    worth = sample.execute(
        "select persona, avg(net_revenue) from marts.personas inner join marts.ltv using (as_of_date, user_id)"
        " where as_of_date = %s group by persona order by 2 desc",
        (LAST,),
    ).fetchall()
    assert worth[0][0] == told["highest_value"]["subject"]
    assert told["highest_value"]["sentence"].endswith(f"has brought in EUR\u00a0{worth[0][1]:.0f}.")


def test_impulsive_buyers_return_much_and_earn_little(told: dict[str, Insight]) -> None:
    assert told["returns_and_earnings"]["subject"] == "Impulsive Buyer"
    assert told["returns_and_earnings"]["low"] > 0


def test_the_funnel_loses_most_after_the_view_and_worst_among_the_price_conscious(told: dict[str, Insight]) -> None:
    assert told["funnel_loses_most"]["subject"] == "view"
    assert told["funnel_loses_whom"]["subject"] == "Price-Conscious"


def test_what_is_said_is_beyond_chance_and_has_its_figures(told: dict[str, Insight]) -> None:
    assert set(told) == {kind.name for kind in KINDS}
    said = [row for row in told.values() if row["status"] == "said"]
    assert sorted(row["rank"] for row in said) == list(range(1, len(said) + 1))
    for row in said:
        assert row["p_value"] <= row["adjusted_p_value"] <= 0.05
        assert row["low"] <= row["effect"] <= row["high"]
        assert row["subject"]
        assert row["sample_size"] >= 20
    for row in told.values():
        if row["status"] == "not said":
            assert row["sentence"].startswith("Not said, because ")
            assert row["subject"] is row["rank"] is row["effect"] is None


def test_the_query_behind_a_sentence_gives_its_figures(
    sample: psycopg.Connection[Any], told: dict[str, Insight]
) -> None:
    """Asked again as it is stored, each query returns numbers that are judged and worded the same."""
    known = Told(LAST, ingest.Source(SAMPLE_SHOP.as_uri()).settings)
    for kind in KINDS:
        row = told[kind.name]
        with sample.cursor(row_factory=dict_row) as cursor:
            found = kind.judge(cursor.execute(row["query"].replace("%", "%%").encode(), {}).fetchall(), known)
        if isinstance(found, str):
            assert row["sentence"] == f"Not said, {found}"
        elif row["status"] == "said":
            (claim,) = [claim for claim in found if claim.is_news and claim.subject == row["subject"]]
            assert row["sentence"].startswith(claim.sentence)
            figures = (claim.estimate.value, claim.estimate.low, claim.estimate.high, claim.estimate.p_value)
            assert figures == (row["effect"], row["low"], row["high"], row["p_value"])
            assert claim.sample_size == row["sample_size"]
        else:
            assert row["sentence"] == f"Not said, {kind.nothing}"


def rebuilt(connection: psycopg.Connection[Any], settings: ShopSettings, *names: str) -> dict[str, Insight]:
    with for_the_moment(connection):
        for name in names or ("persona_outcomes", "insights"):
            marts.build(connection, name, LAST, settings)
        return insights(connection)


def test_restated_the_same_is_found(sample: psycopg.Connection[Any], told: dict[str, Insight]) -> None:
    settings = ingest.Source(SAMPLE_SHOP.as_uri()).settings
    with for_the_moment(sample):
        for name in marts.NAMES:
            if name not in marts.GROUPS["lifetime_value"]:
                marts.build(sample, name, LAST, settings, known_on=marts.RESTATED)
        found = insights(sample)
    planted = ("highest_value", "under_contacted", "returns_and_earnings", "funnel_loses_most", "funnel_loses_whom")
    assert [found[kind]["subject"] for kind in planted] == [told[kind]["subject"] for kind in planted]
    assert {"'9999-12-31'" in found[kind]["query"] for kind in ("product_returns", "revenue_change")} == {True}


def test_built_again_insights_are_the_same(sample: psycopg.Connection[Any], told: dict[str, Insight]) -> None:
    assert rebuilt(sample, ingest.Source(SAMPLE_SHOP.as_uri()).settings) == told


def test_of_a_shop_that_tells_no_contacts_nothing_is_claimed_on_targeting(sample: psycopg.Connection[Any]) -> None:
    with for_the_moment(sample):
        sample.execute("update core.user_days set contacts = 0")
        found = rebuilt(sample, ingest.Source(SAMPLE_SHOP.as_uri()).settings)
    assert found["under_contacted"]["sentence"] == (
        "Not said, because no message to customers is known of these 28 days: nothing is claimed on targeting."
    )
    assert found["highest_value"]["status"] == "said"


def test_small_groups_are_left_out_and_the_floor_is_told(sample: psycopg.Connection[Any]) -> None:
    """With 19 Loyal Minimalists left the claim on them is gone, and nobody else is worth as much."""
    with for_the_moment(sample):
        sample.execute(
            "update marts.persona_outcomes set customers = 19 where persona = 'Loyal Minimalist' and as_of_date = %s",
            (LAST,),
        )
        found = rebuilt(sample, ingest.Source(SAMPLE_SHOP.as_uri()).settings, "insights")
    assert {found[kind]["subject"] for kind in ("highest_value", "under_contacted")} & {"Loyal Minimalist"} == set()
    assert found["highest_value"]["floor"] == "personas of fewer than 20 customers are not judged"

"""A candidate from the shop's days to the champion that scores them, on the whole sample shop."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from personapulse import checks, ingest
from personapulse.errors import PersonaPulseError
from personapulse.intent import candidates, champions, decisions, registry, scoring, snapshots, training, watching
from personapulse.intent.candidates import Candidate
from personapulse.intent.registry import Registry, versions
from personapulse.intent.training import Trained
from personapulse.intent.watching import Watched
from personapulse.paths import SAMPLE_SHOP
from personapulse.postgres import EmbeddedPostgres

from ..unit.intent_shop import fewer_draws
from ..unit.shop_rows import truth
from .conftest import date
from .sample_shop import FIRST, SOURCE, empty, for_the_moment

LAST, HOLD_OUT = date("2026-05-31"), date("2026-05-17")


@dataclass(frozen=True)
class House:
    """The sample shop with all its days, and a model trained as of the newest."""

    warehouse: psycopg.Connection[Any]
    registry: Registry
    candidate: Candidate
    trained: Trained

    def train(self, day: datetime.date = LAST) -> Candidate:
        return candidates.train(self.warehouse, day, self.registry, SOURCE.settings)


@pytest.fixture(scope="module", autouse=True)
def _fewer_draws() -> Iterator[None]:
    """The forest that is judged is searched for and as large as ever."""
    with fewer_draws():
        yield


@pytest.fixture(scope="module")
def house(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    models, kept = Registry(str(tmp_path_factory.mktemp("models"))), []
    train = training.train

    def train_and_keep(*given: Any, **named: Any) -> Trained:
        kept.append(train(*given, **named))
        return kept[0]

    with empty(postgres, "candidates") as warehouse:
        ingest.load_history(warehouse, SOURCE, FIRST, LAST, lambda *told: None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(training, "train", train_and_keep)
            candidate = candidates.train(warehouse, LAST, models, SOURCE.settings)
        yield House(warehouse, models, candidate, kept[0])


def test_a_candidate_is_kept_with_its_verdict_and_every_number(house: House) -> None:
    version, decision = house.candidate.version, house.candidate.decision
    assert (version.trained_for, version.hold_out, version.horizon_days) == (LAST, HOLD_OUT, 14)
    assert max(version.cut_offs) <= HOLD_OUT - datetime.timedelta(14)
    assert (decision.passed, decision.reasons, decision.champion_version) == (True, [], None)
    assert decisions.newest(house.warehouse, version.model_version) == decision
    assert {criterion["name"] for criterion in decision.criteria if criterion["passed"]} >= {"accuracy", "slices"}
    assert decision.measurements["accuracy"]["value"] >= 0.89
    assert decision.measurements["accuracy_above_majority"]["low"] > 0.2
    assert version.artifact_bytes < 20e6
    assert version.card_url
    assert version.model_version in Path(version.card_url).read_text()
    assert (Path(version.card_url).parent / "calibration.png").exists()
    assert champions.current(house.warehouse) is None  # to train promotes nobody


def test_the_artifact_says_what_the_model_said_that_was_judged(house: House) -> None:
    model = house.registry.load(house.candidate.version)
    frame = snapshots.frame(house.warehouse, [HOLD_OUT], 14, LAST, SOURCE.settings)
    right = ((model.predict(frame) >= 0.5) == frame["bought"]).mean()
    assert right == pytest.approx(house.candidate.decision.measurements["accuracy"]["value"])


def test_it_is_nearly_as_accurate_as_who_knows_the_truth(house: House) -> None:
    told = truth(SAMPLE_SHOP, "purchase_probability")
    true = told[told["as_of_date"] == str(HOLD_OUT)].set_index("user_id")["probability"]
    frame = snapshots.frame(house.warehouse, [HOLD_OUT], 14, LAST, SOURCE.settings).set_index("user_id")
    known = frame.join(true, how="inner")
    attainable = ((known["probability"] >= 0.5) == known["bought"]).mean()
    assert len(known) == len(true)
    assert 0.89 < attainable < 1  # chance remains
    assert house.candidate.decision.measurements["accuracy"]["value"] >= 0.97 * attainable


def test_trained_again_it_is_the_same_version_now_judged_against_the_champion(house: House) -> None:
    with for_the_moment(house.warehouse):
        first = candidates.promote(house.warehouse, house.candidate, promoted_by="gate")
        assert (first.valid_from, first.kind) == (LAST, "gate")
        assert "passed all" in first.reason
        again = house.train()
        assert again.version == house.candidate.version
        assert again.decision.champion_version == again.version.model_version
        assert again.decision.measurements["champion"]["compared"] is True
        assert again.decision.measurements["accuracy_above_champion"]["value"] == 0
        assert candidates.promote(house.warehouse, again, promoted_by="gate") == first


def test_a_champion_that_cannot_be_loaded_is_a_refusal_with_the_reason_and_no_crash(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with for_the_moment(house.warehouse):
        candidates.promote(house.warehouse, house.candidate, promoted_by="gate")
        monkeypatch.setattr(registry, "libraries", lambda: {"python": "2.7"})
        monkeypatch.setattr(training, "train", lambda *given, **named: house.trained)
        decision = house.train().decision
        assert decision.passed is False
        assert "trained with" in decision.measurements["champion"]["why_not"]
        failed = {criterion["name"] for criterion in decision.criteria if not criterion["passed"]}
        assert failed == {"accuracy_against_champion", "brier_against_champion"}


def test_too_short_a_history_leaves_nothing_behind(house: House) -> None:
    with pytest.raises(PersonaPulseError, match="Too little history to learn from"):
        house.train(date("2026-04-12"))
    assert [one.model_version for one in versions(house.warehouse)] == [house.candidate.version.model_version]


def test_the_champion_scores_everybody_and_is_measured_when_their_purchases_are_known(house: House) -> None:
    with for_the_moment(house.warehouse):
        promotion = champions.promote(
            house.warehouse,
            house.candidate.version.model_version,
            valid_from=HOLD_OUT,
            kind="override",
            promoted_by="ann",
            reason="to see",
            expected_champion=None,
        )
        scored = scoring.score_day(house.warehouse, HOLD_OUT, house.registry, SOURCE.settings)
        assert isinstance(scored, scoring.Scored)
        assert (scored.model_version, scored.customers) == (promotion.model_version, 584)
        checks.run(house.warehouse, "scores", HOLD_OUT)
        bands = house.warehouse.execute(
            "select band, count(*), avg(probability) from marts.purchase_intent group by band order by band"
        ).fetchall()
        assert [band for band, _, _ in bands] == list(range(1, 11))
        watched = watching.measure(house.warehouse, LAST, SOURCE.settings)
        assert isinstance(watched, Watched)
        everybody = watched.metrics[0]
        # that day was the hold-out: what was served is what was judged
        judged = house.candidate.decision.measurements
        assert everybody.accuracy == judged["accuracy"]["value"]
        assert everybody.pr_auc == pytest.approx(judged["pr_auc"]["value"], abs=1e-3)
        assert watched.complaints == ()

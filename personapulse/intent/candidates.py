"""A candidate: trained as of a day, judged on the newest complete window, and kept with its verdict."""

import datetime
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg

from personapulse.errors import PersonaPulseError
from personapulse.intent import card, champions, decisions, evaluation, gate, snapshots, training
from personapulse.intent.champions import Promotion
from personapulse.intent.cut_offs import cut_offs
from personapulse.intent.decisions import GateDecision
from personapulse.intent.features import FEATURES
from personapulse.intent.policy import load_policy
from personapulse.intent.registry import ModelVersion, Registry, Training, find, versions
from personapulse.settings import ShopSettings

SEED = 1

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Candidate:
    """A model and what the gate said of it.

    Parameters
    ----------
    version : ModelVersion
        As it is kept.
    decision : GateDecision
        As it is written down, with every number.
    """

    version: ModelVersion
    decision: GateDecision


class Unreadable:
    """Stands in for a champion that cannot be loaded: whoever asks it is told why.

    The gate then has nothing to compare with and refuses, so that a person decides.
    """

    def __init__(self, error: PersonaPulseError) -> None:
        self.error = error

    def predict(self, _frame: pd.DataFrame) -> Any:
        """Raise what loading raised."""
        raise self.error


def train(
    connection: Connection, day: datetime.date, registry: Registry, settings: ShopSettings, *, seed: int = SEED
) -> Candidate:
    """Train a model as of a day and judge it; keep its artifact, its card and the gate's decision. Promotes nobody.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    day : datetime.date
        The last day whose purchases may be known.
    registry : Registry
        Where the artifact goes, and the champion's is.
    settings : ShopSettings
        The shop's horizon and floor of accuracy.
    seed : int, default=1
        The same data and seed give the same version.

    Raises
    ------
    PersonaPulseError
        If the history is too short, or tells nothing apart; nothing is kept then.
    """
    horizon = settings.intent_horizon_days
    days = cut_offs(connection, day, horizon)
    frame = snapshots.frame(connection, days.training, horizon, day, settings)
    hold_out = snapshots.frame(connection, [days.hold_out], horizon, day, settings)
    trained = training.train(frame, FEATURES, seed=seed, horizon_days=horizon)
    champion = champions.current(connection)
    rival = _load(connection, registry, champion) if champion else None
    measurements = evaluation.evaluate(trained, hold_out, rival)
    decision = gate.decide(measurements, load_policy().with_floor(settings.intent_accuracy_floor))
    about = trained.summary()
    version = registry.save(
        connection,
        trained.model,
        Training(
            trained_for=day,
            horizon_days=horizon,
            seed=seed,
            cut_offs=days.training,
            hold_out=days.hold_out,
            rows_trained=about["rows"],
            parameters=about["settings"] | {"calibration": about["calibration"], "base_rate": trained.model.base_rate},
        ),
    )
    recorded = decisions.record(
        connection,
        version.model_version,
        decided_for=day,
        passed=decision.passed,
        reasons=decision.reasons,
        criteria=[asdict(criterion) for criterion in decision.criteria],
        measurements=measurements,
        champion_version=champion.model_version if champion else None,
    )
    with tempfile.TemporaryDirectory() as folder:
        card.write(asdict(version), measurements, decision, Path(folder))
        version = registry.keep_card(connection, version, Path(folder))
    return Candidate(version, recorded)


def promote(
    connection: Connection, candidate: Candidate, *, promoted_by: str, valid_from: datetime.date | None = None
) -> Promotion:
    """Make a candidate that passed the champion, as of the day it was trained for or after the days that are scored.

    Parameters, return value and errors are those of `champions.promote`. After a `ChampionChangedError` train again:
    the same data give the same version, then judged against the new champion.
    """
    passed = f"passed all {len(candidate.decision.criteria)} criteria of the gate for {candidate.decision.decided_for}"
    return champions.promote(
        connection,
        candidate.version.model_version,
        valid_from=valid_from or candidate.version.trained_for,
        kind="gate",
        promoted_by=promoted_by,
        reason=passed,
        expected_champion=candidate.decision.champion_version,
    )


def of_version(connection: Connection, model_version: str) -> Candidate:
    """Return a version that was trained and judged before.

    Raises
    ------
    PersonaPulseError
        If it is not known, or was never judged.
    """
    version = find(connection, model_version)
    decision = decisions.newest(connection, version.model_version)
    if decision is None:
        raise PersonaPulseError(f"Model {version.model_version} was never judged. Train it again.")
    return Candidate(version, decision)


def is_for_people_to_decide(connection: Connection, candidate: Candidate) -> bool:
    """Tell whether the gate refused a candidate that could still serve: no later one has been trained."""
    return not candidate.decision.passed and candidate.version.trained_for == max(
        version.trained_for for version in versions(connection)
    )


def override(
    connection: Connection,
    version: ModelVersion,
    *,
    promoted_by: str,
    reason: str,
    first_day: datetime.date | None = None,
) -> Promotion:
    """Make a version the champion whatever the gate said of it.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    version : ModelVersion
        Whom.
    promoted_by, reason : str
        Who decides, and why; neither is empty.
    first_day : datetime.date, optional
        First day it scores, also if that is scored already; by default the first day that is not.

    Raises
    ------
    PersonaPulseError
        As `champions.promote` does.
    """
    before = champions.current(connection)
    begins = max(version.trained_for, before.valid_from) if before else version.trained_for
    return champions.promote(
        connection,
        version.model_version,
        valid_from=first_day or begins,
        kind="override",
        promoted_by=promoted_by,
        reason=reason,
        expected_champion=before.model_version if before else None,
        keep_scored_days=first_day is None,
    )


def roll_back(
    connection: Connection,
    registry: Registry,
    *,
    promoted_by: str,
    reason: str,
    first_day: datetime.date | None = None,
) -> Promotion:
    """Make the champion before the present one the champion again, if it can be loaded.

    Parameters are those of `override`, and the registry where artifacts are.

    Raises
    ------
    PersonaPulseError
        If there is none, its artifact is away or changed, or as `champions.promote` does.
    """
    before = champions.current(connection)
    if before is None:
        raise PersonaPulseError("There is no champion to go back from. See: personapulse model list")
    registry.verify(find(connection, champions.predecessor(champions.history(connection))))
    return champions.roll_back(
        connection,
        valid_from=first_day or before.valid_from,
        promoted_by=promoted_by,
        reason=reason,
        expected_champion=before.model_version,
        keep_scored_days=first_day is None,
    )


def _load(connection: Connection, registry: Registry, champion: Promotion) -> Any:
    try:
        return registry.load(find(connection, champion.model_version))
    except PersonaPulseError as error:
        return Unreadable(error)

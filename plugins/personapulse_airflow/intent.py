"""What the dags of purchase intent ask of the package, each with the warehouse, the registry and the shop's settings.

The package's part is imported where it is called: it loads scikit-learn, and dags are parsed often.
"""

import datetime
import logging

from personapulse.errors import PersonaPulseError
from personapulse_airflow import shared

log = logging.getLogger(__name__)


def training_is_due(day: datetime.date) -> bool:
    """Tell whether a model is to be trained as of a day."""
    from personapulse.intent.calendar import training_due  # noqa: PLC0415

    with shared.warehouse() as connection:
        due = training_due(connection, day, shared.source().settings)
    log.info(due.why)
    return due.is_due


def watch_served(day: datetime.date) -> None:
    """Hold what was served against what came; raise what fell below the floor."""
    from personapulse.intent import watching  # noqa: PLC0415

    with shared.warehouse() as connection:
        found = watching.measure(connection, day, shared.source().settings)
    if isinstance(found, watching.NothingMatured):
        log.info("No day has been scored whose horizon has passed: there is nothing to watch yet.")
        return
    everybody = found.metrics[0]
    log.info("%s as served on %s: accuracy %s", everybody.model_version, everybody.served_on, everybody.accuracy)
    if found.complaints:
        raise PersonaPulseError(" ".join(found.complaints))


def build_features(day: datetime.date) -> None:
    """Build the features of the days to learn from and to be judged on, where they are not there yet."""
    from personapulse.intent import snapshots  # noqa: PLC0415
    from personapulse.intent.cut_offs import cut_offs  # noqa: PLC0415

    settings = shared.source().settings
    with shared.warehouse() as connection:
        days = cut_offs(connection, day, settings.intent_horizon_days)
        for cut_off in (*days.training, days.hold_out):
            if not snapshots.is_built(connection, cut_off, settings):
                log.info("ml.features: %d customers as of %s", snapshots.build(connection, cut_off, settings), cut_off)


def train_and_judge(day: datetime.date) -> str:
    """Train a model, judge it, and keep it with its verdict; return its version."""
    from personapulse.intent import candidates  # noqa: PLC0415

    with shared.warehouse() as connection:
        version = candidates.train(connection, day, shared.registry(), shared.source().settings).version
    log.info("%s; its card: %s", version.model_version, version.card_url)
    return version.model_version


def gate(version: str) -> None:
    """Raise the reasons if the gate refused a model."""
    from personapulse.intent import candidates  # noqa: PLC0415

    with shared.warehouse() as connection:
        decision = candidates.of_version(connection, version).decision
    if not decision.passed:
        raise PersonaPulseError(f"The gate refused {version}. {' '.join(decision.reasons)}")
    log.info("%s passed all %d criteria.", version, len(decision.criteria))


def promote(version: str, by: str) -> None:
    """Make a model that passed the champion, unless it was trained for a day long past."""
    from personapulse.intent import candidates, champions  # noqa: PLC0415

    with shared.warehouse() as connection:
        try:
            promotion = candidates.promote(connection, candidates.of_version(connection, version), promoted_by=by)
        except champions.PastTrainingError as error:
            log.info("%s stays a candidate. %s", version, error)
        else:
            log.info("%s scores from %s on.", promotion.model_version, promotion.valid_from)


def is_for_people_to_decide(version: str) -> bool:
    """Tell whether the gate refused a model that could still serve."""
    from personapulse.intent import candidates  # noqa: PLC0415

    with shared.warehouse() as connection:
        return candidates.is_for_people_to_decide(connection, candidates.of_version(connection, version))


def question(version: str) -> str:
    """Return what the gate said of a model, in Markdown."""
    from personapulse.intent import candidates, messages  # noqa: PLC0415

    with shared.warehouse() as connection:
        decision = candidates.of_version(connection, version).decision
    return messages.question(decision, shared.source().settings.name)


def override(version: str, by: str, reason: str) -> None:
    """Make a model the champion whatever the gate said of it."""
    from personapulse.intent import candidates  # noqa: PLC0415

    with shared.warehouse() as connection:
        candidate = candidates.of_version(connection, version)
        promotion = candidates.override(connection, candidate.version, promoted_by=by, reason=reason)
    log.info("%s scores from %s on.", promotion.model_version, promotion.valid_from)


def roll_back(by: str, reason: str) -> None:
    """Make the champion before the present one the champion again."""
    from personapulse.intent import candidates  # noqa: PLC0415

    with shared.warehouse() as connection:
        promotion = candidates.roll_back(connection, shared.registry(), promoted_by=by, reason=reason)
    log.info("%s scores from %s on.", promotion.model_version, promotion.valid_from)


def score(day: datetime.date) -> bool:
    """Score the day's customers with its champion; tell whether there is one."""
    from personapulse.intent import scoring  # noqa: PLC0415

    with shared.warehouse() as connection:
        done = scoring.score_day(connection, day, shared.registry(), shared.source().settings)
    if isinstance(done, scoring.NoChampion):
        return False
    log.info("marts.purchase_intent: %d customers scored by %s", done.customers, done.model_version)
    return True

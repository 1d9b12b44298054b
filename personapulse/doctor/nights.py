"""The nights: whether the newest day is published, how old the champion is, how much was set aside."""

import datetime
from collections.abc import Iterator
from typing import Any

import psycopg

from personapulse.doctor.extracts import Extracts
from personapulse.doctor.facts import Facts
from personapulse.doctor.findings import Finding
from personapulse.nights import ledger
from personapulse.service.airflow import CHAIN, GOES_ON

TRAINABLE_DAYS = 56  # of history; before that there can be no model
STALE_DAYS = 35  # a model is trained weekly; five refused in a row are worth a look
NEAR = 0.5  # of a file's limit


def look_at_nights(connection: psycopg.Connection[Any], facts: Facts, extracts: Extracts) -> Iterator[Finding]:
    """Look at what the last nights came to."""
    if extracts.problem is None and extracts.days:
        yield Finding("extracts", "ok", f"can be read; the newest day is {extracts.days[-1]}")
    if facts.loaded:
        yield _published(connection, facts.loaded[-1])
        yield _champion(connection, facts.loaded)
        yield _quarantine(facts, extracts)


def _published(connection: psycopg.Connection[Any], day: datetime.date) -> Finding:
    """Tell whether the newest loaded day can be seen, and of a later one that never came as far."""
    (shown,) = connection.execute("select max(as_of_date) from ops.dashboards").fetchone() or (None,)
    late = connection.execute("select max(day) from ops.late_nights where day > %s", (shown or datetime.date.min,))
    (late_day,) = late.fetchone() or (None,)
    shows = f"The dashboards show {shown}." if shown else "No day is published yet."
    if late_day:
        return Finding(
            "last night",
            "fail",
            f"{late_day} was not published by the deadline, and is not now",
            shows,
            f"personapulse runs --days 2 (docs/runbook.md#watch_deadline), personapulse doctor --day {late_day}",
        )
    if shown and shown >= day:
        return Finding("last night", "ok", f"{day}, the newest day loaded, is published")
    runs = ledger.of_day(connection, day)
    failed = [dag for dag in CHAIN if dag in runs and dag not in GOES_ON and runs[dag].outcome == ledger.FAILED]
    found = f"{day}, the newest day loaded, is not published" + (f": {', '.join(failed)} failed" if failed else "")
    means, do = shows, "personapulse runs --days 2 says how far it has come (docs/runbook.md)"
    return Finding("last night", "fail" if failed else "warn", found, means, do)


def _champion(connection: psycopg.Connection[Any], loaded: list[datetime.date]) -> Finding:
    row = connection.execute(
        "select model_version, trained_for from ml.promotions inner join ml.model_versions using (model_version)"
        " order by promotion_no desc limit 1"
    ).fetchone()
    if not row:
        if (loaded[-1] - loaded[0]).days < TRAINABLE_DAYS:
            return Finding("champion", "ok", f"none yet; a model needs {TRAINABLE_DAYS} days of history")
        means = "Nobody is scored, and audiences chosen by intent are left out."
        return Finding("champion", "warn", "no model has been promoted", means, "personapulse model list says why")
    version, trained_for = row
    age = (loaded[-1] - trained_for).days
    if age > STALE_DAYS:
        means = f"Scores rest on a model of {age} days ago; newer ones were refused, or none was trained."
        return Finding("champion", "warn", f"{version} is {age} days old", means, "personapulse model list says why")
    return Finding("champion", "ok", f"{version}, {age} days old")


def _quarantine(facts: Facts, extracts: Extracts) -> Finding:
    near = [
        f"{file.quarantined_count / file.row_count:.1%} of {file.file} (limit {limit:.1%})"
        for file in facts.arrivals
        if file.row_count
        and (limit := extracts.settings.limits(file.file).threshold)
        and _counted(facts, extracts, file.file) > NEAR * limit * file.row_count
    ]
    if near:
        return Finding(
            "set aside",
            "warn",
            "; ".join(near),
            "A day with twice as many is refused.",
            "Have the source mended; below is what is wrong with the rows.",
        )
    return Finding("set aside", "ok", "far from every file's limit")


def _counted(facts: Facts, extracts: Extracts, file: str) -> int:
    """Rows that count towards the file's threshold: those of rules with a limit of their own do not."""
    own = extracts.settings.limits(file).rules
    return sum(aside.count for aside in facts.set_aside if aside.file == file and aside.rule not in own)

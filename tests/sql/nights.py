"""Runs as the scheduler writes them down, for tests of who reads them."""

import datetime
from typing import Any

from personapulse.nights import Entry, write

from .conftest import Shop, date

MIDNIGHT = datetime.datetime(2026, 3, 3, tzinfo=datetime.UTC)
DAY = "2026-03-02"


def entry(dag: str, outcome: str, **given: Any) -> Entry:
    """A run of a dag for the day, which started at midnight and took a minute and a half."""
    ended = None if outcome == "running" else MIDNIGHT + datetime.timedelta(seconds=90)
    ordinary: dict[str, Any] = {
        "dag_id": dag, "run_id": f"{dag}-1", "day": date(DAY), "run_type": "scheduled", "outcome": outcome,
        "started_at": MIDNIGHT, "ended_at": ended,
    }  # fmt: skip
    return Entry(**ordinary | given)


def happened(shop: Shop, *runs: tuple[str, str], **given: Any) -> None:
    for dag, outcome in runs:
        write(shop.warehouse, entry(dag, outcome, **given))


def published(shop: Shop, *days: str) -> None:
    for day in days:
        shop.warehouse.execute("insert into ops.dashboards (as_of_date, etag, packed) values (%s, '', '')", (day,))

"""The first weeks of the sample shop, loaded once for every test that looks at it."""

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from personapulse import ingest, marts
from personapulse.paths import SAMPLE_SHOP
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import connect

from ..servers import database

# Six weeks: the second month's cuts have 50 buyers and 30 days of history behind them.
FIRST, LAST = datetime.date(2026, 3, 1), datetime.date(2026, 4, 12)
SOURCE = ingest.Source(SAMPLE_SHOP.as_uri())


@contextmanager
def empty(postgres: EmbeddedPostgres, name: str) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse of that name, gone afterwards."""
    with database(postgres, name) as conninfo, connect(conninfo) as connection:
        yield connection


@contextmanager
def loaded(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """A warehouse that holds the sample shop's first weeks, and no mart; gone afterwards."""
    with empty(postgres, "sample_shop") as connection:
        ingest.load_history(connection, SOURCE, FIRST, LAST, lambda *told: None)
        yield connection


def build(
    connection: psycopg.Connection[Any],
    as_of_date: datetime.date,
    known_on: datetime.date | None = None,
    names: Iterable[str] = marts.NAMES,
) -> None:
    """Build marts for a day, and before it for the days that some compare it with: its eve, and its month's."""
    eves = {as_of_date.replace(day=1) - datetime.timedelta(1), as_of_date - datetime.timedelta(1)}
    for day in sorted(eve for eve in eves if eve >= FIRST):
        for name in names:
            if name not in marts.PREPARES:  # nothing is compared with an earlier day of these
                marts.build(connection, name, day, SOURCE.settings)
    for name in names:
        marts.build(connection, name, as_of_date, SOURCE.settings, known_on=known_on)


@contextmanager
def for_the_moment(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Do something to the warehouse that is taken back afterwards."""
    with connection.transaction(force_rollback=True):
        yield

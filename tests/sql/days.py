"""Days of a shop on their way into the warehouse, as the dags take them."""

import datetime
from typing import Any

import psycopg

from personapulse import ingest, marts
from personapulse.settings import ShopSettings


def take_in(connection: psycopg.Connection[Any], source: ingest.Source, *days: datetime.date) -> None:
    """Stage and merge days, in the order given."""
    for day in days:
        ingest.stage(connection, source, day)
        ingest.merge(connection, source, day)


def build(connection: psycopg.Connection[Any], settings: ShopSettings, *days: datetime.date) -> None:
    """Build every mart of days, in the order given."""
    for day in days:
        for name in marts.NAMES:
            marts.build(connection, name, day, settings)

"""Profile and personas of a day worked out beside the marts, in temporary tables: whatever the marts hold of that day.

The marts of a day may not be there, may be restated, or may have been built before a late day came in. What is worked
out here depends on core alone.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from personapulse import marts
from personapulse.marts import frozen
from personapulse.settings import ShopSettings

_AFTERWARDS = {"persona_movement", "persona_changes"}  # of the marts of personas: personas do not need them
MADE = tuple(name for name in marts.GROUPS["personas"] if name not in _AFTERWARDS)
OF_THE_MONTH = tuple(name for name in MADE if name in frozen.NAMES)


@dataclass(frozen=True)
class Aside:
    """What the tables are called.

    Parameters
    ----------
    profiles, personas : str
        With the columns of `marts.customer_profile` and `marts.personas`; dropped when the transaction ends.
    """

    profiles: str
    personas: str


def build_personas(
    connection: psycopg.Connection[Any], day: datetime.date, known_on: datetime.date, settings: ShopSettings
) -> Aside:
    """Work out the personas of a day, and what they are made of.

    What is frozen for the day's month is read where it is made already, and is no other than if it were not.

    Parameters
    ----------
    connection : psycopg.Connection
        In a transaction.
    day : datetime.date
        The day.
    known_on : datetime.date
        Nothing delivered later is seen.
    settings : ShopSettings
        Whose rule set the personas are of.
    """
    values = marts.parameters(day, settings, known_on)
    queries = {name: marts.query(name, settings) for name in MADE}
    places = {name: f"{name}_aside" for name in MADE if not _is_made(connection, name, queries[name], values)}
    for name, place in places.items():
        query = queries[name]
        for other, instead in places.items():
            query = re.sub(rf"\bmarts\.{other}\b", instead, query)
        create = f"drop table if exists pg_temp.{place}; create temporary table {place} on commit drop as "
        connection.execute(f"{create}{query}; analyze {place}".encode(), values)
    return Aside(places["customer_profile"], places["personas"])


def _is_made(connection: psycopg.Connection[Any], name: str, query: str, values: Mapping[str, Any]) -> bool:
    if name not in frozen.NAMES:
        return False
    hashed = frozen.made_of(connection, query, values, values["eve"])
    return frozen.rows_kept(connection, name, frozen.month_of(values["eve"]), hashed) is not None

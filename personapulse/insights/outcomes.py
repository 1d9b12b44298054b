"""Python's part of marts.persona_outcomes: the personas of four weeks ago, as they were known that night."""

import datetime
from collections.abc import Mapping
from typing import Any

import psycopg

from personapulse.marts.aside import Aside, build_personas
from personapulse.settings import ShopSettings

DAYS = 28  # whole weeks, so that every weekday weighs the same


def prepare(connection: psycopg.Connection[Any], parameters: Mapping[str, Any], settings: ShopSettings) -> None:
    """Leave the personas of the eve of the last 28 days in the temporary table `personas_before`.

    They are read from the marts where the shop was looked at from that day, and worked out anew, beside the marts,
    where it was not: in the first weeks after a history was loaded, and for a restated day.

    Parameters
    ----------
    connection : psycopg.Connection
        In the transaction that builds the mart.
    parameters : mapping
        Those of the mart's select.
    settings : ShopSettings
        Whose rule set the personas are of.
    """
    eve: datetime.date = parameters["as_of_date"] - datetime.timedelta(days=DAYS)
    is_restated = parameters["known_on"] > parameters["as_of_date"]
    source = Aside("marts.customer_profile", "marts.personas")
    if is_restated or not _is_built(connection, eve, parameters["rule_set"]):
        source = build_personas(connection, eve, parameters["known_on"] if is_restated else eve, settings)
    connection.execute(
        "drop table if exists pg_temp.personas_before;"  # noqa: S608 - names of our own
        "create temporary table personas_before on commit drop as"
        " select personas.user_id, personas.persona, profiles.paid_orders > 0 as has_bought"
        f" from {source.personas} as personas"
        f" inner join {source.profiles} as profiles using (as_of_date, user_id)"
        " where as_of_date = %(eve)s;"
        "analyze personas_before",
        {"eve": eve},
    )


def _is_built(connection: psycopg.Connection[Any], day: datetime.date, rule_set: str) -> bool:
    found = connection.execute(
        "select exists (select from marts.personas where as_of_date = %(day)s and rule_set = %(rule_set)s)"
        " and exists (select from marts.customer_profile where as_of_date = %(day)s)",
        {"day": day, "rule_set": rule_set},
    ).fetchone()
    return bool(found and found[0])

"""Marts: one SQL file each, built one day at a time."""

import datetime
from typing import Any

import psycopg
from psycopg import sql

from personapulse.personas import load_rule_sets
from personapulse.settings import ShopSettings
from personapulse.warehouse import run_file, take_lock

# Each mart and the marts it reads, in an order that builds what is read first.
NEEDS: dict[str, tuple[str, ...]] = {
    "kpi_daily": (),
    "kpi_monthly": (),
    "ltv": (),
    "rfm_cuts": (),
    "rfm": ("rfm_cuts",),
    "customer_profile": (),
    "personas": ("customer_profile",),
}
NAMES = tuple(NEEDS)
RESTATED = datetime.date(9999, 12, 31)


def build(
    connection: psycopg.Connection[Any],
    name: str,
    as_of_date: datetime.date,
    settings: ShopSettings,
    *,
    known_on: datetime.date | None = None,
) -> int:
    """Build one mart for one day, replacing what it held for that day, in one transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    name : str
        One of `NAMES`; the marts it needs are expected to be built for the day.
    as_of_date : datetime.date
        The day the shop is looked at from.
    settings : ShopSettings
        The shop's rule set and what it lacks.
    known_on : datetime.date, optional
        Nothing delivered later is seen: by default `as_of_date` (what was known that night); `RESTATED` for all.

    Returns
    -------
    int
        Rows the mart holds for the day; for `rfm_cuts`, for the day's month.
    """
    parameters = {
        "as_of_date": as_of_date,
        "known_on": known_on or as_of_date,
        "rule_set": settings.persona_rules,
        "has_views": "product_views" not in settings.lacks,
    }
    with connection.transaction():
        take_lock(connection, f"marts.{name}")
        run_file(connection, f"marts/{name}.sql", parameters, **(_rules(settings) if name == "personas" else {}))
        return _row_count(connection, name, as_of_date)


def _rules(settings: ShopSettings) -> dict[str, str]:
    """Return the shop's persona rules as the SQL that stands in for personas.sql's placeholders."""
    rule_set = load_rule_sets()[settings.persona_rules]
    return {"persona_case": rule_set.case_sql(), "persona_thresholds": rule_set.thresholds_sql()}


def _row_count(connection: psycopg.Connection[Any], name: str, as_of_date: datetime.date) -> int:
    clock = ("cut_month", as_of_date.replace(day=1)) if name == "rfm_cuts" else ("as_of_date", as_of_date)
    statement = sql.SQL("select count(*) from marts.{} where {} = {}").format(
        sql.Identifier(name), sql.Identifier(clock[0]), clock[1]
    )
    counted = connection.execute(statement).fetchone()
    return int(counted[0]) if counted else 0

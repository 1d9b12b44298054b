"""Marts: one SQL file each, built one day at a time."""

import datetime
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from personapulse.marts import frozen
from personapulse.marts.tables import replace_day
from personapulse.personas import load_rule_sets
from personapulse.personas.rendering import fragments
from personapulse.settings import ShopSettings
from personapulse.warehouse import read_file, take_lock

# Each mart and the marts it reads, in an order that builds what is read first. A task builds a group's marts one after
# the other: to start a task takes longer than to build most marts.
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "sales": {
        "kpi_daily": (),
        "kpi_monthly": (),
        "cohorts": (),
        "product_performance": (),
        "ltv": (),
        "rfm_cuts": (),
        "rfm": ("rfm_cuts",),
    },
    "lifetime_value": {
        "ltv_model": (),
        "ltv_predicted": ("ltv_model",),
        "ltv_backtest": (),
    },
    "personas": {
        "customer_profile": (),
        "persona_quantiles": (),
        "persona_sides": ("persona_quantiles",),
        "persona_cuts": ("customer_profile", "persona_quantiles"),
        "personas": ("customer_profile", "persona_cuts", "persona_sides"),
        "persona_movement": ("personas",),
        "persona_changes": ("customer_profile", "personas"),
    },
    "behaviour": {
        "dashboard_cube_funnel": ("customer_profile", "personas"),
        "funnel": ("dashboard_cube_funnel",),
        "funnel_sessions": ("personas",),
        "returns": ("personas",),
    },
    "dashboards": {
        "dashboard_cube_customers": ("customer_profile", "personas", "rfm", "ltv"),
        "dashboard_cube_months": ("customer_profile", "personas"),
        "dashboard_cube_days": ("customer_profile", "personas"),
        "dashboard_cube_reach": ("customer_profile", "personas"),
    },
    "insights": {
        "persona_outcomes": ("personas",),
        "insights": ("persona_outcomes", "customer_profile", "personas", "funnel", "cohorts"),
    },
}
NEEDS = {name: read for group in GROUPS.values() for name, read in group.items()}
NAMES = tuple(NEEDS)
# rendered from include/personas.yaml
OF_PERSONAS = frozenset({"persona_quantiles", "persona_sides", "persona_cuts", "personas", "persona_changes"})

Prepare = Callable[[psycopg.Connection[Any], Mapping[str, Any], ShopSettings], None]


def _from(module: str, name: str) -> Prepare:
    """Name a function of another module; SciPy takes its time to load, and only who builds waits for it."""

    def prepare(*given: Any) -> None:
        getattr(importlib.import_module(module), name)(*given)

    return prepare


# What SQL cannot do (maximum likelihood, tests): Python's part of a mart leaves a temporary table its select reads, in
# the same transaction. Called with the connection, the select's parameters and the shop's settings.
PREPARES: dict[str, Prepare] = {
    "ltv_model": _from("personapulse.clv.nightly", "prepare_model"),
    "ltv_predicted": _from("personapulse.clv.nightly", "prepare_predicted"),
    "ltv_backtest": _from("personapulse.clv.nightly", "prepare_backtest"),
    "persona_outcomes": _from("personapulse.insights.outcomes", "prepare"),
    "insights": _from("personapulse.insights.nightly", "prepare"),
}
PROFILE_OF_EVE, PEOPLE = "%(profile_of_eve)s", "%(people)s"  # a select in brackets stands in for these
RESTATED = datetime.date(9999, 12, 31)


def groups_before(group: str) -> set[str]:
    """Name the groups with a mart that one of the group reads."""
    read = {name for names in GROUPS[group].values() for name in names}
    return {other for other, names in GROUPS.items() if read & names.keys()} - {group}


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
        Rows the mart holds for the day; of a mart frozen for the month, for the day's month.
    """
    values = parameters(as_of_date, settings, known_on)
    with connection.transaction():
        take_lock(connection, f"marts.{name}")
        if name in frozen.NAMES:
            return _build_month(connection, name, settings, values)
        return _build_day(connection, name, settings, values)


def _build_day(
    connection: psycopg.Connection[Any], name: str, settings: ShopSettings, values: Mapping[str, Any]
) -> int:
    read_in_bulk(connection)
    if name in PREPARES:
        PREPARES[name](connection, values, settings)
    return replace_day(connection, name, values["as_of_date"], query(name, settings), values)


def read_in_bulk(connection: psycopg.Connection[Any]) -> None:
    """Let PostgreSQL plan for many rows until the transaction ends.

    How many rows a step of a mart leaves the planner can only guess, and where it guesses a handful it compares every
    row with every other. Groups are built two at a time, and few steps of a mart hash at once: 256 MB for each suit a
    machine of 4 GiB.
    """
    connection.execute(
        "set local enable_nestloop = off; set local work_mem = '64MB'; set local hash_mem_multiplier = 4"
    )


def _build_month(
    connection: psycopg.Connection[Any], name: str, settings: ShopSettings, values: Mapping[str, Any]
) -> int:
    """Build the month of a frozen mart, unless it would be the same again."""
    month = frozen.month_of(values["eve"])
    # before core is read: it may move meanwhile
    hashed = frozen.made_of(connection, query(name, settings), values, values["eve"])
    rows = frozen.rows_kept(connection, name, month, hashed)
    if rows is None:
        rows = _build_day(connection, name, settings, values)
        frozen.keep(connection, name, month, hashed, rows)
    return rows


def query(name: str, settings: ShopSettings) -> str:
    """Return a mart's select, with `%(name)s` where `parameters` go."""
    text = read_file(f"marts/{name}.sql", **(_rules(settings) if name in OF_PERSONAS else {}))
    if PEOPLE in text:
        text = text.replace(PEOPLE, _in_brackets(read_file("parts/people.sql")))
    if PROFILE_OF_EVE in text:
        text = text.replace(PROFILE_OF_EVE, _in_brackets(_profile_of_eve(settings)))
    return text


def _in_brackets(select: str) -> str:
    return f"(\n{select.rstrip().rstrip(';')}\n)"


def parameters(
    as_of_date: datetime.date, settings: ShopSettings, known_on: datetime.date | None = None
) -> dict[str, Any]:
    """Return what every mart's select may ask for."""
    return {
        "as_of_date": as_of_date,
        "known_on": known_on or as_of_date,
        "rule_set": settings.persona_rules,
        "has_views": "product_views" not in settings.lacks,
        "time_zone": settings.time_zone,
        "return_window_days": settings.return_window_days,
        "conversion_days": settings.conversion_days,
        "has_contacts": "contacts" not in settings.lacks,
        "eve": as_of_date.replace(day=1) - datetime.timedelta(days=1),
    }


def _rules(settings: ShopSettings) -> Mapping[str, str]:
    """Return the shop's persona rules as the SQL that stands in for the marts' placeholders."""
    return fragments(load_rule_sets()[settings.persona_rules])


def _profile_of_eve(settings: ShopSettings) -> str:
    """Return the select of customer_profile as of, and as known on, the last day before the month, if rules need it."""
    if not load_rule_sets()[settings.persona_rules].thresholds:
        return "select cast(null as text) as user_id where false"
    text = read_file("marts/customer_profile.sql")
    return text.replace("%(as_of_date)s", "%(eve)s").replace("%(known_on)s", "%(eve)s")

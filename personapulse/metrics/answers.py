"""A metric's number on a day, and the rows it is made of."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg

from personapulse.errors import PersonaPulseError
from personapulse.marts import parameters
from personapulse.metrics.definitions import Metric, Stored
from personapulse.metrics.reading import ROWS
from personapulse.settings import ShopSettings

Number = Decimal | int
DIGITS_COMPARED = 6  # quotients of the same sums may be written with more or fewer digits

_OF_THE_PERSONA = """
where user_id in (
    select user_id from marts.personas where as_of_date = %(as_of_date)s::date and persona = %(persona)s
)"""


@dataclass(frozen=True)
class StoredValue:
    """What a mart holds for the metric on the day; None if it has no such row."""

    stored: Stored
    value: Number | None
    is_same: bool


@dataclass(frozen=True)
class Answer:
    """A metric's number, as of one day and as known on one.

    Parameters
    ----------
    metric : Metric
    as_of_date, known_on : datetime.date
    persona : str, optional
        None is everyone.
    value : Decimal or int, optional
        None where there is nothing to divide by.
    count : int, optional
        Rows of the population; None without one.
    columns : tuple of str
        Of the rows.
    rows : list of tuple
        The rows asked for, in their own order; all of them give the value.
    stored : tuple of StoredValue
        What the marts hold, where they hold the number of just these rows.
    """

    metric: Metric
    as_of_date: datetime.date
    known_on: datetime.date
    persona: str | None
    value: Number | None
    count: int | None
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    stored: tuple[StoredValue, ...]


def answer(
    connection: psycopg.Connection[Any],
    metric: Metric,
    as_of_date: datetime.date,
    settings: ShopSettings,
    *,
    known_on: datetime.date | None = None,
    persona: str | None = None,
    limit: int | None = 0,
) -> Answer:
    """Compute a metric from its definition, with the rows behind it. Only reads.

    Parameters
    ----------
    connection : psycopg.Connection
        In a transaction that sees one moment, so that number, rows and marts can be compared.
    metric : Metric
        From `load_metrics`.
    as_of_date : datetime.date
        Nothing that happened later is seen.
    settings : ShopSettings
        The shop's windows and time zone, as the marts were built with.
    known_on : datetime.date, optional
        Nothing delivered later is seen: by default `as_of_date`; `personapulse.marts.RESTATED` for all.
    persona : str, optional
        Only customers who have this persona on the day, as `marts.personas` holds it.
    limit : int, optional
        Rows to return at most; None for all.

    Raises
    ------
    PersonaPulseError
        If the metric needs a persona or has none, or is read from marts, which hold the day as it was built, and
        another `known_on` was asked for.
    """
    known_on = known_on or as_of_date
    _check(metric, persona, is_restated=known_on != as_of_date)
    values = parameters(as_of_date, settings, known_on) | {"persona": persona}
    rows = _rows_sql(metric, persona)
    number, count = _one(connection, f"{rows}select ({metric.select.sql}), {_count_sql(metric)}", values)
    shown = _shown(connection, metric, f"{rows}select * from {ROWS} order by {ROWS}", values | {"limit": limit})  # noqa: S608
    return Answer(
        metric=metric,
        as_of_date=as_of_date,
        known_on=known_on,
        persona=persona,
        value=number,
        count=count,
        columns=metric.population.select.columns if metric.population else (),
        rows=shown,
        stored=tuple(
            _stored(connection, stored, number, values)
            for stored in metric.stored
            if stored.is_of_a_persona == (persona is not None)
        ),
    )


def _check(metric: Metric, persona: str | None, *, is_restated: bool) -> None:
    if metric.needs_persona and persona is None:
        raise PersonaPulseError(f"{metric.name} is the number of one persona. Name it with --persona.")
    if persona is not None and not metric.takes_persona:
        raise PersonaPulseError(f"{metric.name} is a number of the whole shop; ask for it without --persona.")
    if is_restated and metric.marts:
        raise PersonaPulseError(
            f"{metric.name} is read from {' and '.join(metric.marts)}, which hold the day as it was built. "
            "Build the day as restated (a parameter of the dag build_segments), then ask without --restated."
        )


def _rows_sql(metric: Metric, persona: str | None) -> str:
    """Open a statement with the population as the CTE `rows`."""
    if not metric.population:
        return ""
    narrowed = _OF_THE_PERSONA if persona is not None and not metric.reads_persona else ""
    return f"with {ROWS} as (\nselect * from (\n{metric.population.select.sql}\n) as everyone{narrowed}\n)\n"


def _count_sql(metric: Metric) -> str:
    return f"(select count(*) from {ROWS})" if metric.population else "null"  # noqa: S608


def _shown(
    connection: psycopg.Connection[Any], metric: Metric, query: str, values: dict[str, Any]
) -> list[tuple[Any, ...]]:
    if not metric.population or values["limit"] == 0:
        return []
    return connection.execute(f"{query} limit %(limit)s".encode(), values).fetchall()


def _stored(
    connection: psycopg.Connection[Any], stored: Stored, number: Number | None, values: dict[str, Any]
) -> StoredValue:
    value = _one(connection, f"select ({stored.sql})", values)[0]
    return StoredValue(stored, value, is_same(number, value))


def is_same(one: Number | None, other: Number | None) -> bool:
    """Whether two numbers agree, however many digits a division left them."""
    if one is None or other is None:
        return one is other
    return round(Decimal(one), DIGITS_COMPARED) == round(Decimal(other), DIGITS_COMPARED)


def _one(connection: psycopg.Connection[Any], query: str, values: dict[str, Any]) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query.encode(), values).fetchone()
    assert row is not None  # noqa: S101 - a select without from has a row
    return row

"""One clock, one connection id, one set of manners for every dag."""

import datetime
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pendulum
import psycopg
from airflow.sdk import (
    Asset,
    Connection,
    ExceptionRetryPolicy,
    IdentityMapper,
    PartitionedAssetTimetable,
    RetryAction,
    RetryRule,
    Variable,
    conf,
)
from airflow.sdk.exceptions import AirflowNotFoundException
from psycopg.conninfo import make_conninfo

from personapulse import checks
from personapulse import warehouse as the_warehouse
from personapulse.errors import PersonaPulseError
from personapulse.ingest import Source
from personapulse.settings import ShopSettings, time_of_day

if TYPE_CHECKING:
    from personapulse.intent.registry import Registry

log = logging.getLogger(__name__)

# Airflow's connections to PostgreSQL: one for each kind of work; the first serves for those that are not set up
WAREHOUSE, LOADER, MODELER, ADMIN = "shop_warehouse", "shop_loader", "shop_modeler", "shop_admin"

CORE = Asset("core")
MARTS = Asset("marts")
INTENT_MODEL = Asset("intent_model")  # the day's training, if one was due, is over
INTENT = Asset("purchase_intent")

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "personapulse",
    "retries": 2,  # after as long as Airflow's setting says: five minutes ([core] default_task_retry_delay)
    "execution_timeout": datetime.timedelta(minutes=30),
    # Trying again helps against a network or a server that is away, not against bad input or a mistake in our code.
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule(
                exception="personapulse.errors.UnreachableError",
                action=RetryAction.RETRY,
                reason="what is away may come back",
            ),
            RetryRule(
                exception="personapulse.errors.PersonaPulseError",
                action=RetryAction.FAIL,
                reason="a person must mend the input",
            ),
            RetryRule(
                exception=[
                    "psycopg.ProgrammingError",
                    "psycopg.DataError",
                    "psycopg.IntegrityError",
                    "builtins.AttributeError",
                    "builtins.FileExistsError",
                    "builtins.FileNotFoundError",
                    "builtins.ImportError",
                    "builtins.LookupError",
                    "builtins.NotADirectoryError",
                    "builtins.PermissionError",
                    "builtins.TypeError",
                ],
                action=RetryAction.FAIL,
                reason="a mistake in the code or in the set-up",
            ),
        ]
    ),
}


def time_zone() -> str:
    """IANA zone in which a shop day runs from midnight to midnight: `PERSONAPULSE_TIME_ZONE`, else UTC."""
    return os.environ.get("PERSONAPULSE_TIME_ZONE") or "UTC"


def first_night() -> datetime.datetime:
    """Return the midnight before which no nightly run starts: of `PERSONAPULSE_FIRST_NIGHT`, else long ago.

    The variable is a day, `YYYY-MM-DD`, in the shop's time zone. Backfills and runs by hand are not held back by it.
    """
    day = os.environ.get("PERSONAPULSE_FIRST_NIGHT") or "2026-01-01"
    return pendulum.from_format(day, "YYYY-MM-DD", tz=time_zone())


def deadline() -> str | None:
    """Time of day by which a day must be published: `PERSONAPULSE_DEADLINE` (`HH:MM`), else 06:00; None if it is `off`.

    Raises
    ------
    PersonaPulseError
        If it is no time of day.
    """
    text = os.environ.get("PERSONAPULSE_DEADLINE") or ShopSettings.deadline
    return time_of_day(text, "The environment's PERSONAPULSE_DEADLINE")


def when(asset: Asset) -> PartitionedAssetTimetable:
    """Schedule that follows an asset: one run for each day of it, with the same day as key."""
    return PartitionedAssetTimetable(assets=asset, default_partition_mapper=IdentityMapper())


def day_of(partition_key: str | None) -> datetime.date:
    """Return the run's clock: the shop day its partition key names.

    Raises
    ------
    PersonaPulseError
        If the run has no key, or one that is no day.
    """
    try:
        return datetime.date.fromisoformat(partition_key or "")
    except ValueError:
        raise PersonaPulseError(
            f"This run's partition key is {partition_key!r}; it must be the shop day, such as 2026-01-31. "
            "Trigger the dag with a partition key, or backfill ingest_shop_data for the day."
        ) from None


def source() -> Source:
    """Return the shop's extracts, at the address in the Airflow Variable `personapulse_source`."""
    return Source(Variable.get("personapulse_source"))


def report_folder() -> Path:
    """Folder of the published reports: the Airflow Variable `personapulse_report`."""
    return Path(Variable.get("personapulse_report"))


def dashboard_url(day: datetime.date) -> str:
    """Address of a day's dashboard in Airflow's pages."""
    return f"{conf.get('api', 'base_url').rstrip('/')}/personapulse/#page=summary&day={day}"


def is_set_up(connection: str) -> bool:
    """Whether Airflow knows a connection of that id."""
    try:
        Connection.get(connection)
    except AirflowNotFoundException:
        return False
    return True


def registry() -> "Registry":
    """Return where models are kept: the folder or fsspec URL in the Airflow Variable `personapulse_models`."""
    from personapulse.intent.registry import Registry  # noqa: PLC0415 - takes its time to load; few tasks need it

    return Registry(Variable.get("personapulse_models"))


@contextmanager
def warehouse(login: str = MODELER) -> Iterator[psycopg.Connection[Any]]:
    """Open the warehouse the way the package wants it; what was not committed is rolled back at the end.

    Parameters
    ----------
    login : str, default=MODELER
        The Airflow connection: `LOADER`, `MODELER` or `ADMIN`, whose rights are those of include/sql/grants.sql. One
        that is not set up is replaced by `shop_warehouse`. Its extras (`sslmode`, ...) go to libpq as they are.
    """
    try:
        address = Connection.get(login)
    except AirflowNotFoundException:
        address = Connection.get(WAREHOUSE)
    conninfo = make_conninfo(
        host=address.host,
        port=address.port,
        user=address.login,
        password=address.password,
        dbname=address.schema,
        **address.extra_dejson,
    )
    with the_warehouse.connect(conninfo) as connection:
        yield connection


def check(layer: checks.Layer, day: datetime.date, known_on: datetime.date | None = None) -> None:
    """Run a layer's checks for one day and log what each found; a finding of a `fail` check raises."""
    with warehouse(LOADER if layer == "staging" else MODELER) as connection:
        for found in checks.run(connection, layer, day, known_on=known_on, settings=source().settings):
            level = logging.WARNING if found.count else logging.INFO
            sample = f", such as {', '.join(found.sample)}" if found.count else ""
            log.log(level, "%s (%s): %d found%s", found.rule, found.severity, found.count, sample)


def days_between(source: Source, first_day: str | None, last_day: str | None) -> tuple[datetime.date, datetime.date]:
    """Return the first and last day to load; a day left empty is the source's first or newest.

    Raises
    ------
    PersonaPulseError
        If a day is none, or the source holds no day between the two.
    """
    days = source.days()
    if not days:
        raise PersonaPulseError(f"{source.url} holds no day: no folder is named like 2026-01-31.")
    first = _given_day("first_day", first_day) or days[0]
    last = _given_day("last_day", last_day) or days[-1]
    wanted = [day for day in days if first <= day <= last]
    if not wanted:
        raise PersonaPulseError(
            f"{source.url} holds no day from {first} to {last}; it holds {days[0]} to {days[-1]}. "
            "Mend first_day and last_day."
        )
    return wanted[0], wanted[-1]


def _given_day(name: str, text: str | None) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError:
        raise PersonaPulseError(f"{name} {text!r} is no day; write it like 2026-01-31.") from None

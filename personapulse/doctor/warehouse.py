"""The warehouse as a server: its version and settings, its roles and rights, what is overdue in it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
from psycopg.errors import LockNotAvailable

from personapulse import roles
from personapulse.doctor.facts import Facts
from personapulse.doctor.findings import Finding
from personapulse.errors import PersonaPulseError
from personapulse.settings import ShopSettings
from personapulse.upkeep import retention

LEAST_VERSION = 170000
LEAST_WORK_MEM = 16  # megabytes; below, a mart of a large shop is sorted on disk
OVERDUE_DAYS = 8  # upkeep comes weekly
PROMISED_DAYS = 30  # within a month is what people who ask to be erased are commonly promised

# A sample of include/sql/grants.sql: what would hurt most if it were otherwise.
RIGHTS = (
    (roles.READER, "marts.kpi_daily", "select", True),
    (roles.READER, "core.users", "select", False),
    (roles.READER, "ops.quarantine", "select", False),
    (roles.LOADER, "core.users", "insert", True),
    (roles.LOADER, "marts.kpi_daily", "insert", False),
    (roles.MODELER, "marts.kpi_daily", "insert", True),
    (roles.MODELER, "core.users", "insert", False),
    (roles.AUDITOR, "ops.loads", "select", True),
    (roles.AUDITOR, "ops.loads", "delete", False),
)


def look_at_warehouse(connection: psycopg.Connection[Any], facts: Facts, settings: ShopSettings) -> Iterator[Finding]:
    """Look at the server, the rights in it, and what is overdue."""
    yield _server(connection)
    yield _migrations(facts)
    yield _roles(connection)
    yield _erasures(connection)
    yield _retention(connection, settings)


def _server(connection: psycopg.Connection[Any]) -> Finding:
    version = connection.info.server_version
    named = f"PostgreSQL {version // 10000}"
    if version < LEAST_VERSION:
        return Finding("server", "fail", named, "SQL of the marts needs 17 or newer.", "Move to a newer server.")
    work_mem, is_replica = _row(
        connection, "select setting::bigint / 1024, pg_is_in_recovery() from pg_settings where name = 'work_mem'"
    )
    if is_replica:
        return Finding("server", "fail", f"{named} is a replica", "Nothing can be written.", "Name the primary.")
    if work_mem < LEAST_WORK_MEM:
        return Finding(
            "server",
            "warn",
            f"{named}, work_mem is {work_mem} MB",
            "Marts of a large shop are sorted on disk, several times slower.",
            "alter system set work_mem = '32MB'; select pg_reload_conf();",
        )
    return Finding("server", "ok", f"{named}, work_mem {work_mem} MB")


def _migrations(facts: Facts) -> Finding:
    applied = f"{facts.migrations_applied} of {facts.migrations_known} applied"
    if facts.migrations_applied < facts.migrations_known:
        means = "Tables this version works with are not there."
        return Finding("migrations", "fail", applied, means, "Start personapulse up: it applies them, all or none.")
    return Finding("migrations", "ok", applied)


def _roles(connection: psycopg.Connection[Any]) -> Finding:
    if not roles.are_there(connection):
        return Finding(
            "roles",
            "warn",
            "the server lacks roles of the house",
            "Everything is done with one login's rights; whoever reads could also write.",
            "Have an administrator run include/sql/setup/0027_roles.sql, then start again (docs/security.md).",
        )
    asked = [(role, table, right) for role, table, right, _ in RIGHTS]
    wrong = [
        f"{role} {'may' if has else 'may not'} {right} {table}"
        for (role, table, right), (_, _, _, should) in zip(asked, RIGHTS, strict=True)
        if (has := _may(connection, role, table, right)) != should
    ]
    if wrong:
        return Finding(
            "roles",
            "fail",
            "; ".join(wrong),
            "Somebody has changed rights by hand.",
            "Give them anew, as the owner: psql -f include/sql/grants.sql",
        )
    return Finding("roles", "ok", f"rights as granted ({len(RIGHTS)} looked at)")


def _may(connection: psycopg.Connection[Any], role: str, table: str, right: str) -> bool:
    # the reader's rights on marts are on columns
    asked = "has_any_column_privilege" if right == "select" else "has_table_privilege"
    return bool(_row(connection, f"select {asked}(%s, %s, %s)", (role, table, right))[0])


def _erasures(connection: psycopg.Connection[Any]) -> Finding:
    waiting, oldest = _row(
        connection,
        "select count(*), coalesce(extract(day from clock_timestamp() - min(requested_at)), 0)::integer"
        " from ops.erasure_requests",
    )
    left = _row(connection, "select count(*) from ops.erasures where left_over <> '{}'")[0]
    if left:
        return Finding(
            "erasures",
            "fail",
            f"{left} left something of a customer behind",
            "Somebody who asked to be forgotten is still named.",
            'personapulse query --everything "select left_over from ops.erasures" says where; docs/privacy.md',
        )
    if not waiting:
        return Finding("erasures", "ok", "nobody waits to be erased")
    found = f"{waiting} wait to be erased, for up to {oldest} days"
    if oldest < OVERDUE_DAYS:
        return Finding("erasures", "ok", f"{found}; maintain_warehouse erases them on Monday")
    means = "maintain_warehouse has not erased them on its Monday."
    do = "Look at its last run: personapulse runs. To erase one at once: personapulse erase-user ID --now"
    return Finding("erasures", "fail" if oldest >= PROMISED_DAYS else "warn", found, means, do)


def _retention(connection: psycopg.Connection[Any], settings: ShopSettings) -> Finding:
    patient = replace(
        settings,
        daily_snapshots_days=settings.daily_snapshots_days + OVERDUE_DAYS,
        quarantine_days=settings.quarantine_days + OVERDUE_DAYS,
        runs_days=settings.runs_days + OVERDUE_DAYS,
    )
    try:
        # the doctor waits for nobody
        with connection.transaction():
            connection.execute("set local lock_timeout = '1s'")
            overdue = retention.let_go(connection, patient, is_dry_run=True)
    except LockNotAvailable:
        return Finding("retention", "ok", "not looked at: a day is being taken in or built")
    except PersonaPulseError:
        return Finding("retention", "ok", "nothing is built yet")
    if overdue:
        return Finding(
            "retention",
            "warn",
            f"{sum(one.rows for one in overdue):,} rows should have gone: {', '.join(one.what for one in overdue)}",
            "More is kept of customers than was promised (docs/privacy.md).",
            "Is maintain_warehouse green (personapulse runs)? By hand: personapulse maintain",
        )
    return Finding("retention", "ok", "nothing is kept for longer than it should be")


def _row(connection: psycopg.Connection[Any], query: str, given: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    return connection.execute(query.encode(), given).fetchone() or ()

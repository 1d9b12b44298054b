"""Staged days into core, in one transaction: what was told, what happened, and what follows for each customer."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql
from psycopg.abc import Query

from personapulse.contract import BY_NAME, PRODUCT_VIEWS
from personapulse.ingest import events, months, partitions, versions
from personapulse.settings import ShopSettings
from personapulse.warehouse import run_file

Arrivals = dict[tuple[datetime.date, str], tuple[int, int, int]]


@dataclass
class Merge:
    """What is to be merged.

    Parameters
    ----------
    staged : mapping of str to sequence of date
        Per file, the days that are staged.
    in_core : mapping of str to set of date
        Per file, the days that core has a delivery of.
    settings : ShopSettings
        The shop's time zone.
    """

    staged: Mapping[str, Sequence[datetime.date]]
    in_core: Mapping[str, set[datetime.date]]
    settings: ShopSettings
    arrivals: Arrivals = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, Any]:
        """Values every file of `include/sql/core` may ask for."""
        return {"time_zone": self.settings.time_zone}

    def is_again(self, file: str, *days: datetime.date) -> bool:
        """Whether core has a delivery of the file of any of the days."""
        return not self.in_core.get(file, set()).isdisjoint(days)

    def counts(self) -> dict[str, dict[str, int]]:
        """Sum up, per file, the rows that were loaded (a new key), updated (something new) or unchanged."""
        summed: dict[str, dict[str, int]] = {}
        for (_, file), arrived in self.arrivals.items():
            totals = summed.setdefault(file, {"loaded": 0, "updated": 0, "unchanged": 0})
            for name, count in zip(totals, arrived, strict=True):
                totals[name] += count
        return summed


def merge_told(connection: psycopg.Connection[Any], merge: Merge) -> None:
    """Lay the versions of what was told, and settle which events were told before."""
    connection.execute(
        "select set_config('work_mem', '256MB', true), set_config('timezone', 'UTC', true),"
        # a day's few thousand keys are looked up: at the default of 4, whole tables of history are read for them
        " set_config('random_page_cost', '1.1', true)"
    )
    run_file(connection, "core/moves.sql", {})
    for table in versions.TOLD:
        if days := merge.staged.get(table.name):
            is_again = merge.is_again(table.name, *days)
            counted: Mapping[datetime.date, tuple[int, int, int]] = {}
            if is_again or _has_rows(connection, table.name, days):
                counted = versions.lay(connection, table, days, merge.parameters, is_again=is_again)
            merge.arrivals |= {(day, table.name): counted.get(day, (0, 0, 0)) for day in days}
    for extract in events.EVENTS:
        for day in merge.staged.get(extract.name, ()):
            merge.arrivals[day, extract.name] = events.replace(
                connection, extract, day, merge.parameters, is_again=merge.is_again(extract.name, day)
            )


def merge_derived(connection: psycopg.Connection[Any], merge: Merge) -> None:
    """Move on what follows from it: facts by customer, their days and their states."""
    if _is_any(connection, "select exists (select from touched_orders) or exists (select from touched_returns)"):
        connection.execute(
            "insert into touched_returns select returns.order_id, returns.return_id from core.returns as returns"
            " inner join touched_orders using (order_id) on conflict do nothing;"
            "analyze touched_orders; analyze touched_returns"
        )
        run_file(connection, "core/fact_moves.sql", {"sign": -1})
        for facts in ("order_facts", "order_products", "return_facts", "return_products"):
            run_file(connection, f"core/{facts}.sql", {})
        run_file(connection, "core/fact_moves.sql", {"sign": 1})
    for extract in events.EVENTS:
        if days := merge.staged.get(extract.name):
            events.move(connection, extract, days, merge.parameters, sign=1)
            if extract is PRODUCT_VIEWS:
                events.mention(connection, extract, days, is_again=merge.is_again(extract.name, *days))
    if _is_any(connection, "select exists (select from moves)"):
        run_file(connection, "core/user_days.sql", {})
        months.move_on(connection)
        run_file(connection, "core/states.sql", {})
        run_file(connection, "core/user_states.sql", {})


def _has_rows(connection: psycopg.Connection[Any], table: str, days: Sequence[datetime.date]) -> bool:
    query = sql.SQL("select exists (select from {} where known_from = any({}))")
    return _is_any(connection, query.format(sql.Identifier("staging", table), list(days)))


def _is_any(connection: psycopg.Connection[Any], query: Query) -> bool:
    found = connection.execute(query).fetchone()
    return bool(found and found[0])


def remember(connection: psycopg.Connection[Any], merge: Merge) -> None:
    """Write down which deliveries of told files core has now; those of events are written as they come."""
    for table in versions.TOLD:
        for day in merge.staged.get(table.name, ()):
            connection.execute("delete from core.deliveries where file = %s and known_from = %s", (table.name, day))
            if partitions.exists(connection, "staging", BY_NAME[table.name], day):
                connection.execute(
                    "insert into core.deliveries (file, known_from, row_count) values (%s, %s, %s)",
                    (table.name, day, sum(merge.arrivals[day, table.name])),
                )


def forget_staged(connection: psycopg.Connection[Any], staged: Mapping[str, Sequence[datetime.date]]) -> None:
    """Drop what is staged of each file for the days."""
    places = [(file, day) for file, days in staged.items() for day in days]
    if not places:
        return
    partitions.drop(connection, "staging", *((BY_NAME[file], day) for file, day in places))
    connection.execute(
        "delete from staging.files as files using unnest(%s::text[], %s::date[]) as gone (file, day)"
        " where files.file = gone.file and files.known_from = gone.day",
        ([file for file, _ in places], [day for _, day in places]),
    )

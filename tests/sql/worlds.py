"""A story and the warehouse it is loaded into: what tests do to them, and the hashes they compare."""

import datetime
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from personapulse import ingest, marts
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import connect

from ..servers import database
from .deliveries import Story, write_day, write_settings
from .stories import Step

_numbers = itertools.count(1)
READINGS = ("orders_as_of", "returns_as_of", "customers_as_of")
FOR_EVER = marts.RESTATED


class World:
    """A folder with a story's files and a warehouse."""

    def __init__(self, story: Story, folder: Path, conninfo: str) -> None:
        self.story = story
        self.folder = folder
        self.conninfo = conninfo
        self.connection = connect(conninfo)
        write_settings(folder, story)

    def reconnect(self) -> None:
        self.connection.close()
        self.connection = connect(self.conninfo)

    @property
    def source(self) -> ingest.Source:
        return ingest.Source(str(self.folder))

    def deliver(self, *steps: Step) -> None:
        for day, is_draft, _ in steps:
            write_day(self.folder, day, (self.story.drafts if is_draft else self.story.days)[day])

    def calls(self, *steps: Step) -> list[Callable[[], object]]:
        """What is called to load days, in the order given; days whose merge was put off are merged at the end."""
        calls: list[Callable[[], object]] = []
        put_off: dict[datetime.date, None] = {}
        for step in steps:
            calls += [partial(self.deliver, step), partial(self._call, ingest.stage, step.day)]
            put_off[step.day] = None
            if step.is_merged_at_once:
                calls.append(partial(self._call, ingest.merge, step.day))
                del put_off[step.day]
        return calls + [partial(self._call, ingest.merge, day) for day in put_off]

    def _call(self, function: Callable[..., object], day: datetime.date) -> None:
        function(self.connection, self.source, day)

    def load(self, *steps: Step) -> None:
        """Deliver, stage and merge days, in the order given."""
        for call in self.calls(*steps):
            call()

    def load_in_order(self) -> None:
        self.load(*map(Step, self.story.days))

    def load_history(self) -> None:
        """Deliver every day and load, in one pass, those that are not loaded."""
        self.deliver(*map(Step, self.story.days))
        ingest.load_history(self.connection, self.source, self.story.first, self.story.last, lambda told: None)

    def build_marts(
        self, *days: datetime.date, names: Iterable[str] = marts.NAMES, known_on: datetime.date | None = None
    ) -> None:
        """Build marts for the days, or for all of the story, as known on their night or on the day given."""
        for day in days or self.story.days:
            for name in names:
                marts.build(self.connection, name, day, self.source.settings, known_on=known_on)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode(), values).fetchall()

    def reading(self, name: str, as_of_date: datetime.date, known_on: datetime.date) -> list[str]:
        """Rows of one of core's reading functions, as text."""
        query = f"select r::text from core.{name}(%s, %s) as r order by 1"
        return [text for (text,) in self.rows(query, as_of_date, known_on)]

    def fingerprint(self) -> dict[str, str]:
        return fingerprint(self.connection)


def fingerprint(connection: psycopg.Connection[Any], *schemas: str) -> dict[str, str]:
    """Hash of every row of every table of the schemas (core and marts by default), whatever the rows' order.

    Partitions are hashed within their table: an empty one makes no difference.
    """
    tables = connection.execute(
        "select relnamespace::regnamespace::text, relname from pg_class"
        " where relkind in ('r', 'p') and not relispartition and relnamespace::regnamespace::text = any(%s)"
        " order by 1, 2",
        (list(schemas or ("core", "marts")),),
    ).fetchall()
    hashes = {}
    for table in tables:
        query = sql.SQL("select count(*), md5(string_agg(r::text, '|' order by r::text)) from {} as r")
        count, md5 = connection.execute(query.format(sql.Identifier(*table))).fetchone() or (0, None)
        hashes[".".join(table)] = f"{count} rows, {md5}"
    return hashes


@contextmanager
def world(postgres: EmbeddedPostgres, story: Story) -> Iterator[World]:
    """Open an empty warehouse for a story; both are gone afterwards.

    A copy of the prepared database costs 40 ms; emptying one in place would take as long, partitions and all.
    """
    with database(postgres, "world") as conninfo, tempfile.TemporaryDirectory(prefix="pp-world-") as folder:
        place = World(story, Path(folder), conninfo)
        yield place
        place.connection.close()

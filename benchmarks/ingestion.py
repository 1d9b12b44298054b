"""Many events in one file, beside a bare COPY of the same file."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import psycopg

from benchmarks.clock import Times, in_own_process, mean_of
from benchmarks.events import DAY, EVE, Events, make_events
from benchmarks.figures import Figure
from benchmarks.warehouses import Server

SMALLER = 10  # times fewer events, for the memory and for the slow way
ROUNDS = 2
BARE_TABLE = (
    "create unlogged table bare (user_id text, product_id text, viewed_at timestamptz, category text, session_id text,"
    " event_type text)"
)
BARE_COPY = "copy bare from stdin (format csv, header true, on_error ignore, log_verbosity silent)"


def measure(server: Server, cache: Path, rows: int, say: Callable[[str], None]) -> list[Figure]:
    """Time the ways in, check that the quarantine holds what was planted, and compare.

    Parameters
    ----------
    server : Server
        Running.
    cache : Path
        Folder of generated files.
    rows : int
        Events in the file.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
    """
    say(f"making {rows:,} events in three forms (kept in {cache})")
    events, fewer = make_events(cache, rows), make_events(cache, rows // SMALLER)
    uneven = make_events(cache, rows // SMALLER, uneven=0.001)
    bare, csv, parquet = _in_turn(server, events, say)
    say(f"ingesting {fewer.rows:,} events, and as many with rows of a wrong width")
    small, slow = _ingest(server, fewer, None), _ingest(server, uneven, None)
    zipped = _stage(server, events, "csv.gz", say)
    return [
        Figure(f"bare COPY of {rows:,} events", bare, note=_rate(rows, bare)),
        _beside(bare, "bare COPY", "CSV to core", csv.to_core, limit=3.5, note=_rate(rows, csv.to_core)),
        _beside(bare, "bare COPY", "the same with customer days and states", csv.total, note=csv.parts),
        _beside(bare, "bare COPY", "CSV to staging", csv.stage, note=_rate(rows, csv.stage)),
        _beside(csv.stage, "CSV", "Parquet to staging", parquet.stage, limit=1.0, note=_rate(rows, parquet.stage)),
        _beside(csv.stage, "CSV", "csv.gz to staging", zipped.stage, note=_rate(rows, zipped.stage)),
        Figure(f"CSV to staging, {fewer.rows:,} events", small.stage, note=_rate(fewer.rows, small.stage)),
        _beside(small.stage, "even rows", "the same, 0.1 % of the rows a field too long", slow.stage),
        Figure(f"Python's memory, {fewer.rows:,} events", small.peak_memory, "MiB", limit=300),
        Figure(f"Python's memory, {rows:,} events", csv.peak_memory, "MiB", limit=300),
    ]


def _in_turn(server: Server, events: Events, say: Callable[[str], None]) -> tuple[float, Times, Times]:
    """Run what is compared in turn, so that whatever else the machine does hurts all; give the means."""
    bare, csv, parquet = [_bare(server, events, say)], [], []
    for _ in range(ROUNDS):
        csv.append(_ingest(server, events, say))
        parquet.append(_stage(server, events, "parquet", say))
        bare.append(_bare(server, events, say))
    return mean(bare), mean_of(csv), mean_of(parquet)


def _beside(
    other: float, compared_with: str, what: str, took: float, *, limit: float | None = None, note: str = ""
) -> Figure:
    return Figure(what, took, ratio=took / other, compared_with=compared_with, limit=limit, note=note)


def _bare(server: Server, events: Events, say: Callable[[str], None]) -> float:
    say(f"bare COPY of {events.rows:,} events")
    with server.warehouse() as conninfo, psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(BARE_TABLE)
        server.settle()
        began = time.perf_counter()
        with events.file().open("rb") as stream, connection.cursor() as cursor:
            with cursor.copy(BARE_COPY) as copy:
                while chunk := stream.read(1 << 20):
                    copy.write(chunk)
            took = time.perf_counter() - began
            # it takes 02/03/26 for a day, and skips what is none
            assert events.rows - events.planted["untypable_timestamp"] < cursor.rowcount < events.rows
    return took


def _ingest(server: Server, events: Events, say: Callable[[str], None] | None) -> Times:
    if say:
        say(f"ingesting {events.rows:,} events of CSV")
    source = events.folder / "csv"
    with server.warehouse() as conninfo:
        in_own_process(conninfo, source, EVE)
        server.settle()
        times = in_own_process(conninfo, source, DAY)
        _check(conninfo, events, "core")
    return times


def _stage(server: Server, events: Events, form: str, say: Callable[[str], None]) -> Times:
    say(f"staging {events.rows:,} events of {form}")
    with server.warehouse() as conninfo:
        server.settle()
        times = in_own_process(conninfo, events.folder / form, DAY, is_stage_only=True)
        _check(conninfo, events, "staging")
    return times


def _check(conninfo: str, events: Events, schema: str) -> None:
    """Fail unless just the planted rows are in quarantine, by the rules that must find them, and all others beyond."""
    with psycopg.connect(conninfo) as connection:
        found = connection.execute("select rule, count(*) from ops.quarantine group by rule").fetchall()
        assert dict(found) == events.planted, f"planted {events.planted}, in quarantine {dict(found)}"
        ((rows,),) = connection.execute(f"select count(*) from {schema}.product_views".encode()).fetchall()
        assert rows == events.rows - sum(events.planted.values()), rows


def _rate(rows: int, seconds: float) -> str:
    return f"{rows / seconds:,.0f} rows/s"

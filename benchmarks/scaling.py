"""What a night takes, in time, memory and disk, as the shop grows: the curve of docs/scaling.md.

`python -m benchmarks.scaling 1000000 3000000 10000000 30000000` prints the table; about half an hour.
A shop has an order for every ten events and a customer for every 24, as many as a year of the sample shop's; a night is
the day after that year, a 365th of it.
"""

import datetime
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console

from benchmarks.clock import ingest_day
from benchmarks.figures import Figure, as_markdown
from benchmarks.large_shop import LAST, MONTHS, LargeShop
from benchmarks.segments import build_all
from benchmarks.warehouses import Server, server
from personapulse import ingest
from personapulse.warehouse import connect

NIGHT = LAST + datetime.timedelta(days=1)
DAYS = 365
MIB = 1 << 20
CACHE = Path(tempfile.gettempdir()) / "personapulse-benchmarks"


@dataclass(frozen=True)
class Step:
    """What one size of shop takes.

    Parameters
    ----------
    events : int
        Of the year before the night.
    history, ingestion, segments : float
        Seconds: the year in bulk; the night's day; every mart of it.
    memory : float
        MiB of PostgreSQL's processes and ours at most in the night, shared pages counted once.
    disk, growth : float
        MiB of the warehouse after the year, and what the night added.
    """

    events: int
    history: float
    ingestion: float
    segments: float
    memory: float
    disk: float
    growth: float


def measure(sizes: Sequence[int], cache: Path, say: Callable[[str], None]) -> list[Figure]:
    """Load a year of each size and run the night after it, smallest first.

    Parameters
    ----------
    sizes : sequence of int
        Events of a year.
    cache : Path
        Folder in which the extracts are kept for the next run.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
        Three of each size: time, with the ratio to the size before it, memory and disk.
    """
    steps: list[Step] = []
    for events in sorted(sizes):
        with server() as running:
            steps.append(_step(running, events, cache, say))
            say(str(steps[-1]))  # the next size may take an hour
    return [
        figure for place, step in enumerate(steps) for figure in _figures(step, steps[place - 1] if place else None)
    ]


def _step(running: Server, events: int, cache: Path, say: Callable[[str], None]) -> Step:
    shop = LargeShop(events // 24, events // 10, events)
    folder = shop.write(cache, say)
    _write_night(shop, folder)
    source = ingest.Source(str(folder))
    with connect(running.kept) as connection:
        began = time.perf_counter()
        ingest.load_history(connection, source, source.days()[0], LAST, lambda _: None)
        history = time.perf_counter() - began
        connection.execute("vacuum (analyze)")
        running.settle()
        say(f"{events:,} events of a year loaded in {history:.0f} s")
        build_all(running.kept, LAST, say)  # what the night's customers are compared with
        before = _size(connection)
        with _watched(connection) as most:
            ingestion = ingest_day(connection, source, NIGHT).total
            segments = build_all(running.kept, NIGHT, say).whole
        return Step(events, history, ingestion, segments, most[0], before, _size(connection) - before)


def _write_night(shop: LargeShop, folder: Path) -> None:
    """Write the day after the year: a 365th of its orders and events."""
    night = LargeShop(shop.users, shop.orders * len(MONTHS) // DAYS, shop.events * len(MONTHS) // DAYS)
    place = len(MONTHS) * DAYS  # ids that no month has
    target = folder / str(NIGHT)
    target.mkdir(exist_ok=True)
    for name, columns in night.month(place, NIGHT, 1, np.random.default_rng(5)).items():
        pq.write_table(pa.table(columns), target / f"{name}.parquet")


def _size(connection: psycopg.Connection[Any]) -> float:
    row = connection.execute("select pg_database_size(current_database())").fetchone()
    return row[0] / MIB if row else 0.0


@contextmanager
def _watched(connection: psycopg.Connection[Any]) -> Iterator[list[float]]:
    """Look four times a second at what memory this process and its server take; yields the most, in MiB."""
    server = psutil.Process(psutil.Process(connection.info.backend_pid).ppid())
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.25):
            most[0] = max(most[0], _memory(server))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


def _memory(server: psutil.Process) -> float:
    """MiB of this process and of the server's."""
    taken = 0
    for process in (psutil.Process(), server, *server.children()):
        with suppress(psutil.NoSuchProcess):  # one that has ended meanwhile
            taken += process.memory_full_info().pss
    return taken / MIB


def _figures(step: Step, smaller: Step | None) -> list[Figure]:
    night = step.ingestion + step.segments
    sizes = f"{step.events / 1e6:g} M events a year"
    growth = smaller and step.events / smaller.events
    return [
        Figure(
            f"a night, {sizes}",
            night,
            ratio=night / (smaller.ingestion + smaller.segments) if smaller else None,
            compared_with=f"{smaller.events / 1e6:g} M, of {growth:.1f} x the rows" if smaller else "",
            note=f"ingestion {step.ingestion:.1f}, marts {step.segments:.1f}; the year in bulk {step.history:.0f}",
        ),
        Figure("memory at most", step.memory, unit="MiB", note="PostgreSQL and Python"),
        Figure("the warehouse", step.disk, unit="MiB", note=f"the night added {step.growth:.0f} MiB"),
    ]


app = typer.Typer(add_completion=False)


@app.command()
def main(
    sizes: Annotated[list[int], typer.Argument(help="Events of a year of each shop.")],
    cache: Annotated[Path, typer.Option(help="Where generated shops are kept for the next run.")] = CACHE,
) -> None:
    """Measure a night of shops of several sizes, for docs/scaling.md."""
    print(as_markdown(measure(sizes, cache, Console(stderr=True).print)))


if __name__ == "__main__":
    app()

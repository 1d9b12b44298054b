"""Every mart of a day in a large shop, against DuckDB computing four of them anew from all of history."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median

from benchmarks import second_engine
from benchmarks.figures import Figure
from benchmarks.large_shop import LAST, LargeShop
from benchmarks.warehouses import Server, kept_server
from personapulse import ingest, marts
from personapulse.settings import ShopSettings
from personapulse.warehouse import connect

THREADS = 2


def measure(shop: LargeShop, cache: Path, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Load the shop once and for all runs; then build every mart and recompute four with DuckDB, turn by turn.

    Parameters
    ----------
    shop : LargeShop
        What is loaded.
    cache : Path
        Folder in which the extracts and the loaded warehouse are kept.
    repeats : int
        Turns; the median of each counts.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
    """
    size = "-".join(str(number) for number in asdict(shop).values())
    with kept_server(cache / f"home-{size}") as server:
        _load(server, shop.write(cache, say), say)
        with connect(server.kept) as connection:
            engine = second_engine.copy_core(connection, THREADS)
            builds: list[dict[str, float]] = []
            recomputed: list[float] = []
            for _ in range(repeats):
                builds.append(build_all(server.kept, say))
                recomputed.append(sum(second_engine.recompute(engine, LAST, say).values()))
    taken, other = median(sum(build.values()) for build in builds), median(recomputed)
    dearest = sorted(builds[-1].items(), key=lambda item: -item[1])
    return [
        Figure(
            f"every mart of a day, {shop.users:,} customers, {shop.orders:,} orders, {shop.events:,} events",
            taken,
            ratio=taken / other,
            compared_with="DuckDB",
            limit=1.0,
            note=", ".join(f"{name} {seconds:.1f}" for name, seconds in dearest),
        ),
        Figure("RFM, LTV, funnel and cohorts from all of history by DuckDB", other, note=f"{THREADS} threads"),
    ]


def build_all(conninfo: str, say: Callable[[str], None]) -> dict[str, float]:
    """Build every mart of the last day, one after the other; return the seconds of each."""
    seconds = {}
    with connect(conninfo) as connection:
        for name in marts.NAMES:
            began = time.perf_counter()
            marts.build(connection, name, LAST, ShopSettings())
            seconds[name] = time.perf_counter() - began
    say("marts: " + ", ".join(f"{name} {taken:.2f}" for name, taken in seconds.items()))
    return seconds


def _load(server: Server, folder: Path, say: Callable[[str], None]) -> None:
    source = ingest.Source(str(folder))
    days = source.days()
    with connect(server.kept) as connection:
        ingest.load_history(connection, source, days[0], days[-1], say)
        connection.execute("vacuum (analyze)")
    server.settle()

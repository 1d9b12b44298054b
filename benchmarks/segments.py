"""Every mart of a day in a large shop, against DuckDB computing four of them anew from all of history."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
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


@dataclass(frozen=True)
class Build:
    """Seconds of building every mart: of the whole, and of each (two overlap)."""

    whole: float
    seconds: dict[str, float]


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
            builds: list[Build] = []
            recomputed: list[float] = []
            for _ in range(repeats):
                builds.append(build_all(server.kept, say))
                recomputed.append(sum(second_engine.recompute(engine, LAST, say).values()))
    taken, other = median(build.whole for build in builds), median(recomputed)
    dearest = sorted(builds[-1].seconds.items(), key=lambda item: -item[1])
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


def build_all(conninfo: str, say: Callable[[str], None]) -> Build:
    """Build every mart of the last day, two at a time as the scheduler would on two cores, each after what it reads."""
    order = TopologicalSorter(marts.NEEDS)
    order.prepare()
    seconds: dict[str, float] = {}
    running: dict[Future[float], str] = {}
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        while order.is_active():
            running |= {pool.submit(_build, conninfo, name): name for name in order.get_ready()}
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(done)
                seconds[name] = done.result()
                order.done(name)
    whole = time.perf_counter() - began
    say(f"marts: {whole:.2f}; " + ", ".join(f"{name} {taken:.2f}" for name, taken in seconds.items()))
    return Build(whole, seconds)


def _build(conninfo: str, name: str) -> float:
    began = time.perf_counter()
    with connect(conninfo) as connection:
        marts.build(connection, name, LAST, ShopSettings())
    return time.perf_counter() - began


def _load(server: Server, folder: Path, say: Callable[[str], None]) -> None:
    source = ingest.Source(str(folder))
    days = source.days()
    with connect(server.kept) as connection:
        ingest.load_history(connection, source, days[0], days[-1], say)
        connection.execute("vacuum (analyze)")
    server.settle()

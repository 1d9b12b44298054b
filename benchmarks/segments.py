"""Every mart of a day in a large shop, against DuckDB computing four of them anew from all of history."""

import datetime
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

from benchmarks import second_engine
from benchmarks.figures import Figure
from benchmarks.large_shop import LAST, LargeShop
from benchmarks.warehouses import Server, kept_server
from personapulse import checks, ingest, marts
from personapulse.settings import ShopSettings
from personapulse.warehouse import connect

THREADS = 2
FOUR = ("rfm", "ltv", "funnel", "cohorts")  # what DuckDB computes
# days a night compares its own with; a house that ran every night has built them
EARLIER = (LAST - datetime.timedelta(28), LAST.replace(day=1) - datetime.timedelta(1), LAST - datetime.timedelta(1))


@dataclass(frozen=True)
class Build:
    """Seconds of building every mart: of the whole, of each (two overlap), and of the checks after them."""

    whole: float
    seconds: dict[str, float]
    checks: float


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
        for day in EARLIER:
            build_all(server.kept, day, say)
        with connect(server.kept) as connection:
            engine = second_engine.copy_core(connection, THREADS)
            builds: list[Build] = []
            recomputed: list[float] = []
            for _ in range(repeats):
                builds.append(build_all(server.kept, LAST, say))
                recomputed.append(sum(second_engine.recompute(engine, LAST, say).values()))
    return _figures(shop, builds, median(recomputed))


def _figures(shop: LargeShop, builds: Sequence[Build], other: float) -> list[Figure]:
    taken = median(build.whole for build in builds)
    four = median(sum(build.seconds[name] for name in FOUR) for build in builds)
    dearest = sorted(builds[-1].seconds.items(), key=lambda item: -item[1])
    sizes = f"{shop.users:,} customers, {shop.orders:,} orders, {shop.events:,} events"
    return [
        Figure(
            f"every mart of a day, {sizes}",
            taken,
            ratio=taken / other,
            compared_with="DuckDB",
            limit=1.0,
            note=", ".join(f"{name} {seconds:.1f}" for name, seconds in dearest),
        ),
        Figure(
            "of these RFM, LTV, funnel and cohorts", four, ratio=four / other, compared_with="DuckDB", note="one by one"
        ),
        Figure("checks of the marts", median(build.checks for build in builds)),
        Figure("RFM, LTV, funnel and cohorts from all of history by DuckDB", other, note=f"{THREADS} threads"),
    ]


def build_all(conninfo: str, day: datetime.date, say: Callable[[str], None]) -> Build:
    """Build every mart of a day as build_segments does: two groups at a time, each after those it reads; then check."""
    order = TopologicalSorter({group: marts.groups_before(group) for group in marts.GROUPS})
    order.prepare()
    seconds: dict[str, float] = {}
    running: dict[Future[dict[str, float]], str] = {}
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        while order.is_active():
            running |= {pool.submit(_build, conninfo, group, day): group for group in order.get_ready()}
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                seconds |= done.result()
                order.done(running.pop(done))
    whole = time.perf_counter() - began
    say(f"marts of {day}: {whole:.2f}; " + ", ".join(f"{name} {taken:.2f}" for name, taken in seconds.items()))
    began = time.perf_counter()
    with connect(conninfo) as connection:
        checks.find(connection, "marts", day)
    return Build(whole, seconds, time.perf_counter() - began)


def _build(conninfo: str, group: str, day: datetime.date) -> dict[str, float]:
    seconds = {}
    with connect(conninfo) as connection:
        for name in marts.GROUPS[group]:
            began = time.perf_counter()
            marts.build(connection, name, day, ShopSettings())
            seconds[name] = time.perf_counter() - began
    return seconds


def _load(server: Server, folder: Path, say: Callable[[str], None]) -> None:
    source = ingest.Source(str(folder))
    days = source.days()
    with connect(server.kept) as connection:
        ingest.load_history(connection, source, days[0], days[-1], say)
        connection.execute("vacuum (analyze)")
    server.settle()

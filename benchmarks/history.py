"""Days of one size on a short and on a long history, turn by turn, and a day on which next to nothing happened."""

import datetime
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from benchmarks.clock import Times, ingest_day
from benchmarks.figures import Figure
from benchmarks.shop import SteadyShop
from benchmarks.warehouses import Server
from personapulse import ingest, marts
from personapulse.settings import ShopSettings
from personapulse.warehouse import connect


def measure(
    server: Server, users: int, lengths: tuple[int, int], repeats: int, say: Callable[[str], None]
) -> list[Figure]:
    """Load a short history; copy the warehouse and load more days there; then time the next days on both.

    Parameters
    ----------
    server : Server
        Running.
    users : int
        Customers of the shop; a day has a bit over two rows for each.
    lengths : tuple of int
        Days of the short and of the long history.
    repeats : int
        Days timed on either; the median counts.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
    """
    first, last = lengths
    with tempfile.TemporaryDirectory(prefix="pp-bench-shop-") as folder, server.warehouse() as short:
        shop = SteadyShop(Path(folder), users)
        say(f"writing {last + repeats} days of about {shop.rows:,} rows")
        for number in range(last + repeats):
            shop.write(number)
        loading = _load(short, shop, 0, first, say)
        with server.warehouse(like=short) as long:
            loading += _load(long, shop, first, last, say)
            _tidy(short, long)
            server.settle()
            say(f"timing {repeats} days on {first} and {repeats} on {last}, turn by turn")
            on_short, on_long = _turn_by_turn(((short, first), (long, last)), shop, repeats)
            say(f"building every mart of a day on {first} and on {last}, turn by turn")
            marts_short, marts_long = _marts_turn_by_turn(
                ((short, shop.day(first + repeats - 1)), (long, shop.day(last + repeats - 1))), repeats
            )
            say("timing quiet days")
            for number in range(last + repeats, last + 2 * repeats):
                shop.write_quiet(number)
            (quiet,) = _turn_by_turn(((long, last + repeats),), shop, repeats)
    rows = shop.rows * last
    return [
        Figure(f"{last} days in bulk", loading, note=f"{rows / loading:,.0f} rows/s, {rows:,} rows"),
        Figure(f"a day of {shop.rows:,} rows on {first} days", on_short.total, note=on_short.parts),
        Figure(
            f"the same on {last} days",
            on_long.total,
            ratio=on_long.total / on_short.total,
            compared_with=f"on {first}",
            limit=1.3,
            note=on_long.parts,
        ),
        Figure(f"a day of one row on {last} days", quiet.total, note=quiet.parts),
        Figure(f"every mart of a day on {first} days", sum(marts_short.values()), note=_dearest(marts_short)),
        Figure(
            f"every mart of a day on {last} days",
            sum(marts_long.values()),
            ratio=sum(marts_long.values()) / sum(marts_short.values()),
            compared_with=f"on {first}",
            limit=1.3,
            note=_dearest(marts_long),
        ),
    ]


def _load(conninfo: str, shop: SteadyShop, first: int, after: int, say: Callable[[str], None]) -> float:
    source = ingest.Source(str(shop.folder))
    began = time.perf_counter()
    with connect(conninfo) as connection:
        ingest.load_history(connection, source, shop.day(first), shop.day(after - 1), say)
    return time.perf_counter() - began


def _tidy(*conninfos: str) -> None:
    """Do what autovacuum would have done in the nights that were loaded at once, lest it does so while a clock runs."""
    for conninfo in conninfos:
        with connect(conninfo) as connection:
            connection.execute("vacuum (analyze)")


def _turn_by_turn(warehouses: Sequence[tuple[str, int]], shop: SteadyShop, repeats: int) -> list[Times]:
    """Ingest days into warehouses in turn, from a first day each; return the day of median time for each."""
    source = ingest.Source(str(shop.folder))
    times: list[list[Times]] = [[] for _ in warehouses]
    for number in range(repeats):
        for (conninfo, first), taken in zip(warehouses, times, strict=True):
            with connect(conninfo) as connection:
                taken.append(ingest_day(connection, source, shop.day(first + number)))
    return [sorted(taken, key=lambda one: one.total)[len(taken) // 2] for taken in times]


def _marts_turn_by_turn(warehouses: Sequence[tuple[str, datetime.date]], repeats: int) -> list[dict[str, float]]:
    """Build every mart of a day in each warehouse, in turn; return each mart's median seconds."""
    times: list[dict[str, list[float]]] = [{name: [] for name in marts.NAMES} for _ in warehouses]
    for _ in range(repeats):
        for (conninfo, day), taken in zip(warehouses, times, strict=True):
            with connect(conninfo) as connection:
                for name in marts.NAMES:
                    began = time.perf_counter()
                    marts.build(connection, name, day, ShopSettings())
                    taken[name].append(time.perf_counter() - began)
    return [{name: median(seconds) for name, seconds in taken.items()} for taken in times]


def _dearest(seconds: dict[str, float]) -> str:
    return ", ".join(
        f"{name} {seconds[name]:.2f}" for name in sorted(seconds, key=seconds.__getitem__, reverse=True)[:6]
    )

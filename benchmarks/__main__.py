"""`python -m benchmarks`: measure everything, print one table."""

import sys
import tempfile
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import clv, figures, history, ingestion, intent, scoring, segments
from benchmarks.large_shop import LargeShop
from benchmarks.warehouses import server

CACHE = Path(tempfile.gettempdir()) / "personapulse-benchmarks"


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Part(StrEnum):
    """What is measured."""

    all = "all"
    ingestion = "ingestion"
    history = "history"
    segments = "segments"
    clv = "clv"
    intent = "intent"
    scoring = "scoring"


@app.command()
def main(
    part: Annotated[Part, typer.Argument(help="What to measure.")] = Part.all,
    *,
    events: Annotated[int, typer.Option(min=1_000, help="Events in the one large file.")] = 10_000_000,
    users: Annotated[int, typer.Option(min=100, help="Customers of the shop with a history.")] = 10_000,
    short: Annotated[int, typer.Option(min=1, help="Days of its short history.")] = 30,
    long: Annotated[int, typer.Option(min=2, help="Days of its long history.")] = 360,
    repeats: Annotated[int, typer.Option(min=1, help="Days timed per length of history, and fits.")] = 7,
    large: Annotated[
        tuple[int, int, int], typer.Option(metavar="CUSTOMERS ORDERS EVENTS", help="Size of the shop of the marts.")
    ] = (500_000, 5_000_000, 12_000_000),
    customers: Annotated[
        int, typer.Option(min=1_000, help="Customers that lifetime value models are fitted to, and that are scored.")
    ] = 1_000_000,
    snapshots: Annotated[
        int, typer.Option(min=1_000, help="Snapshots the purchase intent model is trained on.")
    ] = 1_000_000,
    pymc: Annotated[
        Path | None,
        typer.Option(help="Python that has pymc-marketing, to compare with. [default: this one, if it has]"),
    ] = None,
    cache: Annotated[Path, typer.Option(help="Where generated shops are kept for the next run.")] = CACHE,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table for docs/performance.md.")] = False,
    json: Annotated[Path | None, typer.Option(help="Also write the figures to this file.")] = None,
) -> None:
    """Measure how fast PersonaPulse takes data in, builds marts, fits models and scores, in ratios within one run."""
    console = Console(stderr=True)
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[{time.monotonic() - began:5.0f} s] {what}", markup=False, highlight=False)

    found: list[figures.Figure] = []
    with server() as running:
        say(f"PostgreSQL {running.version} on {figures.machine()}")
        if part in {Part.all, Part.ingestion}:
            found += ingestion.measure(running, cache, events, say)
        if part in {Part.all, Part.history}:
            found += history.measure(running, users, (short, long), repeats, say)
        if part in {Part.all, Part.scoring}:
            found += scoring.measure(running, customers, min(repeats, 3), say)
    if part in {Part.all, Part.segments}:
        found += segments.measure(LargeShop(*large), cache, min(repeats, 3), say)
    if part in {Part.all, Part.clv}:
        found += clv.measure(customers, repeats, pymc or clv.default_python(), say)
    if part in {Part.all, Part.intent}:
        found += intent.measure(snapshots, say)
    say("done")
    if markdown:
        print(figures.as_markdown(found))
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(figures.as_table(found))
    if json:
        figures.write_json(found, json)


if __name__ == "__main__":
    app()

"""`personapulse simulate`: an invented shop to try things on."""

import datetime
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from personapulse.commands.convert import Out, Replace


def simulate(
    *,
    users: Annotated[int, typer.Option(help="How many customers, at least 1.")],
    days: Annotated[int, typer.Option(help="How many days, at least 1.")],
    seed: Annotated[int, typer.Option(help="Which chance, 0 or more; the same seed gives the same files.")],
    out: Out,
    first_day: Annotated[
        datetime.datetime,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="First day of the extracts.", show_default="2026-03-01"
        ),
    ] = datetime.datetime(2026, 3, 1),  # noqa: DTZ001 -- a shop day has no zone
    horizon: Annotated[
        int, typer.Option(help="Days that the true purchase probability looks ahead, 1 to 365.", metavar="DAYS")
    ] = 14,
    ending: Annotated[
        Literal["csv", "csv.gz", "parquet"],
        typer.Option("--format", help="Form of the extracts; truth/ is csv."),
    ] = "csv",
    no_signal: Annotated[
        bool, typer.Option("--no-signal", help="Make everybody alike, so that the past tells nothing.")
    ] = False,
    replace: Replace = False,
) -> None:
    """Invent a shop: customers with hidden personas and traits, and the daily extracts they leave behind.

    The extracts keep the contract (docs/extract-contract.md) and are as untidy as real ones: late rows, corrections, a
    few rows nobody can use. The truth is written beside them to truth/: who the customers really are, how likely each
    was to buy, and which rows are bad. docs/simulator.md tells how it is made.
    """
    # numpy and pyarrow take their time to load: only who simulates waits for them.
    from personapulse.commands.progress import progress_bar  # noqa: PLC0415
    from personapulse.simulate.extracts import simulate_shop  # noqa: PLC0415

    with progress_bar() as progress:
        shop = simulate_shop(
            out,
            progress,
            users=users,
            days=days,
            seed=seed,
            first_day=first_day.date(),
            horizon=horizon,
            ending=ending,
            has_signal=not no_signal,
            replace=replace,
        )
    table = Table("customers", "persona")
    table.columns[0].justify = "right"
    for persona, count in shop.personas.items():
        table.add_row(f"{count:,}", persona)
    console = Console(markup=False, highlight=False, soft_wrap=True)
    console.print(f"{shop.users:,} customers, {shop.days} days in {out}")
    console.print(table)
    console.print(
        f"{shop.visits:,} visits; {shop.orders:,} orders, {shop.paid_orders:,} of them paid (or soon to be) by "
        f"{shop.buyers:,} customers, worth EUR {shop.gross_cents / 100:,.2f}."
    )
    console.print("Rows: " + ", ".join(f"{count:,} {file}" for file, count in shop.rows.items()) + ".")
    console.print(
        f"{shop.late_rows:,} rows are late and {shop.corrected_rows:,} correct earlier ones; {shop.dirty_rows:,} are "
        "spoiled on purpose, the quarantine is to find them."
    )

"""`personapulse simulate`: an invented shop to try things on."""

import datetime
from typing import Annotated

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
    no_signal: Annotated[
        bool, typer.Option("--no-signal", help="Make everybody alike, so that the past tells nothing.")
    ] = False,
    replace: Replace = False,
) -> None:
    """Invent a shop: customers with hidden personas, and the daily extracts they leave behind.

    The extracts keep the contract (docs/extract-contract.md) and are as untidy as real ones: late orders, payments that
    change their mind, a few rows nobody can use. Who the customers really are is written to truth/customers.csv.
    """
    # pandas takes its time to load: only who simulates waits for it.
    from personapulse.commands.progress import progress_bar  # noqa: PLC0415
    from personapulse.simulate.shop import simulate_shop  # noqa: PLC0415

    with progress_bar() as progress:
        shop = simulate_shop(
            out,
            progress,
            users=users,
            days=days,
            seed=seed,
            first_day=first_day.date(),
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
        f"{shop.orders:,} orders, {shop.paid_orders:,} of them paid by {shop.buyers:,} customers, worth EUR "
        f"{shop.gross_cents / 100:,.2f}; {shop.returns:,} returns; {shop.events:,} views, carts and checkouts."
    )
    console.print(f"{shop.dirty_rows:,} rows are spoiled on purpose; the quarantine is to find them.")

"""`personapulse convert`: extracts from what a shop has lying about."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

commands = typer.Typer(
    name="convert",
    help="Turn what a shop has lying about into daily extracts that keep the contract (docs/extract-contract.md).",
    no_args_is_help=True,
)

Out = Annotated[Path, typer.Option(help="Folder for the extracts: new, empty, or with --replace an earlier output.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the extracts that are in the folder.")]


@commands.command("online-retail")
def online_retail(
    file: Annotated[Path, typer.Argument(help="Online Retail as .parquet or .csv, with its eight columns.")],
    out: Out,
    replace: Replace = False,
) -> None:
    """Convert Online Retail (UCI, data set 352): a year of invoice lines of a British gift shop.

    Lines without a customer or a price are delivered as they are; the quarantine sets them aside. The summary says
    where each line of the file went.
    """
    # pandas takes its time to load: only who converts waits for it.
    from personapulse.commands.progress import progress_bar  # noqa: PLC0415
    from personapulse.convert.online_retail import convert_online_retail  # noqa: PLC0415

    with progress_bar() as progress:
        accounts = convert_online_retail(file, out, progress, replace=replace)
    unmatched = accounts.returned_lines - accounts.matched_returns
    table = Table("lines", "")
    table.columns[0].justify = "right"
    for count, meaning in (
        (accounts.paid_lines, f"on {accounts.orders:,} paid orders of {accounts.customers:,} customers"),
        (accounts.returned_lines, "returned by known customers"),
        (accounts.anonymous_lines, f"without a customer ({accounts.anonymous_returns:,} of them returned)"),
        (accounts.unpriced_lines, "without a price"),
        (accounts.other_lines, "without a quantity"),
    ):
        table.add_row(f"{count:,}", meaning)
    console = Console(markup=False, highlight=False, soft_wrap=True)
    console.print(f"Online Retail: {accounts.lines:,} lines, {accounts.days} days in {out}")
    console.print(table)
    console.print(f"Paid orders are worth GBP {accounts.gross:,}.")
    console.print(
        f"Returned lines matched to an earlier order of the customer: {accounts.matched_returns:,} "
        f"(from {accounts.orders_returned_from:,} orders); without such an order: {unmatched:,}."
    )


@commands.command("csv-dump")
def csv_dump(
    folder: Annotated[
        Path, typer.Argument(help="Folder with users, products, orders, returns and product_views, as .csv.")
    ],
    out: Out,
    replace: Replace = False,
) -> None:
    """Convert a shop's whole history in five files, each order being one line with product_id and amount.

    Each row goes to the folder of its day, as it is. Rows whose day cannot be read, and returns without a date, go to
    the last day. Look over source.yaml in the output before you load it.
    """
    # The reader of extracts takes its time to load: only who converts waits for it.
    from personapulse.commands.progress import progress_bar  # noqa: PLC0415
    from personapulse.convert.csv_dump import convert_csv_dump  # noqa: PLC0415

    with progress_bar() as progress:
        counts = convert_csv_dump(folder, out, progress, replace=replace)
    table = Table("file", "rows", "wrong number of fields", "unreadable date")
    for column in table.columns[1:]:
        column.justify = "right"
    for file in counts.files:
        table.add_row(file.name, f"{file.rows:,}", f"{file.uneven:,}", f"{file.undated:,}")
    console = Console(markup=False, highlight=False, soft_wrap=True)
    console.print(f"{counts.first} to {counts.last} in {out}; every row was written once")
    console.print(table)
    console.print(f"Look over {out / 'source.yaml'}: currency, time zone and limits of the quarantine are guesses.")

"""`personapulse up` and `personapulse down`."""

from typing import Annotated

import typer

from personapulse.home import Home


def up(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="End when the last day is published.")] = False,
    source: Annotated[
        str | None, typer.Option(help="Where the daily extracts are. Without it: the sample shop.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day to run. Without it: two days before --to.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day to run. Without it: the source's newest.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Of Airflow's pages. Without it: 8080, or a free one.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the dashboard when the days are through.")] = False,
    rerun: Annotated[bool, typer.Option("--rerun", help="Run days again that are done already.")] = False,
    with_powerbi_double: Annotated[
        bool, typer.Option("--with-powerbi-double", help="Start a double of Power BI, and refresh that.")
    ] = False,
) -> None:
    """Start PostgreSQL and Airflow, load the shop, run its newest days; stay until Ctrl-C.

    Earlier days of the source are loaded first, in one go. Days that are done already are not run again. The exit code
    is 0 if every wanted day went through ingest_shop_data, build_segments and publish_dashboards.
    """
    # Loading these takes its time: only who goes up waits for it.
    from personapulse.service.plan import make_plan  # noqa: PLC0415
    from personapulse.service.screen import Screen  # noqa: PLC0415
    from personapulse.service.up import Wishes, run_up  # noqa: PLC0415

    plan = make_plan(source, first, last)
    home = Home.open(context.obj)
    wishes = Wishes(once=once, rerun=rerun, port=port, show=show, with_powerbi_double=with_powerbi_double)
    raise typer.Exit(run_up(home, plan, wishes, Screen()))


def down(context: typer.Context) -> None:
    """Stop the `up` of this home, and whatever a killed one has left running."""
    from personapulse.service.leftovers import stop_home  # noqa: PLC0415

    stopped = stop_home(Home.open(context.obj))
    typer.echo(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")

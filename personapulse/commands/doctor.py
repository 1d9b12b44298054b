"""`personapulse doctor`: how the house is, and what needs a person."""

import dataclasses
import datetime
import json
import shlex
from typing import Annotated

import typer
from rich.console import Console

from personapulse.contract import BY_NAME
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded


def doctor(
    context: typer.Context,
    *,
    day: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="Look at this day only."),
    ] = None,
    last: Annotated[int, typer.Option(min=1, metavar="N", help="Look at N days, up to the newest one known.")] = 28,
    file: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show what came in and was set aside of this file only.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where the extracts are now, if they have moved.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as JSON, for machines.")] = False,
) -> None:
    """Say on one screen how the house is, and what needs a person.

    Days that are missing, refused or stopped and why; server, roles, disk, Airflow, alerts, Power BI, last night, the
    champion, what is overdue; rows set aside, with an example and how to mend them; what checks found; what was ignored
    or skipped. Changes nothing. Starts the embedded PostgreSQL for the moment if `personapulse
    up` is not running.

    The exit code is 0 if all is well, and 1 if something needs a person. What checks only warn of, and rows set aside
    within their limits, need nobody.
    """
    # Reading Parquet takes its time to load: only who asks the doctor waits for it.
    from personapulse.doctor import Scope, advise, look_at, look_over, read_facts  # noqa: PLC0415
    from personapulse.doctor.screen import show  # noqa: PLC0415

    if file is not None and file not in BY_NAME:
        raise typer.BadParameter(f"{file!r} is no file of the contract: {', '.join(BY_NAME)}.", param_hint="--file")
    postgres = EmbeddedPostgres(house := Home.open(context.obj))
    was_running = postgres.is_running()
    with embedded(postgres) as connection:
        facts = read_facts(connection, Scope(day.date() if day else None, last, [file] if file else tuple(BY_NAME)))
        extracts = look_at(source or facts.source_url)
        findings = look_over(connection, house, facts, extracts)
    home = f" --home {shlex.quote(str(context.obj))}" if context.obj else ""
    shop = f" --source {shlex.quote(source or facts.source_url or 'FOLDER')}"
    advice = advise(facts, extracts, f"personapulse{home} up --once{shop}")
    needs_a_person = any(one.is_urgent for one in advice) or any(one.level == "fail" for one in findings)
    if as_json:
        told = {
            "needs_a_person": needs_a_person,
            "advice": [dataclasses.asdict(one) for one in advice],
            "findings": [dataclasses.asdict(one) for one in findings],
            **dataclasses.asdict(facts),
        }
        typer.echo(json.dumps(told, default=str, indent=2))
    else:
        server = "running" if was_running else "started for this look"
        show(Console(highlight=False), facts, extracts.settings, advice, findings=findings, server=server)
    raise typer.Exit(needs_a_person)

"""`personapulse model`: which models there are, what the gate said of them, and who serves."""

import datetime
import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import psycopg
import typer

from personapulse.commands.console import console
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.marts.days import built_days, check_built
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import embedded

if TYPE_CHECKING:
    from personapulse.intent.champions import Promotion
    from personapulse.intent.registry import Registry
    from personapulse.settings import ShopSettings

commands = typer.Typer(
    name="model",
    help="Purchase intent: its models, what the gate said of them, and who serves (docs/serving.md).",
    no_args_is_help=True,
)

Version = Annotated[
    str | None, typer.Argument(metavar="[MODEL]", help="Name of a version or its beginning; by default the newest.")
]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decides. [default: your login]")]
From = Annotated[
    datetime.datetime | None,
    typer.Option(
        "--from",
        formats=["%Y-%m-%d"],
        metavar="DAY",
        help="First day it scores, also if that is scored already. [default: the first day that is not scored]",
    ),
]
Day = Annotated[
    datetime.datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DAY", help="The shop day; by default the newest one built."),
]


@commands.command(name="list")
def list_(context: typer.Context) -> None:
    """List the models, the newest first, with what the gate said and the days each serves."""
    # scikit-learn and pyarrow take their time to load: only who asks for models waits for them
    from personapulse.intent import champions, decisions, registry, screen  # noqa: PLC0415

    with _warehouse(context) as (connection, _):
        versions = registry.versions(connection)
        if not versions:
            typer.echo("No model has been trained yet. Train one: personapulse model train")
            return
        screen.show_list(console(), versions, decisions.by_version(connection), champions.history(connection))
        if outdated := registry.to_be_trained_anew(connection):
            typer.echo(f"Learned from customers who have been erased since, to be trained anew: {', '.join(outdated)}.")


@commands.command()
def explain(context: typer.Context, model: Version = None) -> None:
    """Print what the gate said of a model: its verdict, every criterion with value and limit, and the reasons.

    Also how the days it scored went, who promoted it and why, and what it was made of. For example:

    personapulse model explain 2026-05-31
    """
    from personapulse.intent import champions, decisions, registry, screen, watching  # noqa: PLC0415

    with _warehouse(context) as (connection, _):
        version = registry.find(connection, model or _newest(connection))
        decision = decisions.newest(connection, version.model_version)
        live = watching.of_version(connection, version.model_version)
        screen.show_version(console(), version, decision, champions.history(connection), live)


@commands.command()
def promote(
    context: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of a version or its beginning.")],
    *,
    reason: Reason,
    by: By = None,
    first_day: From = None,
) -> None:
    """Make a model the champion, whatever the gate said of it.

    It scores from the first day on that is not scored yet; past days keep the model they had. For example:

    personapulse model promote 2026-05-31 --reason "refused for one small slice; reviewed with the shop"
    """
    from personapulse.intent import candidates, champions, registry  # noqa: PLC0415

    with _warehouse(context) as (connection, models):
        version = registry.find(connection, model)
        models.verify(version)
        before = champions.current(connection)
        promotion = candidates.override(
            connection,
            version,
            promoted_by=by or getpass.getuser(),
            reason=reason,
            first_day=first_day.date() if first_day else None,
        )
        _tell(connection, promotion, before)


@commands.command()
def rollback(context: typer.Context, *, reason: Reason, by: By = None, first_day: From = None) -> None:
    """Go back to the champion before this one; again, to the one before that.

    It scores from the first day on that is not scored yet; past days keep the model they had. For example:

    personapulse model rollback --reason "scores fell after the price change" --from 2026-05-31
    """
    from personapulse.intent import candidates, champions  # noqa: PLC0415

    with _warehouse(context) as (connection, models):
        before = champions.current(connection)
        promotion = candidates.roll_back(
            connection,
            models,
            promoted_by=by or getpass.getuser(),
            reason=reason,
            first_day=first_day.date() if first_day else None,
        )
        _tell(connection, promotion, before)


@commands.command()
def train(
    context: typer.Context,
    *,
    day: Day = None,
    seed: Annotated[int, typer.Option(help="Of every draw; the same data and seed give the same model.")] = 1,
    is_promoted: Annotated[bool, typer.Option("--promote", help="Make it the champion if the gate passes it.")] = False,
    by: By = None,
) -> None:
    """Train a model on what was known on a day, judge it, and keep it with what the gate said.

    The exit code is 0 if the gate passed it, and 1 if it was refused. For example:

    personapulse model train --day 2026-05-31 --promote
    """
    from personapulse.intent import candidates, champions, screen  # noqa: PLC0415

    with _warehouse(context) as (connection, models):
        the_day = _built(connection, day)
        candidate = candidates.train(connection, the_day, models, _settings(connection), seed=seed)
        before = champions.current(connection)
        if candidate.decision.passed and is_promoted:
            promotion = candidates.promote(connection, candidate, promoted_by=by or getpass.getuser())
            _tell(connection, promotion, before)
        screen.show_version(console(), candidate.version, candidate.decision, champions.history(connection))
    raise typer.Exit(not candidate.decision.passed)


@commands.command()
def score(context: typer.Context, *, day: Day = None) -> None:
    """Score every customer of a day with the day's champion, in place of the day's former scores.

    For example:

    personapulse model score --day 2026-05-31
    """
    from personapulse.intent import scoring  # noqa: PLC0415

    with _warehouse(context) as (connection, models):
        the_day = _built(connection, day)
        scored = scoring.score_day(connection, the_day, models, _settings(connection))
        if isinstance(scored, scoring.NoChampion):
            raise PersonaPulseError(
                f"No model had been promoted by {the_day}, so nobody scores it. See: personapulse model list"
            )
        typer.echo(f"{scored.model_version} scored {scored.customers:,} customers as of {the_day}.")


def _tell(connection: psycopg.Connection[Any], promotion: "Promotion", before: "Promotion | None") -> None:
    """Say who serves from when, and which days a person may want to score again."""
    if before and promotion.promotion_no == before.promotion_no:
        typer.echo(f"{promotion.model_version} is the champion already, from {promotion.valid_from} on.")
        return
    instead = f" in place of {before.model_version}" if before else ""
    typer.echo(f"{promotion.model_version} is the champion from {promotion.valid_from} on{instead}.")
    days = connection.execute(
        "select as_of_date from ml.scored_days where as_of_date >= %s and model_version <> %s order by 1",
        (promotion.valid_from, promotion.model_version),
    ).fetchall()
    for (day,) in days:
        typer.echo(f"{day} was scored by another. Score it again: personapulse model score --day {day}")


def _built(connection: psycopg.Connection[Any], day: datetime.datetime | None) -> datetime.date:
    """Return the day asked for, or the newest one; raise if its marts are not built."""
    the_day = day.date() if day else built_days(connection)[-1]
    check_built(connection, the_day)
    return the_day


def _newest(connection: psycopg.Connection[Any]) -> str:
    from personapulse.intent import registry  # noqa: PLC0415

    known = registry.versions(connection)
    return known[0].model_version if known else ""


def _settings(connection: psycopg.Connection[Any]) -> "ShopSettings":
    from personapulse.ingest.shop import known_settings  # noqa: PLC0415

    return known_settings(connection)


@contextmanager
def _warehouse(context: typer.Context) -> Iterator[tuple[psycopg.Connection[Any], "Registry"]]:
    """Open the home's warehouse, and the registry of its models."""
    from personapulse.intent.registry import Registry  # noqa: PLC0415

    home = Home.open(context.obj)
    with embedded(EmbeddedPostgres(home)) as connection:
        yield connection, Registry(str(home.models))

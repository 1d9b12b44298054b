"""Score a day: the day's champion says of every customer how likely they are to buy, and why.

Frames of customers are read by a thread while the one before is scored, and only what is written is kept of them.
"""

import datetime
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from personapulse.intent import champions, snapshots
from personapulse.intent.model import IntentModel
from personapulse.intent.registry import Registry, find
from personapulse.intent.scores import REASONS, Scores, copy_scores
from personapulse.marts.tables import describe, new_day, put_in_place
from personapulse.settings import ShopSettings
from personapulse.warehouse import take_lock

MART = "purchase_intent"

Connection = psycopg.Connection[Any]
Frames = Iterator[pd.DataFrame]


@dataclass(frozen=True)
class Scored:
    """A day whose customers are scored.

    Parameters
    ----------
    day : datetime.date
        The shop day.
    model_version : str
        Its champion.
    customers : int
        How many it scored.
    """

    day: datetime.date
    model_version: str
    customers: int


@dataclass(frozen=True)
class NoChampion:
    """A day by which no model had been promoted.

    Parameters
    ----------
    day : datetime.date
        The shop day.
    """

    day: datetime.date


def score_day(
    connection: Connection, day: datetime.date, registry: Registry, settings: ShopSettings
) -> Scored | NoChampion:
    """Build a day's features and score every customer known on it with the champion of that day.

    Scoring it again replaces the day's scores and no other's, by the same: the champion of a day does not change.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    day : datetime.date
        A shop day that core has.
    registry : Registry
        Where the champion's artifact lies.
    settings : ShopSettings
        The shop's.

    Returns
    -------
    Scored or NoChampion
        With no champion nothing is written.

    Raises
    ------
    PersonaPulseError
        As `Registry.load` and `score` do.
    """
    champion = champions.champion_of(connection, day)
    if champion is None:
        return NoChampion(day)
    model = registry.load(find(connection, champion.model_version))
    if not snapshots.is_built(connection, day, settings):
        snapshots.build(connection, day, settings)
    return score(connection, day, model, champion.model_version)


def score(
    connection: Connection, day: datetime.date, model: IntentModel, model_version: str, frames: Frames | None = None
) -> Scored:
    """Score the customers of a day whose features are built, and put the scores in place of the day's former ones.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, outside a transaction.
    day : datetime.date
        The day.
    model : IntentModel
        The day's champion, from `Registry.load`.
    model_version : str
        Its version.
    frames : iterator of DataFrame, optional
        Snapshots of the day's customers; by default `snapshots.chunks`.

    Raises
    ------
    ChampionChangedError
        If another version is the day's champion; nothing is written.
    PersonaPulseError
        If the model gives a customer no probability.
    """
    frames = snapshots.chunks(connection, day) if frames is None else frames
    with connection.transaction():
        take_lock(connection, f"marts.{MART}")
        scores = _scores(model, frames)
        champions.hold(connection, day, model_version)
        _write(connection, day, model_version, scores)
    return Scored(day, model_version, len(scores))


def _scores(model: IntentModel, frames: Frames) -> Scores:
    scores = Scores(model.reason_texts)
    with closing(_read_ahead(frames)) as ahead:
        for frame in ahead:
            matrix = model.matrix(frame)
            probabilities = model.probabilities(matrix)
            scores.add(frame["user_id"], probabilities, model.reason_codes(matrix, probabilities, REASONS))
    return scores


def _read_ahead(frames: Frames) -> Generator[pd.DataFrame]:
    """Give frames while a thread reads the next: reading waits for PostgreSQL, scoring for the processor.

    Closed, it first waits for that thread: the connection is its own as long as it reads.
    """
    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(next, frames, None)
        while (frame := following.result()) is not None:
            following = reader.submit(next, frames, None)
            yield frame


def _write(connection: Connection, day: datetime.date, model_version: str, scores: Scores) -> None:
    table = describe(connection, MART)
    new = new_day(table, day)
    connection.execute(sql.SQL("create table {} (like {})").format(new, sql.Identifier("marts", MART)))
    copy_scores(connection, new, day, model_version, scores)
    put_in_place(connection, table, day)
    connection.execute(
        "insert into ml.scored_days (as_of_date, model_version, customers) values (%s, %s, %s)"
        " on conflict (as_of_date) do update set model_version = excluded.model_version,"
        " customers = excluded.customers, scored_at = excluded.scored_at",
        (day, model_version, len(scores)),
    )

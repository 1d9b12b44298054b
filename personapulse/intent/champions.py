"""Champion history: which model scores which day. It only grows, so a day that is scored again gets the same model.

The champion of day D is the newest promotion with `valid_from` up to D. A promotion never begins before an earlier one
does, nor (unless a person says so) before a day that is scored already: no later one changes what a past day had.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from personapulse.errors import PersonaPulseError
from personapulse.intent import decisions
from personapulse.warehouse import take_lock

LOCK = "ml.promotions"
TRAINING_EVERY = datetime.timedelta(days=7)

Connection = psycopg.Connection[Any]
Kind = Literal["gate", "override", "rollback"]


@dataclass(frozen=True)
class Promotion:
    """A row of `ml.promotions`, whose columns its fields are.

    Parameters
    ----------
    promotion_no : int
        Grows with every promotion.
    model_version : str
        Who serves.
    valid_from : datetime.date
        First day it scores.
    kind : str
        `gate` (it passed), `override` (a person chose it) or `rollback` (a person went back to it).
    promoted_by, reason : str
        Who, and why.
    promoted_at : datetime.datetime
        When.
    """

    promotion_no: int
    model_version: str
    valid_from: datetime.date
    kind: Kind
    promoted_by: str
    reason: str
    promoted_at: datetime.datetime


class ChampionChangedError(PersonaPulseError):
    """Somebody else promoted meanwhile.

    Parameters
    ----------
    expected, champion : str or None
        Who was thought to be the champion, and who is; None is nobody.
    """

    def __init__(self, expected: str | None, champion: str | None) -> None:
        super().__init__(
            f"The champion is {champion or 'nobody'}, not {expected or 'nobody'} as when this was begun: somebody "
            "promoted meanwhile. Nothing was changed; do it again, with the champion there is now."
        )
        self.expected = expected
        self.champion = champion


class PastTrainingError(PersonaPulseError):
    """A model trained for the past passed the gate: that moves no champion."""


def history(connection: Connection) -> list[Promotion]:
    """Return every promotion, the oldest first."""
    with connection.cursor(row_factory=class_row(Promotion)) as cursor:
        return cursor.execute("select * from ml.promotions order by promotion_no").fetchall()


def current(connection: Connection) -> Promotion | None:
    """Return the newest promotion: who serves from now on, and whom a candidate has to match."""
    return next(reversed(history(connection)), None)


def champion_of(connection: Connection, day: datetime.date) -> Promotion | None:
    """Return the promotion of the model that scores a day; None where no model had been promoted by then."""
    return next((one for one in reversed(history(connection)) if one.valid_from <= day), None)


def spans(promotions: Sequence[Promotion]) -> dict[str, list[tuple[datetime.date, datetime.date | None]]]:
    """Return the first and last days each version serves; the last is None for whoever serves now."""
    found: dict[str, list[tuple[datetime.date, datetime.date | None]]] = {}
    following = [one.valid_from for one in promotions[1:]]
    for one, ends in zip_longest(promotions, following):
        if ends is None or ends > one.valid_from:  # else it was replaced before its first day
            last = ends and ends - datetime.timedelta(days=1)
            found.setdefault(one.model_version, []).append((one.valid_from, last))
    return found


def hold(connection: Connection, day: datetime.date, model_version: str) -> None:
    """Keep a version the champion of a day until the caller's transaction ends: no promotion comes in between.

    Raises
    ------
    ChampionChangedError
        If another version is the day's champion.
    """
    take_lock(connection, LOCK, is_shared=True)
    champion = champion_of(connection, day)
    if _name(champion) != model_version:
        raise ChampionChangedError(model_version, _name(champion))


def promote(
    connection: Connection,
    model_version: str,
    *,
    valid_from: datetime.date,
    kind: Kind,
    promoted_by: str,
    reason: str,
    expected_champion: str | None,
    keep_scored_days: bool = True,
) -> Promotion:
    """Make a version the champion, or raise; in one transaction, one promotion after the other.

    Doing it again changes nothing: a version that is the champion stays it, as of its first promotion.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`.
    model_version : str
        One of `ml.model_versions`.
    valid_from : datetime.date
        First day it is to score.
    kind : str
        As in `Promotion`. `gate` needs the version's newest decision to have passed, against the champion.
    promoted_by, reason : str
        Who, and why; neither is empty.
    expected_champion : str or None
        The champion that the decision was made against (`current`), None if there was none.
    keep_scored_days : bool, default=True
        Begin after the newest day that is scored, if that is later than `valid_from`. With False `valid_from` is meant
        as it is said: days from there on that are scored should be scored again.

    Returns
    -------
    Promotion
        As it was written down; its `valid_from` may be later than asked for.

    Raises
    ------
    ChampionChangedError
        If another version is the champion than expected.
    PastTrainingError
        If `kind` is `gate` and `valid_from` is before that of an earlier promotion, or a week or more before the newest
        day that is scored: the next training has been due since.
    PersonaPulseError
        If the gate has not passed it, or `valid_from` is before that of an earlier promotion.
    """
    if not promoted_by.strip() or not reason.strip():
        raise PersonaPulseError("A promotion needs a reason, and the name of who promotes.")
    with connection.transaction():
        take_lock(connection, LOCK)
        champion = current(connection)
        if champion and champion.model_version == model_version:
            return champion
        if _name(champion) != expected_champion:
            raise ChampionChangedError(expected_champion, _name(champion))
        if kind == "gate":
            _refuse_unpassed(connection, model_version, expected_champion)
        scored = _newest_scored_day(connection) if keep_scored_days else None
        first = _first_day(valid_from, champion, scored, by_gate=kind == "gate")
        _insert(connection, (model_version, first, kind, promoted_by.strip(), reason.strip()))
        return history(connection)[-1]


def roll_back(
    connection: Connection,
    *,
    valid_from: datetime.date,
    promoted_by: str,
    reason: str,
    expected_champion: str,
    keep_scored_days: bool = True,
) -> Promotion:
    """Make the champion before this one the champion again; twice, the one before that.

    Parameters, return value and errors are those of `promote`.

    Raises
    ------
    PersonaPulseError
        If no other version was the champion before.
    """
    with connection.transaction():
        take_lock(connection, LOCK)
        if _name(current(connection)) != expected_champion:
            raise ChampionChangedError(expected_champion, _name(current(connection)))
        return promote(
            connection,
            predecessor(history(connection)),
            valid_from=valid_from,
            kind="rollback",
            promoted_by=promoted_by,
            reason=reason,
            expected_champion=expected_champion,
            keep_scored_days=keep_scored_days,
        )


def predecessor(promotions: Sequence[Promotion]) -> str:
    """Name the version a rollback goes to: champions are a pile, and a rollback takes off the uppermost.

    Raises
    ------
    PersonaPulseError
        If there is none.
    """
    pile: list[str] = []
    for one in promotions:
        if one.kind == "rollback" and one.model_version in pile:
            while pile[-1] != one.model_version:
                pile.pop()
        else:
            pile.append(one.model_version)
    if len(pile) < 2:
        raise PersonaPulseError("There is no champion before this one to go back to.")
    return pile[-2]


def _name(promotion: Promotion | None) -> str | None:
    return promotion.model_version if promotion else None


def _refuse_unpassed(connection: Connection, model_version: str, champion: str | None) -> None:
    decision = decisions.newest(connection, model_version)
    if decision is None or not decision.passed:
        what = "was refused by the gate" if decision else "was not judged"
        raise PersonaPulseError(
            f"Model {model_version} {what}, so the gate does not promote it. "
            f"See why: personapulse model explain {model_version}"
        )
    if decision.champion_version != champion:
        raise ChampionChangedError(decision.champion_version, champion)


def _newest_scored_day(connection: Connection) -> datetime.date | None:
    row = connection.execute("select max(as_of_date) from ml.scored_days").fetchone()
    return row[0] if row else None


def _first_day(
    asked: datetime.date, champion: Promotion | None, scored: datetime.date | None, *, by_gate: bool
) -> datetime.date:
    """Return the first day a promotion is valid from, which leaves the past as it was."""
    if champion and asked < champion.valid_from:
        error = PastTrainingError if by_gate else PersonaPulseError
        raise error(
            f"{champion.model_version} is the champion from {champion.valid_from} on. A promotion from {asked} on "
            f"would change which model past days had: choose {champion.valid_from} or later."
        )
    if scored is None or asked > scored:
        return asked
    if by_gate and scored - asked >= TRAINING_EVERY:
        raise PastTrainingError(
            f"This is a training of the past: for {asked}, and days up to {scored} are scored. It moves no champion. "
            "If it should serve all the same: personapulse model promote"
        )
    return scored + datetime.timedelta(days=1)


def _insert(connection: Connection, values: tuple[Any, ...]) -> None:
    connection.execute(
        "insert into ml.promotions (model_version, valid_from, kind, promoted_by, reason) values (%s, %s, %s, %s, %s)",
        values,
    )

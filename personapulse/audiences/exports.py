"""Exporting audiences: who leaves, to where, once; and the books of it."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psycopg

from personapulse import ingest
from personapulse.audiences import books, folders, webhook
from personapulse.audiences.books import Who
from personapulse.audiences.content import Content, prepared
from personapulse.audiences.receivers import Receiver
from personapulse.audiences.settings import Audience, Audiences, Folder, Webhook
from personapulse.errors import PersonaPulseError, UnreachableError
from personapulse.warehouse import held_lock

Connection = psycopg.Connection[Any]
State = Literal["exported", "already exported", "not set up", "not scored", "failed"]


@dataclass(frozen=True)
class SetUp:
    """Which destinations can be reached from here.

    Parameters
    ----------
    folder : str or None
        The house's own folder for audiences; None if there is none.
    receivers : callable
        Returns the receiver a connection names, or None if it is not set up.
    patience : webhook.Patience
        With receivers.
    """

    folder: str | None
    receivers: Callable[[str], Receiver | None]
    patience: webhook.Patience = field(default_factory=webhook.Patience)


@dataclass(frozen=True)
class Outcome:
    """What became of one audience at one destination.

    Parameters
    ----------
    audience, destination : str
        As in `ops.audience_exports`.
    state : str
        `exported`, `already exported`, `not set up`, `not scored` or `failed`.
    told : str
        A sentence for people.
    may_pass : bool
        Whether a failure is one of the network's or a receiver's, so that trying again later may help.
    """

    audience: str
    destination: str
    state: State
    told: str
    may_pass: bool = False


@dataclass(frozen=True)
class _Way:
    """A destination as it is here: how the books name it, and what sends there, unless it is not set up or wrong."""

    label: str
    send: Callable[[Content], str] | None = None
    problem: str = ""


def newest_day(connection: Connection) -> datetime.date:
    """Return the only day that is exported: the newest one in core, which must be built.

    Raises
    ------
    PersonaPulseError
        If no day is loaded, or the newest one has no personas yet; the message says what to do.
    """
    newest = max(ingest.loaded_days(connection), default=None)
    if newest is None:
        raise PersonaPulseError("No day has been loaded yet, so there is nobody to export. Load one: personapulse up")
    is_built = connection.execute("select from marts.personas where as_of_date = %s limit 1", (newest,)).fetchone()
    if is_built is None:
        raise PersonaPulseError(
            f"{newest} is the newest day, and its personas are not built yet. An older day is never exported: "
            "wait for build_segments, or see what failed with personapulse doctor."
        )
    return newest


def export(
    connection: Connection,
    audiences: Audiences,
    audience: Audience,
    as_of_date: datetime.date,
    *,
    set_up: SetUp,
    who: Who,
    again: bool = False,
) -> list[Outcome]:
    """Export one audience of a day to its destinations; one that fails keeps none of the others from it.

    Parameters
    ----------
    connection : psycopg.Connection
        From `warehouse.connect`, outside a transaction.
    audiences : Audiences
        With the salt of the hold-outs.
    audience : Audience
        What to export.
    as_of_date : datetime.date
        From `newest_day`.
    set_up : SetUp
        Which destinations there are.
    who : Who
        For the books.
    again : bool, default=False
        Whether to send also what was sent before, with the same idempotency key.

    Returns
    -------
    list of Outcome
        One for each destination.
    """
    ways = [_way(destination, set_up) for destination in audience.destinations]
    if not any(way.send for way in ways):
        return [_passed_over(audience.name, way) for way in ways]  # nobody is selected for nothing
    if reason := why_nobody(connection, audience, as_of_date):
        return [Outcome(audience.name, way.label, "not scored", reason) for way in ways]
    with prepared(connection, audience, as_of_date, audiences.salt) as content:
        return [_export_to(connection, content, way, who, again=again) for way in ways]


def why_nobody(connection: Connection, audience: Audience, as_of_date: datetime.date) -> str:
    """Say why an audience cannot be selected: it is chosen by intent, and the day is not scored. Empty if it can."""
    if not audience.intent_bands:
        return ""
    if connection.execute("select from ml.scored_days where as_of_date = %s", (as_of_date,)).fetchone() is not None:
        return ""
    return (
        f"{audience.name}: chosen by purchase intent, and nobody is scored as of {as_of_date}, so it was skipped: "
        "no model has been promoted, or scoring failed (docs/serving.md)."
    )


def _way(destination: Folder | Webhook, set_up: SetUp) -> _Way:
    label = "folder" if isinstance(destination, Folder) else f"webhook {destination.connection}"
    try:
        if isinstance(destination, Folder):
            return _to_folder(destination.url or set_up.folder) or _Way(label)
        receiver = set_up.receivers(destination.connection)
    except PersonaPulseError as error:
        return _Way(label, problem=str(error))
    if not receiver:
        return _Way(label)
    return _Way(receiver.label, lambda content: _send(content, destination, receiver, set_up.patience))


def _to_folder(folder: str | None) -> _Way | None:
    if not folder:
        return None
    folders.refuse_credentials(folder)
    label = folder if "://" in folder else str(Path(folder).expanduser().resolve())
    return _Way(label, lambda content: folders.put(content, label))


def _send(content: Content, destination: Webhook, receiver: Receiver, patience: webhook.Patience) -> str:
    requests = webhook.send(content, destination, receiver, patience)
    return f"{receiver.label}, in {requests} request{'' if requests == 1 else 's'}"


def _passed_over(audience: str, way: _Way) -> Outcome:
    if way.problem:
        return Outcome(audience, way.label, "failed", f"{audience}: {way.problem}")
    told = f"{audience}: {way.label} is not set up, so it was skipped (docs/audiences.md)."
    return Outcome(audience, way.label, "not set up", told)


def _export_to(connection: Connection, content: Content, way: _Way, who: Who, *, again: bool) -> Outcome:
    """Send to one destination, unless the same was sent there before; two at once take turns."""
    if not way.send:
        return _passed_over(content.audience, way)
    with held_lock(connection, f"audience.{content.audience}.{way.label}"):
        if not again and (sent := books.sent_before(connection, content, way.label)):
            told = (
                f"{content.audience}: already exported to {way.label} at {sent:%Y-%m-%d %H:%M} UTC, so nothing was "
                "sent. To send it again: personapulse audience export --again"
            )
            return Outcome(content.audience, way.label, "already exported", told)
        number = books.start(connection, content, way.label, who)
        try:
            where = way.send(content)
        except PersonaPulseError as error:
            books.end(connection, number, str(error))
            may_pass = isinstance(error, UnreachableError)
            return Outcome(content.audience, way.label, "failed", f"{content.audience}: {error}", may_pass)
        except BaseException as error:
            books.end(connection, number, f"stopped by {type(error).__name__}")
            raise
        with connection.transaction():
            books.keep_members(connection, content)
            books.end(connection, number)
    return Outcome(content.audience, way.label, "exported", _told(content, where))


def _told(content: Content, where: str) -> str:
    escaped = f" {content.escaped} begin like a formula and have an apostrophe in front." if content.escaped else ""
    return (
        f"{content.audience}: {content.customers} customers as of {content.as_of_date} to {where}; "
        f"{content.held_out} held out, {content.suppressed} suppressed.{escaped}"
    )

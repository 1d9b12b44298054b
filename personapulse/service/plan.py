"""What an `up` is asked to do, checked before anything starts."""

import datetime
import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.ingest import Source
from personapulse.paths import SAMPLE_SHOP
from personapulse.service.environment import NEVER, Shop

DEFAULT_DAYS = 3
DEFAULT_PORT = 8080
LIVE_DAYS = 7  # a source whose newest day is older than this delivers no more; nobody waits for it at night
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Plan:
    """The days one `up` brings through the whole chain.

    Parameters
    ----------
    source : Source
        The shop's extracts.
    days : tuple of datetime.date
        Wanted days, oldest first, at least one; the source has them all.
    before : tuple of datetime.date
        The source's days before them: the past, which is loaded without marts of its own.
    newest : datetime.date
        The source's newest day.
    """

    source: Source
    days: tuple[datetime.date, ...]
    before: tuple[datetime.date, ...]
    newest: datetime.date

    def shop(self) -> Shop:
        """Return what the dags must know."""
        is_live = (datetime.datetime.now(datetime.UTC).date() - self.newest).days <= LIVE_DAYS
        # the night after the day that follows the newest one takes that day in
        night = self.newest + datetime.timedelta(days=2) if is_live else NEVER
        settings = self.source.settings
        return Shop(self.source.url, settings.time_zone, night, settings.deadline)


def make_plan(url: str | None, first: str | None, last: str | None) -> Plan:
    """Check what was asked for against what the source has.

    Parameters
    ----------
    url : str, optional
        Address of the extracts; the sample shop without it. A local path may be relative.
    first, last : str, optional
        Days `YYYY-MM-DD`; without `last` the newest day, without `first` two days before `last`.

    Raises
    ------
    PersonaPulseError
        If a date is none, the range is backwards or empty, or the source has no days; the message says what would do.
    """
    source = Source(_absolute(url) if url else SAMPLE_SHOP.as_uri())
    known = source.days()
    if not known:
        raise PersonaPulseError(
            f"{source.url} holds no days: no folder in it is named like {datetime.date(2026, 1, 31)}. "
            "See docs/extract-contract.md for the layout."
        )
    end = _day(last, "--to") if last else known[-1]
    begin = _day(first, "--from") if first else max(known[0], end - datetime.timedelta(days=DEFAULT_DAYS - 1))
    if begin > end:
        raise PersonaPulseError(f"--from {begin} is after --to {end}. Swap them.")
    for option, day in (("--to", end), ("--from", begin)):
        if not known[0] <= day <= known[-1]:
            raise PersonaPulseError(f"{option} {day}: {source.url} has no such day; it has {known[0]} to {known[-1]}.")
    for day in _each_day(begin, end):
        if day not in known:
            raise PersonaPulseError(
                f"{source.url} has no folder for {day}. Deliver it (files with headers only are fine for a day without "
                "news), or choose other days with --from and --to."
            )
    return Plan(source, tuple(_each_day(begin, end)), tuple(day for day in known if day < begin), known[-1])


def bind_source(home: Home, source: Source) -> None:
    """Tie a home to its source with the first use; refuse another one later.

    Raises
    ------
    PersonaPulseError
        If the home holds the data of another source.
    """
    record = home.root / "source.json"
    if record.exists():
        known = json.loads(record.read_text())["url"]
        if known != source.url:
            raise PersonaPulseError(
                f"{home.root} holds the shop of {known}, not of {source.url}. Name another folder with --home."
            )
        return
    record.write_text(json.dumps({"url": source.url}) + "\n")


@contextmanager
def claimed_port(asked: int | None) -> Iterator[int]:
    """Claim the port to serve on, the one asked for, else 8080 or any free one, while the block runs.

    Airflow binds it only seconds later; the claim keeps another `up` from choosing it meanwhile.

    Raises
    ------
    PersonaPulseError
        If the one asked for is in use or not allowed.
    """
    with ExitStack() as held:
        for port in (asked,) if asked is not None else (DEFAULT_PORT, *_free_ports()):
            if not (reason := _why_not(port, held)):
                yield port
                return
        raise PersonaPulseError(f"Port {port} is {reason}. Name another with --port.")


def _free_ports() -> list[int]:
    with ExitStack() as open_sockets:
        free = [open_sockets.enter_context(socket.socket()) for _ in range(5)]
        for one in free:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in free]


def _why_not(port: int, held: ExitStack) -> str:
    """Return why a port cannot be used; else an empty text, and the claim on it is held."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just closed is free
            probe.bind((HOST, port))
    except PermissionError:
        return "for root only"
    except OSError:
        return "in use"
    except OverflowError:
        return "no port: ports are 1 to 65535"
    claim = Path(tempfile.gettempdir()) / f"personapulse-port-{port}.lock"
    with suppress(OSError):
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
    try:
        file = os.open(claim, os.O_RDONLY)
        held.callback(os.close, file)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return "in use"
    return ""


def _each_day(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    return [first + datetime.timedelta(days=number) for number in range((last - first).days + 1)]


def _day(text: str, option: str) -> datetime.date:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=datetime.UTC).date()
    except ValueError:
        raise PersonaPulseError(f"{option} {text!r} is no day; write it like 2026-01-31.") from None


def _absolute(url: str) -> str:
    """Airflow runs in another folder, so a local path is made absolute."""
    return url if "://" in url or "::" in url else str(Path(url).expanduser().resolve())

"""Processes that are started in sessions of their own, and stopped with everything they started.

Airflow's workers rename themselves and its tasks leave their process group, but no process leaves its session unless it
asks to. So a session is the unit that is recorded, stopped and, after a killed run, found again; never a name.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

import psutil

from personapulse.errors import PersonaPulseError

CLOCK_TOLERANCE = 1.0  # seconds; the kernel's start times are rounded differently from one reader to the next
PATIENCE = (4.0, 1.0, 30.0)  # seconds: for the leaders to end in order, for all the rest, for what is killed
POLL = 0.05  # seconds


@dataclass(frozen=True)
class Session:
    """One started program and whatever it starts.

    Parameters
    ----------
    name : str
        For people and log files, such as `scheduler`.
    pid : int
        Of the program, which leads the session; the kernel does not reuse the number while the session has members.
    created : float
        When the program started: Unix time, in seconds.
    folder : str
        Its working folder, inherited by what it starts.
    """

    name: str
    pid: int
    created: float
    folder: str

    def members(self) -> list[psutil.Process]:
        """Return the session's living processes; none if the number belongs to somebody else by now."""
        leader = _process(self.pid)
        if leader and abs(leader.create_time() - self.created) > CLOCK_TOLERANCE:
            return []
        return [process for process in _in_session(self.pid) if leader or self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        """Guard against a reused number when the program itself is gone: ours keep the folder they started in."""
        with suppress(psutil.Error):
            return process.cwd() == self.folder and process.create_time() > self.created - CLOCK_TOLERANCE
        return False


class Processes:
    """The programs one `up` runs, written down in a file so that the next one finds what a killed one left.

    Parameters
    ----------
    record : Path
        JSON file; absent when nothing runs.
    """

    def __init__(self, record: Path) -> None:
        self._record = record
        self._sessions: list[Session] = []
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.hurry = Event()  # set by a second Ctrl-C: stop waiting, kill

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        """Start a program in a session of its own, its output in `log` (the one of the time before is `<log>.1`)."""
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(f"{log}.1")
        with log.open("wb") as output:
            child = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[name] = child
        self._sessions.append(
            Session(name, child.pid, psutil.Process(child.pid).create_time(), os.path.realpath(folder))
        )
        self._write()

    def ended(self) -> str | None:
        """Name of a program that has ended by itself, if any."""
        return next((name for name, child in self._children.items() if child.poll() is not None), None)

    def listens(self, name: str, port: int) -> bool:
        """Whether the program called `name` is the one that listens on a TCP port of this machine."""
        for process in (member for session in self._sessions if session.name == name for member in session.members()):
            with suppress(psutil.Error):
                for socket in process.net_connections("tcp"):
                    if socket.status == psutil.CONN_LISTEN and socket.laddr.port == port:
                        return True
        return False

    def members(self) -> list[psutil.Process]:
        """Return every living process of every session."""
        return [process for session in self._sessions for process in session.members()]

    def leftovers(self) -> list[Session]:
        """Return the recorded sessions that still have members, after a run that could not stop them."""
        return [session for session in self._read() if session.members()]

    def stop(self) -> None:
        """Stop what was started here: in order, then, when patience runs out or in a hurry, by force."""
        stop_sessions(self._sessions, self._children.values(), self.hurry)
        self._sessions, self._children = [], {}
        self._record.unlink(missing_ok=True)

    def stop_leftovers(self) -> list[str]:
        """Stop what a killed run left behind; return the names."""
        left = self.leftovers()
        stop_sessions(left, (), self.hurry)
        self._record.unlink(missing_ok=True)
        return [session.name for session in left]

    def _write(self) -> None:
        new = self._record.with_suffix(".new")
        new.write_text(json.dumps([asdict(session) for session in self._sessions]))
        new.replace(self._record)

    def _read(self) -> list[Session]:
        try:
            return [Session(**session) for session in json.loads(self._record.read_text())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError):
            raise PersonaPulseError(
                f"{self._record} is damaged. See that no Airflow of this home is running, then delete the file."
            ) from None


def stop_sessions(sessions: Sequence[Session], children: Iterable[subprocess.Popen[bytes]], hurry: Event) -> None:
    """Ask the leaders to end, then whatever they leave, then kill what is left; returns when all are gone.

    Parameters
    ----------
    sessions : sequence of Session
        What to stop, together.
    children : iterable of subprocess.Popen
        Leaders that are our own children, reaped here.
    hurry : threading.Event
        When set, kill without waiting.

    Raises
    ------
    PersonaPulseError
        If something survives being killed.
    """
    mine = list(children)

    def leaders() -> list[psutil.Process]:
        return [process for session in sessions for process in session.members() if process.pid == session.pid]

    def everyone() -> list[psutil.Process]:
        return [process for session in sessions for process in session.members()]

    for whom, number, patience in (
        (leaders, signal.SIGTERM, PATIENCE[0]),
        (everyone, signal.SIGTERM, PATIENCE[1]),
        (everyone, signal.SIGKILL, PATIENCE[2]),
    ):
        if hurry.is_set() and number != signal.SIGKILL:
            continue
        _signal(whom(), number)
        _wait(whom, mine, patience, Event() if number == signal.SIGKILL else hurry)
    if left := [process.pid for process in everyone()]:
        raise PersonaPulseError(f"These processes cannot be stopped, not even by force: {left}. Look at them with ps.")


def _wait(
    whom: Callable[[], list[psutil.Process]], children: list[subprocess.Popen[bytes]], patience: float, hurry: Event
) -> None:
    """Wait until nobody is left, patience runs out or there is a hurry."""
    end = time.monotonic() + patience
    while time.monotonic() < end and not hurry.is_set():
        for child in children:
            child.poll()  # reap, or it would stay as a zombie
        if not whom():
            return
        hurry.wait(POLL)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _process(pid: int) -> psutil.Process | None:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return process if process.status() != psutil.STATUS_ZOMBIE else None
    return None


def _in_session(number: int) -> Iterator[psutil.Process]:
    for pid in psutil.pids():
        with suppress(OSError):
            if os.getsid(pid) == number and (process := _process(pid)):
                yield process

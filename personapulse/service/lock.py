"""One `up` per home: a lock the kernel lets go of even when its holder is killed."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from personapulse.errors import PersonaPulseError
from personapulse.home import Home


@dataclass(frozen=True)
class Holder:
    """Who holds a home, as told by the lock file.

    Parameters
    ----------
    pid : int
        Process id; 0 if the holder has not said yet.
    address : str
        Where its dashboard is; empty while it has none.
    """

    pid: int
    address: str


class HomeLock:
    """The lock of a home folder; a context manager that refuses a second holder.

    Parameters
    ----------
    home : Home
        The lock file is `home.run / "up.lock"`.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.run / "up.lock"
        self._file: int | None = None

    def __enter__(self) -> Self:
        if not self.try_lock():
            holder = self.holder()
            raise PersonaPulseError(
                f"PersonaPulse is running for {self._home.root} already: process {holder.pid}"
                + (f", {holder.address}" if holder.address else ", still starting")
                + ". Stop it with Ctrl-C there or with `personapulse down`, or use another folder with --home."
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unlock()

    def try_lock(self) -> bool:
        """Take the lock; return False if another process has it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        self.tell("")
        return True

    def unlock(self) -> None:
        """Let go of the lock; does nothing if it is not held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def tell(self, address: str) -> None:
        """Write down where this home can be reached, for whoever is refused."""
        if self._file is not None:
            text = json.dumps({"pid": os.getpid(), "address": address}).encode()
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text, 0)

    def holder(self) -> Holder:
        """Return who took the lock last."""
        return read_holder(self._path)


def read_holder(path: Path) -> Holder:
    """Read a lock file; one that is empty or half written names nobody."""
    try:
        return Holder(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return Holder(pid=0, address="")

"""What a killed `up` leaves running, and `personapulse down`."""

import os
import signal
import time
from pathlib import Path

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.lock import HomeLock
from personapulse.service.processes import Processes

STOP_SECONDS = 60
POLL = 0.2  # seconds


def process_record(home: Home) -> Path:
    """Where the sessions of the running Airflow are written down."""
    return home.run / "processes.json"


def stop_home(home: Home) -> list[str]:
    """Stop the `up` of a home if one is running, and everything a killed one left behind.

    Returns
    -------
    list of str
        What was stopped; empty if nothing was running.

    Raises
    ------
    PersonaPulseError
        If the running `up` does not end within a minute.
    """
    lock = HomeLock(home)
    stopped: list[str] = []
    if not lock.try_lock():
        holder = lock.holder()
        if not holder.pid:
            raise PersonaPulseError(f"PersonaPulse is just starting for {home.root}. Try again in a moment.")
        os.kill(holder.pid, signal.SIGTERM)  # it holds the lock, so the number is still its own
        stopped.append(f"process {holder.pid}")
        deadline = time.monotonic() + STOP_SECONDS
        while not lock.try_lock():
            if time.monotonic() > deadline:
                raise PersonaPulseError(f"Process {holder.pid} does not end. Stop it by force: kill -9 {holder.pid}")
            time.sleep(POLL)
    try:
        stopped += Processes(process_record(home)).stop_leftovers()
        postgres = EmbeddedPostgres(home)
        if postgres.is_running():
            postgres.start()  # become one of its users: the last to leave stops it
            postgres.stop()
            stopped += [] if postgres.is_running() else ["PostgreSQL"]
        return stopped
    finally:
        lock.unlock()

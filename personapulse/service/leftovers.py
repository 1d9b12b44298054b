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


def postgres_record(home: Home) -> Path:
    """Mark that says the running server was started by `up`, so it is `up`'s to stop."""
    return home.run / "postgres.started"


def stop_leftovers(home: Home, postgres: EmbeddedPostgres, processes: Processes) -> list[str]:
    """Stop what a killed `up` left behind and no other process; return the names. The caller holds the home's lock."""
    names = processes.stop_leftovers()
    if postgres_record(home).exists():
        if postgres.is_running():
            postgres.stop()
            names.append("PostgreSQL")
        postgres_record(home).unlink()
    return names


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
    stopped = []
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
        return stopped + stop_leftovers(home, EmbeddedPostgres(home), Processes(process_record(home)))
    finally:
        lock.unlock()

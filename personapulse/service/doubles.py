"""The double of Power BI beside Airflow, for `personapulse up --with-powerbi-double`."""

import json
import os
import sys
import time
from dataclasses import dataclass

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.powerbi_service.double import RECORD
from personapulse.service.processes import Processes

NAME = "powerbi-double"
START_SECONDS = 60
POLL = 0.1  # seconds


@dataclass(frozen=True)
class Double:
    """A double that runs.

    Parameters
    ----------
    address : str
        Of its page, which lists the refreshes.
    environment : dict of str to str
        What tells Airflow of it.
    """

    address: str
    environment: dict[str, str]


def start_double(home: Home, processes: Processes) -> None:
    """Start it; it answers a moment later."""
    (home.run / RECORD).unlink(missing_ok=True)
    home.airflow.mkdir(parents=True, exist_ok=True)
    processes.start(
        NAME,
        [sys.executable, "-m", "personapulse.powerbi_service.double", str(home.run)],
        environment=os.environ,
        folder=home.airflow,
        log=home.airflow / "logs" / f"{NAME}.log",
    )


def wait_for_double(home: Home, processes: Processes) -> Double:
    """Wait until it answers, and return how to reach it.

    Raises
    ------
    PersonaPulseError
        If it ends, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while not (home.run / RECORD).exists():
        if processes.ended() == NAME or time.monotonic() > deadline:
            log = home.airflow / "logs" / f"{NAME}.log"
            raise PersonaPulseError(f"The double of Power BI does not start. Its log is {log}.")
        time.sleep(POLL)
    told = json.loads((home.run / RECORD).read_text())
    # a proxy the machine uses knows nothing of the double
    around = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1")))
    return Double(told["address"], told["environment"] | {"NO_PROXY": around, "no_proxy": around})

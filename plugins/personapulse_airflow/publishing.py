"""Putting the newest report in front, and never an older one."""

import datetime
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from personapulse.report import write_report
from personapulse.settings import ShopSettings

LATEST = "latest"
DAY_FILE = "as_of_date.txt"  # which day the report in front shows


def publish(connection: psycopg.Connection[Any], day: datetime.date, folder: Path, settings: ShopSettings) -> str:
    """Write the day's report as `folder/latest`, unless the one in front shows a newer day.

    Returns
    -------
    str
        What was done, for the task's log.
    """
    latest = folder / LATEST
    shown = _day_shown(latest)
    if shown and shown > day:
        return f"{latest} shows {shown}, which is newer than {day}: left as it is."
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
        written = write_report(connection, day, Path(new) / LATEST, settings)
        (Path(new) / LATEST / DAY_FILE).write_text(f"{day}\n")
        if latest.exists():
            latest.rename(Path(new) / "old")  # goes away with the temporary folder
        (Path(new) / LATEST).rename(latest)
    return f"{latest / written.name} shows {day}."


def _day_shown(latest: Path) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat((latest / DAY_FILE).read_text().strip())
    except (FileNotFoundError, ValueError):
        return None

"""Publishing a day: its document for the dashboard in Airflow, and the newest one as a folder, never an older one."""

import datetime
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from personapulse.dashboard.document import make_document
from personapulse.dashboard.folder import write_day
from personapulse.dashboard.store import keep
from personapulse.settings import ShopSettings

LATEST = "latest"
DAY_FILE = "as_of_date.txt"  # which day the report in front shows


def publish(connection: psycopg.Connection[Any], day: datetime.date, folder: Path, settings: ShopSettings) -> str:
    """Keep the day's document, and write `folder/latest` unless the one in front shows a newer day.

    Returns
    -------
    str
        What was done, for the task's log.
    """
    document = make_document(connection, day, settings)
    with connection.transaction():
        is_new = keep(connection, document)
    said = f"The dashboard of {day} is {'kept' if is_new else 'the same as before'}. "
    latest = folder / LATEST
    shown = day_in_front(folder)
    if shown and shown > day:
        return f"{said}{latest} shows {shown}, which is newer than {day}: left as it is."
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as new:
        written = write_day(connection, document, Path(new) / LATEST, settings)
        (Path(new) / LATEST / DAY_FILE).write_text(f"{day}\n")
        if latest.exists():
            latest.rename(Path(new) / "old")  # goes away with the temporary folder
        (Path(new) / LATEST).rename(latest)
    return f"{said}{latest / written.name} shows {day}."


def day_in_front(folder: Path) -> datetime.date | None:
    """Return the day the folder shows, if it shows one."""
    try:
        return datetime.date.fromisoformat((folder / LATEST / DAY_FILE).read_text().strip())
    except (FileNotFoundError, ValueError):
        return None

"""The dashboard as a folder: the same app, with its days as scripts, that opens from a disk."""

import base64
import itertools
import json
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from personapulse.dashboard import frontend
from personapulse.dashboard.document import Document
from personapulse.dashboard.store import kept_before
from personapulse.errors import PersonaPulseError
from personapulse.report import write_report
from personapulse.settings import ShopSettings
from personapulse.whole_files import written_whole

MOST_BYTES = 9_000_000  # of days; plotly.js comes on top


def write_day(connection: psycopg.Connection[Any], document: Document, folder: Path, settings: ShopSettings) -> Path:
    """Write a day's page to print, and the dashboard with the days kept before it; return its `index.html`.

    Raises
    ------
    PersonaPulseError
        As `write_report` and `write_folder` do.
    """
    day = document.as_of_date
    write_report(connection, day, folder, settings)
    return write_folder(itertools.chain([document], kept_before(connection, day)), folder)


def write_folder(documents: Iterable[Document], folder: Path) -> Path:
    """Write the app and its days.

    Parameters
    ----------
    documents : iterable of Document
        Newest first, at least one; older ones are left out as soon as the days would take more than `MOST_BYTES`.
    folder : Path
        Made if it is not there; an earlier dashboard in it is replaced, other files are left alone.

    Returns
    -------
    Path
        Its `index.html`.

    Raises
    ------
    PersonaPulseError
        If the folder cannot be written to.
    """
    try:
        return _write(documents, folder)
    except OSError as error:
        raise PersonaPulseError(
            f"Cannot write the dashboard to {folder}: {error.strerror}. Name a folder of your own with --out."
        ) from None


def _write(documents: Iterable[Document], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".data.{uuid.uuid4().hex}"
    new.mkdir()
    try:
        days = _write_days(documents, new)
        old = folder / "data"
        shutil.rmtree(old, ignore_errors=True)
        new.rename(old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    for name, text in {
        "app.js": frontend.script(),
        "theme.js": frontend.theme_script(),
        "style.css": frontend.style(),
        "data/days.js": f"window.personapulseFolder = {json.dumps({'days': days})};\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copyfile(frontend.plotly_file(), folder / "plotly.min.js")
    index = folder / "index.html"
    noscript = 'Without it, <a href="summary.html">one page</a> has the main figures.'
    with written_whole(index) as half:
        half.write_text(frontend.page('<script src="data/days.js"></script>', noscript), encoding="utf-8")
    return index


def _write_days(documents: Iterable[Document], folder: Path) -> list[str]:
    """Write each day as a script that hands itself over; return the days, oldest first."""
    days: list[str] = []
    written = 0
    for document in documents:
        day = document.as_of_date.isoformat()
        text = f'window.personapulseFolder.take("{day}", "{base64.b64encode(document.packed).decode()}");\n'
        written += len(text)
        if days and written > MOST_BYTES:
            break
        (folder / f"{day}.js").write_text(text, encoding="ascii")
        days.append(day)
    return sorted(days)

"""Daily folders of extracts (`docs/extract-contract.md`): written aside, put in place when complete."""

import datetime
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from personapulse.errors import PersonaPulseError

SETTINGS = "source.yaml"
TRUTH = "truth"  # what a simulated shop really was like; no reader of extracts looks there
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Progress = Callable[[str, float], None]
"""Told what is being done, and which share of the work (0 to 1) is done."""


@contextmanager
def new_source(out: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a folder to write into; it takes the place of `out` only if nothing goes wrong.

    A process that is killed leaves `.<name>.unfinished-*` beside `out`, and `out` as it was.

    Parameters
    ----------
    out : Path
        Where the extracts are to be. Parents are made.
    replace : bool, default=False
        Whether an earlier output may be there. It is removed once the new one is complete.

    Yields
    ------
    Path
        An empty folder beside `out`.

    Raises
    ------
    PersonaPulseError
        If `out` is a file, or holds anything that is not to be replaced, or cannot be written.
    """
    target = out.expanduser().resolve()
    _refuse_to_lose_anything(target, replace=replace)
    unfinished = target.with_name(f".{target.name}.unfinished-{uuid.uuid4().hex[:8]}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        _put_in_place(unfinished, target)
    except OSError as error:
        raise PersonaPulseError(f"{error.filename or target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _refuse_to_lose_anything(target: Path, *, replace: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise PersonaPulseError(f"{target} is a file. Name a folder with --out.")
    names = sorted(entry.name for entry in target.iterdir())
    if not names:
        return
    foreign = [name for name in names if name not in {SETTINGS, TRUTH} and not _DAY.fullmatch(name)]
    if SETTINGS not in names or foreign:
        found = foreign[0] if foreign else f"no {SETTINGS}"
        raise PersonaPulseError(
            f"{target} is not empty and not an earlier output of this command (found {found}). "
            "Name another folder with --out."
        )
    if not replace:
        raise PersonaPulseError(
            f"{target} holds extracts already. Name another folder, or replace them with --replace."
        )


def _put_in_place(unfinished: Path, target: Path) -> None:
    if not target.exists():
        unfinished.rename(target)
        return
    before = unfinished.with_name(unfinished.name.replace("unfinished", "replaced"))
    target.rename(before)
    unfinished.rename(target)
    shutil.rmtree(before)


class DayFolders:
    """Writes `<root>/<YYYY-MM-DD>/<name>.csv`: UTF-8, comma, header, lines ending with a line feed.

    Parameters
    ----------
    root : Path
        An existing folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._headers: dict[str, str] = {}

    def declare(self, name: str, header: str) -> None:
        """Say that a file is delivered every day, and its header line (without line end)."""
        self._headers[name] = header

    def append(self, name: str, rows: Mapping[str, str]) -> None:
        """Add rows to a declared file.

        Parameters
        ----------
        name : str
            The file, such as `orders`.
        rows : mapping of str to str
            Whole lines with their line ends, by day (`YYYY-MM-DD`). A day that is new gets its folder and header.
        """
        for day, text in rows.items():
            path = self.root / day / f"{name}.csv"
            if not path.exists():
                path.parent.mkdir(exist_ok=True)
                text = f"{self._headers[name]}\n{text}"  # noqa: PLW2901 -- a new file begins with its header
            with path.open("a", encoding="utf-8", newline="") as stream:
                stream.write(text)

    def add_table(self, name: str, table: pd.DataFrame, days: "pd.Series[str]") -> None:
        """Declare a file and write its rows, each into its day's folder, in the table's order.

        Parameters
        ----------
        name : str
            The file, such as `orders`.
        table : pandas.DataFrame
            Its columns. Values are written as they are, so pass money as text or integers; missing values are empty.
        days : pandas.Series of str
            The day (`YYYY-MM-DD`) of each row, with the table's index.
        """
        self.declare(name, ",".join(table.columns))
        self.append(name, rows_by_day(table, days))

    def complete(self, first: datetime.date, last: datetime.date) -> int:
        """Give every day from first to last (both included) every declared file; return the number of days.

        A file without rows on a day has its header only, so that nobody takes a quiet day for a missing delivery.
        """
        days = (last - first).days + 1
        for place in range(days):
            day = (first + datetime.timedelta(days=place)).isoformat()
            for name in self._headers:
                if not (self.root / day / f"{name}.csv").exists():
                    self.append(name, {day: ""})
        return days


def rows_by_day(table: pd.DataFrame, days: "pd.Series[str]") -> dict[str, str]:
    """Write a table's rows as CSV lines (no header), together by day; order within a day is kept."""
    return {
        str(day): rows.to_csv(index=False, header=False, lineterminator="\n")
        for day, rows in table.groupby(days, sort=True)
    }

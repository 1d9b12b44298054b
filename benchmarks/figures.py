"""What was measured, as a table for people, for a page and for a program."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Parameters
    ----------
    what : str
        What was done.
    value : float
        What it took.
    unit : str
        Of the value: `s` or `MiB`.
    ratio : float, optional
        The value by that of the line it is compared with.
    compared_with : str
        That line, in a few words.
    limit : float, optional
        What the ratio, or without one the value, must not exceed.
    note : str
        Rows per second, parts of the value.
    """

    what: str
    value: float
    unit: str = "s"
    ratio: float | None = None
    compared_with: str = ""
    limit: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`yes` or `no` where there is a limit."""
        if self.limit is None:
            return ""
        return "yes" if (self.value if self.ratio is None else self.ratio) <= self.limit else "no"

    def cells(self) -> tuple[str, ...]:
        """Texts of the line, in the order of `HEADER`."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} x {self.compared_with}"
        unit = "x" if self.ratio is not None else self.unit
        limit = "" if self.limit is None else f"{self.limit:g} {unit}"
        digits = 0 if self.unit == "MiB" else 2 if self.value >= 1 else 3
        return self.what, f"{self.value:.{digits}f} {self.unit}", ratio, limit, self.verdict, self.note


HEADER = ("what", "took", "ratio", "at most", "kept", "of which")


def machine() -> str:
    """Describe what it was measured on."""
    memory = psutil.virtual_memory().total / (1 << 30)
    python = platform.python_version()
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()}, Python {python}"


def as_table(figures: Sequence[Figure]) -> Table:
    """Lay the figures out for a terminal."""
    table = Table(*HEADER, title=machine())
    for figure in figures:
        table.add_row(*figure.cells(), style={"no": "bold red"}.get(figure.verdict))
    return table


def as_markdown(figures: Sequence[Figure]) -> str:
    """Lay the figures out for a page."""
    lines = [HEADER, tuple("---" for _ in HEADER), *(figure.cells() for figure in figures)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def write_json(figures: Sequence[Figure], file: Path) -> None:
    """Write the figures for a program."""
    content = {"machine": machine(), "figures": [asdict(figure) | {"kept": figure.verdict} for figure in figures]}
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

"""A progress bar for commands that take longer than a breath."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from personapulse.day_folders import Progress as Told


@contextmanager
def progress_bar() -> Iterator[Told]:
    """Show a bar on standard error, so that standard output stays the summary alone.

    Yields
    ------
    callable
        Takes what is being done and which share of all work (0 to 1) is done.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)

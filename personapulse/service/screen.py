"""What a person sees of `up`: steps with their seconds, a progress bar, a summary."""

import datetime
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from personapulse.service.airflow import CHAIN
from personapulse.service.days import Days, Failure

TABLE_DAYS = 20  # of a longer range the summary shows the last ones, and those that failed
COLOURS = {"success": "green", "failed": "red"}


class Screen:
    """Writes to the terminal; without one (a log, a pipe) plain lines that stay readable.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to write; standard output without it.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self.started = time.monotonic()

    def say(self, text: str) -> None:
        """Write a line."""
        self.console.print(text, markup=False)

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        """Show a step while it runs; tick it with its seconds when it is done, cross it if it raises."""
        step = Step()
        begin = time.monotonic()
        try:
            with self.console.status(f"{title} ..."):
                yield step
        except BaseException:
            self._tick("[red]✗[/]", title, begin, step.note)
            raise
        self._tick("[green]✓[/]", title, begin, step.note)

    def _tick(self, mark: str, title: str, begin: float, note: str) -> None:
        seconds = f"{time.monotonic() - begin:6.1f} s"
        self.console.print(f"{mark} {title:<44} {seconds}  [dim]{note}[/]".rstrip())

    def summary(self, days: Days, done_before: Sequence[datetime.date], rows: Mapping[datetime.date, int]) -> None:
        """Show what became of each wanted day."""
        table = Table(title="Days", title_justify="left", title_style="bold")
        for name in ("day", "dag", "state"):
            table.add_column(name)
        table.add_column("seconds", justify="right")
        table.add_column("rows taken in", justify="right")
        shown = [day for day in days.days if day in days.days[-TABLE_DAYS:] or not days.is_green(day)]
        for day in shown:
            for dag in CHAIN:
                run = days.run(dag, day)
                state = run.state if run and run.state else "not run"
                text = f"[{COLOURS.get(state, 'yellow')}]{state}[/]" + (" (before)" if day in done_before else "")
                seconds = f"{run.seconds:.1f}" if run and run.seconds is not None else ""
                count = f"{rows[day]:,}" if dag == CHAIN[0] and day in rows else ""
                table.add_row(str(day) if dag == CHAIN[0] else "", dag, text, seconds, count)
        self.console.print(table)
        if left_out := len(days.days) - len(shown):
            self.say(f"... and {left_out} earlier days, all green.")

    def failures(self, failures: Sequence[Failure]) -> None:
        """Show each failed task with its reason and its log."""
        for failure in failures:
            where = " ".join(part for part in (failure.run.day, failure.run.dag, failure.task) if part)
            self.console.print(f"[red]✗ {where}[/]", soft_wrap=True)
            self.say(f"    {failure.reason}")
            if failure.log:
                self.say(f"    log: {failure.log}")

    def elapsed(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self.started


class Step:
    """A step that is running; what is put in `note` is written beside its seconds."""

    note = ""


class DayProgress:
    """A bar over days and dags, with a line for each day that is through.

    Parameters
    ----------
    screen : Screen
        Where it is shown.
    days : Days
        What it shows.
    """

    def __init__(self, screen: Screen, days: Days) -> None:
        self._screen = screen
        self._days = days
        self._told: set[datetime.date] = set()
        self._bar = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=screen.console,
            transient=True,
        )
        self._task: TaskID | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bar while the block runs."""
        self._task = self._bar.add_task("", total=len(self._days.days) * len(CHAIN), completed=self._days.done())
        with self._bar:
            yield

    def skip(self, days: Sequence[datetime.date]) -> None:
        """Write no line for these days."""
        self._told.update(days)

    def update(self, running: Sequence[str]) -> None:
        """Show how far the days are and which tasks run now."""
        for day in self._days.days:
            if day not in self._told and self._days.is_settled(day):
                self._told.add(day)
                self._screen.console.print(self._line(day))
        if self._task is not None:
            self._bar.update(self._task, completed=self._days.done(), description=", ".join(running[:3]))

    def _line(self, day: datetime.date) -> str:
        mark = "[green]✓[/]" if self._days.is_green(day) else "[red]✗[/]"
        parts = []
        for dag in CHAIN:
            run = self._days.run(dag, day)
            parts.append(f"{dag} {f'{run.seconds:.1f} s' if run and run.seconds is not None else '-'}")
        return f"  {mark} {day}  [dim]{'  '.join(parts)}[/]"

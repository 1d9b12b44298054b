"""A metric as `include/metrics.yaml` defines it: what it means, how it is computed, and where marts hold it."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from personapulse.errors import PersonaPulseError
from personapulse.metrics.reading import Reading

UNITS = ("currency", "orders", "customers", "share", "days")


@dataclass(frozen=True)
class Population:
    """The orders, returns or customers a number is made of.

    Parameters
    ----------
    name : str
        As metrics name it.
    grain : str
        One row, such as `paid order`.
    definition : str
        Who or what is counted.
    select : Reading
        The select of its rows.
    """

    name: str
    grain: str
    definition: str
    select: Reading


@dataclass(frozen=True)
class Stored:
    """Where a mart holds a metric: a column of the day's row, or an aggregate over the day's rows.

    Parameters
    ----------
    mart, column : str
        Below the schema `marts`.
    aggregate : str, optional
        `sum`, `avg`, `count`, `min` or `max`; none means that the mart has one row, or `where` picks one.
    where : str, optional
        SQL condition over the mart's columns.
    """

    mart: str
    column: str
    aggregate: str | None = None
    where: str | None = None

    def __str__(self) -> str:
        column = f"marts.{self.mart}.{self.column}"
        value = f"{self.aggregate}({column})" if self.aggregate else column
        return f"{value} where {self.where}" if self.where else value

    @property
    def is_column(self) -> bool:
        """Whether the mart's column is the metric itself, so that its dictionary page explains the metric."""
        return not (self.aggregate or self.where)

    @property
    def is_of_a_persona(self) -> bool:
        """Whether it is the number of one persona, not of everyone."""
        return "%(persona)s" in (self.where or "")

    @property
    def sql(self) -> str:
        """Select the number of a day from the mart."""
        value = f"{self.aggregate}({self.column})" if self.aggregate else self.column
        condition = f" and ({self.where})" if self.where else ""
        return f"select {value} from marts.{self.mart} where as_of_date = %(as_of_date)s::date{condition}"  # noqa: S608


@dataclass(frozen=True)
class Metric:
    """One number: what it means, how it is computed and written, and where marts hold it.

    Parameters
    ----------
    name, label, group : str
        For machines, for people, and the heading it stands under.
    unit : str
        One of `UNITS`; `share` is from 0 to 1, `currency` the shop's.
    format : str
        `integer`, `money`, `percent` or `decimal`.
    digits : int
        Digits behind the point of a percentage or decimal; 0 for the others.
    definition, details : str
        One line for the dictionary pages, and what it leaves open; details may be empty.
    select : Reading
        The select of the number, over `rows` if it has a population.
    population : Population, optional
        None where there are no single rows to show.
    stored : tuple of Stored
        Empty if no mart holds it.
    needs_persona : bool
        Whether there is no number without a persona.
    dax : str, optional
        The same measure in DAX.
    """

    name: str
    label: str
    group: str
    unit: str
    format: str
    digits: int
    definition: str
    details: str
    select: Reading
    population: Population | None
    stored: tuple[Stored, ...]
    needs_persona: bool
    dax: str | None

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every select that is run for the metric."""
        return (self.select, *((self.population.select,) if self.population else ()))

    @property
    def reads_persona(self) -> bool:
        """Whether the selects say themselves what a persona means, so that rows are not narrowed to it."""
        return any("persona" in reading.parameters for reading in self.readings)

    @property
    def reads_settings(self) -> bool:
        """Whether the number depends on windows that the shop sets."""
        asked = {name for reading in self.readings for name in reading.parameters}
        return bool(asked & {"return_window_days", "conversion_days"})

    @property
    def takes_persona(self) -> bool:
        """Whether the metric can be asked of one persona."""
        return self.reads_persona or bool(self.population and "user_id" in self.population.select.columns)

    @property
    def marts(self) -> list[str]:
        """Marts the number is read from: those hold the day as it was built, and cannot be restated by asking."""
        tables = {table for reading in self.readings for table in reading.tables}
        return sorted(table for table in tables if table.startswith("marts."))


@dataclass(frozen=True)
class Catalogue:
    """All of `include/metrics.yaml`, in its order.

    Parameters
    ----------
    words : mapping of str to str
        What the terms mean.
    populations : mapping of str to Population
    metrics : mapping of str to Metric
    """

    words: Mapping[str, str]
    populations: Mapping[str, Population]
    metrics: Mapping[str, Metric]

    def metric(self, name: str) -> Metric:
        """Return a metric by its name.

        Raises
        ------
        PersonaPulseError
            If there is none of the name; the message names those that come close, else all.
        """
        if name in self.metrics:
            return self.metrics[name]
        columns = {stored.column: metric.name for metric in self.metrics.values() for stored in metric.stored}
        labels = {metric.label.lower(): metric.name for metric in self.metrics.values()}
        raise PersonaPulseError(
            f"No metric is called {name!r}. {choices(name, self.metrics, columns | labels)} "
            "`personapulse metric` lists them with their definitions."
        )

    @property
    def groups(self) -> dict[str, list[Metric]]:
        """The metrics by group, in the file's order."""
        found: dict[str, list[Metric]] = {}
        for metric in self.metrics.values():
            found.setdefault(metric.group, []).append(metric)
        return found


def choices(wanted: str, known: Iterable[str], aliases: Mapping[str, str] | None = None) -> str:
    """Say what could have been meant: close matches first, else everything there is."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(wanted.lower(), [*names, *(aliases or {})], n=3, cutoff=0.6)
    meant = list(dict.fromkeys(names.get(match) or (aliases or {})[match] for match in close))
    rest = [name for name in names.values() if name not in meant]
    others = f"{'Others' if meant else 'Known'} are: {', '.join(rest)}." if rest else ""
    return f"Did you mean {' or '.join(meant)}? {others}".rstrip() if meant else others

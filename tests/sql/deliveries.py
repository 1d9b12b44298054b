"""A shop's deliveries as plain values: what each day's files say, and the files themselves."""

import csv
import datetime
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from personapulse.contract import BY_NAME, ORDERS

Row = Mapping[str, str]  # column -> text as delivered; '' is not known
Content = Mapping[str, Sequence[Row]]  # file -> its rows; a file that is not named is not delivered


@dataclass(frozen=True)
class Story:
    """Days of a shop: what each finally says, and what some said before they were delivered again.

    Parameters
    ----------
    time_zone : str
        The shop's.
    days : mapping of date to Content
        What stands in each day's folder in the end, oldest day first.
    drafts : mapping of date to Content
        Other content of some of these days, delivered and loaded before the final one.
    """

    time_zone: str
    days: Mapping[datetime.date, Content]
    drafts: Mapping[datetime.date, Content] = field(default_factory=dict)

    @property
    def first(self) -> datetime.date:
        return next(iter(self.days))

    @property
    def last(self) -> datetime.date:
        return list(self.days)[-1]

    def instant(self, text: str) -> datetime.datetime:
        """Moment a delivered date or time means: without a zone it is the shop's own."""
        moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.time_zone))).astimezone(datetime.UTC)

    def day(self, text: str) -> datetime.date:
        """Shop day of a delivered date or time."""
        return self.instant(text).astimezone(ZoneInfo(self.time_zone)).date()


def write_settings(folder: Path, story: Story) -> None:
    (folder / "source.yaml").write_text(f"name: A story\ntime_zone: {story.time_zone}\n", encoding="utf-8")


def write_day(folder: Path, day: datetime.date, content: Content) -> None:
    """Write one day's files as its folder, in place of what lay there."""
    shutil.rmtree(folder / str(day), ignore_errors=True)
    (folder / str(day)).mkdir()
    for name, rows in content.items():
        with (folder / str(day) / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, _header(name, rows, content), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def _header(name: str, rows: Sequence[Row], content: Content) -> list[str]:
    if rows:
        return list(rows[0])
    is_simple_form = name == ORDERS.name and "order_items" not in content
    return list(ORDERS.columns if is_simple_form else BY_NAME[name].required)

"""When a night's run starts, and which day it is for."""

import datetime
from typing import Any

from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.trigger import CronPartitionTimetable
from pendulum import DateTime, instance


class ShopNights(CronPartitionTimetable):
    """Every night of the shop at a time, for the day that has ended; the partition key is that day, `YYYY-MM-DD`.

    Airflow's own timetable takes the midnight before for the day's beginning. Where clocks are put forward at
    midnight, as in Chile, Cuba and Egypt, there is a day without one: the day before it would get no run, and it two.

    Parameters
    ----------
    timezone : str
        IANA zone in which a shop day runs from midnight to midnight.
    at : str, default="00:00"
        Time of day there, `HH:MM`.
    """

    def __init__(self, timezone: Any, at: str = "00:00") -> None:
        hour, minute = map(int, at.split(":"))
        super().__init__(f"{minute} {hour} * * *", timezone=timezone, run_offset=-1, key_format="%Y-%m-%d")
        self._at = at

    def serialize(self) -> dict[str, Any]:
        """Return what makes it again."""
        return {"timezone": super().serialize()["timezone"], "at": self._at}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "ShopNights":
        """Make it again."""
        return cls(data["timezone"], data.get("at", "00:00"))

    def _get_partition_date(self, *, run_date: DateTime) -> DateTime:
        """Return the first moment of the day that ended when the run starts."""
        ended = instance(run_date).in_timezone(self._timezone).date() - datetime.timedelta(days=1)
        # noon is on every day's clock, and a day begins at its first moment, whatever the clock shows then
        return DateTime.create(ended.year, ended.month, ended.day, 12, tz=self._timezone).start_of("day")


class NightsPlugin(AirflowPlugin):
    """Lets the scheduler make the timetable again from what a dag wrote down."""

    name = "personapulse_nights"
    timetables = [ShopNights]  # noqa: RUF012 - as Airflow reads it

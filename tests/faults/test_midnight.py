"""Midnight comes while thirty days are being filled in: the night goes through as well, and Power BI is refreshed once.

The clock is the real one. The shop lives where midnight comes next, so this takes up to an hour.
"""

import datetime
import re
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from personapulse.service.airflow import CHAIN, GOES_ON
from personapulse.service.api import AirflowApi

from .conftest import House, make_shop, new_house, until

BACKFILL, BEFORE = 30, 36  # days filled in again; days of history before them
AHEAD = 240  # seconds `up` needs before midnight, and some
PATIENCE = 900  # seconds
ZONES = [f"Etc/GMT{offset:+d}" for offset in range(-14, 13)]


def midnight_comes_soon() -> tuple[str, datetime.datetime]:
    """The zone whose midnight is the next that leaves time to start, and that midnight."""
    earliest = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=AHEAD)
    nights = {}
    for zone in ZONES:
        day = earliest.astimezone(ZoneInfo(zone)).date() + datetime.timedelta(1)
        nights[zone] = datetime.datetime.combine(day, datetime.time(), ZoneInfo(zone))
    zone = min(nights, key=lambda zone: nights[zone])
    return zone, nights[zone]


def moved(shop: Path, zone: str, newest: datetime.date) -> Path:
    """Move a shop of arithmetic in time, so that it ends with a day, and to a place."""
    days = sorted(folder for folder in shop.iterdir() if folder.is_dir())
    shift = newest - datetime.date.fromisoformat(days[-1].name)
    for folder in reversed(days):
        for file in folder.iterdir():
            text = re.sub(
                r"\d{4}-\d\d-\d\d", lambda told: str(datetime.date.fromisoformat(told[0]) + shift), file.read_text()
            )
            file.write_text(text)
        folder.rename(shop / str(datetime.date.fromisoformat(folder.name) + shift))
    (shop / "source.yaml").write_text(f"name: Small shop\ntime_zone: {zone}\n")
    return shop


@pytest.fixture
def house() -> Iterator[House]:
    with new_house() as house:
        yield house


def refreshes(house: House) -> int:
    """How often Power BI's double was asked for a refresh."""
    asked = (house.home.airflow / "logs" / "powerbi-double.log").read_text().splitlines()
    return len([request for request in asked if request.startswith("POST")])


def states(api: AirflowApi, dag: str) -> dict[str, str]:
    """State of each day's newest run of a dag."""
    return {run.day: run.state for run in api.runs() if run.dag == dag and run.day}


@pytest.mark.timeout(5400)
def test_a_night_comes_due_in_a_backfill_of_thirty_days(house: House, tmp_path: Path) -> None:
    zone, midnight = midnight_comes_soon()
    today = midnight.date() - datetime.timedelta(1)
    shop = moved(make_shop(tmp_path / "shop", BEFORE + BACKFILL + 1), zone, today)
    (shop / str(today)).rename(tmp_path / "today")
    yesterday = today - datetime.timedelta(1)
    command = house.start("up", "--source", str(shop), "--from", str(yesterday), "--with-powerbi-double")
    command.wait_for("Press Ctrl-C")
    (tmp_path / "today").rename(shop / str(today))
    asked, api = refreshes(house), house.api(command)

    time.sleep(max(0.0, midnight.timestamp() - time.time() - 60))
    first = yesterday - datetime.timedelta(BACKFILL - 1)
    api.backfill(CHAIN[0], first, yesterday, again=True)
    until(lambda: str(today) in states(api, CHAIN[0]), "the night's run", PATIENCE)
    assert api.has_unfinished_backfill_runs(CHAIN[0]), "the backfill ended before midnight"
    days = {str(first + datetime.timedelta(number)) for number in range(BACKFILL + 1)}
    until(lambda: days <= {day for day, state in states(api, CHAIN[-1]).items() if state == "success"}, "all", PATIENCE)
    until(lambda: not api.tasks(state=["queued", "running", "deferred", "scheduled"]), "nothing under way", PATIENCE)

    assert {run.run.split("__")[0] for run in api.runs() if run.dag == CHAIN[0] and run.day == str(today)} == {
        "scheduled"
    }
    through = [dag for dag in CHAIN if dag not in GOES_ON]  # a model refused for want of buyers holds nobody up
    assert {state for dag in through for day, state in states(api, dag).items() if day in days} == {"success"}
    assert refreshes(house) == asked + 1
    api.close()
    assert command.interrupt() == 0

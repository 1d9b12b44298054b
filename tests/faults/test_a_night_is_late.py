"""The day's folder has not come by the deadline: people are told once while the run waits, and it goes on by itself.

The clock is the real one. The shop lives where midnight comes next, so this takes up to an hour.
"""

import datetime
import time
from pathlib import Path

import pytest

from personapulse.service.airflow import CHAIN, WATCH
from tests.e2e.one_day.inbox import Mails

from .conftest import House, make_shop, until
from .test_midnight import PATIENCE, house, midnight_comes_soon, moved, states  # noqa: F401 - house is a fixture

BEFORE = 12  # days of history
DEADLINE = 2  # minutes after midnight


@pytest.mark.timeout(5400)
def test_a_folder_that_is_late_is_told_once_and_still_waited_for(house: House, tmp_path: Path) -> None:  # noqa: F811
    zone, midnight = midnight_comes_soon()
    today = midnight.date() - datetime.timedelta(1)
    shop = moved(make_shop(tmp_path / "shop", BEFORE + 1), zone, today)
    (shop / "source.yaml").write_text(f'name: Small shop\ntime_zone: {zone}\ndeadline: "00:0{DEADLINE}"\n')
    (shop / str(today)).rename(tmp_path / "today")
    yesterday = str(today - datetime.timedelta(1))
    with Mails() as mails:
        set_up = {"AIRFLOW_CONN_SMTP_DEFAULT": mails.connection, "AIRFLOW_VAR_PERSONAPULSE_ALERT_TO": "ada@example.org"}
        command = house.start("up", "--source", str(shop), "--from", yesterday, env=set_up)
        command.wait_for("Press Ctrl-C", PATIENCE)
        api = house.api(command)
        time.sleep(max(0.0, midnight.timestamp() - time.time()))
        until(lambda: states(api, WATCH).get(str(today)) == "failed", "a red watch", PATIENCE)
        assert states(api, CHAIN[0])[str(today)] == "running"
        ((to, mail),) = mails.about("is not published")
        assert to == ["ada@example.org"]
        assert mail["subject"] == f"Small shop: {today} is not published, and it is past 00:0{DEADLINE}"
        text = " ".join(mail.get_body(("html",)).get_content().split())
        assert f"the shop has not delivered it; missing: {shop}/{today}. Its run waits for it." in text
        assert f"They show {yesterday}" in text

        (tmp_path / "today").rename(shop / str(today))
        until(lambda: states(api, CHAIN[-1]).get(str(today)) == "success", "published", PATIENCE)
        (run,) = [run for run in api.runs() if run.dag == WATCH]
        api.clear(run)
        until(lambda: states(api, WATCH)[str(today)] == "success", "a watch that looked anew", PATIENCE)
        assert len(mails.received) == 1
        assert house.query("select day, standing from ops.late_nights") == [(today, "not_delivered")]
        api.close()
        assert command.interrupt() == 0

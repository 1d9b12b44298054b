"""Three days through the real scheduler, twice: audiences of the newest leave, once, to a folder and a receiver.

`make audiences` runs it (three minutes); `make test` does not.
"""

import datetime
import json

from tests.e2e.houses import new_house
from tests.e2e.small_shop import FIRST_DAY, make_shop
from tests.receivers import SECRET, TOKEN, Inbox

PATIENCE = 600  # seconds
DAYS = 8
NEWEST = FIRST_DAY + datetime.timedelta(DAYS - 1)
FIRST = NEWEST - datetime.timedelta(2)


def test_of_a_backfill_only_the_newest_day_leaves_and_only_once(tmp_path):
    shop, folder = make_shop(tmp_path / "shop", DAYS), tmp_path / "out"
    with new_house() as house, Inbox() as inbox:
        around = {
            "AIRFLOW_VAR_PERSONAPULSE_AUDIENCES": str(folder),
            "AIRFLOW_CONN_AUDIENCE_WEBHOOK": json.dumps({"conn_type": "http", "host": inbox.url, "password": SECRET}),
        }
        arguments = ("up", "--once", "--source", str(shop), "--from", str(FIRST), "--to", str(NEWEST))
        for again in ((), ("--rerun",)):
            command = house.start(*arguments, *again, env=around)
            assert command.wait(PATIENCE) == 0, command.output
            assert TOKEN not in command.output
            assert SECRET not in command.output
            sent = [request.headers["x-personapulse-audience"] for request in inbox.received]
            assert sorted(sent) == ["bargain-hunters", "champions", "frequent-returners", "loyalists", "win-back"]
            assert all(request.is_genuine for request in inbox.received)
            assert {file.parent.name for file in folder.rglob("*.csv")} == {str(NEWEST)}
            # nobody is scored: no model can be trained of so few days
            assert sorted(file.stem for file in folder.rglob("*.csv")) == sorted(sent)
            rows = house.query("select as_of_date, state, exported_by, run_id is not null from ops.audience_exports")
            assert rows == [(NEWEST, "exported", "export_audiences", True)] * 10
        logs = [file for file in (house.home.airflow / "logs").rglob("*.log") if file.is_file()]
        assert any("already exported" in file.read_text(errors="replace") for file in logs)
        told = {file.name for file in logs for secret in (TOKEN, SECRET) if secret in file.read_text(errors="replace")}
        assert told == set()

"""Lineage of two days: which task read and wrote what, as OpenLineage events in a file.

Here and not among the tests of every day: each task sends its events from a process of its own, half a second each.
"""

import collections
import json
from pathlib import Path

from tests.e2e.one_day.test_secrets import told_in

from .conftest import FIRST_DAY, datetime, make_shop, new_house
from .test_midnight import PATIENCE

DAYS = 6


def test_lineage_names_the_tables_and_files_of_each_task_from_start_to_end(tmp_path: Path) -> None:
    shop, file = make_shop(tmp_path / "shop", DAYS), tmp_path / "events.jsonl"
    day = FIRST_DAY + datetime.timedelta(DAYS - 1)
    transport = {"type": "file", "log_file_path": str(file), "append": True}
    told = {"AIRFLOW__OPENLINEAGE__NAMESPACE": "shop", "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport)}
    with new_house() as house:
        command = house.start("up", "--once", "--source", str(shop), "--from", str(day), env=told)
        assert command.wait(PATIENCE) == 0, command.output
        keys = json.loads((house.home.root / "keys.json").read_text())
    kinds, reads, writes = (collections.defaultdict[str, set[str]](set) for _ in range(3))
    for line in file.read_text().splitlines():
        event = json.loads(line)
        assert event["job"]["namespace"] == "shop"
        job = event["job"]["name"]
        kinds[job].add(event["eventType"])
        reads[job] |= {data["name"] for data in event.get("inputs", ())}
        writes[job] |= {data["name"] for data in event.get("outputs", ())}
    for job in ("ingest_shop_data", "build_segments", "ingest_shop_data.merge_core", "publish_dashboards.write_report"):
        assert kinds[job] == {"START", "COMPLETE"}, job
    assert f"{shop}/{day}" in reads["ingest_shop_data.stage_extract"]
    assert "personapulse.core.order_facts" in writes["ingest_shop_data.merge_core"]
    assert "personapulse.core.user_states" in reads["build_segments.build_sales"]
    assert {"personapulse.marts.rfm", "personapulse.marts.ltv"} <= writes["build_segments.build_sales"]
    assert "personapulse.marts.personas" in reads["publish_dashboards.write_report"]
    assert "personapulse.ops.dashboards" in writes["publish_dashboards.write_report"]
    assert told_in([file], keys) == set()

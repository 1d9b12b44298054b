"""One refresh of Power BI as the triggerer runs it: the real trigger, hook and sign-in."""

import asyncio
import datetime
import time

from airflow.providers.microsoft.azure.hooks.powerbi import PowerBIHook

from personapulse.powerbi_service.double import DATASET, WORKSPACE
from personapulse_airflow.refresh import RefreshTrigger

MINUTE, HOUR = 60, 3600
TABLES = {"type": "full", "commitMode": "transactional", "applyRefreshPolicy": True, "objects": [{"table": "Months"}]}


def trigger(seconds=20.0, **changed):
    arguments = {
        "conn_id": "powerbi_default",
        "group_id": WORKSPACE,
        "dataset_id": DATASET,
        "check_interval": 0.05,
        "since": datetime.datetime.now(datetime.UTC).isoformat(),
        "deadline": time.time() + seconds,
        "daily_limit": 8,
    }
    return RefreshTrigger(**(arguments | changed))


def outcome(asked, at_most=30.0, meanwhile=None):
    """Run a trigger to its end, the way the triggerer does; return what it tells the task."""

    async def first():
        beside = [asyncio.create_task(meanwhile())] if meanwhile else []
        try:
            return (await asyncio.wait_for(anext(asked.run()), at_most)).payload
        finally:
            await asyncio.gather(*beside)
            await PowerBIHook().close()

    return asyncio.run(first())


async def begun(power_bi):
    """Wait until a refresh is running; return its id."""
    while not power_bi.refreshes:
        await asyncio.sleep(0.02)
    return power_bi.refreshes[0].request_id

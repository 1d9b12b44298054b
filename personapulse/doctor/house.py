"""The house on this machine: its disk, its Airflow, and whom that would tell and refresh."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from typing import Any

import psutil
import psycopg

from personapulse.doctor.findings import Finding
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.service.airflow import COMPONENTS, DAGS
from personapulse.service.api import AirflowApi
from personapulse.service.environment import LOGIN, Credentials
from personapulse.service.leftovers import process_record
from personapulse.service.lock import HomeLock
from personapulse.service.processes import Processes

GIB = 2**30
MAIL, APPRISE, ALERT_TO = (
    "AIRFLOW_CONN_SMTP_DEFAULT",
    "AIRFLOW_CONN_APPRISE_DEFAULT",
    "AIRFLOW_VAR_PERSONAPULSE_ALERT_TO",
)
POWER_BI, POWER_BI_MODEL = "AIRFLOW_CONN_POWERBI_DEFAULT", "AIRFLOW_VAR_PERSONAPULSE_POWERBI"


def look_at_house(connection: psycopg.Connection[Any], home: Home) -> Iterator[Finding]:
    """Look at this machine's part of the house; Airflow is asked through its API, and only while it runs."""
    yield _disk(connection, home)
    lock = HomeLock(home)
    is_running = not lock.try_lock()
    address = lock.holder().address if is_running else ""
    lock.unlock()
    yield (
        _airflow(home, address)
        if address
        else Finding("Airflow", "ok", "starting" if is_running else "not running; personapulse up starts it")
    )
    told = environment_of(home)
    yield _alerts(told)
    yield _power_bi(told)


def environment_of(home: Home) -> Mapping[str, str]:
    """Return what the running Airflow was told, or, while none runs, what one started from here would be."""
    for process in (one for session in Processes(process_record(home)).leftovers() for one in session.members()):
        with suppress(psutil.Error):
            told = process.environ()
            if "AIRFLOW_HOME" in told:  # programs that rename themselves write over what they were told
                return told
    return os.environ


def _disk(connection: psycopg.Connection[Any], home: Home) -> Finding:
    free = shutil.disk_usage(home.root).free
    (size,) = connection.execute("select pg_database_size(current_database())").fetchone() or (0,)
    found = f"{free / GIB:.1f} GiB free, the warehouse takes {size / GIB:.1f}"
    means = "Without room nothing is loaded: a night stops with 'No space left on device'."
    do = f"Make room on the disk of {home.root}; logs are in airflow/logs. personapulse maintain gives room back."
    if free < max(GIB // 2, size // 20):
        return Finding("disk", "fail", found, means, do)
    if free < max(2 * GIB, size // 4):
        return Finding("disk", "warn", found, means, do)
    return Finding("disk", "ok", found)


def _airflow(home: Home, address: str) -> Finding:
    logs = f"Logs: {home.airflow / 'logs'}. Start it again: personapulse down, then personapulse up"
    with closing(AirflowApi(address, LOGIN, Credentials.of(home).password)) as api:
        health = api.health()
        if sick := [name for name in COMPONENTS if health.get(name) != "healthy"]:
            return Finding("Airflow", "fail", f"at {address} is not healthy: {', '.join(sick)}", "No night runs.", logs)
        try:
            errors, missing = api.import_errors(), sorted(set(DAGS) - api.dags())
            paused = api.paused() & set(DAGS)
        except PersonaPulseError as error:
            return Finding("Airflow", "fail", str(error), "Nobody can say what it does.", logs)
    if errors:
        said = errors[0].strip().splitlines()
        means = "That dag does not run."
        return Finding("Airflow", "fail", f"cannot read a dag: {said[0]} ... {said[-1]}", means, "Mend the file.")
    if missing:
        return Finding("Airflow", "fail", f"lacks dags: {', '.join(missing)}", "They do not run.", logs)
    if paused:
        do = f"Unpause: {address}/dags"
        return Finding("Airflow", "warn", f"paused: {', '.join(sorted(paused))}", "They do not run by themselves.", do)
    return Finding("Airflow", "ok", f"at {address}, healthy; {len(DAGS)} dags read")


def _alerts(told: Mapping[str, str]) -> Finding:
    channels = []
    if told.get(MAIL):
        if not told.get(ALERT_TO):
            do = "AIRFLOW_VAR_PERSONAPULSE_ALERT_TO='ada@example.org' personapulse up"
            return Finding("alerts", "warn", f"{MAIL} is set and {ALERT_TO} is not", "No mail is sent.", do)
        channels.append(f"mail to {told[ALERT_TO]}")
    if told.get(APPRISE):
        channels.append("Apprise")
    if channels:
        return Finding("alerts", "ok", f"go out by {' and '.join(channels)}")
    return Finding(
        "alerts",
        "warn",
        "no channel is set in the environment",
        "Unless Airflow's own connections have one, nobody is told when a night fails.",
        f"Start personapulse up with {MAIL} or {APPRISE} (docs/runbook.md#train_intent_model)",
    )


def _power_bi(told: Mapping[str, str]) -> Finding:
    has = [name for name in (POWER_BI, POWER_BI_MODEL) if told.get(name)]
    if len(has) == 1:
        (lacks,) = {POWER_BI, POWER_BI_MODEL} - set(has)
        means = "The refresh is skipped every night."
        return Finding("Power BI", "warn", f"{has[0]} is set and {lacks} is not", means, "docs/powerbi.md")
    return Finding("Power BI", "ok", "is refreshed every night" if has else "not set up; its refresh is skipped")

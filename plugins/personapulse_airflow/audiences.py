"""Audiences in Airflow: whose turn it is to be exported, and where to."""

import datetime
import logging

from airflow.sdk import Connection, Variable
from airflow.sdk.exceptions import AirflowSkipException

from personapulse.audiences import Folder, load_audiences
from personapulse.audiences.books import Who
from personapulse.audiences.exports import Outcome, SetUp, export
from personapulse.audiences.receivers import Receiver
from personapulse.audiences.webhook import Patience
from personapulse.errors import PersonaPulseError, UnreachableError
from personapulse_airflow import shared
from personapulse_airflow.turn import WaitForNewestDay, newest_day

log = logging.getLogger(__name__)

VARIABLE = "personapulse_audiences"  # the house's own folder for audiences: a path or any fsspec URL
WAIT_MINUTES = 30.0
PATIENCE = Patience()


class WaitToExport(WaitForNewestDay):
    """Lets the newest day through, once no newer one is on its way; skips all while no destination is set up."""

    does = "exports audiences"

    def wait_minutes(self) -> float:
        """Say how long a day waits for newer ones; skip if there is nowhere to export to."""
        if not is_any_set_up():
            raise AirflowSkipException(
                f"No destination of an audience is set up (the Variable {VARIABLE}, or the connection of a webhook), "
                "so nothing is exported. docs/audiences.md"
            )
        return WAIT_MINUTES


def is_any_set_up() -> bool:
    """Whether some audience has somewhere to go."""
    audiences = load_audiences().by_name.values()
    destinations = {destination for audience in audiences for destination in audience.destinations}
    return any(
        bool(destination.url or house_folder())
        if isinstance(destination, Folder)
        else shared.is_set_up(destination.connection)
        for destination in destinations
    )


def house_folder() -> str | None:
    """Return the folder in the Airflow Variable `personapulse_audiences`; None without one."""
    return str(Variable.get(VARIABLE, default="")).strip() or None


def receiver(connection: str) -> Receiver | None:
    """Return the receiver an Airflow connection names; None if there is no such connection.

    Its host is the whole address (`https://crm.example.com/hooks/7`), or a host with the connection's schema, port and
    an extra `endpoint`; its password is the secret.
    """
    if not shared.is_set_up(connection):
        return None
    known = Connection.get(connection)
    url = known.host or ""
    if "://" not in url:
        port = f":{known.port}" if known.port else ""
        endpoint = str(known.extra_dejson.get("endpoint", "")).lstrip("/")
        url = f"{known.schema or 'https'}://{url}{port}/{endpoint}"
    return Receiver(connection, url, known.password or "")


def export_all(day: datetime.date, run_id: str | None) -> None:
    """Export every audience of a day; one that fails keeps none of the others from it.

    Raises
    ------
    AirflowSkipException
        If a newer day is in core.
    UnreachableError
        If a destination was out of reach or busy; the task is tried again, and sends only what was not sent.
    PersonaPulseError
        If all that failed must be mended by a person; the message names each.
    """
    if (newest := newest_day()) > day:
        raise AirflowSkipException(f"{newest} is in core and newer than {day}: its own run exports audiences.")
    audiences = load_audiences()
    set_up = SetUp(house_folder(), receiver, PATIENCE)
    who = Who("export_audiences", run_id)
    failed: list[Outcome] = []
    # as the administrator: modelers may not write the books of exports
    with shared.warehouse(shared.ADMIN) as connection:
        for audience in audiences.by_name.values():
            for outcome in export(connection, audiences, audience, day, set_up=set_up, who=who):
                log.log(logging.ERROR if outcome.state == "failed" else logging.INFO, "%s", outcome.told)
                failed += [outcome] if outcome.state == "failed" else []
    if failed:
        told = "Not everything was exported. " + " ".join(outcome.told for outcome in failed)
        raise UnreachableError(told) if any(outcome.may_pass for outcome in failed) else PersonaPulseError(told)

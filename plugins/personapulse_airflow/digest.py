"""Mailing the weekly digest, to who asked for it."""

import datetime
import logging
import tempfile
from pathlib import Path

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowSkipException

from personapulse.dashboard import digest, store
from personapulse.errors import PersonaPulseError
from personapulse_airflow import alerts, shared
from personapulse_airflow.publishing import day_in_front

log = logging.getLogger(__name__)

DIGEST_TO, DIGEST_DAY = "personapulse_digest_to", "personapulse_digest_day"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def send(day: datetime.date, folder: Path) -> None:
    """Send the digest of the week that ends with the day.

    Raises
    ------
    AirflowSkipException
        If nobody asked for it, no week ends with the day, or a newer day is in front.
    PersonaPulseError
        If the weekday set is none.
    """
    to = alerts.addresses(Variable.get(DIGEST_TO, default=""))
    if reason := why_not(day, to, Variable.get(DIGEST_DAY, default="sunday"), day_in_front(folder)):
        raise AirflowSkipException(reason)
    if not shared.is_set_up(alerts.MAIL):
        raise AirflowSkipException(f"No connection {alerts.MAIL}, so no mail is sent.")
    with shared.warehouse() as connection:
        document = store.kept(connection, day)
    if not document:
        raise PersonaPulseError(f"The dashboard of {day} is not kept. Clear write_report of this run.")
    name = document.read()["shop"]["name"]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"digest-{day}.pdf"
        file.write_bytes(digest.write_digest(document))
        SmtpNotifier(
            to=to,
            subject=f"{name}: the week that ended on {day}",
            html_content=digest.as_html(document, shared.dashboard_url(day)),
            files=[str(file)],
            smtp_conn_id=alerts.MAIL,
        ).notify({})
    log.info("Sent to %d addresses.", len(to))


def why_not(day: datetime.date, to: list[str], weekday: str, in_front: datetime.date | None) -> str:
    """Say why no digest is sent on a day; empty if one is."""
    if weekday.strip().lower() not in WEEKDAYS:
        raise PersonaPulseError(f"The Variable {DIGEST_DAY} must be one of {', '.join(WEEKDAYS)}, got {weekday!r}.")
    if not to:
        return f"The Variable {DIGEST_TO} names no address, so no digest is sent."
    if WEEKDAYS[day.weekday()] != weekday.strip().lower():
        return f"{day} is no {weekday.strip().capitalize()}: no week ends with it."
    if in_front and in_front > day:
        return f"{in_front} is in front, which is newer than {day}: its week is told."
    return ""

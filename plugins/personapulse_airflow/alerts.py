"""Alerts: one message by mail and to whatever Apprise knows (Slack, Teams, ...), where set up; always a log line.

Called by tasks that fail (`on_failure_callback`). Mail goes through the Airflow connection `smtp_default` to the
addresses in the Variable `personapulse_alert_to`, everything else through the connection `apprise_default`.
"""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.apprise.notifications.apprise import AppriseNotifier
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import Variable, conf

from personapulse_airflow import shared

if TYPE_CHECKING:
    from personapulse.messages import Message

log = logging.getLogger(__name__)

MAIL = "smtp_default"
APPRISE = "apprise_default"
ALERT_TO = "personapulse_alert_to"


def gate_refused(context: Any) -> None:
    """Tell that the gate refused the model the run has trained."""
    from personapulse.intent import candidates, messages  # noqa: PLC0415 - loads the chart libraries

    version = context["ti"].xcom_pull(task_ids="train_and_judge")
    with shared.warehouse() as connection:
        decision = candidates.of_version(connection, version).decision
    with tempfile.TemporaryDirectory() as folder:
        send(messages.refused(decision, shared.source().settings.name, run_url(context), Path(folder)), context)


def fell_below_floor(context: Any) -> None:
    """Tell that what was served fell below the gate's floor."""
    from personapulse.intent import messages, watching  # noqa: PLC0415 - loads the chart libraries

    day, settings = shared.day_of(context["partition_key"]), shared.source().settings
    with shared.warehouse() as connection:
        found = watching.measure(connection, day, settings)
    if isinstance(found, watching.Watched) and found.complaints:
        send(messages.below_floor(found.complaints, found.metrics, settings.name, run_url(context)), context)


def power_bi_is_stale(context: Any, reason: str = "") -> None:
    """Tell that the Power BI report was not refreshed, and why: the task's error without a reason."""
    from personapulse.powerbi_service import messages  # noqa: PLC0415

    day = shared.day_of(context["partition_key"])
    why = reason or str(context.get("exception") or "The task's log says why.")
    send(messages.stale(day, why, shared.source().settings.name, run_url(context)), context)


def night_is_late(context: Any) -> None:
    """Tell that a day is not published by the deadline, or that nobody can say so; of each day once."""
    from personapulse import nights  # noqa: PLC0415
    from personapulse.nights import late  # noqa: PLC0415

    day, why, settings = shared.day_of(context["partition_key"]), context.get("exception"), shared.source().settings
    by, airflow = shared.deadline() or "", conf.get("api", "base_url")
    if isinstance(why, nights.NightIsLateError):
        with shared.warehouse() as connection:
            if not nights.claim(connection, day, why.standing.state):
                log.info("People have been told already that %s is late.", day)
                return
        send(late.message(why.standing, by, settings.name, airflow), context)
    else:  # the warehouse that keeps the book does not answer, so it cannot be asked whether people were told
        send(late.unknown(day, str(why or "The task's log says why."), by, settings.name), context)


def run_url(context: Any) -> str:
    """Return the address of the task's run in Airflow's pages."""
    ti = context["ti"]
    return f"{conf.get('api', 'base_url').rstrip('/')}/dags/{ti.dag_id}/runs/{ti.run_id}/tasks/{ti.task_id}"


def send(message: "Message", context: Any) -> None:
    """Send a message through every channel that is set up; one that fails is logged and holds up no other."""
    log.error("%s", message.text)
    for channel, deliver in ((MAIL, _mail), (APPRISE, _apprise)):
        if not shared.is_set_up(channel):
            log.warning("No connection %s, so nobody is told that way. docs/runbook.md says how to set it up.", channel)
            continue
        _try(channel, deliver, message, context)


def _try(channel: str, deliver: Callable[["Message", Any], None], message: "Message", context: Any) -> None:
    try:
        deliver(message, context)
        log.info("Sent through %s: %s", channel, message.subject)
    except Exception:  # an alert that cannot be sent must not hide what it tells
        log.exception("Could not be sent through %s: %s", channel, message.subject)


def addresses(text: str) -> list[str]:
    """Return the addresses in a list with commas."""
    return [address.strip() for address in text.split(",") if address.strip()]


def _mail(message: "Message", context: Any) -> None:
    to = addresses(Variable.get(ALERT_TO, default=""))
    if not to:
        log.warning("The Variable %s names no address, so no mail is sent.", ALERT_TO)
        return
    SmtpNotifier(
        to=to,
        subject=message.subject,
        html_content=message.html,
        files=[str(file) for file in message.files],
        smtp_conn_id=MAIL,
    ).notify(context)


def _apprise(message: "Message", context: Any) -> None:
    AppriseNotifier(title=message.subject, body=message.text, notify_type="failure", apprise_conn_id=APPRISE).notify(
        context
    )

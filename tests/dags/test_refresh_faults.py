"""What becomes of a refresh however Power BI, its sign-in and the network behave; docs/powerbi.md lists it."""

import asyncio
import contextlib
import datetime
import json
import re
import shlex
import time
from pathlib import Path

import pytest
from airflow.providers.microsoft.azure.hooks.powerbi import PowerBIHook
from refreshing import HOUR, TABLES, begun, outcome, trigger

from personapulse.powerbi_service.double import Fault, Scripted
from personapulse_airflow import refresh
from personapulse_airflow.refresh import RefreshTrigger

ROOT = Path(__file__).parents[2]


def test_throttling_is_honoured_to_the_second(power_bi):
    power_bi.faults.append(Fault("POST", 429, {"Retry-After": "2"}))
    began = time.monotonic()
    assert outcome(trigger())["status"] == "success"
    assert time.monotonic() - began > 2
    assert (power_bi.asked("POST"), len(power_bi.refreshes)) == (2, 1)


def test_throttled_looks_are_honoured_too(power_bi):
    power_bi.faults.append(Fault("GET", 429, {"Retry-After": "1"}))
    began = time.monotonic()
    assert outcome(trigger())["status"] == "success"
    assert time.monotonic() - began > 1


def test_throttled_for_longer_than_there_is_time_is_tried_again_later(power_bi):
    power_bi.faults.append(
        Fault("POST", 429, {"Retry-After": "7200"}, {"error": {"code": "TooMany", "message": "Rest."}})
    )
    event = outcome(trigger())
    assert event["status"] == "away"
    assert "Power BI answered 429: TooMany: Rest." in event["message"]
    assert power_bi.refreshes == []


@pytest.mark.parametrize("status", [None, 500, 503, 504])
def test_an_answer_that_is_lost_does_not_lead_to_a_second_refresh(power_bi, status):
    power_bi.faults.append(Fault("POST", status, takes_effect=True))
    assert outcome(trigger())["status"] == "success"
    assert (power_bi.asked("POST"), len(power_bi.refreshes)) == (1, 1)


@pytest.mark.parametrize("status", [None, 503])
def test_a_request_that_was_lost_is_sent_again_after_a_look(power_bi, status):
    power_bi.faults.append(Fault("POST", status))
    assert outcome(trigger())["status"] == "success"
    asked = [method for method, _ in power_bi.requests if method in {"GET", "POST"}]
    assert asked[:4] == ["GET", "POST", "GET", "POST"]
    assert len(power_bi.refreshes) == 1


def test_dropped_connections_while_it_runs_change_nothing(power_bi):
    power_bi.script.append(Scripted(seconds=1))
    for _ in range(3):
        power_bi.faults.append(Fault("GET"))
    assert outcome(trigger())["status"] == "success"
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


def test_without_any_answer_airflow_tries_again_later_and_nothing_is_cancelled(power_bi):
    power_bi.faults += [Fault("GET")] * 50
    event = outcome(trigger())
    assert event["status"] == "away"
    assert "Power BI did not answer" in event["message"]
    assert (power_bi.asked("GET"), power_bi.asked("POST"), power_bi.asked("DELETE")) == (refresh.TRIES, 0, 0)


def test_the_next_try_takes_up_the_refresh_it_lost_sight_of(power_bi):
    since = datetime.datetime.now(datetime.UTC).isoformat()
    power_bi.script.append(Scripted(seconds=1))
    first = trigger(since=since)
    first._follow = lost
    assert outcome(first)["status"] == "away"
    event = outcome(trigger(since=since))
    assert (event["status"], event["dataset_refresh_id"]) == ("success", power_bi.refreshes[0].request_id)
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


async def lost(calls, request_id):
    from personapulse_airflow.powerbi_calls import AwayError  # noqa: PLC0415

    raise AwayError("Power BI did not answer")


def test_a_restarted_triggerer_goes_on_with_the_refresh_that_runs(power_bi):
    power_bi.script.append(Scripted(seconds=2))
    asked = trigger()
    with contextlib.suppress(TimeoutError):
        outcome(asked, at_most=1)  # killed
    assert len(power_bi.refreshes) == 1
    _, arguments = asked.serialize()
    assert outcome(RefreshTrigger(**arguments))["status"] == "success"
    assert (power_bi.asked("POST"), power_bi.asked("DELETE")) == (1, 0)


def test_an_expired_token_is_renewed(double, power_bi):
    power_bi.script.append(Scripted(seconds=0.5))

    async def expire():
        await begun(power_bi)
        double.forget_tokens()

    assert outcome(trigger(), meanwhile=expire)["status"] == "success"
    assert (power_bi.asked("TOKEN"), power_bi.asked("POST"), power_bi.asked("DELETE")) == (2, 1, 0)


def test_a_wrong_secret_is_told_in_the_sign_ins_words(double, power_bi, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection(password="old"))
    event = outcome(trigger())
    assert event["status"] == "error"
    assert "AADSTS7000215: Invalid client secret provided." in event["message"]
    assert power_bi.asked("POST") == 0


def test_a_secret_mended_meanwhile_is_taken_without_a_restart(double, power_bi, monkeypatch):
    async def both():
        monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection(password="old"))
        first = (await anext(trigger().run())).payload
        monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection())
        second = (await anext(trigger().run())).payload
        await PowerBIHook().close()
        return first["status"], second["status"]

    assert asyncio.run(both()) == ("error", "success")


def test_a_sign_in_that_is_away_is_tried_again(power_bi):
    power_bi.faults.append(Fault("TOKEN", 503))
    assert outcome(trigger())["status"] == "success"


def test_a_connection_without_tenant_says_so(double, monkeypatch):
    extra = json.loads(double.connection())["extra"]
    del extra["tenant_id"]
    monkeypatch.setenv("AIRFLOW_CONN_POWERBI_DEFAULT", double.connection(extra=extra))
    event = outcome(trigger())
    assert event["status"] == "error"
    assert "The connection cannot be used" in event["message"]
    assert "tenant" in event["message"]


def test_missing_rights_are_told_in_power_bis_words(power_bi):
    body = {"error": {"code": "PowerBINotAuthorizedException", "message": "No rights."}}
    power_bi.faults += [Fault("POST", 403, body=body)] * 2
    event = outcome(trigger())
    assert event["status"] == "error"
    assert "Power BI answered 403: PowerBINotAuthorizedException: No rights." in event["message"]


def test_a_model_that_is_not_there_is_told(power_bi):
    event = outcome(trigger(dataset_id="nobody"))
    assert event["status"] == "error"
    assert "Power BI answered 404: ItemNotFound: Dataset is not found" in event["message"]


def test_a_refresh_that_was_accepted_without_a_name_is_found(power_bi):
    power_bi.faults.append(Fault("POST", 202, takes_effect=True))
    event = outcome(trigger())
    assert (event["status"], event["dataset_refresh_id"]) == ("success", power_bi.refreshes[0].request_id)


def test_a_refresh_that_vanishes_is_told(power_bi, monkeypatch):
    monkeypatch.setattr(power_bi, "history", lambda top=None: [])
    event = outcome(trigger(check_interval=0.02))
    assert event["status"] == "error"
    assert "does not list it" in event["message"]


# ---------------------------------------------------------------- the table of docs/powerbi.md


def answers(status, method="POST", times=2, **body):
    """Let the service answer so; twice, as the first 401 or 403 leads to a new sign-in."""
    fault = Fault(method, status, body=body or {"error": {"code": "Code", "message": "Its words."}})
    return lambda power_bi: power_bi.faults.extend([fault] * times) or {}


def ends(status, error=None):
    return lambda power_bi: power_bi.script.append(Scripted(status, 0, error)) or {}


def others(number, **plan):
    def happened(power_bi):
        for one in range(number):
            power_bi.remember("Scheduled", ago=2 - one / 8, plan=Scripted(**plan))
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
        return {"seconds": 0.5, "since": soon.isoformat()}

    return happened


NO_CREDENTIALS = {"errorCode": "ModelRefreshFailed_CredentialsNotSpecified", "errorDescription": "None given."}
RESTED = Fault("POST", 429, {"Retry-After": "1"})
FAULTS = {
    "answers 401": answers(401),
    "answers 403": answers(403),
    "answers 404: workspace or model is not there": lambda power_bi: {"dataset_id": "nobody"},
    "answers 400": lambda power_bi: {"request_body": TABLES, "daily_limit": None},
    "answers 429, `Retry-After` of seconds": lambda power_bi: power_bi.faults.append(RESTED) or {},
    "answers 429 on and on": answers(429, times=50),
    "answers 500 or 503 once": answers(503, times=1),
    "answers 500 or 503 on and on": answers(500, times=50),
    "does not answer, or breaks the connection": answers(None, "GET", times=50),
    "starts the refresh, and its answer is lost": lambda power_bi: (
        power_bi.faults.append(Fault("POST", takes_effect=True)) or {}
    ),
    "takes longer than `timeout_minutes`": lambda power_bi: (
        power_bi.script.append(Scripted(seconds=HOUR)) or {"seconds": 0.5}
    ),
    "is busy with another refresh for as long": others(1, seconds=HOUR),
    "has refreshed 8 times today": others(8, seconds=0),
    "the refresh ends as Failed": ends("Failed", NO_CREDENTIALS),
    "the refresh ends as Cancelled": ends("Cancelled"),
    "the refresh ends as Disabled": ends("Disabled"),
    "the sign-in refuses the secret": answers(401, "TOKEN", error="invalid_client", error_description="AADSTS7: No."),
    "the sign-in is away": answers(503, "TOKEN", times=50),
}  # fmt: skip
SEEN = {"green": "success", "red at once": "error", "tried again": "away", "skipped": "skipped"}


def fault_table():
    """The rows of the table: what happens, how the task looks, the message in its log."""
    text = (ROOT / "docs" / "powerbi.md").read_text().split("## When it fails", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]
    return {what: (looks, message) for what, looks, message, _ in rows[1:]}


def test_the_table_of_faults_is_of_those_that_are_tried():
    assert list(fault_table()) == list(FAULTS)


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_looks_to_the_person_on_duty_as_the_table_says(power_bi, what, caplog):
    looks, message = fault_table()[what]
    caplog.set_level("INFO")
    event = outcome(trigger(**({"seconds": 5} | FAULTS[what](power_bi))))
    assert event["status"] == SEEN[looks], event
    assert power_bi.asked("DELETE") == 0
    assert len([one for one in power_bi.refreshes if one.kind != "Scheduled"]) <= 1
    for words in message.strip("`").split("..."):
        assert words in event["message"], event


def test_what_the_table_says_to_type_airflow_understands():
    from airflow.cli.cli_parser import get_parser  # noqa: PLC0415 - reads all providers

    text = (ROOT / "docs" / "powerbi.md").read_text()
    commands = re.findall(r"^airflow (.+)$", text, re.MULTILINE)
    assert len(commands) == 4
    for command in commands:
        get_parser().parse_args(shlex.split(command))  # ends the program if it is wrong

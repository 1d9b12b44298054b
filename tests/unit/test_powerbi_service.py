"""What is read from settings and from Power BI's history, and what people are told."""

import datetime
import json
from datetime import timedelta

import pytest

from personapulse.errors import PersonaPulseError
from personapulse.powerbi_service import messages
from personapulse.powerbi_service.double import PowerBIModel, Scripted
from personapulse.powerbi_service.history import (
    Adopt,
    Start,
    UsedUp,
    WaitFor,
    error_words,
    next_step,
    read_history,
)
from personapulse.powerbi_service.settings import PowerBISettings, read_settings

NOW = datetime.datetime(2026, 3, 2, 1, 0, tzinfo=datetime.UTC)
SINCE = NOW - timedelta(minutes=10)


def row(minutes_ago, status="Completed", kind="Scheduled", number=1):
    started = NOW - timedelta(minutes=minutes_ago)
    return {
        "requestId": f"r{number}",
        "refreshType": kind,
        "status": status,
        "startTime": started.isoformat().replace("+00:00", ".123Z"),
    }


def step(*rows, zone="UTC", limit=8):
    return next_step(read_history(rows), since=SINCE, now=NOW, daily_limit=limit, zone=zone)


def test_an_empty_history_is_in_nobodys_way():
    assert step() == Start()


@pytest.mark.parametrize("status", ["Unknown", "InProgress", "NotStarted"])
def test_one_that_runs_since_before_the_figures_is_waited_for(status):
    assert isinstance(step(row(11, status), row(60)), WaitFor)


@pytest.mark.parametrize("status", ["Unknown", "Completed"])
@pytest.mark.parametrize("kind", ["Scheduled", "OnDemand", "ViaApi"])
def test_one_that_began_after_the_figures_is_enough(status, kind):
    assert isinstance(step(row(9, status, kind)), Adopt)


@pytest.mark.parametrize("kind", ["ViaApi", "ViaEnhancedApi"])
def test_a_failure_of_our_own_is_told_and_not_repeated(kind):
    assert isinstance(step(row(9, "Failed", kind)), Adopt)


@pytest.mark.parametrize("kind", ["Scheduled", "OnDemand"])
def test_a_failure_of_others_is_no_reason_not_to_ask(kind):
    assert step(row(9, "Failed", kind)) == Start()


def test_eight_of_today_are_all_there_are():
    today = [row(20 + number, number=number) for number in range(8)]
    assert step(*today) == UsedUp(8)
    assert step(*today[:7]) == Start()
    assert step(*today, limit=48) == Start()
    assert step(*today, limit=None) == Start()


def test_yesterdays_refreshes_and_those_by_hand_or_enhanced_do_not_count():
    yesterday = [row(61 + number) for number in range(8)]
    by_hand = [row(20 + number, kind=kind) for number, kind in enumerate(["OnDemand", "ViaEnhancedApi"] * 4)]
    assert step(*yesterday, *by_hand) == Start()


def test_the_day_of_the_allowance_is_the_shops():
    # at 01:00 in London it is 10:00 in Tokyo, where these belong to today
    late = [row(61 + number) for number in range(8)]
    assert step(*late, zone="Asia/Tokyo") == UsedUp(8)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (None, ""),
        ("", ""),
        ('{"errorCode":"ModelRefreshFailed_CredentialsNotSpecified"}', "ModelRefreshFailed_CredentialsNotSpecified"),
        ('{"errorCode":"A","errorDescription":"b c"}', "A: b c"),
        ('{"error":{"code":"A","message":"b"}}', "A: b"),
        ('{"odd": 1}', '{"odd": 1}'),
        ("plain words", "plain words"),
    ],
)
def test_power_bis_own_words_are_kept(told, words):
    assert error_words(told) == words


def test_a_row_is_read_as_the_service_writes_it():
    (found,) = read_history(
        [
            {
                "refreshType": "ViaApi",
                "startTime": "2026-03-02T00:59:43.1530000Z",
                "endTime": "2026-03-02T01:00:00Z",
                "status": "Failed",
                "serviceExceptionJson": '{"errorCode":"E"}',
                "requestId": "9399bb89",
            }
        ]
    )
    assert (found.request_id, found.status, found.kind, found.words) == ("9399bb89", "Failed", "ViaApi", "E")
    assert found.started_at == datetime.datetime(2026, 3, 2, 0, 59, 43, 153000, tzinfo=datetime.UTC)


def test_only_the_ids_must_be_given():
    assert read_settings('{"workspace": "w", "dataset": "d"}') == PowerBISettings("w", "d")
    assert PowerBISettings("w", "d").request_body() is None  # shared capacities allow none


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON"),
        ("[]", "is no JSON object"),
        ('{"workspace": "w"}', "lacks 'dataset'"),
        ('{"workspace": "", "dataset": "d"}', "lacks 'workspace'"),
        ('{"workspace": "w", "dataset": "d", "table": []}', "unknown key 'table'; known are workspace"),
        ('{"workspace": "w", "dataset": "d", "tables": "Months"}', "tables: 'Months'; write a list"),
        ('{"workspace": "w", "dataset": "d", "check_seconds": "60"}', "check_seconds: '60', which is no number"),
        ('{"workspace": "w", "dataset": "d", "timeout_minutes": 0}', "timeout_minutes: 0; it must be above 0"),
        ('{"workspace": "w", "dataset": "d", "wait_minutes": true}', "wait_minutes: True, which is no number"),
    ],
)
def test_a_wrong_setting_is_named(text, words):
    with pytest.raises(PersonaPulseError, match="personapulse_powerbi") as raised:
        read_settings(text)
    assert words in str(raised.value)


def test_people_are_told_the_day_the_reason_and_what_to_do():
    message = messages.stale(datetime.date(2026, 3, 1), "It is <Disabled> & off.", "My shop", "http://airflow/run")
    assert message.subject == "My shop: Power BI does not show 2026-03-01 yet"
    assert "It is <Disabled> & off." in message.text
    assert "It is &lt;Disabled&gt; &amp; off." in message.html
    for told in (message.text, message.html):
        assert "http://airflow/run" in told
        assert "docs/runbook.md#publish_dashboards" in told


def test_the_double_refuses_what_the_service_refuses():
    model = PowerBIModel()
    model.script.append(Scripted(seconds=60))
    assert model.start({"type": "full"})[0] == 400  # enhanced, on shared capacity
    assert model.start({"notifyOption": "NoNotification"})[0] == 202
    status, answer, _ = model.start(None)
    assert (status, "already executing" in json.dumps(answer)) == (400, True)


def test_the_double_tells_a_running_refresh_as_unknown_and_a_cancelled_one_as_cancelled():
    model = PowerBIModel()
    model.script.append(Scripted(seconds=60))
    _, _, refresh = model.start(None)
    assert model.history()[0]["status"] == "Unknown"
    assert "endTime" not in model.history()[0]
    assert model.cancel(refresh.request_id) == 200
    assert model.history()[0]["status"] == "Cancelled"
    assert model.cancel(refresh.request_id) == 404

import datetime

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowSkipException

from personapulse.messages import Message
from personapulse_airflow import alerts, intent, shared

NO, YES = "Keep the champion", "Promote anyway"


def test_no_answer_within_three_days_means_no(bag):
    ask = bag.dags["override_intent_gate"].get_task("ask")
    assert (ask.defaults, ask.options, ask.response_timeout) == ([NO], [NO, YES], datetime.timedelta(days=3))


def test_only_a_yes_promotes_with_the_persons_name_and_reason(bag, monkeypatch):
    promoted = []
    monkeypatch.setattr(intent, "override", lambda *told: promoted.append(told))
    task = bag.dags["override_intent_gate"].get_task("promote_anyway")
    answer = {"responded_by_user": {"id": "1", "name": "ada"}, "params_input": {"reason": "a trial"}}
    with pytest.raises(AirflowSkipException):
        task.python_callable(answer | {"chosen_options": [NO]}, params={"model_version": "m1"})
    assert promoted == []
    task.python_callable(answer | {"chosen_options": [YES]}, params={"model_version": "m1"})
    assert promoted == [("m1", "ada", "a trial")]


def test_alerts_hang_on_the_tasks_that_say_no(bag):
    tasks = bag.dags["train_intent_model"].tasks
    told = {task.task_id: task.on_failure_callback for task in tasks if task.on_failure_callback}
    assert {name: [one.__name__ for one in callbacks] for name, callbacks in told.items()} == {
        "gate": ["gate_refused"],
        "watch_served": ["fell_below_floor"],
    }


@pytest.mark.parametrize(
    ("dag", "task"), [("train_intent_model", "announce_model"), ("score_intent", "announce_scores")]
)
def test_the_day_goes_on_whatever_became_of_its_model(bag, dag, task):
    announcing = bag.dags[dag].get_task(task)
    assert announcing.is_teardown
    assert not announcing.on_failure_fail_dagrun


class Set:
    """Connections that are set up."""

    def __init__(self, *names):
        self.names = names

    def get(self, name):
        if name not in self.names:
            raise AirflowNotFoundException(name)


def test_without_settings_an_alert_is_logged_and_nothing_crashes(monkeypatch, caplog):
    caplog.set_level("INFO")  # Airflow's settings say otherwise, once another test has loaded them
    monkeypatch.setattr(shared, "Connection", Set())
    alerts.send(Message("refused", "the whole story", "<p>"), {})
    assert "the whole story" in caplog.text
    assert "No connection smtp_default" in caplog.text
    assert "No connection apprise_default" in caplog.text


def test_a_channel_that_is_away_does_not_hold_up_the_other(monkeypatch, caplog):
    sent = []

    def away(*_):
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(shared, "Connection", Set(alerts.MAIL, alerts.APPRISE))
    monkeypatch.setattr(alerts, "_mail", away)
    monkeypatch.setattr(alerts, "_apprise", lambda message, _: sent.append(message.subject))
    alerts.send(Message("refused", "text", "<p>"), {})
    assert sent == ["refused"]
    assert "Could not be sent through smtp_default" in caplog.text

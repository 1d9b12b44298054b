import datetime

from personapulse.intent import messages
from personapulse.intent.decisions import GateDecision
from personapulse.intent.watching import LiveMetrics

DAY = datetime.date(2026, 5, 31)
RUN = "http://127.0.0.1:8080/dags/train_intent_model/runs/x/tasks/gate"
CRITERIA = [
    {
        "name": "accuracy",
        "passed": False,
        "says": "Accuracy is 0.700; it must be at least 0.89.",
        "why": "The shop's floor.",
    },
    {"name": "slices", "passed": True, "says": "All slices are fine.", "why": "Nobody is left behind."},
]


def decision(champion=None):
    return GateDecision(
        decision_no=1,
        model_version="2026-05-31-abc",
        decided_for=DAY,
        passed=False,
        reasons=[CRITERIA[0]["says"]],
        criteria=CRITERIA,
        measurements={
            "accuracy": {"value": 0.7, "low": 0.65, "high": None},
            "majority": 0.6,
            "pr_auc": {"value": None},
        },
        champion_version=champion,
        decided_at=datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC),
    )


def test_a_refusal_says_what_happened_who_is_affected_and_what_to_type(monkeypatch, tmp_path):
    monkeypatch.setattr(messages.plots, "draw", lambda numbers, folder: {"calibration": folder / "calibration.png"})
    told = messages.refused(decision(), "Maple & Moss", RUN, tmp_path)
    assert told.subject == "Maple & Moss: purchase intent model 2026-05-31-abc was refused"
    assert "1 of 2 criteria do not hold:\n- Accuracy is 0.700; it must be at least 0.89." in told.text
    assert "There is no champion, so customers have no scores." in told.text
    assert "- accuracy: 0.700\n- majority: 0.600\n" in told.text
    assert "- pr auc: not measured" in told.text
    assert 'personapulse model promote 2026-05-31-abc --reason "..."' in told.text
    assert f'<a href="{RUN}">' in told.html
    assert "Maple &amp; Moss" in told.html
    assert "All slices are fine." not in told.html
    assert told.files == (tmp_path / "calibration.png",)


def test_a_refusal_beside_a_champion_says_who_goes_on_serving(monkeypatch, tmp_path):
    monkeypatch.setattr(messages.plots, "draw", lambda numbers, folder: {})
    told = messages.refused(decision("2026-05-24-def"), "Shop", RUN, tmp_path)
    assert "2026-05-24-def goes on scoring customers every night." in told.text


def test_who_is_asked_sees_what_does_not_hold_first():
    asked = messages.question(decision("2026-05-24-def"), "Shop")
    assert "The gate refused model **2026-05-31-abc** of Shop" in asked
    assert asked.index("**does not hold** | Accuracy is 0.700") < asked.index("holds | All slices are fine.")


def test_what_fell_below_the_floor_is_told_by_persona():
    everybody, few = (
        LiveMetrics("2026-05-10-abc", datetime.date(2026, 5, 16), DAY, persona, customers, 9, accuracy=accuracy)
        for persona, customers, accuracy in (("(all)", 400, 0.71234), ("New Customer", 7, None))
    )
    told = messages.below_floor(
        ["Accuracy of what was served is 0.712; the floor is 0.89."], [everybody, few], "Shop", RUN
    )
    assert told.subject == "Shop: purchase intent as served on 2026-05-16 fell below the floor"
    assert "- Accuracy of what was served is 0.712; the floor is 0.89." in told.text
    assert "- (all): 0.712, 400, 9\n- New Customer: too few to say, 7, 9" in told.text
    assert "personapulse model rollback" in told.html

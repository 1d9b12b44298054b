"""A model that finds nothing is refused in a real run: people are told once, and may promote it all the same."""

import html

import nbformat
from houses import PATIENCE
from nbclient import NotebookClient

from personapulse.paths import ROOT
from personapulse.service.airflow import CHAIN, OVERRIDE, ROLLBACK, TRAIN

from .publications import until


def states(api, dag, day):
    """The dag's newest run for a day, or of a dag that knows no days, and what became of its tasks."""
    found = [run for run in api.runs() if run.dag == dag and run.day in {None, str(day)}]
    run = max(found, key=lambda run: run.since)
    tasks = api._all(f"/api/v2/dags/{dag}/dagRuns/{run.run}/taskInstances", "task_instances")
    return run, {task["task_id"]: task["state"] for task in tasks}


def test_a_refused_model_is_red_and_the_day_goes_on(up, api, shop):
    run, tasks = states(api, TRAIN, shop.newest)
    assert run.state == "failed"
    assert (tasks["train_and_judge"], tasks["gate"], tasks["promote"]) == ("success", "failed", "upstream_failed")
    assert (tasks["announce_model"], tasks["ask_for_override"]) == ("success", "success")
    assert states(api, "score_intent", shop.newest)[1]["score"] == "skipped"
    assert states(api, CHAIN[-1], shop.newest)[0].state == "success"
    assert "The gate refused" in up.output


def test_everybody_is_told_once_with_reasons_numbers_and_pictures(house, api, mails, hook):
    ((version, reasons),) = house.query("select model_version, reasons from ml.gate_decisions")
    ((to, mail),) = mails.about(version)
    assert to == ["ada@example.org", "bob@example.org"]
    assert "was refused" in mail["subject"]
    body = html.unescape(mail.get_body(("html",)).get_content())
    assert len(reasons) > 2
    assert [reason for reason in reasons if reason not in body] == []
    assert f"{api.address}/dags/{TRAIN}/runs/" in body
    pictures = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    assert all(picture.startswith(b"\x89PNG") for picture in pictures.values())
    assert sorted(pictures) == ["calibration.png", "confusion.png", "importances.png", "pr_curve.png"]
    (told,) = [message for message in hook.received if version in message["title"]]
    assert reasons[0] in told["message"]


def test_a_person_may_promote_it_anyway_and_their_name_and_reason_are_kept(house, api, shop):
    run, _ = states(api, OVERRIDE, shop.newest)
    until(lambda: states(api, OVERRIDE, shop.newest)[1].get("ask") == "awaiting_input")
    where = f"/api/v2/dags/{OVERRIDE}/dagRuns/{run.run}/taskInstances/ask/-1/hitlDetails"
    question = api._call("GET", where)
    assert "does not hold" in question["body"]
    answer = {"chosen_options": ["Promote anyway"], "params_input": {"reason": "a trial for the sales team"}}
    api._call("PATCH", where, json=answer)
    until(lambda: states(api, OVERRIDE, shop.newest)[0].state == "success")
    ((kind, by, reason, day),) = house.query("select kind, promoted_by, reason, valid_from from ml.promotions")
    assert (kind, by, reason, day) == ("override", "admin", "a trial for the sales team", shop.newest)


def test_a_day_scored_again_has_the_promoted_models_scores(house, api, shop):
    api.trigger_day("score_intent", shop.newest)
    until(lambda: house.query("select 1 from ml.scored_days"))
    ((customers, models),) = house.query("select count(*), count(distinct model_version) from marts.purchase_intent")
    assert models == 1
    assert customers > 100


def test_the_notebook_runs_from_end_to_end(house, up, monkeypatch):
    monkeypatch.setenv("PERSONAPULSE_HOME", str(house.home.root))
    notebook = nbformat.read(ROOT / "notebooks" / "intent_model.ipynb", as_version=4)
    NotebookClient(notebook, timeout=PATIENCE, resources={"metadata": {"path": str(ROOT / "notebooks")}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert [output for output in shown if output.output_type == "error"] == []
    assert sum("image/png" in output.get("data", {}) for output in shown) == 4
    assert any("refused" in output.get("text", "") for output in shown)


def test_going_back_is_refused_where_there_is_nobody_to_go_back_to(api):
    api.trigger(ROLLBACK, {"promoted_by": "ada", "reason": "a try"})
    run = until(lambda: [run for run in api.runs() if run.dag == ROLLBACK and run.state == "failed"])[0]
    (task,) = api.failed_tasks(run)
    assert any("no champion before this one" in str(line) for line in api.log(task))

"""The model card: every number is the measured one, and a refusal is read first."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from intent_shop import fit, honest, small_forests

from personapulse.intent import card, gate, plots
from personapulse.intent.evaluation import Measurements, evaluate

POLICY = gate.load_policy()
VERSION = {"model_version": "2026-05-31-ab12", "trained_for": "2026-05-31", "libraries": {"numpy": "2.4.6"}}


@pytest.fixture(scope="module")
def measured() -> Iterator[Measurements]:
    with small_forests():
        drawn, trained = honest()
        champion = fit(drawn.training, seed=4).model
        yield json.loads(json.dumps(evaluate(trained, drawn.hold_out.assign(views_7d=9.0), champion)))


def test_a_card_begins_with_what_the_gate_said(measured: Measurements) -> None:
    refused = gate.decide(measured, POLICY)
    lines = card.text(VERSION, measured, refused).splitlines()
    assert lines[0] == "# Purchase intent model 2026-05-31-ab12"
    assert lines[2] == "**The gate refused it:**"
    assert lines[4 : 4 + len(refused.reasons)] == [f"* {reason}" for reason in refused.reasons]
    passed = card.text(VERSION, measured, gate.Decision(passed=True, reasons=(), criteria=()))
    assert passed.splitlines()[2].startswith("**The gate let it through.**")


def test_a_card_tells_every_criterion_slice_and_number(measured: Measurements) -> None:
    decision = gate.decide(measured, POLICY)
    text = card.text(VERSION, measured, decision)
    accuracy = measured["accuracy"]
    assert f"| accuracy | {accuracy['value']:.3f} ({accuracy['low']:.3f} to {accuracy['high']:.3f}) |" in text
    assert f"{measured['champion_brier']['value']:.3f}" in text
    assert [one.name for one in decision.criteria if f"| {one.name} | " not in text] == []
    assert [one["value"] for one in measured["slices"] if f": {one['value']} | {one['customers']} |" not in text] == []
    assert "* views in the last 7 days: population stability index" in text
    assert "| libraries | numpy 2.4.6 |" in text


def test_tables_of_a_card_have_as_many_cells_in_each_row(measured: Measurements) -> None:
    odd = measured | {"rule": "share | of\nthings <b>"}
    for given in (odd, odd | {"champion": {"exists": False, "compared": False, "why_not": "none"}}):
        text = card.text(VERSION, given, gate.decide(given, POLICY))
        tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
        assert len(tables) == 5
        for table in tables:
            assert len({line.replace("\\|", "").count("|") for line in table}) == 1
        assert "share \\| of things &lt;b>" in text


def test_what_was_not_measured_is_said_so(measured: Measurements) -> None:
    nothing = {"value": None, "low": None, "high": None}
    given = measured | {"roc_auc": nothing, "champion": {"exists": True, "compared": False, "why_not": "it lacks x"}}
    text = card.text(VERSION, given, gate.decide(given, POLICY))
    assert "| ROC-AUC | not measured |" in text
    assert "The champion could not be compared: it lacks x" in text


def test_a_card_and_its_pictures_are_the_same_bytes_every_time(measured: Measurements, tmp_path: Any) -> None:
    decision = gate.decide(measured, POLICY)
    for name in ("one", "two", "one"):
        card.write(VERSION, measured, decision, tmp_path / name)
    first, second = ({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert first == second
    assert set(first) == {"card.md", *(f"{name}.png" for name in plots.PICTURES)}
    named = [line.split("(")[1].rstrip(")") for line in first["card.md"].decode().splitlines() if line.startswith("![")]
    assert named == [f"{name}.png" for name in plots.PICTURES]
    assert all(content.startswith(b"\x89PNG") for name, content in first.items() if name != "card.md")


def test_pictures_can_be_drawn_of_a_hold_out_without_buyers(measured: Measurements, tmp_path: Any) -> None:
    nothing = {"value": None, "low": None, "high": None}
    files = plots.draw(measured | {"pr_curve": [], "pr_auc": nothing}, tmp_path)
    assert all(file.stat().st_size > 1_000 for file in files.values())

"""The model card: what a version is, how good, for whom, and what the gate said; Markdown with its pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from personapulse.intent import plots
from personapulse.intent.gate import Decision

NAME = "card.md"
NOT_MEASURED = "not measured"
MOST_FEATURES = 12
# Rows of the first table: the measure's title, and what saying the same of everybody comes to.
COMPARED = {
    "accuracy": ("accuracy", "majority"),
    "pr_auc": ("PR-AUC", "base_rate"),
    "roc_auc": ("ROC-AUC", None),
    "brier": ("Brier score (lower is better)", "base_brier"),
    "calibration_error": ("calibration error", None),
}
NOTABLE_PSI = 0.1  # customary: below 0.1 is no change, above 0.25 a large one


def write(version: Mapping[str, Any], measurements: Mapping[str, Any], decision: Decision, folder: Path) -> Path:
    """Write `card.md` and its pictures.

    Parameters
    ----------
    version : mapping
        What is to stand at the top, by name; `model_version` is the title. Values are written as they are.
    measurements : mapping
        Of `evaluation.evaluate`.
    decision : Decision
        Of `gate.decide`.
    folder : Path
        Made if it is not there; files of the same names are replaced.

    Returns
    -------
    Path
        Of the card. The same arguments give the same bytes.
    """
    plots.draw(measurements, folder)
    file = folder / NAME
    file.write_text(text(version, measurements, decision), encoding="utf-8")
    return file


def text(version: Mapping[str, Any], measurements: Mapping[str, Any], decision: Decision) -> str:
    """Write the card's Markdown; its pictures are named by their files."""
    page = _environment().get_template("card.md.jinja")
    return page.render(
        version=version,
        m=measurements,
        decision=decision,
        comparison=_comparison(measurements),
        pictures=plots.PICTURES,
        most=MOST_FEATURES,
        drifted=[one for one in measurements["drift"]["features"] if is_notable(one)],
    )


def is_notable(drift: Mapping[str, Any]) -> bool:
    """Whether a feature has moved by more than is customary to overlook, and by more than chance explains."""
    return drift["psi"] is not None and drift["psi"] > max(NOTABLE_PSI, drift["noise"])


def _comparison(measurements: Mapping[str, Any]) -> list[list[str]]:
    """Return rows of the model beside what it must beat, the header first."""
    rivals = ["rule", *(["champion"] if measurements["champion"]["compared"] else [])]
    names = {"rule": f"best rule: {measurements['rule']}", "champion": "champion"}
    rows = [["", "model", "the same of everybody", *(_cell(names[rival]) for rival in rivals)]]
    for name, (title, everybody) in COMPARED.items():
        constant = _estimate(measurements[everybody]) if everybody else ""
        others = [
            _estimate(measurements[key]) if (key := f"{rival}_{name}") in measurements else "" for rival in rivals
        ]
        rows.append([title, _estimate(measurements[name]), constant, *others])
    return rows


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("personapulse.intent", "."),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown; cells go through `cell`
    )
    environment.filters |= {"cell": _cell, "number": _number, "estimate": _estimate}
    return environment


def _cell(value: Any) -> str:
    """Write a value so that it stays in its cell of a table."""
    if isinstance(value, Mapping):
        return ", ".join(f"{_cell(name)} {_cell(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return str(value).replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _number(value: float | None, digits: int = 3) -> str:
    return NOT_MEASURED if value is None else f"{value:.{digits}f}"


def _estimate(value: Mapping[str, Any] | None, digits: int = 3) -> str:
    """Write a number with its 95 % interval."""
    if value is None or value["value"] is None:
        return NOT_MEASURED
    if value["low"] is None:
        return _number(value["value"], digits)
    return f"{value['value']:.{digits}f} ({value['low']:.{digits}f} to {value['high']:.{digits}f})"

"""Keeps the report's colours and its pictures up to date, and says what is wrong with it."""

from pathlib import Path

from personapulse.paths import ROOT
from personapulse.powerbi.report.contract import broken_promises
from personapulse.powerbi.report.layout import untidy
from personapulse.powerbi.report.model import Model, read_model
from personapulse.powerbi.report.painting import paint, unpainted
from personapulse.powerbi.report.reach import silent_slicers
from personapulse.powerbi.report.reading import Report, read_report
from personapulse.powerbi.report.resources import resource_faults
from personapulse.powerbi.report.sketch import sketch

REPORT = ROOT / "powerbi" / "PersonaPulse.Report"
MODEL = ROOT / "powerbi" / "PersonaPulse.SemanticModel"
PICTURES = ROOT / "docs" / "images" / "powerbi"


def bring_up_to_date(folder: Path = REPORT, pictures: Path = PICTURES) -> list[Path]:
    """Paint the report and draw its pages; return the files that changed or went."""
    changed = paint(folder)
    wanted = {pictures / name: text for name, text in sketches(read_report(folder)).items()}
    for path in sorted({*pictures.glob("*.svg"), *wanted}):
        text = wanted.get(path)
        if text is None:
            path.unlink()
            changed.append(path)
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def sketches(report: Report) -> dict[str, str]:
    """Return the picture of every page that people turn to, by file name."""
    return {f"{page.name}.svg": sketch(report, page) for page in report.pages if not page.is_tooltip}


def faults(report: Report, model: Model) -> list[str]:
    """Return everything that is wrong with a report, one sentence each; empty if it may be shown to people."""
    resources = resource_faults(report)
    unlike = [] if resources else unpainted(report)  # without its theme there is nothing to compare
    return [
        *broken_promises(report, model),
        *resources,
        *untidy(report),
        *silent_slicers(report, model),
        *(f"{name}: its colours are not those of include/colours.yaml; run make powerbi." for name in unlike),
    ]


def check(folder: Path = REPORT, model: Path = MODEL) -> list[str]:
    """Read a report and the model it shows, and return their faults.

    Raises
    ------
    PersonaPulseError
        If a file of the report or of the model cannot be read; the message names it.
    """
    return faults(read_report(folder), read_model(model))

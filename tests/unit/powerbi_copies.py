"""A copy of the Power BI report to break things in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from personapulse.powerbi.report.model import Model
from personapulse.powerbi.report.reading import read_report
from personapulse.powerbi.report.upkeep import MODEL, REPORT, faults

Json = dict[str, Any]


class Copy:
    """The report as it is, in a folder of its own."""

    def __init__(self, folder: Path, model: Model) -> None:
        self.model = model
        self._before: dict[Path, str] = {}
        self.folder = folder / REPORT.name
        shutil.copytree(REPORT, self.folder)
        (folder / MODEL.name).symlink_to(MODEL)

    def visual(self, page: str, name: str) -> Path:
        return self.page(page).parent / "visuals" / name / "visual.json"

    def page(self, page: str) -> Path:
        return self.folder / "definition" / "pages" / page / "page.json"

    def change(self, path: Path, edit: Callable[[Json], Any]) -> None:
        document = json.loads(self.keep(path))
        edit(document)
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")

    def keep(self, path: Path) -> str:
        """Remember a file before it is broken, and return it."""
        return self._before.setdefault(path, path.read_text())

    def mend(self) -> None:
        for path, text in self._before.items():
            path.write_text(text)
        self._before.clear()

    def faults(self) -> list[str]:
        return faults(read_report(self.folder), self.model)


def setting(value: str) -> Json:
    """A literal as visuals write it: 'text', true, 1D."""
    return {"expr": {"Literal": {"Value": value}}}

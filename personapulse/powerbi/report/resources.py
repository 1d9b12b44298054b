"""What must hold of what a report brings along and belongs to: its model, its themes."""

from collections.abc import Iterator

from personapulse.powerbi.report.contract import misplaced_settings
from personapulse.powerbi.report.reading import Json, Report, read_json

ANYTHING = "*"  # of a theme: every visual type, or every preset of one


def resource_faults(report: Report) -> list[str]:
    """Return what is wrong with model, themes and other resources, one sentence each; empty if nothing is."""
    missing = [*_project(report), *_resources(report)]
    misnamed = missing or list(_names(report))
    return misnamed or [f"{report.theme_path.name}: {what}" for what in _styles(report)]


def _project(report: Report) -> Iterator[str]:
    bound = (read_json(report.folder / "definition.pbir").get("datasetReference") or {}).get("byPath") or {}
    if not (report.folder / str(bound.get("path")) / "definition.pbism").is_file():
        yield f"definition.pbir: there is no semantic model at {bound.get('path')!r}."
    if read_json(report.folder / ".platform").get("metadata", {}).get("type") != "Report":
        yield ".platform: its type is not Report, and Desktop opens no such report."


def _resources(report: Report) -> Iterator[str]:
    for package in report.document.get("resourcePackages", []):
        for item in package["items"]:
            path = report.folder / "StaticResources" / package["type"] / item["path"]
            if not path.is_file():
                yield f"report.json: it brings {package['type']}/{item['path']} along, and there is no such file."
            if " " in item["path"]:
                yield f"report.json: {item['path']!r} has a space in its name, and Desktop cannot save such a report."


def _names(report: Report) -> Iterator[str]:
    items = {
        package["type"]: {item["name"] for item in package["items"]}
        for package in report.document.get("resourcePackages", [])
    }
    for role, theme in report.document["themeCollection"].items():
        if theme["name"] not in items.get(theme["type"], set()):
            yield f"report.json: the {role} {theme['name']!r} is not among the {theme['type']}."
    if "customTheme" not in report.document["themeCollection"]:
        yield "report.json: it has no theme of its own (customTheme)."
        return
    called = read_json(report.theme_path).get("name")
    if called != report.theme_path.name:
        yield f"{report.theme_path.name}: it calls itself {called!r}; Power BI looks for {report.theme_path.name!r}."


def _styles(report: Report) -> Iterator[str]:
    theme = read_json(report.theme_path)
    for kind, presets in theme.get("visualStyles", {}).items():
        for formatting in presets.values():
            yield from (f"visualStyles.{kind}: {what}" for what in _style(kind, formatting))


def _style(kind: str, formatting: Json) -> Iterator[str]:
    for name, entries in formatting.items():
        for entry in entries:
            settings = {setting: value for setting, value in entry.items() if setting != "$id"}
            yield from misplaced_settings(kind, name, settings)

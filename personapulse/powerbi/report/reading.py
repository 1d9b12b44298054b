"""Read a report in PBIR: pages, visuals, and the fields they show."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from personapulse.errors import PersonaPulseError

Json = dict[str, Any]

FIELDS = ("Column", "Measure", "HierarchyLevel")


@dataclass(frozen=True)
class Field:
    """A field of the semantic model, as a report names it.

    Parameters
    ----------
    kind : str
        Column, Measure or HierarchyLevel.
    entity : str
        The table.
    name : str
        The column or measure; of a hierarchy's level `hierarchy.level`.
    """

    kind: str
    entity: str
    name: str

    def __str__(self) -> str:
        return f"{self.entity}[{self.name}]"


@dataclass(frozen=True)
class Projection:
    """A field in one of a visual's roles, such as Category or Y.

    Parameters
    ----------
    field : Field
        What is shown.
    is_summed : bool
        Whether the visual aggregates a column by itself, without a measure of the model.
    reference : str
        The name by which the visual's formatting and sorting speak of it (`queryRef`).
    """

    field: Field
    is_summed: bool
    reference: str


@dataclass(frozen=True)
class Box:
    """Where a visual lies on its page, in pixels from the upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share any area; touching edges share none."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True)
class Visual:
    """One visual of a page."""

    path: Path
    document: Json

    @property
    def name(self) -> str:
        """Its id, unique on the page."""
        return str(self.document.get("name"))

    @property
    def type(self) -> str:
        """Its visual type, such as barChart."""
        return str(self.definition.get("visualType"))

    @property
    def definition(self) -> Json:
        """What is inside the container: query and formatting."""
        return dict(self.document.get("visual") or {})

    @property
    def box(self) -> Box:
        """Its place on the page."""
        position = self.document["position"]
        return Box(*(float(position[key]) for key in ("x", "y", "width", "height")))

    @property
    def tab_order(self) -> float:
        """Its turn when the page is walked by keyboard or screen reader."""
        return float(self.document["position"].get("tabOrder", -1))

    @cached_property
    def roles(self) -> dict[str, list[Projection]]:
        """What is shown in which role."""
        state = (self.definition.get("query") or {}).get("queryState") or {}
        return {role: [projection(entry) for entry in content["projections"]] for role, content in state.items()}

    @property
    def title(self) -> str | None:
        """Its title as written; None where there is none, or where it is switched off."""
        properties = self.container("title")
        return literal(properties.get("text")) if literal(properties.get("show")) != "false" else None

    @property
    def alt_text(self) -> str | None:
        """What a screen reader says of it."""
        return literal(self.container("general").get("altText"))

    def container(self, name: str) -> Json:
        """Properties of one of the container's formatting objects, without those for a selector."""
        found: Json = {}
        for entry in (self.definition.get("visualContainerObjects") or {}).get(name, []):
            if "selector" not in entry:
                found |= entry["properties"]
        return found


@dataclass(frozen=True)
class Page:
    """One page, or one page that is a tooltip."""

    path: Path
    document: Json
    visuals: tuple[Visual, ...]

    @property
    def name(self) -> str:
        """Its id, the name of its folder."""
        return str(self.document.get("name"))

    @property
    def title(self) -> str:
        """What people see on its tab."""
        return str(self.document.get("displayName"))

    @property
    def is_tooltip(self) -> bool:
        """Whether it is shown when one points at a visual, and not as a page."""
        return self.document.get("type") == "Tooltip"

    @property
    def box(self) -> Box:
        """The whole page."""
        return Box(0, 0, float(self.document["width"]), float(self.document["height"]))


@dataclass(frozen=True)
class Report:
    """A report: its pages in their order, and its theme."""

    folder: Path
    document: Json
    order: Json
    pages: tuple[Page, ...]

    @property
    def theme_path(self) -> Path:
        """File of the one theme that is the report's own."""
        name = ((self.document.get("themeCollection") or {}).get("customTheme") or {}).get("name", "no theme named")
        return self.folder / "StaticResources" / "RegisteredResources" / str(name)


def read_report(folder: Path) -> Report:
    """Read `folder`, a `<name>.Report` in PBIR.

    Raises
    ------
    PersonaPulseError
        If a file is missing or is no JSON; the message names it.
    """
    definition = folder / "definition"
    order = read_json(definition / "pages" / "pages.json")
    pages = {path.parent.name: _read_page(path) for path in sorted((definition / "pages").glob("*/page.json"))}
    listed = [name for name in order.get("pageOrder", []) if name in pages]
    unlisted = [name for name in pages if name not in listed]
    return Report(
        folder,
        read_json(definition / "report.json"),
        order,
        tuple(pages[name] for name in [*listed, *unlisted]),
    )


def read_json(path: Path) -> Json:
    """Read one JSON file that holds an object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise PersonaPulseError(f"{path} is missing; the report cannot be opened without it.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PersonaPulseError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise PersonaPulseError(f"{path} holds no JSON object.")
    return found


def write_json(path: Path, document: Json) -> None:
    """Write as Power BI Desktop does: indented by two spaces, letters as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def fields_in(node: Any, aliases: dict[str, str] | None = None) -> Iterator[Field]:
    """Yield every field a document names, wherever it does: in queries, filters, sorting, formatting and selectors.

    In a filter the tables have short names, given in its `From`; `aliases` are those of the part walked.
    """
    if isinstance(node, list):
        for entry in node:
            yield from fields_in(entry, aliases)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("From"), list):
        aliases = (aliases or {}) | {str(table["Name"]): str(table["Entity"]) for table in node["From"]}
    for kind in FIELDS:
        if isinstance(node.get(kind), dict):
            yield _field(kind, node[kind], aliases or {})
    for key, value in node.items():
        if key not in FIELDS:
            yield from fields_in(value, aliases)


def projection(entry: Json) -> Projection:
    """Read one entry of a role."""
    field = entry["field"]
    is_summed = "Aggregation" in field
    found = next(fields_in(field), None)
    if found is None:
        raise PersonaPulseError(f"{entry.get('queryRef')} names no column, measure or level of a hierarchy.")
    return Projection(found, is_summed, str(entry.get("queryRef")))


def literal(expression: Any) -> str | None:
    """Return the text of a literal, without its quotes; None for anything that is worked out or absent."""
    if not isinstance(expression, dict):
        return None
    value = (expression.get("expr") or {}).get("Literal", {}).get("Value")
    if isinstance(value, str) and value.startswith("'"):
        return value[1:-1].replace("''", "'")
    return value if isinstance(value, str) else None


def _read_page(path: Path) -> Page:
    visuals = [Visual(file, read_json(file)) for file in sorted(path.parent.glob("visuals/*/visual.json"))]
    return Page(path, read_json(path), tuple(sorted(visuals, key=lambda visual: (visual.tab_order, visual.name))))


def _field(kind: str, node: Json, aliases: dict[str, str]) -> Field:
    if kind == "HierarchyLevel":
        hierarchy = node["Expression"]["Hierarchy"]
        return Field(kind, _entity(hierarchy, aliases), f"{hierarchy['Hierarchy']}.{node['Level']}")
    return Field(kind, _entity(node, aliases), str(node["Property"]))


def _entity(node: Json, aliases: dict[str, str]) -> str:
    source = node["Expression"]["SourceRef"]
    if "Entity" in source:
        return str(source["Entity"])
    return aliases.get(source["Source"], f"unknown source {source['Source']}")

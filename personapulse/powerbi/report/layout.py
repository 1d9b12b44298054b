"""What must hold of a report's pages by themselves: places, reading order, words, navigation."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from personapulse.powerbi.report.reading import Page, Report, Visual, literal

NO_TITLE = frozenset({"textbox", "pageNavigator", "slicer", "cardVisual"})  # they say in themselves what they are
ALT_TEXT_LIMIT = 250  # characters Power BI keeps
SLICER_HEIGHT = (
    76  # pixels of a header, a box to choose in and what is around them; in less, Desktop leaves the header out
)


def untidy(report: Report) -> list[str]:
    """Return what is wrong with the pages, one sentence each, beginning with the page; empty if nothing is."""
    found = list(_order(report)) + list(_sync(report))
    for page in report.pages:
        rules = (_names, _places, _words, _reading_order)
        found += [f"{page.name}: {what}" for rule in rules for what in rule(page)]
    return found


def _order(report: Report) -> Iterator[str]:
    order = list(report.order.get("pageOrder", []))
    shown = [page.name for page in report.pages if not page.is_tooltip]
    for name in order:
        if name not in {page.name for page in report.pages}:
            yield f"pages.json: pageOrder lists {name!r}, and there is no such page."
    for page in report.pages:
        if page.name not in order:
            yield f"pages.json: pageOrder does not list {page.name!r}; it would be shown last."
        if page.is_tooltip and page.document.get("visibility") != "HiddenInViewMode":
            yield f"{page.name}: a tooltip page is hidden when the report is read (visibility HiddenInViewMode)."
        if not page.is_tooltip and "pageNavigator" not in {visual.type for visual in page.visuals}:
            yield f"{page.name}: it has no page navigator, so one cannot get back."
    if report.order.get("activePageName") not in shown[:1]:
        yield f"pages.json: the report does not open on its first page, {shown[0]!r}."


def _sync(report: Report) -> Iterator[str]:
    """Slicers of one group move together, so they must be of one field."""
    groups: dict[str, set[str]] = {}
    for page in report.pages:
        for visual in page.visuals:
            group = (visual.definition.get("syncGroup") or {}).get("groupName")
            if group is not None:
                groups.setdefault(group, set()).update(
                    str(entry.field) for entries in visual.roles.values() for entry in entries
                )
    for group, fields in groups.items():
        if len(fields) > 1:
            yield f"slicers of the group {group!r} move together, and are of {' and '.join(sorted(fields))}."


def _names(page: Page) -> Iterator[str]:
    if page.path.parent.name != page.name:
        yield f"its folder is called {page.path.parent.name!r}; Power BI takes the folder's name for the page's."
    for visual in page.visuals:
        if visual.path.parent.name != visual.name:
            yield f"{visual.name}: its folder is called {visual.path.parent.name!r}."


def _places(page: Page) -> Iterator[str]:
    for visual in page.visuals:
        box = visual.box
        if box.x < 0 or box.y < 0 or box.right > page.box.right or box.bottom > page.box.bottom:
            yield f"{visual.name} reaches over the edge of the page."
        if visual.type == "slicer" and box.height < SLICER_HEIGHT:
            yield f"{visual.name} is {box.height:g} high, too low for its header; it takes {SLICER_HEIGHT}."
    for one, other in combinations(page.visuals, 2):
        if one.box.overlaps(other.box):
            yield f"{one.name} and {other.name} lie on one another."


def _words(page: Page) -> Iterator[str]:
    for visual in page.visuals:
        said = visual.alt_text
        if not said:
            yield f"{visual.name} has no alt text: a screen reader would say nothing of it."
        elif len(said) > ALT_TEXT_LIMIT:
            yield f"the alt text of {visual.name} has {len(said)} characters, and Power BI keeps {ALT_TEXT_LIMIT}."
        if visual.type == "slicer" and not _header(visual):
            yield f"{visual.name} has no header that says what it filters by."
        if visual.type not in NO_TITLE and not page.is_tooltip and not visual.title:
            yield f"{visual.name} has no title."
    for said, times in Counter(visual.alt_text for visual in page.visuals if visual.alt_text).items():
        if times > 1:
            yield f"{times} visuals have the alt text {said!r}."


def _header(visual: Visual) -> str | None:
    for entry in (visual.definition.get("objects") or {}).get("header", []):
        return literal(entry["properties"].get("text"))
    return None


def _reading_order(page: Page) -> Iterator[str]:
    """By keyboard one walks a page as one reads it: line by line from the top, in each from the left."""
    turns = [visual.tab_order for visual in page.visuals]
    if len(set(turns)) < len(turns) or min(turns, default=0) < 0:
        yield "its visuals do not each have a tabOrder of their own."
    read = sorted(page.visuals, key=lambda visual: (visual.box.y, visual.box.x))
    for walked, expected in zip(page.visuals, read, strict=True):
        if walked is not expected:
            yield f"by keyboard {walked.name} comes where the eye reads {expected.name}."
            return

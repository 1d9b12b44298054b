"""What the pages of the Power BI report promise to show, and in which colours."""

import json
from pathlib import Path
from typing import Any

import pytest

from personapulse.colours import load_colours
from personapulse.powerbi.report import painting
from personapulse.powerbi.report.model import read_model
from personapulse.powerbi.report.painting import paint
from personapulse.powerbi.report.reading import Page, Visual, read_report
from personapulse.powerbi.report.upkeep import MODEL, REPORT
from tests.unit.powerbi_copies import Copy

PERSONA, CATEGORY = "Personas[Persona]", "Categories[Category]"
SLICERS = {
    "Executive Summary": {"Persona", "Gender", "Category"},
    "Behavioral Insights": {"Persona", "Age group", "Category"},
    "Product & Returns": {"Category", "Persona", "Date"},
    "Customer Segmentation (RFM)": {"Persona", "Segment", "Age group"},
    "Lifetime Value": {"Persona", "Gender", "Age group"},
    "Buyer Intent": {"Persona", "Gender", "Age group"},
}
SHOWN = {
    "Executive Summary": [
        "cardVisual of Customers, Paid orders to date, Gross revenue to date, Return rate, Peak order month",
        f"clusteredBarChart of {PERSONA}, Revenue (92 days)",
        "lineChart of Date[Month], Orders by month",
    ],
    "Behavioral Insights": [
        "funnel of Funnel steps[Step], Funnel customers",
        f"clusteredBarChart of {PERSONA}, Conversion",
        "tableEx of Products[Product], Product views, Product orders",
    ],
    "Product & Returns": [
        f"clusteredBarChart of {CATEGORY}, Revenue (92 days)",
        f"clusteredBarChart of {CATEGORY}, Return rate (92 days)",
        f"clusteredBarChart of {PERSONA}, Return rate (92 days)",
        f"tableEx of Products[Product], {CATEGORY}, Product returns, Product orders, Product return rate",
    ],
    "Customer Segmentation (RFM)": [
        f"scatterChart of Buyers[Buyer], {PERSONA}, Average recency, Average monetary value",
        "pivotTable of Buyers[R score], Buyers[F score], Buyer count",
        f"clusteredBarChart of {PERSONA}, Average monetary value",
        f"clusteredBarChart of {PERSONA}, Average frequency",
    ],
    "Lifetime Value": [
        "cardVisual of Top lifetime value, Average lifetime value",
        f"pivotTable of {PERSONA}, Age groups[Age group], Average lifetime value",
        f"clusteredBarChart of {PERSONA}, Average lifetime value",
        "lineChart of Date[Month], Net revenue by month",
        "tableEx of Insights[Insight]",
    ],
    "Buyer Intent": [
        "cardVisual of Expected buyers, Scored customers, Likely buyers, Average intent",
        "cardVisual of Accuracy while serving, Accuracy of the majority",
        f"clusteredBarChart of {PERSONA}, Expected buyers",
        f"columnChart of Intent[Band], {PERSONA}, Scored customers",
        "barChart of Intent reasons[Reason], Intent reasons[Direction], Customers with the reason",
        "lineChart of Date[Date], Accuracy at the gate, Accuracy floor, Accuracy while serving, "
        "Accuracy of the majority",
        "tableEx of Gate decisions[Decided for], Gate decisions[Verdict], Accuracy at the gate, "
        "Gate decisions[Reasons]",
    ],
}


@pytest.fixture(scope="module")
def pages() -> dict[str, Page]:
    return {page.title: page for page in read_report(REPORT).pages}


def in_words(visual: Visual) -> str:
    """Type and fields of a visual, those of its tooltip left out."""
    shown = [
        entry.field.name if entry.field.kind == "Measure" else str(entry.field)
        for role, entries in visual.roles.items()
        if role != "Tooltips"
        for entry in entries
    ]
    return f"{visual.type} of {', '.join(shown)}"


def test_the_report_has_these_pages_in_this_order(pages: dict[str, Page]) -> None:
    assert list(pages) == [*SHOWN, "About a persona"]


@pytest.mark.parametrize("title", SHOWN)
def test_a_page_shows_what_it_promises(pages: dict[str, Page], title: str) -> None:
    visuals = [visual for visual in pages[title].visuals if visual.roles and visual.type != "slicer"]
    assert [in_words(visual) for visual in visuals] == ["cardVisual of As of", *SHOWN[title]]


@pytest.mark.parametrize("title", SLICERS)
def test_a_page_can_be_narrowed_by_what_it_promises(pages: dict[str, Page], title: str) -> None:
    slicers = [visual for visual in pages[title].visuals if visual.type == "slicer"]
    assert {visual.roles["Values"][0].field.name for visual in slicers} == SLICERS[title]
    moving = [visual.definition["syncGroup"]["groupName"] for visual in slicers]
    assert {visual.name for visual in slicers} == {f"slicer-{group}" for group in moving}


def test_pointing_at_a_persona_tells_about_it(pages: dict[str, Page]) -> None:
    by_persona = [
        visual
        for page in pages.values()
        for visual in page.visuals
        if visual.type == "clusteredBarChart" and str(visual.roles["Category"][0].field) == PERSONA
    ]
    assert len(by_persona) == 7
    tooltip = pages["About a persona"]
    assert {str(visual.container("visualTooltip")["section"]) for visual in by_persona} == {
        str({"expr": {"Literal": {"Value": f"'{tooltip.name}'"}}})
    }
    assert [in_words(visual) for visual in tooltip.visuals] == [
        f"multiRowCard of {PERSONA}, Customers, Net revenue to date, Average lifetime value, Return rate, Conversion"
    ]


# ---------------------------------------------------------------- colours


def coloured(node: Any) -> set[tuple[str, str]]:
    """Every (persona, colour) that a document's formatting picks."""
    if isinstance(node, list):
        return {pair for entry in node for pair in coloured(entry)}
    if not isinstance(node, dict):
        return set()
    found = {pair for value in node.values() for pair in coloured(value)}
    if "scopeId" in str(node.get("selector")):
        compared = node["selector"]["data"][0]["scopeId"]["Comparison"]
        assert compared["Left"]["Column"]["Property"] == "Persona"
        colour = node["properties"]["fill"]["solid"]["color"]["expr"]["Literal"]["Value"]
        found.add((compared["Right"]["Literal"]["Value"].strip("'"), colour.strip("'")))
    return found


def test_a_persona_has_one_colour_on_all_pages(pages: dict[str, Page]) -> None:
    by_persona = [
        coloured(visual.document)
        for page in pages.values()
        for visual in page.visuals
        if PERSONA in in_words(visual) and visual.type not in {"slicer", "pivotTable", "multiRowCard"}
    ]
    assert len(by_persona) == 9
    assert all(pairs == set(load_colours()["personas"].items()) for pairs in by_persona)


def test_another_colour_reaches_every_page_and_nothing_else(
    tmp_path: Path, pages: dict[str, Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Copy(tmp_path, read_model(MODEL))
    before = {path: path.read_text() for path in copy.folder.rglob("*.json")}
    colours = load_colours()
    old, new = colours["personas"]["Loyalist"], "#123456"
    colours["personas"]["Loyalist"] = new
    monkeypatch.setattr(painting, "load_colours", lambda: colours)
    changed = paint(copy.folder)
    assert len(changed) == 9
    for path, text in before.items():
        assert path.read_text() == (text.replace(f"'{old}'", f"'{new}'") if path in changed else text)
    assert paint(copy.folder) == []


def test_painting_keeps_what_a_person_formatted(tmp_path: Path) -> None:
    copy = Copy(tmp_path, read_model(MODEL))
    path = copy.visual("executive-summary", "revenue-by-persona")
    own = {"properties": {"fillTransparency": {"expr": {"Literal": {"Value": "20D"}}}}}
    copy.change(path, lambda d: d["visual"]["objects"].update(dataPoint=[own]))
    assert paint(copy.folder) == [path]
    painted = json.loads(path.read_text())["visual"]["objects"]["dataPoint"]
    assert painted[0] == own
    assert len(painted) == 1 + len(load_colours()["personas"])


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("foreground", "background"),
        ("foreground", "backgroundLight"),
        ("foregroundNeutralSecondary", "background"),
        ("foregroundNeutralSecondary", "backgroundLight"),
        ("background", "tableAccent"),  # the tab of the page one is on
        ("foreground", "minimum"),  # heat maps
        ("foreground", "maximum"),
    ],
)
def test_text_can_be_read_on_what_is_behind_it(text: str, behind: str) -> None:
    theme = json.loads(read_report(REPORT).theme_path.read_text())
    dark, light = sorted((luminance(theme[text]), luminance(theme[behind])))
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, AA

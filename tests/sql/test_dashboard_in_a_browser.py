"""The dashboard as people use it: the folder in a real Chromium, its numbers against SQL."""

import csv
import io
import os
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from personapulse.dashboard.document import Document, pack
from personapulse.dashboard.folder import write_folder
from personapulse.paths import ROOT
from tests.browsers import is_drawn, watched

from .dashboard_browser import chromium, folder, opened, page
from .dashboard_day import DAY, built, document
from .dashboard_pages import (
    EMPTY_TABLES,
    INDEXES,
    NARROW,
    OF_PERIOD,
    PAGES,
    SLICED,
    WIDE,
    answer,
    card,
    choose,
    drawn,
    go,
    shown,
    without,
)
from .sample_shop import LAST

__all__ = ["built", "chromium", "document", "folder", "opened", "page"]  # fixtures


def test_key_figures_are_the_marts(page: Page, built: psycopg.Connection[Any]) -> None:
    everyone = "category = '(all)'"
    assert card(page, "customers") == answer(
        built, "select count(*) from marts.customer_profile where as_of_date = %(day)s"
    )
    assert card(page, "net_revenue") == pytest.approx(
        answer(built, OF_PERIOD.format(column="net_revenue", where=everyone))
    )
    assert card(page, "repeat_rate") == pytest.approx(
        answer(built, "select repeat_rate_to_date from marts.kpi_daily where as_of_date = %(day)s")
    )
    assert card(page, "return_rate") == pytest.approx(
        answer(built, "select return_rate from marts.returns where as_of_date = %(day)s and dimension = 'all'")
    )


@pytest.mark.parametrize("slicer", SLICED)
def test_a_slicer_narrows_every_figure_to_what_sql_says(
    page: Page, built: psycopg.Connection[Any], slicer: str
) -> None:
    values, customers, orders = SLICED[slicer]
    before = card(page, "paid_orders")
    choose(page, slicer, *values)
    assert card(page, "customers") == answer(built, customers)
    assert card(page, "paid_orders") == answer(built, orders) != before
    narrowed = page.locator("#v-revenue-by-persona .note").inner_text()
    assert ("Not narrowed by category." in narrowed) == (slicer == "category")
    page.get_by_role("button", name="Clear all").click()
    assert card(page, "paid_orders") == before


def test_the_triangle_of_cohorts_is_the_mart(page: Page, built: psycopg.Connection[Any]) -> None:
    go(page, "lifetime")
    (triangle, _) = drawn(page, "cohorts")
    told = built.execute(
        "select cohort_month, months_since, retention from marts.cohorts where as_of_date = %(day)s", DAY
    )
    kept = {(month, since): retention for month, since, retention in told}
    months = sorted({month for month, _ in kept})
    assert len(months) == len(triangle["y"]) > 1
    assert [[share for share in row if share is not None] for row in triangle["z"]] == [
        [pytest.approx(float(kept[month, since])) for since in range(len(triangle["x"])) if (month, since) in kept]
        for month in months
    ]


def test_the_flow_of_customers_between_personas_is_the_mart(page: Page, built: psycopg.Connection[Any]) -> None:
    go(page, "segments")
    (flow,) = drawn(page, "movement")
    told = built.execute(
        "select from_persona, to_persona, customers from marts.persona_movement"
        " where as_of_date = %(day)s and span = 'month' and from_persona <> to_persona",
        DAY,
    )
    names, link = flow["node"]["label"], flow["link"]
    moves = zip(link["source"], link["target"], link["value"], strict=True)
    assert sorted((names[source], names[target], value) for source, target, value in moves) == sorted(told.fetchall())
    assert len(link["value"]) > 1


def test_dates_narrow_to_the_period_and_compare_with_the_one_before(page: Page, built: psycopg.Connection[Any]) -> None:
    page.get_by_role("button", name="7 days").click()
    sums = "select sum(gross_revenue) from marts.dashboard_cube_days where as_of_date = %(day)s and category = '(all)'"
    now = answer(built, f"{sums} and on_day > %(day)s::date - 7")
    orders = answer(built, f"{sums} and on_day > %(day)s::date - 7".replace("gross_revenue", "paid_orders"))
    assert card(page, "average_order_value") == pytest.approx(now / orders)
    assert "against the 7 days before" in page.locator('[data-card="paid_orders"]').inner_text()


def test_every_page_shows_its_figures_and_nobody_with_axe_finds_it_hard_to_use(page: Page) -> None:
    for name in PAGES:
        go(page, name)
        assert page.locator("section.visual").count() >= 5
        found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
        serious = [
            (rule["id"], [node["target"] for node in rule["nodes"]])
            for rule in found.response["violations"]
            if rule["impact"] in {"serious", "critical"}
        ]
        assert serious == [], name


def test_dark_mode_and_a_telephone_keep_contrast_and_width(chromium: Browser, folder: Path) -> None:
    context = chromium.new_context(viewport=NARROW, color_scheme="dark")
    page, complaints = watched(context)
    page.goto(f"file://{folder}/index.html")
    for name in PAGES:
        go(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name
        found = Axe().run(page, options={"runOnly": ["color-contrast"], "preload": False})
        assert [node["target"] for rule in found.response["violations"] for node in rule["nodes"]] == [], name
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Light").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    context.close()
    assert complaints == []


def test_a_link_keeps_page_day_and_slicers_and_back_goes_back(page: Page, folder: Path) -> None:
    choose(page, "persona", "Loyalist")
    go(page, "lifetime")
    page.locator("#day").select_option(label="11 Apr 2026")
    page.locator('html[data-ready="2026-04-11"]').wait_for()
    copied = page.url
    page.go_back()
    assert "day=" not in page.url
    page.goto("about:blank")
    page.goto(copied)
    is_drawn(page)
    assert page.locator('nav a[aria-current="page"]').inner_text() == "Lifetime Value"
    assert page.locator('summary[data-list="persona"]').inner_text().startswith("Persona: Loyalist")
    assert page.locator("#day").input_value() == "2026-04-11"
    assert "You are looking at 11 Apr 2026" in page.locator("#notices").inner_text()


def test_slicers_are_reached_and_ticked_by_keyboard(page: Page) -> None:
    page.locator('summary[data-list="gender"]').focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator('input[data-slicer="gender"]:checked').count() == 1
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.list") == "gender"
    assert not page.locator("details.list[open]").count()


def test_a_table_is_taken_away_as_csv_and_a_chart_as_png(
    page: Page, built: psycopg.Connection[Any], tmp_path: Path
) -> None:
    visual = page.locator("#v-customers-by-persona")
    with page.expect_download() as waited:
        visual.get_by_role("button", name="CSV").click()
    text = Path(waited.value.path()).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    told = built.execute("select persona, count(*) from marts.personas where as_of_date = %(day)s group by 1", DAY)
    assert {row["Persona"]: int(row["Customers"]) for row in rows} == dict(told.fetchall())
    assert waited.value.suggested_filename == "customers-by-persona-2026-04-12.csv"
    with page.expect_download() as waited:
        visual.get_by_role("button", name="PNG").click()
    assert Path(waited.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_pages_tables_are_taken_away_as_one_workbook(
    page: Page, built: psycopg.Connection[Any], tmp_path: Path
) -> None:
    go(page, "segments")
    choose(page, "gender", "female")
    with page.expect_download() as waited:
        page.get_by_role("button", name="Excel").click()
    file = tmp_path / "page.xlsx"
    waited.value.save_as(file)
    book = openpyxl.load_workbook(file)
    assert {"Key figures", "Recency and worth", "Segments"} <= set(book.sheetnames)
    cells = list(book["Recency and worth"].iter_rows(min_row=3, values_only=True))
    buyers = sum(row[cells[0].index("Buyers")] for row in cells[1:])
    told = answer(
        built,
        "select count(*) from marts.rfm inner join marts.customer_profile using (as_of_date, user_id)"
        " where as_of_date = %(day)s and gender = 'female' and r_score is not null",
    )
    assert buyers == told
    assert "gender female" in book["Key figures"]["A1"].value


def test_definitions_come_from_the_metrics(page: Page) -> None:
    assert "repeat_buyers_to_date / buyers_to_date" in (
        page.locator('[data-card="repeat_rate"]').get_attribute("title") or ""
    )
    page.locator("#v-revenue-by-persona details.help summary").click()
    assert page.locator("#v-revenue-by-persona details.help p").is_visible()


def test_what_is_missing_is_said_with_what_to_do(chromium: Browser, document: Document, tmp_path: Path) -> None:
    nothing = [*EMPTY_TABLES, "intent_reasons", "movement_kinds", "champion", "ltv_model", "ltv_backtest", "quarantine"]
    write_folder([without(document, *nothing)], tmp_path)
    context = chromium.new_context(viewport=WIDE)
    page, complaints = watched(context)
    page.goto(f"file://{tmp_path}/index.html")
    for name in PAGES:
        go(page, name)
        text = page.locator("body").inner_text()
        assert [message for told_on, message in EMPTY_TABLES.values() if told_on == name and message not in text] == []
    context.close()
    assert complaints == []


@pytest.mark.parametrize("state", INDEXES)
def test_every_broken_state_says_what_is_wrong_and_what_to_do(
    chromium: Browser, document: Document, tmp_path: Path, state: str
) -> None:
    index, where, message = INDEXES[state]
    write_folder([document], tmp_path)
    (tmp_path / "data" / "days.js").write_text(f"window.personapulseFolder = {index};")
    text, _ = shown(chromium, tmp_path, where)
    assert message in " ".join(text.split())


def test_a_failed_check_is_told_above_the_figures(chromium: Browser, document: Document, tmp_path: Path) -> None:
    content = document.read()
    checks = content["tables"]["checks"]
    checks["rows"] = 1
    checks["columns"] = {"layer": [0], "rule": [0], "severity": [0], "finding_count": [3], "description": [0]}
    checks["texts"] = {
        "layer": ["marts"],
        "rule": ["totals"],
        "severity": ["fail"],
        "description": ["Totals <b>differ</b>."],
    }
    write_folder([pack(LAST, content)], tmp_path)
    text, complaints = shown(chromium, tmp_path)
    assert "1 check of this day failed: Totals <b>differ</b>." in text
    assert complaints == []


@pytest.mark.skipif(
    "PERSONAPULSE_SCREENSHOTS" not in os.environ, reason="`make screenshots` draws the pictures of the docs"
)
def test_pictures_for_the_docs_are_drawn(chromium: Browser) -> None:
    for name, theme, viewport in (
        *((name, "light", WIDE) for name in PAGES),
        ("summary", "dark", WIDE),
        ("segments", "light", NARROW),
    ):
        context = chromium.new_context(viewport=viewport, color_scheme=theme)
        page, _ = watched(context)
        page.goto(f"file://{os.environ['PERSONAPULSE_SCREENSHOTS']}/index.html#page={name}")
        is_drawn(page)
        kind = "-narrow" if viewport is NARROW else "-dark" if theme == "dark" else ""
        page.screenshot(path=ROOT / "docs" / "images" / f"dashboard-{name}{kind}.png")
        context.close()

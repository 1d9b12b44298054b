"""What tests do on the dashboard's pages and what SQL says of it; the states in which something is missing."""

from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page

from personapulse.dashboard.document import Document, pack
from tests.browsers import watched

from .dashboard_day import DAY

PAGES = ("summary", "behaviour", "products", "segments", "lifetime", "intent")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

# of a day, and of the four weeks before it
OF_PERIOD = """
    select sum({column}) from marts.dashboard_cube_days
    where as_of_date = %(day)s and on_day > %(day)s::date - 28 and {where}
"""

SLICED = {
    "persona": (
        ("Loyalist", "Bargain Hunter"),
        "select count(*) from marts.personas where as_of_date = %(day)s and persona in ('Loyalist', 'Bargain Hunter')",
        OF_PERIOD.format(
            column="paid_orders", where="category = '(all)' and persona in ('Loyalist', 'Bargain Hunter')"
        ),
    ),
    "gender": (
        ("female",),
        "select count(*) from marts.customer_profile where as_of_date = %(day)s and gender = 'female'",
        "select sum(days.paid_orders) from core.user_days as days inner join marts.customer_profile as profiles"
        " on profiles.as_of_date = %(day)s and days.user_id = profiles.user_id and profiles.gender = 'female'"
        " where days.on_day between %(day)s::date - 27 and %(day)s and known_from <= %(day)s and %(day)s < known_to",
    ),
    "age_group": (
        ("25-34",),
        "select count(*) from marts.customer_profile where as_of_date = %(day)s and age_group = '25-34'",
        "select sum(days.paid_orders) from core.user_days as days inner join marts.customer_profile as profiles"
        " on profiles.as_of_date = %(day)s and days.user_id = profiles.user_id and profiles.age_group = '25-34'"
        " where days.on_day between %(day)s::date - 27 and %(day)s and known_from <= %(day)s and %(day)s < known_to",
    ),
    "category": (
        ("Garden",),
        "select count(*) from marts.customer_profile where as_of_date = %(day)s",  # customers have no category
        OF_PERIOD.format(column="paid_orders", where="category = 'Garden'"),
    ),
}

EMPTY_TABLES = {
    "intent_bands": ("intent", "No model has been promoted for this day"),
    "models": ("intent", "Nothing has been trained yet"),
    "funnel": ("behaviour", "Nobody whose days have passed has looked at anything yet"),
    "funnel_sessions": ("behaviour", "events name no visit (session_id)"),
    "cohorts": ("lifetime", "Nobody has paid yet"),
    "movement": ("segments", "nothing to compare with"),
    "insights": ("summary", "Nothing yet that holds beyond chance"),
    "checks": ("summary", "No check of this day has been recorded"),
    "loads": ("summary", "No load of the last 14 days is on record"),
}

INDEXES = {
    "no day": ('{"days": []}', "", "No day has been published yet. Run personapulse up"),
    "came in, not published": ('{"days": [], "newest_loaded": "2026-04-12"}', "", "none has been published yet"),
    "refused": ('{"days": [], "refused": ["2026-04-12"]}', "", "2026-04-12 was refused"),
    "a newer day failed": (
        '{"days": ["2026-04-12"], "refused": ["2026-04-13"]}',
        "",
        "13 Apr 2026 was refused",
    ),
    "a newer day is under way": (
        '{"days": ["2026-04-12"], "newest_loaded": "2026-04-13"}',
        "",
        "13 Apr 2026 has come in but is not published",
    ),
    "stale": ('{"days": ["2026-04-12"], "today": "2026-04-20"}', "", "8 days ago"),
    "a day that is not kept": ('{"days": ["2026-04-12"]}', "#day=2020-01-01", "2020-01-01 is not among the days kept"),
    "an older day": ('{"days": ["2026-04-12", "2026-04-13"]}', "#day=2026-04-12", "the newest day is 13 Apr 2026"),
    "its file is gone": ('{"days": ["2026-04-12", "2026-04-14"]}', "", "data/2026-04-14.js is missing"),
}


def card(page: Page, name: str) -> float:
    return float(page.locator(f'[data-card="{name}"]').get_attribute("data-value") or "nan")


def drawn(page: Page, visual: str) -> list[dict[str, Any]]:
    """Return what the chart of a visual was given, trace by trace."""
    chart = page.locator(f"#v-{visual} .js-plotly-plot")
    traces: list[dict[str, Any]] = chart.evaluate("(chart) => chart.data")
    return traces


def go(page: Page, name: str) -> None:
    """Follow the link to a page; its `drawn` is taken away when it is laid out anew."""
    page.locator(f'nav a[href*="page={name}"]').click()
    page.locator("main[data-drawn]").wait_for()


def choose(page: Page, slicer: str, *values: str) -> None:
    page.locator(f'summary[data-list="{slicer}"]').click()
    for value in values:
        page.locator(f'input[data-slicer="{slicer}"][value="{value}"]').check()
    page.keyboard.press("Escape")


def answer(connection: psycopg.Connection[Any], query: str) -> float:
    row = connection.execute(query.encode(), DAY).fetchone()
    assert row
    return float(row[0])


def without(document: Document, *tables: str) -> Document:
    """The same day with some tables empty."""
    content = document.read()
    for name in tables:
        table = content["tables"][name]
        columns = {column: [] for column in table["columns"]}
        content["tables"][name] = {"rows": 0, "texts": table["texts"], "columns": columns}
    return pack(document.as_of_date, content)


def shown(chromium: Browser, folder: Path, where: str = "") -> tuple[str, list[str]]:
    context = chromium.new_context(viewport=WIDE)
    page, complaints = watched(context)
    page.goto(f"file://{folder}/index.html{where}")
    page.locator("main > *").first.wait_for()
    text = page.locator("body").inner_text()
    context.close()
    return text, complaints

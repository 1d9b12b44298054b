"""How fast the dashboard is: `python -m benchmarks.dashboard FOLDER`, a folder of `personapulse report --out`.

Measures the folder's newest day, and the same day with cubes as full as those of a shop of 500,000 customers can be:
every persona with every age group, gender, category and day.
"""

import base64
import datetime
import gzip
import itertools
import json
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from personapulse.dashboard.document import Document, pack
from personapulse.dashboard.folder import write_folder
from personapulse.dashboard.tables import decode, encode

CUSTOMERS = 500_000
VISITS, CLICKS = 20, 20
PAGES = ("summary", "behaviour", "products", "segments", "lifetime", "intent")
AGES = ("under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65+", "unknown")
GENDERS = ("female", "male", "unknown")
CATEGORIES = tuple(f"Category {letter}" for letter in "ABCDEFGHIJ")
CLICK = """
async (value) => {
  const box = [...document.querySelectorAll('input[data-slicer=persona]')].find((one) => one.value === value);
  const main = document.getElementById("main");
  delete main.dataset.drawn;
  const began = performance.now();
  box.click();
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  const first = performance.now() - began;
  while (!main.dataset.drawn) await new Promise((resolve) => setTimeout(resolve, 5));
  return [first, performance.now() - began];
}
"""


def newest(folder: Path) -> dict[str, Any]:
    """Return the content of the folder's newest day."""
    file = max(file for file in (folder / "data").glob("*-*-*.js"))
    (packed,) = re.findall(r', "([^"]+)"', file.read_text())
    content: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return content


def filled(content: dict[str, Any]) -> dict[str, Any]:
    """Return the day with every cell of its cubes taken."""
    random = np.random.default_rng(1)
    day = datetime.date.fromisoformat(content["as_of_date"])
    personas = [one["persona"] for one in content["personas"]]
    days = [(day - datetime.timedelta(days=n)).isoformat() for n in range(91, -1, -1)]
    months = sorted({day.replace(day=1) - datetime.timedelta(days=30 * n) for n in range(25)})
    segments = sorted({row["segment"] for row in decode(content["tables"]["segments"])})
    scores = range(1, 6)
    keys: dict[str, dict[str, Sequence[Any]]] = {
        "customers": {"persona": personas, "segment": [*segments, "Prospects"], "age_group": AGES, "gender": GENDERS},
        "months": {
            "month": [f"{month:%Y-%m-01}" for month in months],
            "persona": personas,
            "age_group": AGES,
            "gender": GENDERS,
        },
        "days": {"on_day": days, "persona": personas, "category": [*CATEGORIES, "(not told)", "(all)"]},
        "days_people": {"on_day": days, "persona": personas, "age_group": AGES, "gender": GENDERS},
        "reach": {
            "period_days": [7, 28],
            "category": [*CATEGORIES, "(all)"],
            "persona": personas,
            "age_group": AGES,
            "gender": GENDERS,
        },
        "buyers": {
            "persona": personas,
            "age_group": AGES,
            "gender": GENDERS,
            "segment": segments[:1],
            "r_score": scores,
            "fm_score": scores,
        },
        "lifetime_values": {"persona": personas, "age_group": AGES, "gender": GENDERS},
        "intent_bands": {"band": range(1, 11), "persona": personas, "age_group": AGES, "gender": GENDERS},
        "recency_monetary": {
            "persona": personas,
            "age_group": ["(all)"],
            "gender": ["(all)"],
            "is_binned": [True],
            "recency_days": [0, *(2**n for n in range(10))],
            "monetary": [2**n for n in range(16)],
        },
    }
    full = dict(content, tables=dict(content["tables"]))
    for name, named in keys.items():
        columns = list(content["tables"][name]["columns"])
        measures = [column for column in columns if column not in named]
        places = {column: place for place, column in enumerate(named)}
        cells = list(itertools.product(*named.values()))
        numbers = random.integers(1, 2 * CUSTOMERS // 300, size=(len(cells), len(measures))).tolist()
        at = {column: place for place, column in enumerate(measures)}
        rows = [
            [
                cell[places[column]] if column in places else False if column.startswith("is_") else number[at[column]]
                for column in columns
            ]
            for cell, number in zip(cells, numbers, strict=True)
        ]
        full["tables"][name] = encode(columns, rows)
    return full


def measure(browser: Browser, folder: Path) -> list[tuple[str, float]]:
    """Open the folder again and again, then tick personas on each page."""
    address = f"file://{folder.resolve()}/index.html"
    marks: dict[str, list[float]] = {"figures": [], "drawn": []}
    for _ in range(VISITS):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(address)
        page.locator("main[data-drawn]").wait_for()
        for name, at in page.evaluate("performance.getEntriesByType('mark').map((one) => [one.name, one.startTime])"):
            if len(marks[name]) < VISITS:
                marks[name].append(at)
        context.close()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    found = [
        ("key figures shown", statistics.median(marks["figures"])),
        ("all drawn", statistics.median(marks["drawn"])),
    ]
    for name in PAGES:
        page.goto(f"{address}#page={name}")
        page.locator(f"nav a[aria-current=page][href*={name}]").wait_for()
        page.locator("main[data-drawn]").wait_for()
        first, last = clicks(page)
        found += [(f"{name}: first frame after a slicer", first), (f"{name}: every visual drawn", last)]
    context.close()
    return found


def clicks(page: Page) -> tuple[float, float]:
    """Return the medians of the time to the first frame and to the last visual, in milliseconds."""
    values = page.evaluate("[...document.querySelectorAll('input[data-slicer=persona]')].map((one) => one.value)")
    times = [page.evaluate(CLICK, values[n % len(values)]) for n in range(CLICKS)]
    return statistics.median(first for first, _ in times), statistics.median(last for _, last in times)


def main(folder: Path) -> None:
    """Print what was measured, in milliseconds."""
    content = newest(folder)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        day = datetime.date.fromisoformat(content["as_of_date"])
        shops: dict[str, Document] = {"this shop": pack(day, content), "500,000 customers": pack(day, filled(content))}
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        found = {}
        for number, (name, document) in enumerate(shops.items()):
            write_folder([document], Path(place) / str(number))
            print(f"{name}: {len(document.packed) / 1e6:.2f} MB packed, {document.etag}")
            found[name] = measure(browser, Path(place) / str(number))
        browser.close()
    for (title, small), (_, large) in zip(*found.values(), strict=True):
        print(f"{title:<42} {small:8.0f} ms {large:8.0f} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The system's Chromium, driven by Playwright; what a page complains of is kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@contextmanager
def browser() -> Iterator[Browser]:
    """Start the browser; without one the error says how to get it."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    assert found, "No Chromium on this machine. `make browser` installs it (apt-get install chromium)."
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield running
        running.close()


def watched(context: BrowserContext) -> tuple[Page, list[str]]:
    """Open a page, and return it with the list its errors go to."""
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.location.get('url')}: {message.text}") if message.type == "error" else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url} failed"))
    return page, complaints


def is_drawn(page: Any) -> None:
    """Wait until every visual of the page is there."""
    page.locator("main[data-drawn]").wait_for()

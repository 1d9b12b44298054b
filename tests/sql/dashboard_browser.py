"""The dashboard's folder, open in a real Chromium."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from personapulse.dashboard.document import Document, pack
from personapulse.dashboard.folder import write_folder
from tests.browsers import browser, is_drawn, watched

from .dashboard_pages import WIDE
from .sample_shop import LAST


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def folder(document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dashboard")
    eve = LAST - datetime.timedelta(1)
    write_folder([document, pack(eve, document.read() | {"as_of_date": str(eve)})], out)
    return out


@pytest.fixture(scope="module")
def opened(chromium: Browser, folder: Path) -> Iterator[tuple[Page, list[str], str]]:
    """The dashboard, opened once: its chart library takes seconds to load."""
    context = chromium.new_context(viewport=WIDE, accept_downloads=True)
    page, complaints = watched(context)
    address = f"file://{folder}/index.html"
    page.goto(address)
    is_drawn(page)
    yield page, complaints, address
    context.close()


@pytest.fixture
def page(opened: tuple[Page, list[str], str]) -> Iterator[Page]:
    """The dashboard with nothing chosen; it may complain of nothing."""
    page, complaints, address = opened
    page.goto(f"{address}#page=summary")
    is_drawn(page)
    yield page
    assert complaints == []

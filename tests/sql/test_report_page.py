"""The report as a file: complete in itself, the same bytes every time, whole or not there, readable by everyone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from personapulse import wording
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.report import built_days, write_report
from personapulse.report.facts import Cell
from personapulse.report.page import _heat_cell
from personapulse.settings import ShopSettings
from personapulse.warehouse import DATABASE, connect, prepare

from ..servers import server_folder
from .conftest import Shop
from .html_page import Page
from .test_report import busy_shop

NAME = "name: Quill & Ink\ncurrency: CHF\ntime_zone: Europe/Zurich\n"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home of its own with a shop of sixty buyers, built for its newest day, on a running server."""
    with server_folder("report") as folder:
        (folder / "extracts").mkdir()
        home = Home.open(folder / "home")
        with EmbeddedPostgres(home) as server:
            prepare(server)
            with connect(server.conninfo(DATABASE)) as connection:
                shop = Shop(folder / "extracts", connection)
                shop.settings(NAME)
                busy_shop(shop)
                shop.build("2026-03-01", "kpi_daily")
            yield home.root


def personapulse(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from personapulse.cli import app; app()", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


@pytest.fixture(scope="module")
def written(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The shop's page, written by the command line."""
    out = tmp_path_factory.mktemp("report")
    done = personapulse(home, "report", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out / 'index.html'} shows 2026-03-20.\n"
    app = ["app.js", "data", "index.html", "plotly.min.js", "style.css", "summary.html", "theme.js"]
    assert sorted(file.name for file in out.iterdir()) == app
    assert sorted(file.name for file in (out / "data").iterdir()) == ["2026-03-20.js", "days.js"]
    return Page((out / "summary.html").read_text(encoding="utf-8"))


def test_who_names_nothing_to_write_is_told_what_there_is(home: Path) -> None:
    done = personapulse(home, "report")
    assert done.returncode == 1
    assert "--out FOLDER (the dashboard), --xlsx FILE (a workbook), or both" in " ".join(done.stderr.split())


def test_the_command_shows_the_shops_name_currency_and_newest_day(written: Page) -> None:
    assert "<h1>Quill &amp; Ink</h1>" in written.html
    assert "as of 2026-03-20" in written.text
    assert "Amounts in CHF" in written.text


def test_the_page_needs_no_network_and_no_script(written: Page) -> None:
    links = [value for _, attributes in written.tags for name, value in attributes.items() if name in {"src", "srcset"}]
    assert len(links) == 6
    assert all((link or "").startswith("data:image/svg+xml;base64,") for link in links)
    assert not {tag for tag, _ in written.tags} & {"script", "link", "iframe", "object"}
    assert not {
        name for _, attributes in written.tags for name in attributes if name == "href" or name.startswith("on")
    }
    assert "url(" not in written.html
    assert "@import" not in written.html


def test_the_same_data_give_the_same_bytes(home: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):  # the order of sets differs between these processes
        personapulse(home, "report", "--out", str(tmp_path / seed), PYTHONHASHSEED=seed)
    assert (tmp_path / "1" / "summary.html").read_bytes() == (tmp_path / "2" / "summary.html").read_bytes()


def test_figures_say_in_words_what_they_show(written: Page) -> None:
    assert len(written.alts) == 3
    for persona, customers, _, revenue, _ in written.table("Customers and net revenue by persona")[1:-1]:
        assert f"{persona}: CHF\u00a0{revenue}, {customers} customers" in written.alts[1]


def test_every_table_has_a_caption_and_headers_with_a_scope(written: Page) -> None:
    assert len(written.tables) == sum(tag == "table" for tag, _ in written.tags) == 7
    assert all(written.tables)
    assert {attributes.get("scope") for tag, attributes in written.tags if tag == "th"} == {"col", "row"}
    ids = [attributes["id"] for _, attributes in written.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("day", "said"), [("2026-03-19", "Built: 2026-03-01, 2026-03-20."), ("20.03.2026", "does not match")]
)
def test_the_command_refuses_a_day_it_cannot_show(home: Path, tmp_path: Path, day: str, said: str) -> None:
    done = personapulse(home, "report", "--out", str(tmp_path), "--as-of", day)
    assert done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_report_is_replaced_and_a_failed_write_leaves_nothing_behind(shop: Shop, tmp_path: Path) -> None:
    shop.deliver("2026-03-20")
    shop.load("2026-03-20")
    shop.build("2026-03-20")
    (day,), out = built_days(shop.warehouse), tmp_path / "new" / "out"
    for name in ("First", "Second"):
        assert write_report(shop.warehouse, day, out, ShopSettings(name=name)) == out / "summary.html"
    assert "<h1>Second</h1>" in (out / "summary.html").read_text()
    (tmp_path / "blocked" / "summary.html").mkdir(parents=True)
    for folder in (tmp_path / "blocked", out / "summary.html"):
        with pytest.raises(PersonaPulseError, match=f"Cannot write the report to {folder}: "):
            write_report(shop.warehouse, day, folder, ShopSettings())
    assert [file.name for file in (tmp_path / "blocked").iterdir()] == ["summary.html"]


def test_a_report_within_a_callers_transaction_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.deliver("2026-03-20")
    shop.load("2026-03-20")
    shop.build("2026-03-20")
    before = shop.fingerprint()
    with shop.warehouse.transaction():
        write_report(shop.warehouse, built_days(shop.warehouse)[0], tmp_path / "out", ShopSettings())
    assert shop.fingerprint() == before


@pytest.mark.parametrize("share", [step / 20 for step in range(21)])
def test_text_in_the_heat_map_can_be_read_on_every_shade(share: float) -> None:
    cell = _heat_cell(Cell(5, 5, "Champions", 7), share)
    light, dark = sorted((_luminance(cell.background), _luminance(cell.ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        (1234567.891, "EUR", "1\u202f234\u202f567.89"),
        (-12.5, "GBP", "\u221212.50"),
        (1234.6, "JPY", "1\u202f235"),
        (1.5, "KWD", "1.500"),
        (-0.001, "EUR", "0.00"),
    ],
)
def test_amounts_are_written_to_the_smallest_coin_without_commas(value: float, currency: str, written: str) -> None:
    assert wording.cents(value, currency) == written

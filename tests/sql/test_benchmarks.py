"""`make bench` runs from end to end, on next to nothing; how fast it was is not looked at."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.events import make_events

from ..servers import server_folder
from ..unit.intent_shop import small_forests

SMALL = ["--events", "2000", "--users", "100", "--short", "2", "--long", "4", "--repeats", "1"]
SMALL += ["--large", "200", "2400", "2400", "--customers", "1000", "--snapshots", "1000"]


@pytest.fixture
def cache() -> Iterator[Path]:
    """A folder the server of root may pass through; pytest shuts its own to others when another session starts."""
    with server_folder("bench-cache") as folder:
        yield folder


def bench(cache: Path, *arguments: str) -> Result:
    with small_forests():
        return CliRunner().invoke(app, [*SMALL, "--cache", str(cache), *arguments])


def test_the_benchmark_measures_everything_it_promises(tmp_path: Path, cache: Path) -> None:
    done = bench(cache, "--json", str(tmp_path / "figures.json"), "--markdown")
    assert done.exit_code == 0, done.output
    figures = {figure["what"]: figure for figure in json.loads((tmp_path / "figures.json").read_text())["figures"]}
    limits = {what: figure["limit"] for what, figure in figures.items() if figure["limit"]}
    assert limits == {
        "CSV to core": 3.5,
        "Parquet to staging": 1.0,
        "Python's memory, 200 events": 300,
        "Python's memory, 2,000 events": 300,
        "the same on 4 days": 1.3,
        "every mart of a day on 4 days": 1.3,
        "every mart of a day, 200 customers, 2,400 orders, 2,400 events": 1.0,
        "BG/NBD fit, 1,000 customers": 10,
        "1,000 customers scored: read, told, explained, written": 2.0,
        "Python's memory for it": 2048,
        "the model's artifact": 20,
        "training, 1,000 rows x 42 features": 300,
        "artifact, not compressed": 20,
        "encoded, predicted and reasoned": 1.5,
    }
    assert min(figure["value"] for figure in figures.values()) > 0
    assert all(figure["kept"] in {"yes", "no"} for what, figure in figures.items() if what in limits)
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(figures)


def test_a_flaw_that_was_planted_and_not_found_stops_the_benchmark(cache: Path) -> None:
    planted = make_events(cache, 2_000).folder / "planted.json"
    planted.write_text(planted.read_text().replace('"missing_user_id": 1', '"missing_user_id": 2'))
    done = bench(cache, "ingestion")
    assert done.exit_code != 0
    assert re.search("planted .*'missing_user_id': 2.*, in quarantine .*'missing_user_id': 1", str(done.exception))

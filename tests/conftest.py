"""What every test may use: one real PostgreSQL for the session, started the way the product starts it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import prepare

ROOT = Path(__file__).parents[1]

# The same few examples every time; `pytest tests/sql/test_properties.py --hypothesis-profile deep` looks for new ones.
hypothesis.settings.register_profile("few", derandomize=True, deadline=None, max_examples=12)
hypothesis.settings.register_profile("deep", deadline=None, max_examples=1000, print_blob=True)
hypothesis.settings.load_profile("few")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running server whose database `personapulse` is prepared and stays empty: tests copy it."""
    with tempfile.TemporaryDirectory(prefix="pp-tests-") as folder:
        Path(folder).chmod(0o755)  # under root the server runs as another user
        with EmbeddedPostgres(Home.open(Path(folder) / "home")) as server:
            prepare(server)
            yield server

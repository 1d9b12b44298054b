import datetime

import pytest

from personapulse.settings import ShopSettings
from personapulse_airflow.publishing import publish

DAY = datetime.date(2026, 1, 31)


@pytest.fixture
def in_front(tmp_path):
    """A report folder that shows 2026-01-31."""
    latest = tmp_path / "latest"
    latest.mkdir()
    (latest / "as_of_date.txt").write_text(f"{DAY}\n")
    (latest / "index.html").write_text("the 31st")
    return tmp_path


def test_an_older_day_never_comes_to_the_front(in_front):
    said = publish(None, DAY - datetime.timedelta(days=1), in_front, ShopSettings())
    assert "shows 2026-01-31, which is newer than 2026-01-30" in said
    assert (in_front / "latest" / "index.html").read_text() == "the 31st"


@pytest.mark.parametrize("days", [0, 1])
def test_a_report_that_cannot_be_written_leaves_the_old_one_in_front(in_front, days):
    no_warehouse = None
    with pytest.raises(AttributeError):
        publish(no_warehouse, DAY + datetime.timedelta(days=days), in_front, ShopSettings())
    assert (in_front / "latest" / "index.html").read_text() == "the 31st"
    assert [path.name for path in in_front.iterdir()] == ["latest"]

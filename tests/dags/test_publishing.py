import contextlib
import datetime

import pytest

from personapulse.dashboard.document import Document
from personapulse.errors import PersonaPulseError
from personapulse.settings import ShopSettings
from personapulse_airflow import publishing
from personapulse_airflow.alerts import addresses
from personapulse_airflow.digest import why_not
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


class Warehouse:
    """A connection that is only opened and closed."""

    @contextlib.contextmanager
    def transaction(self):
        yield


def test_an_older_day_is_kept_and_never_comes_to_the_front(in_front, monkeypatch):
    kept = []
    monkeypatch.setattr(publishing, "make_document", lambda connection, day, settings: Document(day, b"", "x"))
    monkeypatch.setattr(publishing, "keep", lambda connection, document: kept.append(document) or True)
    day = DAY - datetime.timedelta(days=1)
    said = publish(Warehouse(), day, in_front, ShopSettings())
    assert [document.as_of_date for document in kept] == [day]
    assert "shows 2026-01-31, which is newer than 2026-01-30" in said
    assert (in_front / "latest" / "index.html").read_text() == "the 31st"


@pytest.mark.parametrize("days", [0, 1])
def test_a_report_that_cannot_be_written_leaves_the_old_one_in_front(in_front, days):
    no_warehouse = None
    with pytest.raises(AttributeError):
        publish(no_warehouse, DAY + datetime.timedelta(days=days), in_front, ShopSettings())
    assert (in_front / "latest" / "index.html").read_text() == "the 31st"
    assert [path.name for path in in_front.iterdir()] == ["latest"]


SUNDAY = datetime.date(2026, 5, 31)


@pytest.mark.parametrize(
    ("day", "to", "weekday", "in_front", "reason"),
    [
        (SUNDAY, ["a@b.c"], "sunday", SUNDAY, ""),
        (SUNDAY, ["a@b.c"], " Sunday", None, ""),
        (SUNDAY, [], "sunday", SUNDAY, "names no address"),
        (SUNDAY, ["a@b.c"], "monday", SUNDAY, "2026-05-31 is no Monday"),
        (SUNDAY, ["a@b.c"], "sunday", SUNDAY + datetime.timedelta(days=1), "2026-06-01 is in front"),
    ],
)
def test_a_digest_is_sent_of_the_newest_week_that_is_over_to_who_asked(day, to, weekday, in_front, reason):
    said = why_not(day, to, weekday, in_front)
    assert reason in said
    assert bool(reason) == bool(said)


def test_a_weekday_that_is_none_is_refused_and_addresses_are_parted():
    with pytest.raises(PersonaPulseError, match="got 'someday'"):
        why_not(SUNDAY, ["a@b.c"], "someday", None)
    assert addresses(" a@b.c, ,d@e.f ") == ["a@b.c", "d@e.f"]

import datetime

import psycopg
import pytest
from airflow.sdk import RetryAction

from personapulse.errors import PersonaPulseError, UnreachableError
from personapulse.ingest import Source
from personapulse_airflow import shared


@pytest.fixture
def source(tmp_path):
    for day in ("2026-01-01", "2026-01-02", "2026-01-05"):
        (tmp_path / day).mkdir()
    return Source(str(tmp_path))


def test_the_runs_clock_is_its_partition_key():
    assert shared.day_of("2026-01-31") == datetime.date(2026, 1, 31)


@pytest.mark.parametrize("key", [None, "", "2026-02-30", "today"])
def test_a_run_without_a_day_says_what_its_key_must_be(key):
    with pytest.raises(PersonaPulseError, match=r"partition key is .* such as 2026-01-31"):
        shared.day_of(key)


def test_history_is_the_whole_source_by_default(source):
    assert shared.days_between(source, None, "") == (datetime.date(2026, 1, 1), datetime.date(2026, 1, 5))


def test_history_ends_with_a_day_the_source_has(source):
    assert shared.days_between(source, "2026-01-02", "2026-01-04") == (datetime.date(2026, 1, 2),) * 2


def test_history_without_days_says_which_days_there_are(source):
    with pytest.raises(PersonaPulseError, match="2026-01-01 to 2026-01-05"):
        shared.days_between(source, "2026-01-03", "2026-01-04")


def test_a_day_that_is_none_is_named(source):
    with pytest.raises(PersonaPulseError, match=r"last_day '2026-13-01'"):
        shared.days_between(source, None, "2026-13-01")


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (PersonaPulseError("60 % of the rows are bad"), RetryAction.FAIL),
        (UnreachableError("s3://lake/shop cannot be reached"), RetryAction.RETRY),
        (psycopg.errors.DiskFull("could not extend file"), RetryAction.DEFAULT),
        (psycopg.errors.UndefinedColumn("no such column"), RetryAction.FAIL),
        (psycopg.errors.NumericValueOutOfRange("too big"), RetryAction.FAIL),
        (KeyError("name"), RetryAction.FAIL),
        (PermissionError("/report"), RetryAction.FAIL),
        (psycopg.OperationalError("server closed the connection"), RetryAction.DEFAULT),
        (psycopg.errors.DeadlockDetected("deadlock"), RetryAction.DEFAULT),
        (ConnectionResetError("the bucket is away"), RetryAction.DEFAULT),
    ],
)
def test_only_what_may_get_better_is_tried_again(error, action):
    policy = shared.DEFAULT_ARGS["retry_policy"]
    assert policy.evaluate(error, try_number=1, max_tries=2).action is action

"""One day of the sample shop with its marts and scores, for the tests of what the dashboard shows of it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from personapulse.dashboard.document import Document, make_document

from .sample_shop import LAST, SOURCE, build, for_the_moment

DAY = {"day": LAST}
SCORED = """
    insert into ml.model_versions (
        model_version, trained_for, horizon_days, seed, cut_offs, hold_out, rows_trained, parameters, libraries,
        artifact_url, artifact_sha256, artifact_bytes
    ) values ('2026-04-01-x', '2026-04-01', 14, 1, '{2026-03-01}', '2026-03-15', 9, '{}', '{}', 'x', 'x', 1);
    insert into ml.gate_decisions (model_version, decided_for, passed, reasons, criteria, measurements)
    values ('2026-04-01-x', '2026-04-01', true, '[]', '[]', '{"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95}}');
    insert into ml.promotions (model_version, valid_from, kind, promoted_by, reason)
    values ('2026-04-01-x', '2026-04-01', 'gate', 'gate', 'passed');
    insert into marts.purchase_intent (as_of_date, user_id, probability, band, model_version, reason_1)
    select as_of_date, user_id, (row_number() over (order by user_id) % 97) / 97.0, 1 + row_number() over () % 10,
        '2026-04-01-x', 'bought lately above 3, at most 5'
    from marts.personas where as_of_date = '2026-04-12';
"""


@pytest.fixture(scope="module")
def built(sample: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """The sample shop with a day's marts and scores, for this file."""
    with for_the_moment(sample):
        build(sample, LAST)
        sample.execute(
            "create table marts.purchase_intent_day partition of marts.purchase_intent for values in ('2026-04-12')"
        )
        sample.execute(SCORED)
        yield sample


@pytest.fixture(scope="module")
def document(built: psycopg.Connection[Any]) -> Document:
    return make_document(built, LAST, SOURCE.settings)

"""Python's part of marts.insights: numbers by SQL, claims by tests, one correction for all tests of the day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from personapulse.insights.kinds import KINDS
from personapulse.insights.model import Claim, Kind, Row, Told
from personapulse.insights.saying import listed, plural
from personapulse.insights.statistics import ALPHA, adjusted
from personapulse.settings import ShopSettings
from personapulse.warehouse import read_file

COLUMNS = {
    "kind": "text", "status": "text", "rank": "integer", "priority": "text", "subject_type": "text", "subject": "text",
    "sentence": "text", "effect": "double precision", "low": "double precision", "high": "double precision",
    "unit": "text", "p_value": "double precision", "adjusted_p_value": "double precision", "test": "text",
    "sample_size": "bigint", "floor": "text", "query": "text",
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A kind of insight after its tests: claims with their adjusted p-values, or why there are none."""

    kind: Kind
    query: str
    claims: Sequence[tuple[Claim, float]]
    reason: str = ""


def prepare(connection: psycopg.Connection[Any], parameters: Mapping[str, Any], settings: ShopSettings) -> None:
    """Leave the day's insights in the temporary table `insight_sentences`.

    Parameters
    ----------
    connection : psycopg.Connection
        In the transaction that builds the mart; the marts it needs are built.
    parameters : mapping
        Those of the mart's select.
    settings : ShopSettings
        Currency and conversion days are said.
    """
    told = Told(parameters["as_of_date"], settings)
    # some kinds ask two questions of the same numbers
    numbers = {file: _numbers(connection, file, parameters) for file in dict.fromkeys(kind.file for kind in KINDS)}
    tests = [_test(kind, *numbers[kind.file], told) for kind in KINDS]
    ranks = iter(range(1, len(KINDS) + 1))
    rows = [_row(judged, ranks) for judged in _corrected(tests)]
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(
        "drop table if exists pg_temp.insight_sentences;"
        f"create temporary table insight_sentences ({columns}) on commit drop".encode()
    )
    places = ", ".join(f"%({name})s" for name in COLUMNS)
    connection.cursor().executemany(f"insert into insight_sentences values ({places})".encode(), rows)  # noqa: S608 - our names


def _numbers(connection: psycopg.Connection[Any], file: str, parameters: Mapping[str, Any]) -> tuple[str, list[Row]]:
    """Ask for numbers; the query is returned as a reader can ask it again."""
    query = psycopg.ClientCursor(connection).mogrify(read_file(file).encode(), dict(parameters))
    with connection.cursor(row_factory=dict_row) as cursor:
        return query, list(cursor.execute(query.replace("%", "%%").encode(), {}).fetchall())


def _test(kind: Kind, query: str, rows: Sequence[Row], told: Told) -> tuple[Kind, str, list[Claim] | str]:
    return kind, query, kind.judge(rows, told)


def _corrected(tests: Sequence[tuple[Kind, str, list[Claim] | str]]) -> Iterator[Judged]:
    """Adjust the p-values of all claims of the day together."""
    claims = [claim for *_, found in tests if not isinstance(found, str) for claim in found]
    p_values = iter(adjusted([claim.estimate.p_value for claim in claims]))
    for kind, query, found in tests:
        if isinstance(found, str):
            yield Judged(kind, query, (), found)
        else:
            yield Judged(kind, query, [(claim, next(p_values)) for claim in found], kind.nothing)


def _row(judged: Judged, ranks: Iterator[int]) -> dict[str, Any]:
    kind = judged.kind
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "kind": kind.name,
        "status": "not said",
        "priority": kind.priority,
        "subject_type": kind.subject_type,
        "sentence": f"Not said, {judged.reason}",
        "floor": kind.floor,
        "query": judged.query,
    }
    true = [(claim, p) for claim, p in judged.claims if claim.is_news and p <= ALPHA]
    if not true:
        return row
    true.sort(key=lambda found: (-found[0].strength, found[0].subject))
    (claim, p_value), others = true[0], [other.subject for other, _ in true[1:]]
    sentence = claim.sentence
    if others and kind.names_others:
        named = [plural(other) if kind.subject_type == "persona" else other for other in others[:3]]
        sentence += f" The same holds for {listed(named)}{' and others' * (len(others) > 3)}."
    return row | {
        "status": "said",
        "rank": next(ranks),
        "subject": claim.subject,
        "sentence": sentence,
        "effect": claim.estimate.value,
        "low": claim.estimate.low,
        "high": claim.estimate.high,
        "unit": kind.unit,
        "p_value": claim.estimate.p_value,
        "adjusted_p_value": p_value,
        "test": kind.test,
        "sample_size": claim.sample_size,
    }

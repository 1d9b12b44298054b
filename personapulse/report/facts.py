"""What the report shows, read from the marts in one snapshot."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row, dict_row

from personapulse.insights.reading import Insight, read_insights
from personapulse.marts.days import check_built, snapshot

Row = TypeVar("Row")


@dataclass(frozen=True)
class Month:
    """One row of `marts.kpi_monthly`."""

    month: datetime.date
    buyers: int
    paid_orders: int
    gross_revenue: Decimal
    returns_amount: Decimal
    net_revenue: Decimal


@dataclass(frozen=True)
class PersonaWorth:
    """A persona's customers and what they have been worth.

    Parameters
    ----------
    spread : sequence of float, optional
        Net revenue per buyer at the quantiles 0.1, 0.25, 0.5, 0.75 and 0.9; None without a buyer.
    """

    persona: str
    rule_set: str
    customers: int
    buyers: int
    net_revenue: Decimal
    spread: Sequence[float] | None


@dataclass(frozen=True)
class Cell:
    """One pair of scores: recency, and the rounded-up mean of frequency and monetary."""

    r_score: int
    fm_score: int
    segment: str
    customers: int


@dataclass(frozen=True)
class SegmentWorth:
    """A segment's buyers and their net revenue."""

    segment: str
    customers: int
    net_revenue: Decimal


@dataclass(frozen=True)
class Cuts:
    """One row of `marts.rfm_cuts`."""

    metric: str
    cut_month: datetime.date
    basis_date: datetime.date
    buyers: int
    history_days: int
    is_sufficient: bool
    values: Sequence[Decimal | None]
    scores_given: str


@dataclass(frozen=True)
class Finding:
    """One row of `ops.data_quality`."""

    layer: str
    rule: str
    severity: str
    finding_count: int
    sample_keys: Sequence[str]
    description: str


@dataclass(frozen=True)
class Quarantined:
    """Rows of one file that one rule set aside; `share` is of the file's rows, from 0 to 1."""

    file: str
    rule: str
    row_count: int
    share: Decimal | None


@dataclass(frozen=True)
class Intent:
    """Buyers expected of a persona: `expected` sums probabilities, `likely` customers have one above a half."""

    persona: str
    customers: int
    expected: float
    likely: int
    model_version: str
    horizon_days: int


@dataclass(frozen=True)
class Facts:
    """Everything the page tells of one day; an empty list is a thing that is not there."""

    as_of_date: datetime.date
    kpi: dict[str, Any]
    insights: list[Insight]
    intent: list[Intent]
    months: list[Month]
    personas: list[PersonaWorth]
    has_views: bool
    cells: list[Cell]
    segments: list[SegmentWorth]
    unscored_buyers: int
    cuts: list[Cuts]
    checks: list[Finding]
    quarantined: list[Quarantined]


_MONTHS = """
    select month, buyers, paid_orders, gross_revenue, returns_amount, net_revenue
    from marts.kpi_monthly where as_of_date = %(day)s order by month
"""
_PERSONAS = """
    select
        personas.persona, min(personas.rule_set) as rule_set, count(*) as customers,
        count(*) filter (where ltv.paid_orders > 0) as buyers,
        coalesce(sum(ltv.net_revenue), 0) as net_revenue,
        percentile_cont(array[0.1, 0.25, 0.5, 0.75, 0.9]) within group (order by ltv.net_revenue)
            filter (where ltv.paid_orders > 0) as spread
    from marts.personas as personas
    left join marts.ltv as ltv using (as_of_date, user_id)
    where as_of_date = %(day)s
    group by personas.persona
    order by net_revenue desc, persona
"""
_INTENT = """
    select
        personas.persona, count(*) as customers, sum(intent.probability::double precision) as expected,
        count(*) filter (where intent.probability > 0.5) as likely,
        versions.model_version, versions.horizon_days
    from marts.purchase_intent as intent
    inner join marts.personas as personas using (as_of_date, user_id)
    inner join ml.model_versions as versions using (model_version)
    where as_of_date = %(day)s
    group by personas.persona, versions.model_version, versions.horizon_days
    order by expected desc, persona
"""
_HAS_VIEWS = """
    select exists (select from marts.customer_profile where as_of_date = %(day)s and views is not null) as has_views
"""
_CELLS = """
    select segments.r_score, segments.fm_score, segments.segment, count(rfm.user_id) as customers
    from marts.rfm_segments as segments
    left join marts.rfm as rfm
        on
            rfm.as_of_date = %(day)s
            and segments.r_score = rfm.r_score
            and segments.fm_score = (rfm.f_score + rfm.m_score + 1) / 2
    group by segments.r_score, segments.fm_score, segments.segment
    order by segments.fm_score desc, segments.r_score
"""
# From the best pairs of scores to the worst, as the table of segments itself says.
_SEGMENTS = """
    with worth as (
        select segment, count(*) as customers, sum(monetary) as net_revenue
        from marts.rfm where as_of_date = %(day)s group by segment
    )
    select
        segments.segment, coalesce(max(worth.customers), 0) as customers,
        coalesce(max(worth.net_revenue), 0) as net_revenue
    from marts.rfm_segments as segments
    left join worth using (segment)
    group by segments.segment
    order by avg(segments.r_score + segments.fm_score) desc, segments.segment
"""
_UNSCORED = "select count(*) as buyers from marts.rfm where as_of_date = %(day)s and r_score is null"
_CUTS = """
    select
        metric, cut_month, basis_date, buyers, history_days, is_sufficient, scores_given,
        array[cut_1, cut_2, cut_3, cut_4] as values
    from marts.rfm_cuts where cut_month = date_trunc('month', %(day)s::date)::date
    order by array_position(array['recency_days', 'frequency', 'monetary'], metric)
"""
_CHECKS = """
    select layer, rule, severity, finding_count, sample_keys, description
    from ops.data_quality where as_of_date = %(day)s order by severity, finding_count desc, layer, rule
"""
_QUARANTINED = """
    select
        quarantine.file, quarantine.rule, count(*) as row_count,
        count(*)::numeric / nullif(max(loads.row_count), 0) as share
    from ops.quarantine as quarantine
    left join ops.loads as loads using (source_day, file)
    where source_day = %(day)s
    group by quarantine.file, quarantine.rule
    order by quarantine.file, row_count desc, quarantine.rule
"""


def read_facts(connection: psycopg.Connection[Any], as_of_date: datetime.date) -> Facts:
    """Read what the report shows of a day, all of it as of one moment.

    Raises
    ------
    PersonaPulseError
        If the day is not built; the message names the days that are.
    """
    with snapshot(connection):
        check_built(connection, as_of_date)
        return _read(connection, {"day": as_of_date})


def _read(connection: psycopg.Connection[Any], day: dict[str, datetime.date]) -> Facts:
    return Facts(
        as_of_date=day["day"],
        kpi=_one(connection, "select * from marts.kpi_daily where as_of_date = %(day)s", day),
        insights=read_insights(connection, day["day"]),
        intent=_rows(connection, Intent, _INTENT, day),
        months=_rows(connection, Month, _MONTHS, day),
        personas=_rows(connection, PersonaWorth, _PERSONAS, day),
        has_views=_one(connection, _HAS_VIEWS, day)["has_views"],
        cells=_rows(connection, Cell, _CELLS, day),
        segments=_rows(connection, SegmentWorth, _SEGMENTS, day),
        unscored_buyers=_one(connection, _UNSCORED, day)["buyers"],
        cuts=_rows(connection, Cuts, _CUTS, day),
        checks=_rows(connection, Finding, _CHECKS, day),
        quarantined=_rows(connection, Quarantined, _QUARANTINED, day),
    )


def _rows(connection: psycopg.Connection[Any], kind: type[Row], query: str, day: dict[str, Any]) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query.encode(), day).fetchall()


def _one(connection: psycopg.Connection[Any], query: str, day: dict[str, Any]) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query.encode(), day).fetchone()
    assert row is not None, query  # noqa: S101 - one row by its grain, or by its aggregate
    return row

"""What the dashboard shows of a day, read from the marts as columns of numbers and of numbered texts."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg

from personapulse.warehouse import read_file

POINTS = 5_000  # buyers up to whom each is a point of recency and net revenue; more are counted in bins
DIGITS = 6  # of amounts: what came back of a whole order is divided among its products

# Selects of include/sql/dashboard.
FILES = (
    "days",
    "days_people",
    "buyers",
    "recency_monetary",
    "lifetime_values",
    "worth_spread",
    "intent_bands",
    "intent_reasons",
    "movement_kinds",
    "products",
)
# Marts that are shown as they are, by the name of their table in the document, and how their rows are ordered.
_CUBES = {
    "customers": ("dashboard_cube_customers", "persona, segment, age_group, gender"),
    "months": ("dashboard_cube_months", "month, persona, age_group, gender"),
    "reach": ("dashboard_cube_reach", "period_days, category, persona, age_group, gender"),
    "funnel": ("funnel", "persona, category, step_no"),
    "funnel_sessions": ("funnel_sessions", "persona, category, step_no"),
    "cohorts": ("cohorts", "cohort_month, month"),
    "returns": ("returns", "dimension, returns_amount desc, value"),
    "movement": ("persona_movement", "span, from_persona, to_persona"),
    "insights": ("insights", "rank nulls last, kind"),
    "ltv_model": ("ltv_model", "as_of_date"),
    "ltv_backtest": ("ltv_backtest", "measure, method"),
}
RETURNS_SHOWN = 200  # of products; the other dimensions are small

_OTHERS = {
    "kpis": "select * from marts.kpi_daily where as_of_date <= %(as_of_date)s order by as_of_date",
    "cuts": """
        select metric, basis_date, buyers, history_days, is_sufficient, cut_1, cut_2, cut_3, cut_4, scores_given
        from marts.rfm_cuts where cut_month = date_trunc('month', %(as_of_date)s::date)::date
        order by array_position(array['recency_days', 'frequency', 'monetary'], metric)
    """,
    "segments": """
        select segment, r_score, fm_score from marts.rfm_segments order by r_score + fm_score desc, segment
    """,
    # no keys: they may be customers'
    "checks": """
        select layer, rule, severity, finding_count, description from ops.data_quality
        where as_of_date = %(as_of_date)s order by finding_count = 0, severity, finding_count desc, layer, rule
    """,
    # no raw rows, and not the reason, which quotes them
    "quarantine": """
        select quarantine.file, quarantine.rule, count(*) as row_count, max(loads.row_count) as file_rows
        from ops.quarantine as quarantine
        left join ops.loads as loads using (source_day, file)
        where quarantine.source_day = %(as_of_date)s
        group by quarantine.file, quarantine.rule order by row_count desc, quarantine.file, quarantine.rule
    """,
    "loads": """
        select source_day, file, row_count, quarantined_count, loaded_count, updated_count, unchanged_count, state
        from ops.loads
        where source_day between %(as_of_date)s::date - 13 and %(as_of_date)s order by source_day desc, file
    """,
    "models": """
        select
            versions.model_version, versions.trained_for, versions.horizon_days, versions.hold_out,
            versions.rows_trained, decisions.decided_for, decisions.passed,
            (decisions.measurements #>> '{accuracy,value}')::double precision as accuracy,
            (decisions.measurements #>> '{accuracy,low}')::double precision as accuracy_low,
            (decisions.measurements #>> '{accuracy,high}')::double precision as accuracy_high,
            decisions.reasons, decisions.criteria,
            promotions.kind as promotion, promotions.valid_from
        from ml.gate_decisions as decisions
        inner join ml.model_versions as versions using (model_version)
        left join lateral (
            select kind, valid_from from ml.promotions
            where promotions.model_version = decisions.model_version and valid_from <= %(as_of_date)s
            order by promotion_no desc limit 1
        ) as promotions on true
        where decisions.decided_for <= %(as_of_date)s
        order by decisions.decided_for desc, decisions.decision_no desc
        limit 30
    """,
    "champion": """
        select promotions.model_version, promotions.valid_from, promotions.kind, versions.horizon_days,
            versions.trained_for, versions.hold_out
        from ml.promotions as promotions inner join ml.model_versions as versions using (model_version)
        where promotions.valid_from <= %(as_of_date)s order by promotions.promotion_no desc limit 1
    """,
    "live": """
        select distinct on (served_on)
            served_on, measured_for, model_version, customers, positives, base_rate, majority, accuracy, accuracy_low,
            accuracy_high, pr_auc, brier, calibration_error
        from ml.live_metrics where persona = '(all)' and measured_for <= %(as_of_date)s
        order by served_on desc, measured_for desc
        limit 60
    """,
}

Table = dict[str, Any]


def read_tables(connection: psycopg.Connection[Any], as_of_date: datetime.date) -> dict[str, Table]:
    """Read every table of the document.

    Parameters
    ----------
    connection : psycopg.Connection
        Within a snapshot, so that the tables agree.
    as_of_date : datetime.date
        A day whose marts are built.

    Returns
    -------
    dict of str to dict
        Tables as `encode` writes them.
    """
    values = {"as_of_date": as_of_date, "points": POINTS}
    queries = {name: read_file(f"dashboard/{name}.sql") for name in FILES}
    queries |= {name: _select(name, mart, order) for name, (mart, order) in _CUBES.items()}
    return {name: _read(connection, query, values) for name, query in (queries | _OTHERS).items()}


def encode(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """Write rows as columns; a column of texts or days as numbers into the list of its different values.

    Examples
    --------
    >>> encode(["persona", "customers"], [("Loyalist", 3), (None, 4), ("Loyalist", 5)])
    {'rows': 3, 'texts': {'persona': ['Loyalist']}, 'columns': {'persona': [0, -1, 0], 'customers': [3, 4, 5]}}
    """
    table: Table = {"rows": len(rows), "texts": {}, "columns": {}}
    for place, name in enumerate(columns):
        values = [_plain(row[place]) for row in rows]
        if any(isinstance(value, str) for value in values):
            numbers: dict[str, int] = {}
            table["columns"][name] = [
                -1 if value is None else numbers.setdefault(value, len(numbers)) for value in values
            ]
            table["texts"][name] = list(numbers)
        else:
            table["columns"][name] = values
    return table


def decode(table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table as `encode` wrote it."""
    read = {
        name: [table["texts"][name][n] if n >= 0 else None for n in values] if name in table["texts"] else values
        for name, values in table["columns"].items()
    }
    return [{name: values[n] for name, values in read.items()} for n in range(table["rows"])]


def _select(name: str, mart: str, order: str) -> str:
    # "products" of returns are many: those with the most returns
    few = f" limit {RETURNS_SHOWN}" if name == "returns" else ""
    where = "as_of_date = %(as_of_date)s"
    if name == "returns":
        order = "dimension = 'product', " + order
    return f"select * from marts.{mart} where {where} order by {order}{few}"  # noqa: S608 - our own names


def _read(connection: psycopg.Connection[Any], query: str, values: Mapping[str, Any]) -> Table:
    cursor = connection.execute(query.encode(), values)
    names = [column.name for column in cursor.description or ()]
    is_of_one_day = "as_of_date" in names and "marts.kpi_daily" not in query
    kept = [place for place, name in enumerate(names) if not is_of_one_day or name != "as_of_date"]
    return encode([names[n] for n in kept], [[row[n] for n in kept] for row in cursor.fetchall()])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else round(float(value), DIGITS)
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value

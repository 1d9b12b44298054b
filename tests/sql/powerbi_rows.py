"""What Power BI would import: the rows of every view, under the names people read; and a model that has served days."""

import datetime
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

from personapulse.powerbi import Design

from .dax import Model

BASE_RATE = 0.2  # of the model below: customers above it have reasons for buying


def imported(connection: psycopg.Connection[Any], design: Design) -> Model:
    """Read every table of the model as its query does."""
    tables = {}
    for table in design.tables:
        columns = ", ".join(f'{column.source} as "{column.name}"' for column in table.columns)
        with connection.cursor(row_factory=dict_row) as cursor:
            tables[table.name] = cursor.execute(f"select {columns} from reporting.{table.view}".encode()).fetchall()
    return Model(
        tables,
        {(one.from_table, one.from_column): (one.to_table, one.to_column) for one in design.relationships},
        {measure.name: measure.dax for measure in design.measures},
    )


def serve(connection: psycopg.Connection[Any], day: datetime.date) -> None:
    """Two models, the first refused; the second has scored every customer of the day, and was measured on two days."""
    version = (
        "insert into ml.model_versions (model_version, trained_for, horizon_days, seed, cut_offs, hold_out,"
        " rows_trained, parameters, libraries, artifact_url, artifact_sha256, artifact_bytes)"
        " values (%s, %s, 14, 1, '{}', %s, 100, jsonb_build_object('base_rate', %s::float8), '{}', 'file:///m', 'x', 1)"
    )
    decision = (
        "insert into ml.gate_decisions (model_version, decided_for, passed, reasons, criteria, measurements) values"
        " (%(version)s, %(day)s, %(passed)s, to_jsonb(%(reasons)s::text[]), jsonb_build_array(jsonb_build_object("
        "'name', 'accuracy', 'value', %(accuracy)s::float8, 'limit', 0.8)), jsonb_build_object("
        "'accuracy', jsonb_build_object('value', %(accuracy)s::float8), 'pr_auc', jsonb_build_object('value', 0.5),"
        " 'brier', jsonb_build_object('value', 0.1)))"
    )
    for name, accuracy, reasons in (("first", 0.75, ["Accuracy is 0.750.", "It must be 0.8."]), ("second", 0.875, [])):
        connection.execute(version.encode(), (name, day, day, BASE_RATE))
        values: Mapping[str, Any] = {"version": name, "day": day, "accuracy": accuracy, "reasons": reasons}
        connection.execute(decision.encode(), {**values, "passed": not reasons})
    # probabilities in quarters, which floating point holds exactly
    connection.execute(
        b"create table marts.purchase_intent_of_the_day partition of marts.purchase_intent for values in ('%s')"
        % str(day).encode()
    )
    connection.execute(
        b"insert into marts.purchase_intent (as_of_date, user_id, probability, band, model_version, reason_1, reason_2)"
        b" select as_of_date, user_id, nth %% 4 / 4.0, 1 + nth %% 10, 'second', 'came lately',"
        b" nullif(nth %% 3, 0)::text"
        b" from (select as_of_date, user_id, row_number() over (order by user_id) as nth"
        b" from marts.personas where as_of_date = %(day)s) as customers",
        {"day": day},
    )
    for served, measured, persona, accuracy in (
        (day - datetime.timedelta(30), day - datetime.timedelta(1), "(all)", 0.5),
        (day - datetime.timedelta(30), day, "(all)", 0.75),
        (day - datetime.timedelta(29), day, "(all)", 0.25),
        (day - datetime.timedelta(29), day, "Loyalist", 1.0),
        (day - datetime.timedelta(28), day, "(all)", None),
    ):
        connection.execute(
            b"insert into ml.live_metrics (model_version, served_on, measured_for, persona, customers, positives,"
            b" accuracy, majority) values ('second', %s, %s, %s, 100, 20, %s, 0.5)",
            (served, measured, persona, accuracy),
        )

"""Python's part of the marts of predicted lifetime value: fit, predict, and leave temporary tables their selects read.

Numbers come and go as binary COPY: a million values take a tenth of a second. Customers are put in an order of their
own numbers before anything is summed, so that the same purchases give the same digits however the table lies on disk.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from personapulse.clv import bg_nbd, gamma_gamma
from personapulse.clv.arrays import Floats
from personapulse.clv.backtest import MODEL, scores
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.fitting import Fit, fit, too_open
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.histories import Histories
from personapulse.clv.prediction import Worth, predict
from personapulse.clv.wire import copy_in, copy_out
from personapulse.errors import PersonaPulseError
from personapulse.settings import ShopSettings
from personapulse.warehouse import read_file

MONTHS = {3: 91, 6: 182, 12: 365}  # days
LEAST_HISTORY = 30  # days
BACKTEST_DAYS = 91
SHORT_BACKTEST_DAYS = 28  # of a shop whose history is shorter than two of the former
FITTED, HISTORIC = "fitted", "historic"

Connection = psycopg.Connection[Any]
Parameters = Mapping[str, Any]

_HISTORY = "frequency, recency_days, age_days, mean_order_value"


def prepare_model(connection: Connection, parameters: Parameters, _settings: ShopSettings) -> None:
    """Fit both models to the day's purchases; leave `ltv_fit` of one row."""
    query = f"select {_HISTORY} from ({_histories()}) as histories"  # noqa: S608 - our own file
    histories = _sorted(copy_out(connection, query, parameters, 4))
    row: dict[str, Any] = {
        "status": HISTORIC,
        "buyers": len(histories),
        "repeat_buyers": int((histories.frequency > 0).sum()),
        "history_days": int(histories.age.max(initial=-1) + 1),
    }
    try:
        found = _fit(histories)
        row |= _told(found, histories)
    except PersonaPulseError as error:
        row["reason"] = str(error)
    _leave(connection, "ltv_fit", "ltv_model", [row])


def _fit(histories: Histories) -> Fit:
    """Fit, unless the shop is too young."""
    days = histories.age.max(initial=-1) + 1
    if days < LEAST_HISTORY:
        raise PersonaPulseError(f"only {days:.0f} days since the first order; {LEAST_HISTORY} are needed")
    return fit(histories)


def _told(found: Fit, histories: Histories) -> dict[str, Any]:
    """Return the columns of a fit."""
    purchases, value = found.totals(histories, MONTHS[12])
    if reason := too_open(purchases):
        raise PersonaPulseError(reason)
    row: dict[str, Any] = {"status": FITTED}
    for names, top in (
        (bg_nbd.PARAMETERS, found.purchases_top),
        (gamma_gamma.PARAMETERS, found.values_top),
    ):
        for name, parameter, error in zip(names, top.parameters, top.standard_errors, strict=True):
            row |= {name: _number(parameter), f"{name}_error": _number(error)}
    for what, total in (("purchases", purchases), ("value", value)):
        row |= {
            f"expected_{what}_12_months": _number(total.expected),
            f"{what}_low_12_months": _number(total.low),
            f"{what}_high_12_months": _number(total.high),
        }
    return row | {
        "log_likelihood": found.purchases_top.log_likelihood,
        "value_log_likelihood": found.values_top.log_likelihood,
        "mean_order_value": found.values.population_mean,
    }


def prepare_predicted(connection: Connection, parameters: Parameters, _settings: ShopSettings) -> None:
    """Predict for every buyer with the day's models; leave `ltv_buyers` and `ltv_predictions`."""
    select = f"select (row_number() over ())::integer as number, h.* from ({_histories()}) as h"  # noqa: S608 - our own file
    make = f"create temporary table ltv_buyers on commit drop as {select}"
    connection.execute(make.encode(), dict(parameters))
    columns = ["probability_alive", "expected_order_value"]
    for months in MONTHS:
        columns += [f"expected_purchases_{months}_months"]
        columns += [f"{what}_{months}_months" for what in ("value_low", "value_high")]
    table = ", ".join(f"{column} double precision" for column in columns)
    create = f"create temporary table ltv_predictions (number integer, {table}) on commit drop"
    connection.execute(create.encode())
    if models := _models(connection, parameters["as_of_date"]):
        found = copy_out(connection, f"select number, {_HISTORY} from ltv_buyers", {}, 5)  # noqa: S608 - our own columns
        histories = _told_as_histories(found[:, 1:])
        predictions = _predictions(*models, histories)
        copy_in(connection, "ltv_predictions", found[:, 0].astype(np.int32), predictions)


def _predictions(model: BgNbd, values: GammaGamma, histories: Histories) -> list[Floats]:
    """Return the columns of `ltv_predictions`."""
    alive = model.probability_alive(histories.combinations)[histories.combinations.customer]
    columns = [alive, Worth.of(values, histories).mean(values.p)]
    for one in predict(model, values, histories, list(MONTHS.values())):
        columns += [one.purchases, one.low, one.high]
    return columns


def _models(connection: Connection, day: datetime.date) -> tuple[BgNbd, GammaGamma] | None:
    """Return the day's models as they stand in the mart; none if the data were too thin."""
    row = connection.execute(
        "select r, alpha, a, b, p, q, v from marts.ltv_model where as_of_date = %s and status = %s", (day, FITTED)
    ).fetchone()
    return (BgNbd(*row[:4]), GammaGamma(*row[4:])) if row else None


def prepare_backtest(connection: Connection, parameters: Parameters, _settings: ShopSettings) -> None:
    """Fit to what was known some weeks ago, and hold the forecast against what came; leave `ltv_scores`."""
    today, known_on = parameters["as_of_date"], parameters["known_on"]
    horizon = _backtest_days(connection, today, known_on)
    end = today - datetime.timedelta(days=horizon)
    then = {"as_of_date": end, "known_on": known_on if known_on > today else end}
    query = read_file("features/backtest_histories.sql").replace("%(histories)s", f"({_histories()})")
    values = then | {"today": today, "known_today": known_on}
    found = copy_out(connection, query, values, 6)
    found = found[np.lexsort(found.T)]
    histories = _told_as_histories(found[:, :4])
    prediction, reason = None, None
    try:
        models = _fit(histories)
        prediction = predict(models.purchases, models.values, histories, [horizon])[0]
    except PersonaPulseError as error:
        reason = str(error)
    rows = [
        vars(score)
        | {
            "calibration_end": end,
            "horizon_days": horizon,
            "buyers": len(histories),
            "reason": reason if score.method == MODEL else None,
        }
        for score in scores(histories, (found[:, 4], found[:, 5]), horizon, prediction)
    ]
    _leave(connection, "ltv_scores", "ltv_backtest", rows)


def _backtest_days(connection: Connection, today: datetime.date, known_on: datetime.date) -> int:
    """Return how far back the forecast to be tested was made."""
    row = connection.execute(
        "select %(today)s::date - min(first_paid_on) from core.customers_as_of(%(today)s::date, %(known_on)s::date)"
        " where paid_orders > 0",
        {"today": today, "known_on": known_on},
    ).fetchone()
    return BACKTEST_DAYS if row and (row[0] or 0) >= 2 * BACKTEST_DAYS else SHORT_BACKTEST_DAYS


def _histories() -> str:
    return read_file("features/purchase_histories.sql")


def _sorted(numbers: Floats) -> Histories:
    return _told_as_histories(numbers[np.lexsort(numbers.T)])


def _told_as_histories(numbers: Floats) -> Histories:
    """Make histories of the columns of `_HISTORY`."""
    frequency, recency, age, mean_value = (np.ascontiguousarray(column) for column in numbers.T)
    # what a purchase is worth is learnt from those who came back, as in the papers, over all their orders
    return Histories(frequency, recency, age, np.where(frequency > 0, frequency + 1, 0), mean_value)


def _leave(connection: Connection, name: str, mart: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make a temporary table like a mart, with rows; columns a row does not name are null."""
    table = sql.Identifier(name)
    connection.execute(
        sql.SQL("create temporary table {} on commit drop as select * from {} with no data").format(
            table, sql.Identifier("marts", mart)
        )
    )
    for row in rows:
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                table,
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(map(sql.Literal, row.values())),
            )
        )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None

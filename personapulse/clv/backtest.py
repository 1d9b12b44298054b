"""How well purchases and revenue were foretold, against two answers anyone could give."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from personapulse.clv.arrays import Floats
from personapulse.clv.histories import Histories
from personapulse.clv.prediction import Prediction

MODEL, NAIVE, ZERO = "bg_nbd_gamma_gamma", "naive_rate", "all_zero"
MEASURES = ("purchases", "revenue")
LEAST_DAYS = 30  # over which a rate is taken: a second order on the first day is no order a day


@dataclass(frozen=True)
class Score:
    """One method's record on one measure; a number is None where it says nothing.

    Parameters
    ----------
    predicted, actual : float
        Totals over all customers.
    total_error : float
        predicted / actual - 1.
    rmse : float
        Root of the mean squared error of a customer.
    correlation : float
        Pearson's, over customers; None where all predictions, or all customers, are alike.
    """

    method: str
    measure: str
    predicted: float | None
    actual: float
    total_error: float | None
    rmse: float | None
    correlation: float | None


def scores(
    histories: Histories,
    actual: tuple[Floats, Floats],
    time: float,
    prediction: Prediction | None,
    *,
    least: float = LEAST_DAYS,
) -> Iterator[Score]:
    """Compare predictions with what came.

    Parameters
    ----------
    histories : Histories
        Up to the calibration's end, of n customers.
    actual : tuple of array, each of shape (n,)
        Purchases and their worth within `time` after it.
    time : float
        In the histories' unit.
    prediction : Prediction, optional
        The model's; without it the model has no score.
    least : float, default=30
        Shortest time over which the naive rate is taken, in the histories' unit.

    Yields
    ------
    Score
        One for each method and measure. *Naive rate*: repeat purchases / T go on, each worth the customer's mean so
        far. *All zero*: nobody buys again.
    """
    rate = histories.frequency / np.maximum(histories.age, least) * time
    zeros = np.zeros(len(histories))
    answers = {
        MODEL: (prediction.purchases, prediction.value) if prediction else (None, None),
        NAIVE: (rate, rate * histories.mean_value),
        ZERO: (zeros, zeros),
    }
    for method, predicted in answers.items():
        for measure, foretold, came in zip(MEASURES, predicted, actual, strict=True):
            yield _score(method, measure, foretold, came)


def _score(method: str, measure: str, predicted: Floats | None, actual: Floats) -> Score:
    total = float(actual.sum())
    if predicted is None or not len(actual):
        return Score(method, measure, None, total, None, None, None)
    foretold = float(predicted.sum())
    varies = np.ptp(predicted) > 0 and np.ptp(actual) > 0
    return Score(
        method,
        measure,
        foretold,
        total,
        foretold / total - 1 if total else None,
        float(np.sqrt(np.mean((predicted - actual) ** 2))),
        float(np.corrcoef(predicted, actual)[0, 1]) if varies else None,
    )

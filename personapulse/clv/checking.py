"""`personapulse clv fit`: what a person wants to see of a fit to their own file."""

import datetime
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from personapulse.clv import bg_nbd, files, gamma_gamma, transactions
from personapulse.clv.backtest import LEAST_DAYS, Score, scores
from personapulse.clv.files import Log, Summary
from personapulse.clv.fitting import Fit, fit, too_open
from personapulse.clv.histories import Histories
from personapulse.clv.maximum import Maximum
from personapulse.clv.prediction import Prediction, Total, predict
from personapulse.errors import PersonaPulseError

YEAR = 365  # days


@dataclass(frozen=True)
class Question:
    """What is asked of a file.

    Parameters
    ----------
    unit : str
        `days` or `weeks`.
    calibration_end : date, optional
        Last day the models may see; what comes later in a log is the hold-out.
    horizon : float, optional
        How far to look ahead, in the unit; by default to the end of the hold-out, else 12 months.
    with_first_value : bool
        Whether the first purchase's worth counts in a customer's mean.
    """

    unit: str = "days"
    calibration_end: datetime.date | None = None
    horizon: float | None = None
    with_first_value: bool = False


@dataclass(frozen=True)
class Answer:
    """What the models say of a file."""

    file: Path
    question: Question
    customer: "pd.Series[str]"
    histories: Histories
    end: datetime.date | None
    horizon: float
    fit: Fit
    has_values: bool
    prediction: Prediction
    totals: tuple[Total, Total]
    backtest: list[Score]
    warning: str

    def top(self, rows: int) -> pd.DataFrame:
        """Return the customers of whom most is expected."""
        model = self.fit.purchases
        alive = model.probability_alive(self.histories.combinations)[self.histories.combinations.customer]
        table = pd.DataFrame({
            "customer": self.customer.to_numpy(),
            "frequency": self.histories.frequency,
            "recency": self.histories.recency,
            "T": self.histories.age,
            "probability_alive": alive,
            "purchases": self.prediction.purchases,
            "value": self.prediction.value,
            "low": self.prediction.low,
            "high": self.prediction.high,
        })  # fmt: skip
        by = "value" if self.has_values else "purchases"
        return table.sort_values([by, "customer"], ascending=[False, True]).head(rows)

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return each model's log-likelihood, parameters and standard errors."""
        models: dict[str, tuple[tuple[str, ...], Maximum]] = {bg_nbd.NAME: (bg_nbd.PARAMETERS, self.fit.purchases_top)}
        if self.has_values:
            models[gamma_gamma.NAME] = (gamma_gamma.PARAMETERS, self.fit.values_top)
        return {name: _told(names, top) for name, (names, top) in models.items()}

    def as_dict(self, rows: int) -> dict[str, Any]:
        """Return all of it for a program; what is no number is null."""
        purchases, value = self.totals
        return {
            "file": str(self.file),
            "unit": self.question.unit,
            "end": self.end and self.end.isoformat(),
            "horizon": self.horizon,
            "customers": len(self.histories),
            "repeat_buyers": int((self.histories.frequency > 0).sum()),
            "models": self.parameters(),
            "totals": {"purchases": _finite(asdict(purchases))}
            | ({"value": _finite(asdict(value))} if self.has_values else {}),
            "backtest": [asdict(score) for score in self.backtest],
            "top": self.top(rows).to_dict(orient="records"),
            "warning": self.warning or None,
        }


def _told(names: tuple[str, ...], top: Maximum) -> dict[str, Any]:
    parameters = {
        name: _finite({"value": float(value), "standard_error": float(error)})
        for name, value, error in zip(names, top.parameters, top.standard_errors, strict=True)
    }
    return {"log_likelihood": top.log_likelihood, "parameters": parameters}


def _finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: number if np.isfinite(number) else None for name, number in numbers.items()}


def check(file: Path, names: Mapping[str, str], question: Question) -> Answer:
    """Fit the models to a file, and look ahead.

    Raises
    ------
    PersonaPulseError
        If the file cannot be used, or holds too little for a fit; the message names what.
    """
    given = files.read(file, names)
    try:
        return _of_log(file, given, question) if isinstance(given, Log) else _of_summary(file, given, question)
    except PersonaPulseError as error:
        raise PersonaPulseError(f"{file}: {error}") from None


def _of_log(file: Path, log: Log, question: Question) -> Answer:
    last = log.day.max().date()
    end = question.calibration_end or last
    if end > last:
        raise PersonaPulseError(f"the calibration would end on {end}, after the last transaction ({last}).")
    per = transactions.UNIT_DAYS[question.unit]
    held_out = (last - end).days / per
    horizon = question.horizon or held_out or YEAR / per
    until = end + datetime.timedelta(days=int(min(horizon, held_out) * per))
    known = transactions.split(log, end, until, question.unit, with_first_value=question.with_first_value)
    answer = _answer(file, question, known.customer, known.histories, horizon, end=end)
    if held_out:
        shown = (until - end).days / per
        foretold = predict(answer.fit.purchases, answer.fit.values, known.histories, [shown])[0]
        actual = (known.later_purchases, known.later_value)
        answer.backtest.extend(scores(known.histories, actual, shown, foretold, least=LEAST_DAYS / per))
    return answer


def _of_summary(file: Path, summary: Summary, question: Question) -> Answer:
    if question.calibration_end:
        raise PersonaPulseError("a summary has no dates to split; give the transactions for --calibration-end.")
    horizon = question.horizon or YEAR / transactions.UNIT_DAYS[question.unit]
    return _answer(file, question, summary.customer, summary.histories, horizon, has_values=summary.has_values)


def _answer(
    file: Path,
    question: Question,
    customer: "pd.Series[str]",
    histories: Histories,
    horizon: float,
    *,
    end: datetime.date | None = None,
    has_values: bool = True,
) -> Answer:
    fitted = fit(histories) if has_values else _without_values(histories)
    totals = fitted.totals(histories, horizon)
    prediction = predict(fitted.purchases, fitted.values, histories, [horizon])[0]
    return Answer(
        file, question, customer, histories, end, horizon, fitted, has_values, prediction, totals, [],
        too_open(totals[0]),
    )  # fmt: skip


def _without_values(histories: Histories) -> Fit:
    """Fit purchases alone; each counts as worth 1, which is not shown."""
    purchases, top = bg_nbd.fit(histories.combinations)
    nothing = Maximum(np.ones(3), 0.0, np.zeros((3, 3)), np.ones(3, dtype=bool))
    return Fit(purchases, top, gamma_gamma.GammaGamma(1.0, 3.0, 2.0), nothing)

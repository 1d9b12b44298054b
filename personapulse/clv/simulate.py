"""Customers who behave just as the models say, with known parameters: to try the models and the intervals on."""

from dataclasses import dataclass

import numpy as np

from personapulse.clv.arrays import Floats
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.histories import Histories


@dataclass(frozen=True)
class Simulated:
    """Histories, and what the customers did afterwards: arrays of shape (n,)."""

    histories: Histories
    later_purchases: Floats
    later_value: Floats


def simulate(
    model: BgNbd, values: GammaGamma, age: Floats, later: float, rng: np.random.Generator, *, unit: float = 0.0
) -> Simulated:
    """Draw customers.

    Parameters
    ----------
    model, values : BgNbd, GammaGamma
        What the customers are like.
    age : array of shape (n,)
        Time from each customer's first purchase to the end of the history.
    later : float
        Time after the history in which purchases are counted too.
    rng : numpy.random.Generator
        Same generator, same customers.
    unit : float, default=0
        Purchases are dated to whole multiples of it, as in a shop that records the day; 0 keeps the exact time.

    Returns
    -------
    Simulated
        Mean values are over all purchases of the history, the first too.
    """
    n = len(age)
    rate = rng.gamma(model.r, 1 / model.alpha, n)
    dropout = rng.beta(model.a, model.b, n)
    frequency, last, later_purchases = np.zeros(n), np.zeros(n), np.zeros(n)
    time, active = np.zeros(n), np.arange(n)
    while len(active):  # once for each further purchase, of all who make it
        with np.errstate(divide="ignore"):
            time[active] += rng.exponential(size=len(active)) / rate[active]
        active = active[time[active] <= age[active] + later]
        seen = active[time[active] <= age[active]]
        frequency[seen] += 1
        last[seen] = time[seen]
        later_purchases[active[time[active] > age[active]]] += 1
        active = active[rng.random(len(active)) >= dropout[active]]
    nu = rng.gamma(values.q, 1 / values.v, n)
    total = rng.gamma(values.p * (frequency + 1)) / nu
    later_value = np.where(later_purchases > 0, rng.gamma(np.maximum(values.p * later_purchases, 1e-9)) / nu, 0.0)
    if unit:
        last = np.minimum(np.where(frequency > 0, np.maximum(np.round(last / unit), 0.5), 0) * unit, age)
    return Simulated(
        Histories(frequency, last, age, frequency + 1, total / (frequency + 1)), later_purchases, later_value
    )

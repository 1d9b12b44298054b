"""Both models fitted to the same customers, and what they say of the next months."""

from dataclasses import dataclass

import numpy as np

from personapulse.clv import bg_nbd, gamma_gamma
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.histories import Histories
from personapulse.clv.maximum import Maximum
from personapulse.clv.prediction import Total, expected_totals

TOO_OPEN = 0.5  # of the expected purchases: an interval that reaches further says nothing


@dataclass(frozen=True)
class Fit:
    """What was found, and how sure it is.

    Parameters
    ----------
    purchases, purchases_top : BgNbd, Maximum
        How often customers buy and when they stop.
    values, values_top : GammaGamma, Maximum
        What a purchase is worth.
    """

    purchases: BgNbd
    purchases_top: Maximum
    values: GammaGamma
    values_top: Maximum

    def totals(self, histories: Histories, time: float) -> tuple[Total, Total]:
        """Sum expected purchases, and their worth, over all customers."""
        return expected_totals(self.purchases, self.values, (self.purchases_top, self.values_top), histories, time)


def fit(histories: Histories) -> Fit:
    """Fit both models.

    Raises
    ------
    PersonaPulseError
        Saying what the data lack.
    """
    purchases, purchases_top = bg_nbd.fit(histories.combinations)
    values, values_top = gamma_gamma.fit(histories)
    return Fit(purchases, purchases_top, values, values_top)


def too_open(total: Total) -> str:
    """Say so if the data leave the expected purchases open by more than half; else nothing."""
    reach = (total.high - total.expected) / max(total.expected, np.finfo(np.float64).tiny)
    if np.isfinite(reach) and reach <= TOO_OPEN:
        return ""
    return f"the data leave the purchases of the next 12 months open: {total.expected:,.0f}, give or take {reach:.0%}"

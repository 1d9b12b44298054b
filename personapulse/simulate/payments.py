"""How payments go. What is paid at last is the one thing about an order that the customer's behaviour depends on."""

from dataclasses import dataclass

import numpy as np

from personapulse.simulate.draws import Draws, Flags, Whole

PAID, FAILED, PENDING, CANCELLED, REFUNDED = range(5)
STATUSES = ("Paid", "Failed", "Pending", "Cancelled", "Refunded")
_WEIGHTS = (93, 4, 3)  # Paid, Failed, Pending
TRIED_AGAIN = 0.6  # of the failed ones, within minutes ...
PAID_THEN = 0.8  # ... and of these
SETTLED = 0.75  # of the pending ones are paid within days, the others cancelled
# Attempts to order that end paid, in the first try, in the second, or when the payment settles.
PAID_SHARE = (_WEIGHTS[0] + _WEIGHTS[1] * TRIED_AGAIN * PAID_THEN + _WEIGHTS[2] * SETTLED) / sum(_WEIGHTS)


@dataclass(frozen=True)
class Payments:
    """How the attempts to order of a day end. All arrays have one entry per attempt.

    Parameters
    ----------
    first : array of int
        Place in `STATUSES` as first told.
    second : array of int
        The same of a second order right after a failed payment; -1 without one.
    settled : array of int
        What a pending payment ends as; -1 for the others.
    """

    first: Whole
    second: Whole
    settled: Whole

    @property
    def is_paid(self) -> Flags:
        """Whether the attempt ends paid."""
        found: Flags = (self.first == PAID) | (self.second == PAID) | (self.settled == PAID)
        return found


def draw_payments(count: int, draws: Draws) -> Payments:
    """Draw how so many attempts end; alike for everybody, so a failed payment says nothing about a customer."""
    first = draws.choices(_WEIGHTS, count)
    is_again = (first == FAILED) & draws.happens(TRIED_AGAIN, count)
    then = np.where(draws.happens(PAID_THEN, count), PAID, FAILED)
    settled = np.where(draws.happens(SETTLED, count), PAID, CANCELLED)
    return Payments(first, np.where(is_again, then, -1), np.where(first == PENDING, settled, -1))

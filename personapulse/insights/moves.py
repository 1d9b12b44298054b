"""Whether a group of customers became a larger or smaller part of all, where most customers are the same as before."""

import math
from dataclasses import dataclass

from scipy import special

from personapulse.insights.statistics import LEVEL, Estimate


@dataclass(frozen=True)
class Moves:
    """How a group of customers changed between two days.

    Parameters
    ----------
    before, everybody_before : int
        Customers of the group, and all customers, on the first day.
    left : int
        Customers of the group who are not in it on the second day.
    came, new : int
        Customers who are in it on the second day only, and those of them who were no customers on the first.
    everybody_new : int
        All customers of the second day who were none on the first.
    """

    before: int
    everybody_before: int
    left: int
    came: int
    new: int
    everybody_new: int

    @property
    def after(self) -> int:
        """Customers of the group on the second day."""
        return self.before - self.left + self.came

    @property
    def everybody_after(self) -> int:
        """All customers on the second day; nobody ceases to be one."""
        return self.everybody_before + self.everybody_new


def share_change(moves: Moves) -> Estimate:
    """Share of a group on the second day less its share on the first: normal interval and test; customers vary.

    Most customers are in both shares, so these are no independent samples. Each customer's part in the difference,
    linearised, is (in it now - share now) / all now - (in it then - share then) / all then, the second term only of
    who was there then; the variance of the difference is the sum of their squares. Among the same customers on both
    days that is Wald's interval of a difference of paired shares.

    Returns
    -------
    Estimate
        p_value 1 where nobody moved; nan without customers on either day.
    """
    if not moves.everybody_before:
        return Estimate(math.nan, math.nan, math.nan, 1.0)
    now, then = moves.after / moves.everybody_after, moves.before / moves.everybody_before
    in_now, out_now = (1 - now) / moves.everybody_after, -now / moves.everybody_after
    in_then, out_then = (1 - then) / moves.everybody_before, -then / moves.everybody_before
    came_from_others = moves.came - moves.new
    parts = (
        (moves.before - moves.left, in_now - in_then),
        (moves.left, out_now - in_then),
        (came_from_others, in_now - out_then),
        (moves.everybody_before - moves.before - came_from_others, out_now - out_then),
        (moves.new, in_now),
        (moves.everybody_new - moves.new, out_now),
    )
    error = math.sqrt(sum(count * part**2 for count, part in parts))
    change, reach = now - then, float(special.ndtri((1 + LEVEL) / 2)) * error
    p_value = 2 * float(special.ndtr(-abs(change) / error)) if error else 1.0
    return Estimate(change, change - reach, change + reach, p_value)

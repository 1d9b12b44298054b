"""Who the customers are, and when they come and go."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from personapulse.simulate.draws import Draws, Shares, Whole
from personapulse.simulate.personas import ALIKE, PERSONAS, Persona, trait

CITIES = ("Berlin", "Hamburg", "Leipzig", "Freiburg", "Vienna", "Graz", "Zurich", "Basel")
_CITY_WEIGHTS = (24, 15, 11, 7, 17, 6, 13, 7)
GENDERS = ("female", "male", "other", "")
_GENDER_WEIGHTS = (49, 42, 3, 6)
NEW_DAYS = 28  # New Customers signed up in the last four weeks
OLDEST = 400  # days before the first day at which the first of today's customers signed up


@dataclass(frozen=True)
class Customers:
    """The shop's customers; a customer's number is their place. All arrays have one entry per customer.

    Parameters
    ----------
    personas : tuple of Persona
        Kinds of customers there are.
    persona : array of int
        Kind of each customer.
    ids : array of object
        user_id.
    signed_up, left : array of int
        Day of sign-up (0 is the first day of the extracts, earlier ones are negative) and the day from which on the
        customer is never seen again.
    liveliness : array of float
        What their chances of visits and orders are multiplied with.
    table : pandas.DataFrame
        gender, age and location as delivered.
    """

    personas: tuple[Persona, ...]
    persona: Whole
    ids: NDArray[np.object_]
    signed_up: Whole
    left: Whole
    liveliness: Shares
    table: pd.DataFrame

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.persona)

    def trait(self, name: str) -> NDArray[np.float64]:
        """Give one trait of `Persona` for every customer."""
        return trait(self.personas, name)[self.persona]


def draw_customers(count: int, days: int, seed: int, *, has_signal: bool) -> Customers:
    """Draw customers for a shop of so many days.

    One in five signs up while the shop is watched, so the shop grows; one in eight leaves it for good. Without signal
    everybody is alike, and nobody leaves.
    """
    draws = Draws(seed, "customers")
    personas = PERSONAS if has_signal else ALIKE
    persona = draws.choices([kind.weight for kind in personas], count)
    before = -draws.whole(1, OLDEST, count)
    meanwhile = draws.whole(0, days - 1, count)
    lately = draws.whole(max(0, days - NEW_DAYS), days - 1, count)
    is_late = trait(personas, "is_late")[persona] > 0
    signed_up = np.where(is_late, lately, np.where(draws.happens(0.2, count), meanwhile, before))
    leaves = draws.happens(0.12 if has_signal else 0.0, count)
    left = np.where(leaves, np.maximum(signed_up, 0) + draws.whole(7, max(7, days), count), days)
    spread = 0.2 if has_signal else 0.0
    table = pd.DataFrame({
        "gender": np.array(GENDERS, dtype=object)[draws.choices(_GENDER_WEIGHTS, count)],
        # Most shoppers are between thirty and fifty: the sum of three dice is that shape.
        "age": (draws.whole(6, 26, count) + draws.whole(6, 26, count) + draws.whole(6, 26, count)).astype(str),
        "location": np.array(CITIES, dtype=object)[draws.choices(_CITY_WEIGHTS, count)],
    })  # fmt: skip
    table.loc[draws.happens(0.04, count), "age"] = ""
    width = max(4, len(str(count)))
    ids = np.array([f"C{number:0{width}d}" for number in range(1, count + 1)], dtype=object)
    liveliness = 1 - spread + 2 * spread * draws.shares(count)
    return Customers(personas, persona, ids, signed_up, np.minimum(left, days), liveliness, table)

"""How customers of each hidden persona behave."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

NEVER = 1_000_000  # more orders than anybody makes


class Taste(IntEnum):
    """Which products somebody looks at and buys."""

    ANY = 0
    CHEAP = 1
    DEAR = 2


@dataclass(frozen=True)
class Persona:
    """Traits of one kind of customer.

    Parameters
    ----------
    name : str
        As in the truth file.
    weight : int
        How many of 100 customers are like this.
    look_chance : float
        Chance of a visit without an order on an average day.
    views : tuple of int
        Fewest and most products looked at on such a visit.
    browse : tuple of int
        Fewest and most products looked at besides those bought, on a visit with an order.
    gap_days : int
        Days after an order on which none follows.
    order_chance : float
        Chance of an order on each day after that.
    most_orders : int
        No more orders than this.
    lines : tuple of int
        Fewest and most products in an order.
    taste : Taste
        What they choose.
    return_chance : float
        Share of paid orders that come back.
    pace_seconds : tuple of int
        Shortest and longest time from one click to the next.
    cart_chance : float
        Chance that a visit without an order ends with something left in the cart.
    is_late : bool
        Whether they signed up in the last four weeks.
    """

    name: str
    weight: int
    look_chance: float
    views: tuple[int, int]
    browse: tuple[int, int]
    gap_days: int
    order_chance: float
    lines: tuple[int, int]
    return_chance: float
    most_orders: int = NEVER
    taste: Taste = Taste.ANY
    pace_seconds: tuple[int, int] = (15, 90)
    cart_chance: float = 0.1
    is_late: bool = False


PERSONAS = (
    Persona("Loyal Minimalist", 24, 0.05, (1, 2), (0, 1), 6, 0.45, (2, 3), 0.01, taste=Taste.DEAR),
    Persona("Impulsive Buyer", 9, 0.06, (1, 2), (0, 1), 4, 0.40, (1, 1), 0.20, taste=Taste.CHEAP, pace_seconds=(4, 15)),
    Persona("Price-Conscious", 13, 0.14, (4, 8), (3, 6), 19, 0.70, (2, 3), 0.03, taste=Taste.CHEAP),
    Persona("Window Shopper", 28, 0.13, (3, 7), (0, 0), 0, 0.0, (1, 1), 0.0, most_orders=0),
    Persona("Bargain Hunter", 10, 0.14, (4, 8), (4, 8), 5, 0.08, (1, 2), 0.05, most_orders=2),
    Persona("Frequent Returner", 4, 0.08, (2, 4), (1, 3), 7, 0.40, (1, 2), 0.70),
    Persona("New Customer", 6, 0.15, (2, 5), (1, 4), 3, 0.08, (1, 2), 0.05, is_late=True),
    Persona("No Clear Type", 6, 0.12, (1, 6), (0, 4), 10, 0.04, (1, 3), 0.05),
)

# Nobody remembers, drops out or differs: what somebody did says nothing about what they will do.
ALIKE = (Persona("Everyone Alike", 100, 0.10, (2, 5), (0, 3), 0, 0.05, (1, 3), 0.08),)


def trait(personas: tuple[Persona, ...], name: str) -> NDArray[np.float64]:
    """Give one trait of every persona, to be looked up by persona number; pairs become rows of two."""
    return np.array([getattr(persona, name) for persona in personas], dtype=np.float64)

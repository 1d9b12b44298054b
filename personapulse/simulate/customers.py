"""Who the customers are: a persona, traits of their own drawn around it, and a day of sign-up."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from personapulse.simulate.draws import Draws, Shares, Whole
from personapulse.simulate.personas import ALIKE, NEWCOMER_DAYS, PERSONAS, Persona

OLDEST = 400  # days before the first day at which the first of today's customers signed up
SIGN_UPS_PER_DAY = 0.0015  # share of all customers who sign up on a day of the shop ...
MOST_SIGN_UPS = 0.6  # ... and no more than this in all


@dataclass(frozen=True)
class Customers:
    """The shop's customers; a customer's number is their place. All arrays have one entry per customer.

    Parameters
    ----------
    personas : tuple of Persona
        Kinds of customers there are.
    persona : array of int
        Kind of each customer.
    signed_up : array of int
        Day of sign-up; 0 is the first day of the extracts, earlier ones are negative.
    rest_days, interest, decide, fade, dropout, browse, search, views, thrift, returns, contact, response
        Traits of their own (arrays of float); see `Persona`.
    """

    personas: tuple[Persona, ...]
    persona: Whole
    signed_up: Whole
    rest_days: Shares
    interest: Shares
    decide: Shares
    fade: Shares
    dropout: Shares
    browse: Shares
    search: Shares
    views: Shares
    thrift: Shares
    returns: Shares
    contact: Shares
    response: Shares

    def __len__(self) -> int:
        """Count the customers."""
        return len(self.persona)

    def typical(self, name: str, who: Whole) -> Whole:
        """Give some customers' whole-numbered trait that all of a persona share; pairs become rows of two."""
        return np.array([getattr(kind, name) for kind in self.personas], dtype=np.int64)[self.persona[who]]

    def slabs(self, size: int = 100_000) -> Iterator[tuple[slice, "Customers"]]:
        """Give the customers some at a time, so that what is worked out for each stays small."""
        arrays = [field.name for field in fields(self) if field.name != "personas"]
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield part, replace(self, **{name: getattr(self, name)[part] for name in arrays})


def draw_customers(count: int, days: int, seed: int, *, has_signal: bool) -> Customers:
    """Draw customers for a shop of so many days. Without signal everybody is alike."""
    draws = Draws(seed, "customers")
    before = -draws.whole(1, OLDEST, count)
    meanwhile = draws.whole(0, days - 1, count)
    signed_up = np.where(draws.happens(min(MOST_SIGN_UPS, SIGN_UPS_PER_DAY * days), count), meanwhile, before)
    personas = PERSONAS if has_signal else ALIKE
    persona = draws.choices([kind.weight for kind in personas], count)
    if has_signal:
        persona[signed_up >= max(0, days - NEWCOMER_DAYS)] = len(personas) - 1

    def own(name: str, spread: float, most: float = 1.0) -> Shares:
        typical = np.array([getattr(kind, name) for kind in personas])[persona]
        return np.minimum(typical * _factor(draws, count, spread if has_signal else 0.0), most)

    return Customers(
        personas,
        persona,
        signed_up,
        rest_days=own("rest_days", 0.20, 365.0),
        interest=own("interest", 0.30),
        decide=own("decide", 0.20),
        fade=own("fade", 0.30),
        dropout=own("dropout", 0.40),
        browse=own("browse", 0.35),
        search=own("search", 0.15),
        views=np.maximum(own("views", 0.30, 15.0), 1.0),
        thrift=_thrift(personas, persona, draws, 0.15 if has_signal else 0.0),
        returns=own("returns", 0.35, 0.9),
        contact=own("contact", 0.25),
        response=own("response", 0.30),
    )


def _factor(draws: Draws, count: int, spread: float) -> Shares:
    """Draw factors around 1, as often x as 1/x: (1 + u) / (1 - u), u triangular between -spread and spread."""
    u = (draws.shares(count) + draws.shares(count) - 1) * spread
    return (1 + u) / (1 - u)


def _thrift(personas: tuple[Persona, ...], persona: Whole, draws: Draws, spread: float) -> Shares:
    around = np.array([kind.thrift for kind in personas])[persona]
    drawn = around + (draws.shares(len(persona)) + draws.shares(len(persona)) - 1) * spread
    return np.clip(drawn, 0.0, 1.0)

"""What customers of each hidden persona are like; a customer's own traits are drawn around these."""

from dataclasses import dataclass

NOBODY = "Everyone Alike"
NEWCOMER = "New Customer"
NEWCOMER_DAYS = 28  # whoever signs up in the last four weeks is a New Customer, whatever they will become


@dataclass(frozen=True)
class Persona:
    """Typical traits of one kind of customer. Chances are 0 to 1 and for one day if nothing else is said.

    Parameters
    ----------
    name : str
        As in the truth table.
    weight : int
        How many customers are like this, against the other weights. 0: drawn for newcomers only.
    rest_days : float
        Days after a paid order on which nothing is needed.
    interest : float
        Chance that somebody who is not looking for anything begins to.
    decide : float
        Chance that somebody who is looking for something orders.
    fade : float
        Chance that somebody who is looking for something and did not order gives up.
    dropout : float
        Chance to leave the shop for good.
    browse, search : float
        Chance of a visit without an order by somebody who is not, and who is looking for something.
    views : float
        Mean number of products looked at on such a visit, at least 1.
    looks : int
        At most so many products are looked at besides those ordered, on a visit with an order.
    lines : tuple of int
        Fewest and most products in an order.
    thrift : float
        Price sensitivity from 0 (takes the dear end of a category) to 1 (the cheap end, and waits for sales).
    returns : float
        Share of paid orders of which something comes back.
    contact : float
        Chance to be written to in a full campaign.
    response : float
        Chance that a message makes somebody who is not looking for anything begin to.
    pace_seconds : tuple of int
        Shortest and longest time from one click to the next.
    """

    name: str
    weight: int
    rest_days: float
    interest: float
    decide: float
    fade: float
    dropout: float
    browse: float
    search: float
    views: float
    looks: int
    lines: tuple[int, int]
    thrift: float
    returns: float
    contact: float = 0.6
    response: float = 0.05
    pace_seconds: tuple[int, int] = (15, 90)


PERSONAS = (
    Persona("Loyal Minimalist", 14, 5, 0.55, 0.65, 0.03, 0.0015, 0.03, 0.50, 1.3, 1, (2, 3), 0.1, 0.02, contact=0.15),
    Persona("Loyalist", 8, 5, 0.50, 0.55, 0.04, 0.0020, 0.16, 0.60, 4.0, 4, (1, 2), 0.4, 0.08),
    Persona(
        "Impulsive Buyer", 9, 3, 0.40, 0.85, 0.30, 0.0045, 0.04, 0.50, 1.2, 1, (1, 1), 0.8, 0.28, 0.6, 0.08, (4, 15)
    ),
    Persona("Price-Conscious", 16, 19, 0.50, 0.35, 0.02, 0.0015, 0.14, 0.75, 5.5, 6, (2, 3), 0.9, 0.04),
    Persona("Bargain Hunter", 7, 25, 0.03, 0.18, 0.05, 0.0030, 0.12, 0.65, 5.5, 6, (1, 2), 0.7, 0.05),
    Persona("Frequent Returner", 5, 5, 0.50, 0.50, 0.05, 0.0025, 0.08, 0.60, 3.0, 3, (1, 2), 0.4, 0.68),
    Persona("Window Shopper", 26, 30, 0.002, 0.10, 0.30, 0.0030, 0.14, 0.50, 5.0, 5, (1, 1), 0.5, 0.05),
    Persona("Abandoner", 14, 30, 0.0005, 0.10, 0.30, 0.0080, 0.012, 0.30, 2.0, 2, (1, 1), 0.5, 0.05),
    Persona("No Clear Type", 4, 12, 0.06, 0.20, 0.06, 0.0040, 0.08, 0.60, 3.5, 4, (1, 3), 0.5, 0.08),
    Persona(NEWCOMER, 0, 12, 0.10, 0.22, 0.08, 0.0120, 0.18, 0.60, 4.0, 4, (1, 2), 0.5, 0.10),
)

# Nobody remembers, plans, differs or leaves: what somebody did says nothing about what they will do.
ALIKE = (Persona(NOBODY, 100, 0, 1.0, 0.05, 0.0, 0.0, 0.10, 0.10, 3.0, 3, (1, 3), 0.5, 0.08, 0.4, 0.0),)

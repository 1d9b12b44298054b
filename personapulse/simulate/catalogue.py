"""What the invented shop sells, and for how much on which day."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.draws import Draws, Flags, Shares, Whole
from personapulse.simulate.seasons import Season


@dataclass(frozen=True)
class Product:
    """Something the shop sells.

    Parameters
    ----------
    category, name : str
        As delivered.
    cents : int
        Price of the first day.
    rating : int
        In tenths of a star.
    liked : int
        How often it is looked at by people of middling thrift, against the others.
    from_day : int, default=0
        Day it comes into the shop.
    """

    category: str
    name: str
    cents: int
    rating: int
    liked: int
    from_day: int = 0


GOODS = (
    Product("Kitchen", "Mug of Quiet Mornings", 1290, 48, 9),
    Product("Kitchen", "Spatula of Second Chances", 950, 44, 6),
    Product("Kitchen", "Teapot That Never Judges", 3400, 47, 5),
    Product("Kitchen", "Cutting Board, Slightly Dramatic", 2750, 43, 4),
    Product("Kitchen", "Apron for Brave Soups", 2490, 45, 4),
    Product("Garden", "Fern Called Gerald", 1890, 49, 8),
    Product("Garden", "Watering Can with Opinions", 2900, 46, 5),
    Product("Garden", "Gnome on Sabbatical", 2250, 42, 4),
    Product("Garden", "Seeds of Mild Ambition", 650, 41, 7),
    Product("Garden", "Wind Chime for Introverts", 1690, 44, 3),
    Product("Desk", "Notebook for Plans B to Z", 1190, 47, 8),
    Product("Desk", "Pencil with a Good Point", 590, 46, 6),
    Product("Desk", "Paperweight of Gravitas", 1950, 40, 3),
    Product("Desk", "Stapler of Commitment", 1490, 43, 4),
    Product("Desk", "Lamp for Late Ideas", 4900, 48, 5),
    Product("Wardrobe", "Socks, Reunited Pair", 890, 45, 7),
    Product("Wardrobe", "Scarf Longer Than Winter", 3200, 47, 5),
    Product("Wardrobe", "Hat for Thinking", 2650, 42, 4),
    Product("Wardrobe", "Mittens for Snowball Diplomacy", 1790, 46, 3),
    Product("Wardrobe", "Raincoat with a Sunny Outlook", 7900, 44, 3),
    Product("Living", "Blanket Burrito Starter Kit", 4500, 49, 7),
    Product("Living", "Cushion of Plausible Naps", 2390, 45, 5),
    Product("Living", "Candle: Old Bookshop", 1550, 48, 7),
    Product("Living", "Clock That Runs Fashionably Late", 3800, 41, 3),
    Product("Living", "Doormat with Boundaries", 2100, 46, 4),
    Product("Pets", "Cat Throne (Box Included)", 5900, 47, 5),
    Product("Pets", "Ball That Comes Back", 690, 43, 6),
    Product("Pets", "Bowl of Great Expectations", 1390, 45, 4),
    Product("Pets", "Bird Feeder, Five Stars", 2800, 44, 4),
    Product("Pets", "Dog Bed for Philosophers", 5200, 48, 4),
    # Newcomers of later days; a short shop never sees some of them.
    Product("Desk", "Eraser of Small Regrets", 490, 44, 5, from_day=17),
    Product("Kitchen", "Sieve with High Standards", 1850, 46, 5, from_day=31),
    Product("Living", "Armchair of Last Resort", 9900, 47, 3, from_day=52),
    Product("Pets", "Leash of Mutual Respect", 1590, 45, 5, from_day=73),
    Product("Garden", "Rake's Progress", 2350, 43, 4, from_day=120),
    Product("Wardrobe", "Slippers of Resistance", 2190, 48, 6, from_day=205),
)
LEVELS = 5  # steps of thrift people choose by
# What `liked` counts in tenths for the two cheapest products of a category and for the others, by level of thrift.
_CHEAP, _DEAR = (3, 6, 10, 20, 40), (20, 14, 10, 6, 2)
_REVISED_EVERY = 120  # days from one price rise of a product to its next
_ROSE_TO = 103  # per cent


@dataclass(frozen=True)
class Catalogue:
    """The shop's goods; a product's number is its place.

    Parameters
    ----------
    season : Season
        Knows the days of sale.
    """

    season: Season

    @property
    def ids(self) -> list[str]:
        """product_id of each product."""
        return [f"P{place:02d}" for place in range(1, len(GOODS) + 1)]

    @property
    def categories(self) -> list[str]:
        """Category of each product."""
        return [product.category for product in GOODS]

    def prices(self, day: int) -> Whole:
        """Price of each product on a day, in cents; all of a day, whoever buys."""
        found = []
        for place, product in enumerate(GOODS):
            rises = (day + 13 * place % _REVISED_EVERY) // _REVISED_EVERY
            cents = product.cents
            for _ in range(rises):
                cents = cents * _ROSE_TO // 1000 * 10
            found.append(cents * 4 // 5 if self.season.is_sale(day) else cents)
        return np.array(found, dtype=np.int64)

    def is_sold(self, day: int) -> Flags:
        """Whether each product is in the shop yet."""
        return np.array([product.from_day <= day for product in GOODS])

    def news(self, day: int) -> tuple[pa.Table, pa.Table]:
        """Write rows of the products file of a day: goods that are new, and goods with a new price, as delivered."""
        was_sold = self.is_sold(day - 1) if day else np.zeros(len(GOODS), dtype=np.bool_)
        is_repriced = was_sold & (self.prices(day) != self.prices(max(day - 1, 0)))
        return self._rows(day, self.is_sold(day) & ~was_sold), self._rows(day, is_repriced)

    def _rows(self, day: int, where: Flags) -> pa.Table:
        places = np.flatnonzero(where)
        return texts.table(
            product_id=texts.pick(self.ids, places),
            name=texts.pick([product.name for product in GOODS], places),
            category=texts.pick(self.categories, places),
            price=texts.money(self.prices(day)[places]),
            rating=texts.pick([f"{product.rating // 10}.{product.rating % 10}" for product in GOODS], places),
        )

    def choose(self, day: int, thrift: Shares, draws: Draws) -> Whole:
        """Draw one product for each entry of `thrift` (0 to 1): the thriftier, the cheaper within its category."""
        levels = np.minimum((thrift * LEVELS).astype(np.int64), LEVELS - 1)
        chosen = np.zeros(len(thrift), dtype=np.int64)
        for level in range(LEVELS):
            places = np.flatnonzero(levels == level)
            chosen[places] = draws.choices(_WEIGHTS[level] * self.is_sold(day), len(places))
        return chosen


def _weights() -> list[Whole]:
    """How often each product is chosen, by level of thrift."""
    found = []
    for cheap, dear in zip(_CHEAP, _DEAR, strict=True):
        weights = []
        for product in GOODS:
            cheaper = sum(p.cents < product.cents for p in GOODS if p.category == product.category)
            weights.append(product.liked * (cheap if cheaper < 2 else dear))
        found.append(np.array(weights, dtype=np.int64))
    return found


_WEIGHTS = _weights()

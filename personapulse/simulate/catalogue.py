"""What the invented shop sells."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from personapulse.simulate.draws import Draws, Whole
from personapulse.simulate.personas import Taste

# Category, name, price in cents, rating in tenths, and how often it is looked at by people of any taste.
GOODS = (
    ("Kitchen", "Mug of Quiet Mornings", 1290, 48, 9),
    ("Kitchen", "Spatula of Second Chances", 950, 44, 6),
    ("Kitchen", "Teapot That Never Judges", 3400, 47, 5),
    ("Kitchen", "Cutting Board, Slightly Dramatic", 2750, 43, 4),
    ("Kitchen", "Apron for Brave Soups", 2490, 45, 4),
    ("Garden", "Fern Called Gerald", 1890, 49, 8),
    ("Garden", "Watering Can with Opinions", 2900, 46, 5),
    ("Garden", "Gnome on Sabbatical", 2250, 42, 4),
    ("Garden", "Seeds of Mild Ambition", 650, 41, 7),
    ("Garden", "Wind Chime for Introverts", 1690, 44, 3),
    ("Desk", "Notebook for Plans B to Z", 1190, 47, 8),
    ("Desk", "Pencil with a Good Point", 590, 46, 6),
    ("Desk", "Paperweight of Gravitas", 1950, 40, 3),
    ("Desk", "Stapler of Commitment", 1490, 43, 4),
    ("Desk", "Lamp for Late Ideas", 4900, 48, 5),
    ("Wardrobe", "Socks, Reunited Pair", 890, 45, 7),
    ("Wardrobe", "Scarf Longer Than Winter", 3200, 47, 5),
    ("Wardrobe", "Hat for Thinking", 2650, 42, 4),
    ("Wardrobe", "Mittens for Snowball Diplomacy", 1790, 46, 3),
    ("Wardrobe", "Raincoat with a Sunny Outlook", 7900, 44, 3),
    ("Living", "Blanket Burrito Starter Kit", 4500, 49, 7),
    ("Living", "Cushion of Plausible Naps", 2390, 45, 5),
    ("Living", "Candle: Old Bookshop", 1550, 48, 7),
    ("Living", "Clock That Runs Fashionably Late", 3800, 41, 3),
    ("Living", "Doormat with Boundaries", 2100, 46, 4),
    ("Pets", "Cat Throne (Box Included)", 5900, 47, 5),
    ("Pets", "Ball That Comes Back", 690, 43, 6),
    ("Pets", "Bowl of Great Expectations", 1390, 45, 4),
    ("Pets", "Bird Feeder, Five Stars", 2800, 44, 4),
    ("Pets", "Dog Bed for Philosophers", 5200, 48, 4),
)


@dataclass(frozen=True)
class Catalogue:
    """The shop's goods; a product's number is its place.

    Parameters
    ----------
    table : pandas.DataFrame
        As delivered: product_id, name, category, price, rating.
    cents : array of int
        Price of each product.
    weights : tuple of array of int
        How often each product is chosen, per taste.
    """

    table: pd.DataFrame
    cents: Whole
    weights: tuple[Whole, ...]


def catalogue() -> Catalogue:
    """Lay out the goods. People of cheap taste mostly take the two cheapest of a category, of dear taste the dearer."""
    goods = pd.DataFrame(GOODS, columns=["category", "name", "cents", "rating", "liked"])
    rank = goods.groupby("category")["cents"].rank().to_numpy()  # 1 is the cheapest
    liked = goods["liked"].to_numpy(dtype=np.int64) * 10
    by_taste = {
        Taste.ANY: liked,
        Taste.CHEAP: np.where(rank <= 2, liked * 4, liked // 5),
        Taste.DEAR: np.where(rank >= 3, liked * 2, liked // 2),
    }
    table = pd.DataFrame({
        "product_id": [f"P{place:02d}" for place in range(1, len(goods) + 1)],
        "name": goods["name"],
        "category": goods["category"],
        "price": cents_text(goods["cents"].to_numpy()),
        "rating": [f"{tenths // 10}.{tenths % 10}" for tenths in goods["rating"]],
    })  # fmt: skip
    return Catalogue(table, goods["cents"].to_numpy(), tuple(by_taste[taste] for taste in Taste))


def cents_text(cents: Whole) -> "pd.Series[str]":
    """Write cents (0 or more) as money: 1290 is `12.90`."""
    euros, rest = pd.Series(cents // 100).astype("str"), pd.Series(cents % 100).astype("str")
    return euros + "." + rest.str.zfill(2)


def choose_products(goods: Catalogue, tastes: Whole, draws: Draws) -> Whole:
    """Draw one product for each entry of `tastes`, after that taste."""
    chosen = np.zeros(len(tastes), dtype=np.int64)
    for taste in Taste:
        is_taste = tastes == taste
        chosen[is_taste] = draws.choices(goods.weights[taste], int(is_taste.sum()))
    return chosen

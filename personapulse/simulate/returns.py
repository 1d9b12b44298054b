"""What comes back."""

import numpy as np
import pandas as pd

from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Draws

REASONS = ("Does not fit", "Changed my mind", "Not as pictured", "Arrived damaged", "Ordered by mistake")
_REASON_WEIGHTS = (30, 28, 18, 14, 10)


def draw_returns(orders: pd.DataFrame, lines: pd.DataFrame, customers: Customers, seed: int) -> pd.DataFrame:
    """Send back some of the paid orders: most of these one product, the others everything.

    Returns
    -------
    pandas.DataFrame
        One row per return: visit (of the order), customer, product (-1 for all), cents (-1 where the shop does not
        say), reason, day (it is delivered), second (-1 where the shop does not say when it came back).
    """
    draws = Draws(seed, "returns")
    paid = orders[orders["final_status"].eq("Paid")]
    back = paid[draws.happens(customers.trait("return_chance")[paid["customer"]], len(paid))]
    count = len(back)
    known_paid = back[["delivered", "corrected"]].max(axis="columns").to_numpy()
    first = lines.drop_duplicates("visit").set_index("visit").loc[back.index]
    is_whole = draws.happens(0.3, count)
    cents = np.where(is_whole, back["cents"], first["cents"] * first["quantity"])
    second = draws.whole(8 * 3600, 18 * 3600, count)
    return pd.DataFrame({
        "visit": back.index,
        "customer": back["customer"].to_numpy(),
        "product": np.where(is_whole, -1, first["product"]),
        # Without an amount the whole order counts as returned, so only whole returns may lack theirs.
        "cents": np.where(is_whole & draws.happens(0.3, count), -1, cents),
        "reason": np.array(REASONS, dtype=object)[draws.choices(_REASON_WEIGHTS, count)],
        "day": known_paid + draws.whole(2, 21, count),
        "second": np.where(draws.happens(0.15, count), -1, second),
    })  # fmt: skip

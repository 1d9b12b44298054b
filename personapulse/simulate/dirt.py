"""Rows no warehouse can use, so that the quarantine has something to do. Every good row still comes."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from personapulse.simulate.draws import Draws, Whole

SHARE = 0.012  # of the rows of a file, on average ...
MOST = 0.025  # ... and at most: a file with more than 5 % bad rows is refused
ONE_FIELD_MORE = "field_count"


@dataclass(frozen=True)
class Spoiler:
    """A way for a row to go wrong.

    Parameters
    ----------
    rule : str
        Rule of the quarantine that is to name it (`docs/extract-contract.md`).
    column, value : str
        What is written where; an empty column leaves the row as it is (told twice, or with a field too many).
    """

    rule: str
    column: str = ""
    value: str = ""


# Ways a row goes wrong, by file. The good row comes with a later day's file; events never change, so it may.
SPOILED = {
    "product_views": (
        Spoiler("missing_user_id", "user_id", ""),
        Spoiler("untypable_timestamp", "timestamp", "just now"),
        Spoiler("impossible_timestamp", "timestamp", "2999-01-01 12:00:00"),
        Spoiler("impossible_event_type", "event_type", "teleport"),
    ),
    "contacts": (Spoiler("missing_user_id", "user_id", ""), Spoiler("untypable_sent_at", "sent_at", "soon")),
    "returns": (
        Spoiler("impossible_amount", "amount", "-1.00"),
        Spoiler("untypable_returned_at", "returned_at", "last Tuesday"),
    ),
}
# Ways a spoiled copy of a good row is added below.
ADDED = {
    "users": (
        Spoiler("duplicate_key"),
        Spoiler("impossible_age", "age", "203"),
        Spoiler("untypable_age", "age", "forty"),
        Spoiler("missing_user_id", "user_id", ""),
    ),
    "orders": (
        Spoiler("duplicate_key"),
        Spoiler("impossible_payment_status", "payment_status", "Payed"),
        Spoiler("untypable_order_date", "order_date", "32/13/2026"),
        Spoiler("missing_user_id", "user_id", ""),
        Spoiler(ONE_FIELD_MORE),
    ),
    "order_items": (
        Spoiler("duplicate_key", "quantity", "9"),
        Spoiler("impossible_quantity", "quantity", "0"),
        Spoiler("untypable_unit_price", "unit_price", "a smile"),
        Spoiler(ONE_FIELD_MORE),
    ),
    "product_views": (Spoiler("duplicate_key"), Spoiler(ONE_FIELD_MORE)),
}


@dataclass
class Delivery:
    """A file of a day with its dirt.

    Parameters
    ----------
    rows : pyarrow.Table
        All rows with as many fields as the header.
    uneven : pyarrow.Table
        Rows that are written below with a field too many.
    mended : pyarrow.Table
        Good rows that are missing, to come later.
    rules : dict of int to str
        Places of the bad rows in the file (0 is the first row) and the rule that is to name each.
    """

    rows: pa.Table
    uneven: pa.Table
    mended: pa.Table
    rules: dict[int, str] = field(default_factory=dict)


class Dirt:
    """Spoils rows.

    Parameters
    ----------
    seed : int
        Which chance.
    can_be_uneven : bool
        Whether the files can hold rows with a field too many (Parquet cannot).
    """

    def __init__(self, seed: int, *, can_be_uneven: bool) -> None:
        self._draws = Draws(seed, "dirt")
        self._added = {
            file: [way for way in ways if can_be_uneven or way.rule != ONE_FIELD_MORE] for file, ways in ADDED.items()
        }

    def spoil(self, file: str, rows: pa.Table, spoilable: int) -> Delivery:
        """Spoil some rows of a file, or none: small files stay clean, for one bad row of twenty would refuse the day.

        Parameters
        ----------
        file : str
            Its name, such as `orders`.
        rows : pyarrow.Table
            All its rows.
        spoilable : int
            How many of them, from the first on, may be replaced and come later.
        """
        delivery = Delivery(rows, rows.slice(0, 0), rows.slice(0, 0))
        places = self._places(rows.num_rows) if file in SPOILED or file in self._added else np.zeros(0, dtype=np.int64)
        share = 0.0 if file not in SPOILED else 0.5 if file in self._added else 1.0
        is_replaced = self._draws.happens(share, len(places)) & (places < spoilable)
        if file in SPOILED:
            self._replace(file, delivery, places[is_replaced])
        if file in self._added:
            self._add(file, delivery, rows, places[~is_replaced])
        return delivery

    def _places(self, count: int) -> Whole:
        wanted = min(int(count * SHARE + self._draws.shares(1)[0]), int(count * MOST))
        return np.unique(self._draws.whole(0, count - 1, wanted))

    def _replace(self, file: str, delivery: Delivery, places: Whole) -> None:
        ways = SPOILED[file]
        chosen = self._draws.whole(0, len(ways) - 1, len(places))
        delivery.mended = delivery.rows.take(pa.array(places))
        for number, way in enumerate(ways):
            mine = places[chosen == number]
            delivery.rows = _written(delivery.rows, mine, way)
            delivery.rules |= dict.fromkeys(mine.tolist(), way.rule)

    def _add(self, file: str, delivery: Delivery, rows: pa.Table, places: Whole) -> None:
        ways = self._added[file]
        chosen = self._draws.whole(0, len(ways) - 1, len(places))
        for number, way in enumerate(ways):
            copies = rows.take(pa.array(places[chosen == number]))
            first = delivery.rows.num_rows
            delivery.rules |= dict.fromkeys(range(first, first + copies.num_rows), way.rule)
            if way.rule == ONE_FIELD_MORE:
                delivery.uneven = copies  # the last way of a file: these stand below all others
            else:
                delivery.rows = pa.concat_tables([delivery.rows, _written(copies, np.arange(copies.num_rows), way)])


def _written(rows: pa.Table, places: Whole, way: Spoiler) -> pa.Table:
    """Write a spoiler's value into its column at some places."""
    if not way.column or len(places) == 0:
        return rows
    is_here = np.zeros(rows.num_rows, dtype=np.bool_)
    is_here[places] = True
    column = pc.if_else(pa.array(is_here), way.value, rows[way.column])
    return rows.set_column(rows.column_names.index(way.column), way.column, column)

"""Rows no warehouse can use, so that the quarantine has something to do."""

from collections.abc import Callable, Mapping

from personapulse.simulate.draws import Draws

# A file in which more than 5 % of the rows are bad is refused; this stays well below.
SHARE = 0.02


def _without_user(fields: list[str]) -> list[str]:
    return ["", *fields[1:]]


def _without_time(fields: list[str]) -> list[str]:
    return [*fields[:2], "just now", *fields[3:]]


def _one_field_too_many(fields: list[str]) -> list[str]:
    return [*fields, "oops"]


def _nothing_sold(fields: list[str]) -> list[str]:
    return [*fields[:3], "0", fields[4]]


def _no_price(fields: list[str]) -> list[str]:
    return [*fields[:4], "a smile"]


def _told_twice(fields: list[str]) -> list[str]:
    return [*fields[:3], "9", fields[4]]


# The files of many rows, and how a row of theirs goes wrong. Their fields hold no commas.
SPOILERS: dict[str, tuple[Callable[[list[str]], list[str]], ...]] = {
    "product_views": (_without_user, _without_time, _one_field_too_many),
    "order_items": (_nothing_sold, _no_price, _told_twice),
}


def add_dirt(name: str, rows: Mapping[str, str], seed: int) -> tuple[dict[str, str], int]:
    """Add spoiled copies of rows below the good ones; every good row stays.

    Parameters
    ----------
    name : str
        The file, one of `SPOILERS`.
    rows : mapping of str to str
        Its lines by day.
    seed : int
        Which chance.

    Returns
    -------
    dict of str to str
        The lines with the spoiled ones, at most `SHARE` of them, none on days of few rows.
    int
        How many were added.
    """
    draws = Draws(seed, f"dirt in {name}")
    spoilers = SPOILERS[name]
    dirty, added = {}, 0
    for day, text in rows.items():
        lines = text.splitlines()
        count = int(len(lines) * SHARE)
        places, ways = draws.whole(0, len(lines) - 1, count), draws.whole(0, len(spoilers) - 1, count)
        spoiled = [
            ",".join(spoilers[way](lines[place].split(","))) + "\n" for place, way in zip(places, ways, strict=True)
        ]
        dirty[day] = text + "".join(spoiled)
        added += count
    return dirty, added

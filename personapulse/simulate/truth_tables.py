"""Truth beside the extracts, in `truth/`: for judging what the product finds, never read by it."""

import datetime
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from personapulse.day_folders import TRUTH
from personapulse.simulate import texts
from personapulse.simulate.behaviour import Minds, purchase_rate
from personapulse.simulate.customers import Customers
from personapulse.simulate.draws import Shares
from personapulse.simulate.outbox import Kind
from personapulse.simulate.writing import append_csv

EVERY = 14  # days from one cut-off to the next, counted back from the last day


class TruthTables:
    """Writes the truth as CSV.

    Parameters
    ----------
    root : Path
        Folder of the extracts.
    first_day : datetime.date
        Day 0.
    user_ids : pyarrow.Array
        Of all customers.
    """

    def __init__(self, root: Path, first_day: datetime.date, user_ids: texts.Texts) -> None:
        self._folder, self._first_day, self._user_ids = root / TRUTH, first_day, user_ids
        self._folder.mkdir()

    def customers(self, customers: Customers, minds: Minds, last_day: int) -> None:
        """Write who each customer really is: persona, traits, and when they left (empty for who stayed)."""
        has_left = minds.left_on <= last_day
        table = texts.table(
            user_id=self._user_ids,
            persona=texts.pick([kind.name for kind in customers.personas], customers.persona),
            lost_on=texts.blank(texts.days(self._first_day, np.where(has_left, minds.left_on, 0)), ~has_left),
            orders_per_30_days=texts.decimals(purchase_rate(customers), 4),
            dropout_per_day=texts.decimals(customers.dropout),
            price_sensitivity=texts.decimals(customers.thrift, 4),
            return_share=texts.decimals(customers.returns, 4),
            visits_per_day=texts.decimals(customers.browse, 4),
            views_per_visit=texts.decimals(customers.views, 4),
            contact_share=texts.decimals(customers.contact, 4),
            contact_response=texts.decimals(customers.response, 4),
        )
        append_csv(self._folder / "customers.csv", table)

    def probabilities(self, day: int, customers: Customers, chances: Shares, horizon: int) -> None:
        """Add the chances of those who are customers in the evening of a day to buy within the horizon."""
        who = np.flatnonzero(customers.signed_up <= day)
        table = texts.table(
            as_of_date=texts.days(self._first_day, np.full(len(who), day)),
            user_id=self._user_ids.take(who),
            horizon_days=texts.whole(np.full(len(who), horizon)),
            probability=texts.decimals(chances[who]),
        )
        append_csv(self._folder / "purchase_probability.csv", table)

    def delivery(self, day: int, file: str, rows: int, kinds: Mapping[Kind, int], rules: Mapping[int, str]) -> None:
        """Add how many rows a file of a day has, how many of them are late, corrections or dirty, and which are dirty.

        Parameters
        ----------
        day, file
            The file.
        rows : int
            All its rows.
        kinds : mapping of Kind to int
            Good rows of each kind, before some are spoiled.
        rules : mapping of int to str
            Places of its dirty rows (0 is the first row) and the rule that is to name each.
        """
        on, places = np.array([day]), np.array(sorted(rules), dtype=np.int64)
        counts = (rows, kinds.get(Kind.LATE, 0), kinds.get(Kind.CORRECTED, 0), len(rules))
        names = ("rows", "late_rows", "corrected_rows", "dirty_rows")
        table = texts.table(
            source_day=texts.days(self._first_day, on),
            file=texts.texts([file]),
            **{name: texts.whole(np.array([count])) for name, count in zip(names, counts, strict=True)},
        )
        append_csv(self._folder / "deliveries.csv", table)
        table = texts.table(
            source_day=texts.days(self._first_day, on.repeat(len(places))),
            file=texts.texts([file] * len(places)),
            line_no=texts.whole(places + 2),  # the header is line 1
            rule=texts.texts([rules[place] for place in places.tolist()]),
        )
        append_csv(self._folder / "dirty_rows.csv", table)


def is_cut_off(day: int, last_day: int) -> bool:
    """Whether the truth is written for the evening of a day."""
    return (last_day - day) % EVERY == 0

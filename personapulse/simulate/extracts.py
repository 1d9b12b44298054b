"""`simulate`: let a shop live and write its extracts day by day, and the truth beside them."""

import datetime
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from personapulse.contract import EXTRACTS
from personapulse.day_folders import SETTINGS, Progress, new_source
from personapulse.errors import PersonaPulseError
from personapulse.simulate.customers import draw_customers
from personapulse.simulate.dirt import Dirt
from personapulse.simulate.draws import Draws
from personapulse.simulate.outbox import Kind
from personapulse.simulate.seasons import Season
from personapulse.simulate.shop import Shop
from personapulse.simulate.truth import purchase_probability
from personapulse.simulate.truth_tables import TruthTables, is_cut_off
from personapulse.simulate.writing import FORMATS, write

FIRST_DAY = datetime.date(2026, 3, 1)
HORIZON = 14
_COLUMNS = {extract.name: [*extract.columns] for extract in EXTRACTS}
_LEFT_OUT = {"orders": ("product_id", "amount"), "order_items": ("user_id",)}  # the shop's orders have lines
_MENDED_WITHIN = 3  # days
SOURCE_YAML = """\
# An invented shop, written by `personapulse simulate`.
# Who its customers really are stands in truth/, which is no extract and is never read by the product.
name: Maple & Moss
currency: EUR
locale: en_GB
time_zone: Europe/Berlin
return_window_days: 30
"""


@dataclass(frozen=True)
class Simulation:
    """What was drawn.

    Parameters
    ----------
    days, users, buyers, visits, orders, paid_orders : int
        Buyers have an order that is paid, if only after the last day; so are the paid orders.
    rows : dict of str to int
        Rows of each file over all days, good and bad.
    gross_cents : int
        What the paid orders are worth.
    late_rows, corrected_rows, dirty_rows : int
        Rows told late, rows that replace earlier ones, rows the quarantine is to find.
    personas : dict of str to int
        Customers of each hidden persona, most first.
    """

    days: int
    users: int
    buyers: int
    visits: int
    orders: int
    paid_orders: int
    rows: dict[str, int]
    gross_cents: int
    late_rows: int
    corrected_rows: int
    dirty_rows: int
    personas: dict[str, int]


def simulate_shop(
    out: Path,
    progress: Progress,
    *,
    users: int,
    days: int,
    seed: int,
    first_day: datetime.date = FIRST_DAY,
    horizon: int = HORIZON,
    ending: str = FORMATS[0],
    has_signal: bool = True,
    replace: bool = False,
) -> Simulation:
    """Write a shop's extracts; the same arguments give the same bytes on every machine.

    Memory follows the number of customers and a day's events, not the number of days.

    Parameters
    ----------
    out : Path
        Folder for the extracts; see `personapulse.day_folders.new_source`.
    progress : callable
        Told what is being done.
    users, days : int
        How many customers and days, at least 1.
    seed : int
        Which chance, 0 or more.
    first_day : datetime.date, default=2026-03-01
        The first day of the extracts.
    horizon : int, default=14
        Days the true purchase probability looks ahead, 1 to 365.
    ending : str, default="csv"
        Form of the files, one of `personapulse.simulate.writing.FORMATS`.
    has_signal : bool, default=True
        Without it all customers are alike and what they did says nothing about what they will do.
    replace : bool, default=False
        Whether earlier extracts in `out` may be replaced.

    Raises
    ------
    PersonaPulseError
        If a number is out of range, the last day is after the year 9998, or `out` must not be written.
    """
    _check(first_day, users=users, days=days, seed=seed, horizon=horizon, ending=ending)
    with new_source(out, replace=replace) as root:
        progress("Inviting customers", 0.0)
        season = Season(first_day, is_on=has_signal)
        customers = draw_customers(users, days, seed, has_signal=has_signal)
        shop = Shop(customers, season, days - 1, seed)
        truth = TruthTables(root, first_day, shop.user_ids)
        writer = _Writer(root, shop, truth, seed, ending)
        for day in range(days):
            progress(f"Day {day + 1} of {days}, {season.date(day)}", day / days)
            shop.open(day)
            writer.write_day(day)
            if is_cut_off(day, days - 1):
                chances = purchase_probability(customers, shop.life.minds, season, day, horizon)
                truth.probabilities(day, customers, chances, horizon)
        truth.customers(customers, shop.life.minds, days - 1)
        (root / SETTINGS).write_text(SOURCE_YAML, encoding="utf-8", newline="\n")
    return _summary(shop, writer, days)


def _check(first_day: datetime.date, *, users: int, days: int, seed: int, horizon: int, ending: str) -> None:
    for name, value, least in (("users", users, 1), ("days", days, 1), ("seed", seed, 0), ("horizon", horizon, 1)):
        if value < least:
            raise PersonaPulseError(f"--{name} must be at least {least}, got {value}.")
    if horizon > 365:
        raise PersonaPulseError(f"--horizon must be at most 365 days, got {horizon}.")
    if ending not in FORMATS:
        raise PersonaPulseError(f"--format must be one of {', '.join(FORMATS)}, got {ending}.")
    if first_day.year < 1902:
        raise PersonaPulseError(f"--first-day must be 1902 or later, got {first_day}.")
    if days + horizon > (datetime.date(9998, 12, 31) - first_day).days:
        raise PersonaPulseError(f"--days {days} from {first_day} would end after the year 9998.")


class _Writer:
    """Writes what the shop tells, with its dirt, and keeps account of it."""

    def __init__(self, root: Path, shop: Shop, truth: TruthTables, seed: int, ending: str) -> None:
        self._root, self._shop, self._truth, self._ending = root, shop, truth, ending
        self._dirt, self._draws = Dirt(seed, can_be_uneven=ending != "parquet"), Draws(seed, "mended")
        self.rows: Counter[str] = Counter()
        self.kinds: Counter[Kind] = Counter()
        self.dirty_rows = 0

    def write_day(self, day: int) -> None:
        folder = self._root / self._shop.season.date(day).isoformat()
        folder.mkdir()
        for file in _COLUMNS:
            self._write_file(folder, file, day)

    def _write_file(self, folder: Path, file: str, day: int) -> None:
        outbox = self._shop.outbox
        parcels = outbox.collect(file, day)
        kinds: Counter[Kind] = Counter()
        for parcel in parcels:
            kinds[parcel.kind] += parcel.rows.num_rows
        rows = pa.concat_tables([_empty(file), *(parcel.rows for parcel in parcels)])
        # What is spoiled on the last day could not come later.
        spoilable = kinds[Kind.NEW] if day < outbox.last_day else 0
        delivery = self._dirt.spoil(file, rows, spoilable)
        told = np.minimum(day + self._draws.whole(1, _MENDED_WITHIN, delivery.mended.num_rows), outbox.last_day)
        outbox.post(file, delivery.mended, Kind.LATE, told)
        write(folder, file, delivery.rows, delivery.uneven, self._ending)
        count = delivery.rows.num_rows + delivery.uneven.num_rows
        self._truth.delivery(day, file, count, kinds, delivery.rules)
        self.rows[file] += count
        self.kinds += kinds
        self.dirty_rows += len(delivery.rules)


def _empty(file: str) -> pa.Table:
    names = [name for name in _COLUMNS[file] if name not in _LEFT_OUT.get(file, ())]
    return pa.table({name: pa.array([], pa.string()) for name in names})


def _summary(shop: Shop, writer: _Writer, days: int) -> Simulation:
    names = [kind.name for kind in shop.customers.personas]
    sizes = Counter({name: int((shop.customers.persona == place).sum()) for place, name in enumerate(names)})
    return Simulation(
        days=days,
        users=len(shop.customers),
        buyers=int(shop.counts.has_paid.sum()),
        visits=shop.counts.visits,
        orders=shop.counts.orders,
        paid_orders=shop.counts.paid_orders,
        rows=dict(writer.rows),
        gross_cents=shop.counts.gross_cents,
        late_rows=writer.kinds[Kind.LATE],
        corrected_rows=writer.kinds[Kind.CORRECTED],
        dirty_rows=writer.dirty_rows,
        personas={name: count for name, count in sizes.most_common() if count},
    )

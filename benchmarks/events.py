"""A day of many product views with known flaws: the same bytes for the same seed, written once and kept.

Sessions of five events follow one another through the day, as in a log. A flawed row has one flaw, and its neighbours
have none, so that the quarantine must hold exactly what was planted.
"""

import datetime
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

EVE = datetime.date(2026, 3, 1)  # users and products come a day earlier
DAY = datetime.date(2026, 3, 2)
CHUNK = 500_000  # rows made at a time; whole sessions
SESSION = 5  # events
PRODUCTS = 2_000
CATEGORIES = np.array(["Garden", "Kitchen", "Office", "Toys", "Travel"])
FLAWS = {
    "untypable_timestamp": 0.001,
    "missing_user_id": 0.0005,
    "duplicate_key": 0.0005,
    "impossible_event_type": 0.0001,
    "impossible_timestamp": 0.0001,
}
COLUMNS = ("user_id", "product_id", "timestamp", "category", "session_id", "event_type")
SETTINGS = (
    "name: Benchmark\nlacks: [users, products, orders, order_items, returns, product_views]\n"  # on one day or all
)


@dataclass(frozen=True)
class Events:
    """A source with one day of users and products, and one of events.

    Parameters
    ----------
    folder : Path
        Holds the sources `csv`, `csv.gz` and `parquet`: the same events in three forms (`csv` alone if uneven).
    rows : int
        Events.
    planted : mapping of str to int
        Flawed rows by the rule that must find them.
    """

    folder: Path
    rows: int
    planted: dict[str, int]

    def file(self, form: str = "csv") -> Path:
        """Return the file of events in one form."""
        return self.folder / form / str(DAY) / f"product_views.{form}"


def make_events(cache: Path, rows: int, *, seed: int = 1, uneven: float = 0.0) -> Events:
    """Write the events below `cache`, unless they lie there already.

    Parameters
    ----------
    cache : Path
        Folder.
    rows : int
        Events.
    seed : int
        Same seed, same bytes.
    uneven : float, default=0
        Share of rows that have a field too many.
    """
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]  # other code, other events
    folder = cache / f"events-{rows}-{seed}-{uneven:g}-{code}"
    record = folder / "planted.json"
    if not record.exists():
        planted = _write(folder, rows, np.random.default_rng(seed), uneven)
        record.write_text(json.dumps(planted))
    return Events(folder, rows, json.loads(record.read_text()))


def _write(folder: Path, rows: int, rng: np.random.Generator, uneven: float) -> Counter[str]:
    forms = ["csv"] if uneven else ["csv", "csv.gz", "parquet"]
    for form in forms:
        (folder / form / str(DAY)).mkdir(parents=True, exist_ok=True)
        (folder / form / "source.yaml").write_text(SETTINGS)
    users = max(rows // 20, 50)
    _write_eve(folder / "csv" / str(EVE), users)
    planted: Counter[str] = Counter()
    with ExitStack() as stack:
        plain = stack.enter_context((folder / "csv" / str(DAY) / "product_views.csv").open("wb"))
        streams = [plain]
        if not uneven:
            zipped = folder / "csv.gz" / str(DAY) / "product_views.csv.gz"
            streams.append(stack.enter_context(gzip.open(zipped, "wb", compresslevel=1)))  # type: ignore[arg-type]
            schema = pa.schema([(name, pa.string()) for name in COLUMNS])
            parquet = stack.enter_context(
                pq.ParquetWriter(folder / "parquet" / str(DAY) / "product_views.parquet", schema)
            )
        for number, (table, lines) in enumerate(_chunks(rows, users, rng, uneven, planted)):
            text = "\n".join(([",".join(COLUMNS)] if number == 0 else []) + lines.to_pylist()) + "\n"
            for stream in streams:
                stream.write(text.encode())
            if not uneven:
                parquet.write_table(table)
    return planted


def _write_eve(folder: Path, users: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users.csv").open("w") as stream:
        stream.write("user_id,signup_date,age\n")
        stream.writelines(f"u{number},2026-01-01,{18 + number % 60}\n" for number in range(users))
    with (folder / "products.csv").open("w") as stream:
        stream.write("product_id,name,category,price\n")
        stream.writelines(
            f"p{number},Thing {number},{CATEGORIES[number % len(CATEGORIES)]},{number % 90}.50\n"
            for number in range(PRODUCTS)
        )


def _chunks(
    rows: int, users: int, rng: np.random.Generator, uneven: float, planted: Counter[str]
) -> Iterator[tuple[pa.Table, pa.Array]]:
    """Yield tables of events and the same as lines; count the flaws."""
    for first in range(0, rows, CHUNK):
        count = min(CHUNK, rows - first)
        places = _places(count, rng, FLAWS | ({"field_count": uneven} if uneven else {}))
        planted.update({rule: len(found) for rule, found in places.items()})
        table = _flawed(_events(first, count, rows, users, rng), places, rng)
        lines = pc.binary_join_element_wise(*table.columns, ",").combine_chunks()
        if uneven:
            is_uneven = _mask(count, places["field_count"])
            lines = pc.if_else(is_uneven, pc.binary_join_element_wise(lines, "one too many", ","), lines)
        yield table, lines


def _events(first: int, count: int, rows: int, users: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    session, step = np.divmod(np.arange(first, first + count), SESSION)
    sessions = session[-1] - session[0] + 1
    user = (rng.random(sessions) ** 1.5 * users).astype(int)[session - session[0]]  # some come far more often
    product = (rng.random(count) ** 2 * PRODUCTS).astype(int)
    begins = session * (86_400 - 600) // (rows // SESSION + 1)
    at = np.datetime64(DAY, "s") + (begins + 20 * step).astype("timedelta64[s]")
    kind = rng.choice(["view", "add_to_cart", "checkout"], count, p=[0.85, 0.11, 0.04])
    return {
        "user_id": _named("u", user),
        "product_id": _named("p", product),
        "timestamp": pc.strftime(pa.array(at), "%Y-%m-%d %H:%M:%S"),
        "category": pa.array(CATEGORIES[product % len(CATEGORIES)]),
        "session_id": _named("s", session),
        "event_type": pa.array(kind),
    }


def _named(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")


def _places(count: int, rng: np.random.Generator, shares: dict[str, float]) -> dict[str, np.ndarray]:
    """Choose rows for each flaw, every one the third of four, so that the second of any four has none."""
    chosen = rng.permutation(np.arange(2, count, 4))
    ends = np.cumsum([max(1, round(share * count)) for share in shares.values()])
    return dict(zip(shares, np.split(chosen, ends)[:-1], strict=True))


def _flawed(columns: dict[str, pa.Array], places: dict[str, np.ndarray], rng: np.random.Generator) -> pa.Table:
    count = len(columns["user_id"])
    bad_times = places["untypable_timestamp"]
    half = len(bad_times) // 2
    later = f"{DAY + datetime.timedelta(days=3)} 10:00:00"
    for column, found, value in (
        ("timestamp", bad_times[:half], "2026-02-30 10:00:00"),  # looks like a time
        ("timestamp", bad_times[half:], "02/03/26 10:00"),  # could be two days
        ("timestamp", places["impossible_timestamp"], later),
        ("user_id", places["missing_user_id"], ""),
        ("event_type", places["impossible_event_type"], "hover"),
    ):
        columns[column] = pc.if_else(_mask(count, found), value, columns[column])
    rows = np.arange(count)
    again = places["duplicate_key"]
    rows[again] = np.maximum(again - 1 - 4 * rng.integers(0, 1_000, len(again)), 1)
    return pa.table(columns).take(pa.array(rows))


def _mask(count: int, places: np.ndarray) -> pa.Array:
    mask = np.zeros(count, bool)
    mask[places] = True
    return pa.array(mask)

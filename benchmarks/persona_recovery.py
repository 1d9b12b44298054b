"""How well the default persona rules find the simulator's hidden personas, on shops they were not tuned on.

Run from the checkout, with shops as users x days x seed:
`python -m benchmarks.persona_recovery 600x92x201 3000x120x201`. A shop of 3,000 customers and 120 days takes a minute.
"""

import datetime
import sys
import tempfile
from pathlib import Path

import pandas as pd

from personapulse import ingest, marts
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.simulate.extracts import simulate_shop
from personapulse.warehouse import DATABASE, connect, prepare

FIRST = datetime.date(2026, 3, 1)
MARTS = ("customer_profile", "persona_quantiles", "persona_sides", "persona_cuts", "personas")


def main() -> None:
    """Print a row per shop: balanced accuracy, share of Others, and the personas found least."""
    print(f"{'shop':>14}  balanced  others  found least")
    for shop in sys.argv[1:] or ["600x92x201"]:
        users, days, seed = map(int, shop.split("x"))
        shares, others = recovery(users, days, seed)
        least = ", ".join(f"{persona} {share:.2f}" for persona, share in shares.nsmallest(3).items())
        print(f"{shop:>14}  {shares.mean():8.3f}  {others:6.3f}  {least}", flush=True)


def recovery(users: int, days: int, seed: int) -> tuple["pd.Series[float]", float]:
    """Simulate a shop; return the share found of each true persona on its last day, and the share named Others."""
    last = FIRST + datetime.timedelta(days - 1)
    with tempfile.TemporaryDirectory(prefix="pp-personas-") as folder:
        Path(folder).chmod(0o755)  # under root the server runs as another user
        root = Path(folder) / "shop"
        simulate_shop(root, lambda *_: None, users=users, days=days, seed=seed, first_day=FIRST)
        truth = pd.read_csv(root / "truth" / "customers.csv").replace({"No Clear Type": "Others"})
        with EmbeddedPostgres(Home.open(Path(folder) / "home")) as server:
            prepare(server)
            with connect(server.conninfo(DATABASE)) as connection:
                source = ingest.Source(str(root))
                ingest.load_history(connection, source, FIRST, last, lambda *_: None)
                for name in MARTS:
                    marts.build(connection, name, last, source.settings)
                rows = connection.execute("select user_id, persona from marts.personas").fetchall()
    named = pd.DataFrame(rows, columns=["user_id", "named"]).merge(truth, on="user_id")
    found = (named["named"] == named["persona"]).groupby(named["persona"]).mean()
    return found, float((named["named"] == "Others").mean())


if __name__ == "__main__":
    main()

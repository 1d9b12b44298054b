"""`python -m benchmarks.online_retail_intent`: the product's features, training and judging on a real shop.

Online Retail (UCI 352): who of the customers known on 2011-11-25 buys in the 14 days after, learnt from earlier days
only. Beside it stands what a plain forest over 15 numbers of recency, frequency and money reaches on the same rows, and
what one reached before (docs/model.md).
"""

import tempfile
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, average_precision_score, brier_score_loss, roc_auc_score

from personapulse import ingest
from personapulse.convert.online_retail import convert_online_retail
from personapulse.home import Home
from personapulse.intent import evaluation, gate, snapshots, training
from personapulse.intent.arrays import CORES
from personapulse.intent.cut_offs import cut_offs
from personapulse.intent.features import FEATURES
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect, prepare

FILE = Path(__file__).parents[2] / "shared" / "data" / "online_retail.parquet"
HORIZON = 14
PLAIN = (
    "recency_days",
    "days_known",
    "paid_orders",
    "orders_30_days",
    "orders_91_days",
    "orders_trend",
    "orders_per_30_days",
    "net_revenue",
    "revenue_91_days",
    "average_order_value",
    "products_per_order",
    "days_between_orders",
    "last_gap_days",
    "shortest_gap_days",
    "gap_spread",
)
BEFORE = {"accuracy": 0.840, "roc_auc": 0.761, "pr_auc": 0.513, "brier": 0.1228}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def snapshots_of(file: Path, console: Console) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load the shop, and return the rows to learn from as of its last day and those of the newest complete window."""
    with tempfile.TemporaryDirectory(prefix="pp-retail-") as folder:
        Path(folder).chmod(0o755)  # under root the server runs as another user
        console.print("converting and loading a year of days ...")
        convert_online_retail(file, Path(folder) / "extracts", lambda *_: None)
        source = ingest.Source(str(Path(folder) / "extracts"))
        days = source.days()
        with EmbeddedPostgres(Home.open(Path(folder) / "home")) as server:
            prepare(server)
            with connect(server.conninfo(DATABASE)) as connection:
                ingest.load_history(connection, source, days[0], days[-1], lambda *_: None)
                chosen = cut_offs(connection, days[-1], HORIZON)
                console.print(f"learning from {len(chosen.training)} days, judged on {chosen.hold_out} ...")
                known = (HORIZON, days[-1], source.settings)
                learnt = snapshots.frame(connection, chosen.training, *known)
                hold_out = snapshots.frame(connection, [chosen.hold_out], *known)
    return learnt, hold_out


def plain(learnt: pd.DataFrame, hold_out: pd.DataFrame, seed: int) -> dict[str, float]:
    """Return what a forest reaches that nobody took trouble with: 300 trees, leaves of 20, 15 numbers."""
    forest = RandomForestClassifier(300, min_samples_leaf=20, random_state=seed, n_jobs=CORES)
    forest.fit(_numbers(learnt), learnt["bought"].astype(bool))
    told, came = forest.predict_proba(_numbers(hold_out))[:, 1], hold_out["bought"].astype(bool)
    return {
        "accuracy": accuracy_score(came, told >= 0.5),
        "roc_auc": roc_auc_score(came, told),
        "pr_auc": average_precision_score(came, told),
        "brier": brier_score_loss(came, told),
    }


def _numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[list(PLAIN)].astype(float).fillna(-1)


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="Of every draw.")] = 1,
    file: Annotated[Path, typer.Option(help="The data set.")] = FILE,
) -> None:
    """Print accuracy, ROC-AUC, PR-AUC and Brier score on a real shop, beside what a plain forest reached."""
    if not file.exists():
        print(f"{file} is not here, so there is nothing to measure: it is UCI data set 352, as Parquet.")
        return
    learnt, hold_out = snapshots_of(file, Console(stderr=True))
    found = evaluation.evaluate(training.train(learnt, FEATURES, seed=seed, horizon_days=HORIZON), hold_out)
    title = f"Online Retail, judged on {found['hold_out']['cut_offs'][0]}"
    table = Table("figure", "here", "95 % interval", "plain forest, same rows", "plain forest, before", title=title)
    beside = plain(learnt, hold_out, seed)
    for name, before in BEFORE.items():
        told = found[name]
        interval = f"{told['low']:.4f} to {told['high']:.4f}"
        table.add_row(name, f"{told['value']:.4f}", interval, f"{beside[name]:.4f}", f"{before:.4f}")
    console = Console(width=120)
    console.print(table)
    decision = gate.decide(found, gate.load_policy())
    console.print(f"The gate, with the sample shop's floor of 0.89: {'passed' if decision.passed else 'refused'}.")
    for reason in decision.reasons:
        console.print(f"- {reason}")


if __name__ == "__main__":
    app()

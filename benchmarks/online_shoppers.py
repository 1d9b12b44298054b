"""`python -m benchmarks.online_shoppers`: the product's training and evaluation on a public data set.

Online Shoppers Purchasing Intention (UCI 468): 12,330 sessions, of which 1,908 ended with a purchase (`Revenue`). Once
split by lot (70/30, as papers do), with ten seeds, and once by time: trained on February to October, judged on November
and December. Every figure stands beside that of a plain forest measured before (docs/model.md).
"""

import datetime
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import train_test_split

from personapulse.intent import measures, training
from personapulse.intent.features import Feature

FILE = Path(__file__).parents[2] / "shared" / "data" / "online_shoppers_intention.csv"
MONTHS = ("Feb", "Mar", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NUMBERS = (2, 3, 5, 6, 7, 8, 9, 10, 11, 12)
CATEGORIES = ("Month", "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType", "Weekend")
LATER = ("Nov", "Dec")
HORIZON = 1  # a session ends on its day; months are cut-offs
FIGURES = ("accuracy", "majority", "rule_accuracy", "roc_auc", "pr_auc", "brier", "base_brier", "calibration_error")
BEFORE = {
    "by lot": {
        "accuracy": ".902 ± .005",
        "roc_auc": ".924",
        "pr_auc": ".736",
        "majority": ".845",
        "rule_accuracy": ".873",
    },
    "by lot, without PageValues": {"accuracy": ".846"},
    "by time": {"accuracy": ".845", "majority": ".793"},
}
TARGETS = {"accuracy": 0.90, "roc_auc": 0.925, "pr_auc": 0.735}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Sessions:
    """The data set as snapshots: a session is a customer, its month the cut-off, whether it bought the label."""

    frame: pd.DataFrame
    features: tuple[Feature, ...]


def read(file: Path) -> Sessions:
    """Read the data set; columns keep their names."""
    given = pd.read_csv(file)
    names = [name for name in given.columns if name != "Revenue"]
    frame = given[names].copy()
    for name in CATEGORIES:
        frame[name] = frame[name].astype(str)
    months = dict(zip(MONTHS, NUMBERS, strict=True))
    frame["cut_off"] = [datetime.date(2017, months[name], 1) for name in given["Month"]]
    frame["user_id"] = [f"{row:05d}" for row in range(len(given))]
    frame["bought"] = given["Revenue"].to_numpy(bool)
    return Sessions(frame, tuple(_feature(name) for name in names))


def by_lot(sessions: Sessions, seed: int) -> dict[str, Any]:
    """Split 70/30 by lot, as many buyers on either side.

    Rows are exchangeable then: no month is later than another, and folds of the search are over customers.
    """
    frame = sessions.frame.assign(cut_off=datetime.date(2017, 1, 1))
    earlier, later = train_test_split(frame, test_size=0.3, stratify=frame["bought"], random_state=seed)
    return judge(sessions, earlier, later, seed)


def by_time(sessions: Sessions, seed: int) -> dict[str, Any]:
    """Train on February to October, judge on November and December."""
    is_later = sessions.frame["Month"].isin(LATER)
    return judge(sessions, sessions.frame[~is_later], sessions.frame[is_later], seed)


def judge(sessions: Sessions, earlier: pd.DataFrame, later: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Train and measure with the product's code, and without what a benchmark does not print."""
    trained = training.train(earlier, sessions.features, seed=seed, horizon_days=HORIZON)
    matrix = trained.model.matrix(later)
    answer = measures.Answer(trained.model.probabilities(matrix), later["bought"].to_numpy(bool))
    rivals = {"rule": trained.rule(matrix)}
    found = measures.judge(answer, np.arange(len(later)), seed, rivals)
    return found | {"rule": trained.rule.text}


@app.command()
def main(
    seeds: Annotated[int, typer.Option(min=2, help="How often each split is made.")] = 10,
    file: Annotated[Path, typer.Option(help="The data set.")] = FILE,
) -> None:
    """Print accuracy, ROC-AUC, PR-AUC and Brier score on a public data set, beside what a plain forest reached."""
    if not file.exists():
        print(f"{file} is not here, so there is nothing to measure: it is UCI data set 468, as CSV.")
        return
    sessions = read(file)
    poorer = Sessions(sessions.frame, tuple(one for one in sessions.features if one.name != "PageValues"))
    console = Console(stderr=True)
    tasks: dict[str, Callable[[int], dict[str, Any]]] = {
        "by lot": lambda seed: by_lot(sessions, seed),
        "by lot, without PageValues": lambda seed: by_lot(poorer, seed),
        "by time": lambda seed: by_time(sessions, seed),
    }
    table = Table(
        "split",
        *(name.replace("_", " ") for name in FIGURES),
        title=f"Online Shoppers Purchasing Intention, {seeds} seeds: mean ± deviation",
    )
    for name, run in tasks.items():
        began = time.monotonic()
        found = [run(seed) for seed in range(seeds)]
        console.print(f"{name}: {time.monotonic() - began:.0f} s; the best rule of the first split: {found[0]['rule']}")
        table.add_row(name, *(_spread([one[figure]["value"] for one in found]) for figure in FIGURES))
        table.add_row("  a plain forest before", *(BEFORE[name].get(figure, "") for figure in FIGURES), style="dim")
    table.add_row("  at least, by lot", *(f"{TARGETS[name]:.3f}" if name in TARGETS else "" for name in FIGURES))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f} ± {stdev(values):.3f}"


def _feature(name: str) -> Feature:
    if name in CATEGORIES:
        return Feature(name, "category", name, f"{name} {{value}}", f"{name} {{value}}")
    return Feature(name, "number", name, f"high {name}", f"low {name}")


if __name__ == "__main__":
    app()

"""How long a day takes from `ml.features` to `marts.purchase_intent`, beside the predict_proba of its forest alone.

`python -m benchmarks.scoring CONNINFO MODELS` scores the day once in a process of its own and prints seconds and memory
as JSON. The customers are random numbers: what they mean costs nothing.
"""

import datetime
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg.types.json import Jsonb

from benchmarks.clock import peak_memory
from benchmarks.figures import Figure
from benchmarks.warehouses import Server
from personapulse.intent import champions, model, packing, scoring, snapshots, training
from personapulse.intent.features import FEATURES, numbers, texts
from personapulse.intent.registry import Registry, Training, find
from personapulse.marts.tables import replace_day
from personapulse.warehouse import connect

DAY = datetime.date(2026, 5, 31)
HORIZON = 14
LEARNT_FROM = 60_000  # customers; trees of the thousand leaves they may have
CATEGORIES = [f"category {number}" for number in range(8)]

CUSTOMERS = """
select
    %(day)s::date as as_of_date,
    'customer-' || lpad(number::text, 8, '0') as user_id,
    {columns}
from generate_series(1, %(customers)s) as numbered (number)
"""


@dataclass(frozen=True)
class Run:
    """One process.

    Parameters
    ----------
    whole, bare : float
        Seconds of a day of scores, and of predict_proba of the same forest on the same customers, on two cores.
    peak_memory : float
        MiB that scoring the day took at most.
    """

    whole: float
    bare: float
    peak_memory: float


def measure(server: Server, customers: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Draw customers, train, and score them in processes of their own.

    Parameters
    ----------
    server : Server
        Running.
    customers : int
        How many.
    repeats : int
        Processes; the median ratio counts, and the most memory.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
    """
    with server.warehouse() as conninfo, tempfile.TemporaryDirectory() as models:
        with connect(conninfo) as connection:
            say(f"drawing features of {customers:,} customers")
            _draw(connection, customers)
            say("training a model to score them with")
            size = _train(connection, Registry(models))
        runs = []
        for number in range(repeats):
            server.settle()
            runs.append(_in_own_process(conninfo, models))
            say(f"scored, {number + 1} of {repeats}: {runs[-1]}")
    typical = sorted(runs, key=lambda run: run.whole / run.bare)[len(runs) // 2]
    return [
        Figure(
            f"{customers:,} customers scored: read, told, explained, written",
            typical.whole,
            ratio=median(run.whole / run.bare for run in runs),
            compared_with="predict_proba",
            limit=2.0,
            note=f"{customers / typical.whole:,.0f} customers/s; predict_proba alone {typical.bare:.2f} s",
        ),
        Figure("Python's memory for it", max(run.peak_memory for run in runs), unit="MiB", limit=2048),
        Figure("the model's artifact", size, unit="MiB", limit=20),
    ]


def _draw(connection: psycopg.Connection[Any], customers: int) -> None:
    """Fill a day of `ml.features`; a fifth of all numbers is not known."""
    columns = [f"case when random() < 0.8 then -10 * ln(1 - random()) end as {name}" for name in numbers()]
    columns += [f"'category ' || floor(random() * {len(CATEGORIES)}) as {name}" for name in texts()]
    query = packing.packed(CUSTOMERS.format(columns=",\n    ".join(columns)))
    values = {f"categories_{name}": CATEGORIES for name in texts()} | {"day": DAY, "customers": customers}
    with connection.transaction():
        connection.execute("select setseed(0.5)")
        rows = replace_day(connection, "features", DAY, query, values, schema="ml")
        connection.execute(
            "insert into ml.feature_days (as_of_date, made_of, row_count, categories) values (%s, 'chance', %s, %s)",
            (DAY, rows, Jsonb(dict.fromkeys(texts(), CATEGORIES))),
        )
    connection.execute("vacuum analyze ml.features")


def _train(connection: psycopg.Connection[Any], registry: Registry) -> float:
    """Train a model on some of the customers and make it the champion; return its artifact's size in MiB."""
    frame = next(iter(snapshots.chunks(connection, DAY, LEARNT_FROM)))
    rng = np.random.default_rng(1)
    first, second, third = (frame[name].fillna(0).to_numpy() for name in numbers()[:3])
    chance = 1 / (1 + np.exp(1 - first / 5 + second * third / 100))
    weeks = pd.to_datetime(DAY) - pd.to_timedelta(28 + 7 * rng.integers(6, size=len(frame)), unit="D")
    labelled = frame.assign(cut_off=weeks, bought=rng.random(len(frame)) < chance)
    trained = training.train(labelled, FEATURES, seed=1, horizon_days=HORIZON)
    saved = registry.save(connection, trained.model, Training(DAY, HORIZON, 1, (), DAY, len(frame), {}))
    champions.promote(
        connection,
        saved.model_version,
        valid_from=DAY,
        kind="override",
        promoted_by="benchmark",
        reason="to be measured",
        expected_champion=None,
    )
    return saved.artifact_bytes / 2**20


def _in_own_process(conninfo: str, models: str) -> Run:
    command = [sys.executable, "-m", "benchmarks.scoring", conninfo, models]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, check=True)
    return Run(**json.loads(done.stdout))


def _score(conninfo: str, models: str) -> Run:
    with connect(conninfo) as connection:
        champion = champions.champion_of(connection, DAY)
        loaded = Registry(models).load(find(connection, champion.model_version))
        began = time.perf_counter()
        scoring.score(connection, DAY, loaded, champion.model_version)
        whole = time.perf_counter() - began
        memory = peak_memory()
        matrix = np.concatenate([loaded.matrix(frame) for frame in snapshots.chunks(connection, DAY)])
    began = time.perf_counter()
    model.scores(loaded.pipeline.named_steps["forest"], matrix)
    return Run(whole, time.perf_counter() - began, memory)


if __name__ == "__main__":
    print(json.dumps(asdict(_score(*sys.argv[1:]))))

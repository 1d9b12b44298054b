"""How long BG/NBD and Gamma-Gamma take on many customers, beside one look at their data, and beside pymc-marketing.

The customers are simulated with the parameters of CDNOW, over two years of days, as a shop records them. pymc-marketing
(its MAP fit, `BetaGeoModel.fit(method="map")`) needs an environment of its own: give its Python with `--pymc`, and it
is measured on the same customers in a process of its own.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.figures import Figure
from personapulse.clv import bg_nbd, gamma_gamma
from personapulse.clv.bg_nbd import BgNbd
from personapulse.clv.gamma_gamma import GammaGamma
from personapulse.clv.histories import Combinations, Histories
from personapulse.clv.prediction import predict
from personapulse.clv.simulate import simulate

TRUTH = BgNbd(0.243, 30.9, 0.793, 2.426)
VALUES = GammaGamma(6.25, 3.74, 15.44)
HORIZONS = [91.0, 182.0, 365.0]

# Runs in pymc-marketing's environment; gets the customers' file, prints seconds and parameters.
PYMC = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd
from pymc_marketing.clv import BetaGeoModel
columns = np.load(sys.argv[1])
data = pd.DataFrame({"customer_id": np.arange(len(columns["frequency"])), **columns})
began = time.perf_counter()
model = BetaGeoModel(data=data)
model.build_model()
model.fit(method="map", progressbar=False)
seconds = time.perf_counter() - began
posterior = model.fit_result if hasattr(model, "fit_result") else model.idata.posterior
print(json.dumps({"seconds": seconds, "parameters": [float(posterior[n].mean()) for n in ("r", "alpha", "a", "b")]}))
"""


def measure(customers: int, repeats: int, pymc: Path | None, say: Callable[[str], None]) -> list[Figure]:
    """Fit and predict, and compare with pymc-marketing if its Python is given.

    Parameters
    ----------
    customers : int
        How many are simulated.
    repeats : int
        Times everything is done; the median counts.
    pymc : Path, optional
        Python that can import pymc_marketing.
    say : callable
        Told what is going on.

    Returns
    -------
    list of Figure
    """
    say(f"drawing {customers:,} customers")
    rng = np.random.default_rng(1)
    age = rng.integers(1, 730, customers).astype(np.float64)
    histories = simulate(TRUTH, VALUES, age, 0.0, rng, unit=1.0).histories
    say("fitting")
    rounds = [_round(histories) for _ in range(repeats)]
    look, fit, values, prediction = (median(times) for times in zip(*rounds, strict=True))
    combinations = len(histories.combinations)
    found = [
        Figure(f"{customers:,} histories sorted by NumPy", look),
        Figure(
            f"BG/NBD fit, {customers:,} customers", fit, limit=10.0,
            note=f"{combinations:,} combinations; {fit / look:.1f} x sorting",
        ),
        Figure(f"Gamma-Gamma fit, {customers:,} customers", values),
        Figure(f"91, 182 and 365 days foretold, {customers:,} customers", prediction),
    ]  # fmt: skip
    if pymc:
        say("fitting with pymc-marketing")
        theirs, parameters = _pymc(pymc, histories)
        note = "parameters " + ", ".join(f"{value:.3f}" for value in parameters)
        found.append(Figure("pymc-marketing's MAP fit, same customers", theirs, note=note))
        ratio, faster = fit / theirs, f"{theirs / fit:,.0f} times as fast"
        found.append(Figure("BG/NBD fit beside it", fit, "s", ratio, "pymc-marketing", 0.05, faster))
    return found


def _round(histories: Histories) -> tuple[float, float, float, float]:
    """Return the seconds of one look, of both fits and of the prediction."""
    clock = [time.perf_counter()]

    def lap() -> None:
        clock.append(time.perf_counter())

    columns = histories.columns[:3]
    np.lexsort(columns)
    lap()
    model, _ = bg_nbd.fit(Combinations.of(*columns))
    lap()
    values, _ = gamma_gamma.fit(histories)
    lap()
    predict(model, values, Histories(*histories.columns), HORIZONS)
    lap()
    look, fit, spend, prediction = np.diff(clock)
    return float(look), float(fit), float(spend), float(prediction)


def _pymc(python: Path, histories: Histories) -> tuple[float, list[float]]:
    """Return seconds and parameters of pymc-marketing's fit."""
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file, frequency=histories.frequency, recency=histories.recency, T=histories.age)
        file.flush()
        done = subprocess.run([python, "-c", PYMC, file.name], stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["parameters"]


def default_python() -> Path | None:
    """Return this Python if it can import pymc_marketing."""
    asked = subprocess.run([sys.executable, "-c", "import pymc_marketing"], stderr=subprocess.DEVNULL, check=False)
    return Path(sys.executable) if asked.returncode == 0 else None

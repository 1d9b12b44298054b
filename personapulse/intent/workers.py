"""Who grows a forest's trees: threads of this process, or the workers of a Dask cluster, by setting.

A tree is grown from its own seed, so the forest is the same whoever grows it (docs/scaling.md).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib

from personapulse.errors import PersonaPulseError
from personapulse.intent.arrays import CORES

BACKEND = "PERSONAPULSE_TRAINING_BACKEND"  # threads or dask
SCHEDULER = "PERSONAPULSE_DASK_SCHEDULER"  # such as tcp://scheduler:8786
THREADS, DASK = "threads", "dask"
PATIENCE = "10s"  # for the cluster to answer
WORTH_SHARING = 500_000  # rows times trees; a smaller forest is grown sooner by one thread than by two


@contextmanager
def hired(work: int = WORTH_SHARING) -> Iterator[int]:
    """Have what runs in joblib meanwhile done by the workers the setting names; yields how many jobs at once.

    Parameters
    ----------
    work : int
        Rows times trees.

    Raises
    ------
    PersonaPulseError
        If the setting names no backend, or the cluster's address is missing, or it does not answer.
    """
    backend = os.environ.get(BACKEND) or THREADS
    if backend == THREADS:
        yield CORES if work >= WORTH_SHARING else 1
        return
    if backend != DASK:
        raise PersonaPulseError(f"{BACKEND} is {backend!r}; it can be {THREADS} or {DASK}.")
    with _client(os.environ.get(SCHEDULER, "")), joblib.parallel_config(backend=DASK):
        yield -1


def _client(address: str) -> Any:
    """Connect to a cluster; while the connection is open, joblib uses it."""
    if not address:
        raise PersonaPulseError(
            f"{BACKEND} is {DASK}, so {SCHEDULER} must say where its scheduler is, such as tcp://10.0.0.5:8786."
        )
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise PersonaPulseError(f'{BACKEND} is {DASK}: install it with pip install "personapulse[dask]".') from error
    try:
        return Client(address, timeout=PATIENCE)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise PersonaPulseError(f"No Dask scheduler answers at {address} ({SCHEDULER}): {error}") from error

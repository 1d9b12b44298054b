"""Names for the arrays that are passed around, and work on their rows by two cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Matrix = np.ndarray[Any, np.dtype[np.float32]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
Texts = np.ndarray[Any, np.dtype[np.object_]]

CORES = min(2, os.cpu_count() or 1)
BLOCK = 32_768  # rows worked on at a time, by one core


def by_blocks(rows: int, work: Callable[[slice], None]) -> None:
    """Call `work` with slices that cover the rows, on two cores.

    Each block is worked on by one core from beginning to end, so sums are the same however the cores share the work.
    """
    blocks = [slice(start, min(start + BLOCK, rows)) for start in range(0, rows, BLOCK)]
    if len(blocks) < 2:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(CORES) as pool:
        for _ in pool.map(work, blocks):
            pass

"""How much memory a run takes at its peak."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Thread

import psutil

INTERVAL = 8.0  # seconds between two samples; each looks at every page of a gigabyte


class MemoryMeter:
    """Samples the memory of a changing set of processes in the background, and keeps the peak.

    Parameters
    ----------
    processes : callable
        Returns the processes to count, asked anew for each sample.
    """

    def __init__(self, processes: Callable[[], Iterable[psutil.Process]]) -> None:
        self._processes = processes
        self._done = Event()
        self._thread = Thread(target=self._run, name="memory-meter", daemon=True)
        self.peak = 0  # bytes

    def start(self) -> None:
        """Begin sampling."""
        self._thread.start()

    def stop(self) -> None:
        """End sampling."""
        self._done.set()

    def _run(self) -> None:
        while not self._done.wait(INTERVAL):
            self.peak = max(self.peak, sum(memory_of(process) for process in self._processes()))


def memory_of(process: psutil.Process) -> int:
    """Memory of one process in bytes: with its share of what it shares (PSS) where the system tells, else RSS."""
    with suppress(psutil.Error):
        try:
            return int(process.memory_full_info().pss)
        except (psutil.AccessDenied, AttributeError):
            return int(process.memory_info().rss)
    return 0

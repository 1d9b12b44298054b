"""One day's ingestion with a clock on its parts; also as a process of its own, to see what memory it takes.

`python -m benchmarks.clock CONNINFO SOURCE DAY` prints the times as JSON; with `--stage-only` it leaves core alone.
"""

import datetime
import json
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import psycopg

from personapulse import checks, ingest
from personapulse.ingest import merging
from personapulse.warehouse import connect


@dataclass(frozen=True)
class Times:
    """What a day took, in seconds.

    Parameters
    ----------
    stage : float
        Files to staging.
    merge : float
        Staging to core, all of it.
    told : float
        Of the merge: what was told, laid as versions and events.
    derived : float
        Of the merge: what follows from it (facts, customer days, customer states).
    checks : float
        Of the merge: the checks of core.
    peak_memory : float
        MiB that the process took at most; of use where it did nothing else.
    """

    stage: float
    merge: float
    told: float
    derived: float
    checks: float
    peak_memory: float

    @property
    def total(self) -> float:
        """The whole day."""
        return self.stage + self.merge

    @property
    def to_core(self) -> float:
        """The day without what follows from it."""
        return self.total - self.derived

    @property
    def parts(self) -> str:
        """The times in one line."""
        rest = self.merge - self.told - self.derived - self.checks
        return (
            f"stage {self.stage:.2f}, told {self.told:.2f}, derived {self.derived:.2f}, checks {self.checks:.2f}, "
            f"rest {rest:.2f}"
        )


def mean_of(times: Sequence[Times]) -> Times:
    """Average each part, but for memory: the most counts."""
    means = {name: mean(getattr(one, name) for one in times) for name in Times.__dataclass_fields__}
    return Times(**means | {"peak_memory": max(one.peak_memory for one in times)})


def ingest_day(
    connection: psycopg.Connection[Any], source: ingest.Source, day: datetime.date, *, is_stage_only: bool = False
) -> Times:
    """Stage and merge a day."""
    parts = {"merge_told": 0.0, "merge_derived": 0.0, "find": 0.0}
    merge = 0.0
    began = time.perf_counter()
    ingest.stage(connection, source, day)
    stage = time.perf_counter() - began
    if not is_stage_only:
        with (
            _clocked(merging, "merge_told", parts),
            _clocked(merging, "merge_derived", parts),
            _clocked(checks, "find", parts),
        ):
            ingest.merge(connection, source, day)
        merge = time.perf_counter() - began - stage
    told, derived, found = parts.values()
    return Times(stage, merge, told, derived, found, peak_memory())


@contextmanager
def _clocked(module: Any, name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Put a clock around one function of a module."""
    function: Callable[..., Any] = getattr(module, name)

    def clocked(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds[name] += time.perf_counter() - began

    setattr(module, name, clocked)
    try:
        yield
    finally:
        setattr(module, name, function)


def peak_memory() -> float:
    """MiB that this process took at most so far."""
    try:  # ru_maxrss begins with what the parent had when it started us
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except FileNotFoundError:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(kilobytes) / 1024


def in_own_process(conninfo: str, source: Path, day: datetime.date, *, is_stage_only: bool = False) -> Times:
    """Ingest a day in a new process."""
    command = [sys.executable, "-m", "benchmarks.clock", conninfo, str(source), day.isoformat()]
    done = subprocess.run(
        [*command, *(["--stage-only"] if is_stage_only else [])],
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Times(**json.loads(done.stdout))


if __name__ == "__main__":
    conninfo, url, day = sys.argv[1:4]
    with connect(conninfo) as warehouse:
        times = ingest_day(
            warehouse,
            ingest.Source(url),
            datetime.date.fromisoformat(day),
            is_stage_only="--stage-only" in sys.argv,
        )
    print(json.dumps(asdict(times)))

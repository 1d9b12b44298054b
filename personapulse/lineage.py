"""Which tables a piece of work reads and writes, read from the SQL itself: nobody keeps a second list."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from personapulse import marts
from personapulse.contract import EXTRACTS
from personapulse.paths import SQL

_NAME = re.compile(r"\b(?:staging|core|marts|ml|ops)\.\w+")
_TABLE = re.compile(r"^create table (?:if not exists )?(\w+\.\w+)\b(?! partition of)", re.MULTILINE)
_FUNCTION = re.compile(r"^create (?:or replace )?function (\w+\.\w+)(.*?)^\$\$;?$", re.MULTILINE | re.DOTALL)

# what Python's part of a mart asks, beside the folder of the mart's name
_ASKED = {"ltv_model": "features/purchase_histories.sql", "ltv_backtest": "features/backtest_histories.sql"}


@dataclass(frozen=True)
class Flow:
    """Tables by schema and name, sorted.

    Parameters
    ----------
    reads : tuple of str
        Such as `core.order_facts`.
    writes : tuple of str
        Such as `marts.rfm`.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def of_staging() -> Flow:
    """Return what staging a day fills; what it reads are files."""
    return Flow((), tuple(sorted(f"staging.{extract.name}" for extract in EXTRACTS)))


def of_core() -> Flow:
    """Return what merging a day reads and fills."""
    return Flow(of_staging().writes, tuple(sorted(name for name in _tables() if name.startswith("core."))))


@cache
def of_marts(group: str) -> Flow:
    """Return what a group of marts reads beside itself, and fills."""
    writes = {f"marts.{name}" for name in marts.GROUPS[group]}
    files = [file for name in marts.GROUPS[group] for file in _files(name)]
    reads = set().union(*(_read_by(file.read_text(encoding="utf-8")) for file in files))
    needs = {f"marts.{need}" for name in marts.GROUPS[group] for need in marts.NEEDS[name]}
    return Flow(tuple(sorted((reads | needs) - writes)), tuple(sorted(writes)))


def of_scores() -> Flow:
    """Return what scoring a day reads and fills."""
    return Flow(("ml.features", "ml.model_versions"), ("marts.purchase_intent",))


@cache
def of_dashboards() -> Flow:
    """Return what publishing a day reads, and what of the warehouse it fills."""
    files = sorted((SQL / "dashboard").glob("*.sql"))
    reads = set().union(*(_read_by(file.read_text(encoding="utf-8")) for file in files))
    return Flow(tuple(sorted(reads)), ("ops.dashboards",))


def _files(mart: str) -> list[Path]:
    asked = [SQL / _ASKED[mart]] if mart in _ASKED else []
    return [SQL / "marts" / f"{mart}.sql", *sorted((SQL / mart).glob("*.sql")), *asked]


def _read_by(text: str) -> set[str]:
    """Return the tables a text names, and those read by the functions it names."""
    named = set(_NAME.findall(re.sub(r"--.*", "", text)))
    through = set().union(*(_functions()[name] for name in named & set(_functions())))
    return (named | through) & _tables()


@cache
def _tables() -> frozenset[str]:
    return frozenset(name for file in _setup() for name in _TABLE.findall(file))


@cache
def _functions() -> dict[str, frozenset[str]]:
    """Return each function's tables, those of the functions it asks included."""
    bodies = {name: set(_NAME.findall(body)) for file in _setup() for name, body in _FUNCTION.findall(file)}
    for _ in bodies:  # as deep as they may be nested
        grown = {name: named.union(*(bodies[other] for other in named & set(bodies))) for name, named in bodies.items()}
        if grown == bodies:
            break
        bodies = grown
    return {name: frozenset(named & _tables()) for name, named in bodies.items()}


def _setup() -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted((SQL / "setup").glob("*.sql"))]

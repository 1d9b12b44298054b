"""Reads `include/metrics.yaml` and checks every word of it that a machine can check."""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from personapulse.errors import PersonaPulseError
from personapulse.metrics.definitions import UNITS, Catalogue, Metric, Population, Stored, choices
from personapulse.metrics.reading import checked_condition, checked_number, checked_rows
from personapulse.paths import INCLUDE, SQL

METRICS_FILE = INCLUDE / "metrics.yaml"
_FORMATS = {"currency": ("money",), "share": ("percent",), None: ("integer", "decimal")}  # by unit; None is the rest
_STORED = re.compile(
    r"(?:(?P<aggregate>sum|avg|count|min|max)\()?(?P<mart>\w+)\.(?P<column>\w+)(?(aggregate)\))"
    r"(?: where (?P<where>.+))?"
)


def load_metrics(file: Path | None = None) -> Catalogue:
    """Read and check every metric.

    Parameters
    ----------
    file : Path, optional
        The YAML file; by default the one that ships.

    Raises
    ------
    PersonaPulseError
        If a key is missing, unknown or has a value it cannot have, if SQL is more than one select or reads a table that
        is not there; the message names the file, the metric, the key and what to do.
    """
    file = file or METRICS_FILE
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise PersonaPulseError(f"{file.name} is not valid YAML: {error}") from None
    top = _keys(given, file.name, required=("populations", "metrics"), optional=("words",))
    populations = {
        name: _population(name, body, f"{file.name}: population {name}")
        for name, body in _mapping(top["populations"], f"{file.name}: populations").items()
    }
    metrics = {
        name: _metric(name, body, populations, f"{file.name}: metric {name}")
        for name, body in _mapping(top["metrics"], f"{file.name}: metrics").items()
    }
    if unused := set(populations) - {metric.population.name for metric in metrics.values() if metric.population}:
        raise PersonaPulseError(
            f"{file.name}: population {min(unused)}: no metric's rows name it. Remove it, or use it."
        )
    return Catalogue(_mapping(top.get("words", {}), f"{file.name}: words"), populations, metrics)


def _population(name: str, given: Any, where: str) -> Population:
    body = _keys(given, where, required=("grain", "definition", "rows"))
    select = checked_rows(_text(body["rows"], f"{where}: rows"), f"{where}: rows")
    return Population(name, _text(body["grain"], f"{where}: grain"), _text(body["definition"], where), select)


_REQUIRED = ("label", "group", "unit", "format", "definition", "sql")
_OPTIONAL = ("details", "rows", "stored", "needs_persona", "dax")


def _metric(name: str, given: Any, populations: Mapping[str, Population], where: str) -> Metric:
    body = _keys(given, where, required=_REQUIRED, optional=_OPTIONAL)
    texts = {key: _text(body[key], f"{where}: {key}") for key in (*_REQUIRED, "details", "dax") if key in body}
    if "\n" in texts["definition"]:
        raise PersonaPulseError(f"{where}: definition must be one line; put the rest into details.")
    population = _named(body.get("rows"), populations, f"{where}: rows")
    select = checked_number(texts["sql"], f"{where}: sql", population.select.columns if population else None)
    kind, digits = _format(texts["format"], _unit(texts["unit"], f"{where}: unit"), f"{where}: format")
    metric = Metric(
        name=name,
        label=texts["label"],
        group=texts["group"],
        unit=texts["unit"],
        format=kind,
        digits=digits,
        definition=texts["definition"],
        details=texts.get("details", ""),
        select=select,
        population=population,
        stored=_stored(body.get("stored", []), f"{where}: stored"),
        needs_persona=body.get("needs_persona", False) is True,
        dax=texts.get("dax"),
    )
    if metric.needs_persona and not metric.reads_persona:
        raise PersonaPulseError(f"{where}: needs_persona is true, but neither sql nor rows read %(persona)s.")
    return metric


def _named(name: Any, populations: Mapping[str, Population], where: str) -> Population | None:
    if name is not None and name not in populations:
        raise PersonaPulseError(f"{where}: no population is called {name!r}. {choices(str(name), populations)}")
    return populations[name] if name is not None else None


def _unit(unit: str, where: str) -> str:
    if unit not in UNITS:
        raise PersonaPulseError(f"{where} must be one of {', '.join(UNITS)}, got {unit!r}.")
    return unit


def _format(text: str, unit: str, where: str) -> tuple[str, int]:
    fitting = _FORMATS.get(unit, _FORMATS[None])
    parts = re.fullmatch(r"(integer|money|percent (?=\d)|decimal (?=\d))(\d)?", text)
    if not parts or parts[1].strip() not in fitting:
        wanted = " or ".join(f"{kind} N (N digits)" if kind in {"percent", "decimal"} else kind for kind in fitting)
        raise PersonaPulseError(f"{where} must be {wanted} for the unit {unit}, got {text!r}.")
    return parts[1].strip(), int(parts[2] or 0)


def _stored(given: Any, where: str) -> tuple[Stored, ...]:
    return tuple(_stored_in(text, where) for text in (given if isinstance(given, list) else [given]))


def _stored_in(text: Any, where: str) -> Stored:
    parts = _STORED.fullmatch(str(text))
    if not parts:
        raise PersonaPulseError(
            f"{where} must be mart.column or an aggregate such as avg(rfm.frequency), either with `where ...`; "
            f"got {text!r}."
        )
    stored = Stored(parts["mart"], parts["column"], parts["aggregate"], parts["where"])
    columns = dictionary_columns(stored.mart, where)
    if stored.column not in columns:
        raise PersonaPulseError(
            f"{where}: marts.{stored.mart} has no column {stored.column!r}. {choices(stored.column, columns)}"
        )
    if stored.where:
        checked_condition(stored.where, columns, where)
    return stored


def dictionary_columns(mart: str, where: str) -> tuple[str, ...]:
    """Columns of a mart as its dictionary page lists them; `where` is who asks, for the message."""
    pages = {file.stem: file for file in (SQL / "marts").glob("*.yml")}
    if mart not in pages:
        raise PersonaPulseError(f"{where}: no mart is called {mart!r}. {choices(mart, sorted(pages))}")
    return _columns_in(pages[mart].read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def _columns_in(page: str) -> tuple[str, ...]:
    """Read a dictionary page once: a hundred metrics ask for twenty pages."""
    return tuple(yaml.safe_load(page)["columns"])


def _keys(given: Any, where: str, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    body = _mapping(given, where)
    for key in body:
        if key not in (*required, *optional):
            raise PersonaPulseError(f"{where}: unknown key {key!r}. {choices(str(key), (*required, *optional))}")
    if missing := [key for key in required if key not in body]:
        raise PersonaPulseError(f"{where} has no {missing[0]}.")
    return body


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PersonaPulseError(f"{where} must be a mapping, got {value!r}.")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PersonaPulseError(f"{where} must be a text, got {value!r}.")
    return value.strip()

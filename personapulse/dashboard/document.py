"""The document: all that the dashboard shows of one day, as JSON whose bytes depend on the day's data alone."""

import datetime
import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import psycopg

from personapulse import __version__
from personapulse.colours import load_colours
from personapulse.dashboard.tables import Table, read_tables
from personapulse.marts.days import check_built, snapshot
from personapulse.metrics import Catalogue, load_metrics
from personapulse.personas import load_rule_sets
from personapulse.settings import ShopSettings
from personapulse.wording import dictionary

FORMAT = 1
# Dictionary pages whose columns the dashboard explains on hover.
_PAGES = (
    "dashboard_cube_customers",
    "dashboard_cube_reach",
    "cohorts",
    "funnel",
    "funnel_sessions",
    "returns",
    "rfm",
    "ltv",
    "ltv_predicted",
    "ltv_backtest",
    "persona_movement",
    "persona_changes",
    "product_performance",
    "purchase_intent",
)


@dataclass(frozen=True)
class Document:
    """A day's document as it is stored and served.

    Parameters
    ----------
    as_of_date : datetime.date
        The day it shows.
    packed : bytes
        The JSON, compressed with gzip.
    etag : str
        Hash of the JSON; the same data give the same.
    """

    as_of_date: datetime.date
    packed: bytes
    etag: str

    def read(self) -> dict[str, Any]:
        """Return the document's content."""
        content: dict[str, Any] = json.loads(gzip.decompress(self.packed))
        return content


def make_document(connection: psycopg.Connection[Any], as_of_date: datetime.date, settings: ShopSettings) -> Document:
    """Read a day from the marts, as of one moment, and write its document.

    Raises
    ------
    PersonaPulseError
        If the day is not built; the message names the days that are.
    """
    with snapshot(connection):
        check_built(connection, as_of_date)
        tables = read_tables(connection, as_of_date)
    return pack(as_of_date, content(as_of_date, tables, settings))


def content(as_of_date: datetime.date, tables: dict[str, Table], settings: ShopSettings) -> dict[str, Any]:
    """Return everything the dashboard is told of a day: its tables, and what they mean."""
    rules, catalogue = load_rule_sets()[settings.persona_rules], load_metrics()
    return {
        "format": FORMAT,
        "version": __version__,
        "as_of_date": as_of_date.isoformat(),
        "shop": {
            "name": settings.name,
            "currency": settings.currency,
            "locale": settings.locale.replace("_", "-"),
            "time_zone": settings.time_zone,
            "return_window_days": settings.return_window_days,
            "conversion_days": settings.conversion_days,
            "intent_horizon_days": settings.intent_horizon_days,
            "has_views": "product_views" not in settings.lacks,
        },
        "colours": load_colours(),
        "personas": [
            {"persona": rule.persona, "description": rule.description, "action": rule.action}
            for rule in (*rules.rules, rules.otherwise)
        ],
        "metrics": _metrics(catalogue),
        "words": dict(catalogue.words),
        "meanings": {page: dictionary(page)["columns"] for page in _PAGES},
        "tables": tables,
    }


def pack(as_of_date: datetime.date, content: dict[str, Any]) -> Document:
    """Write and compress a document; the same content gives the same bytes."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Document(as_of_date, gzip.compress(text, 9, mtime=0), hashlib.sha256(text).hexdigest()[:32])


def _metrics(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    shown = ("label", "unit", "definition", "details")
    return {name: {key: getattr(metric, key) for key in shown} for name, metric in catalogue.metrics.items()}

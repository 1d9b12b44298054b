"""The way in: a shop's daily extracts become typed, keyed, bitemporal rows of `core`.

A day is *staged* (files -> `staging`, bad rows -> `ops.quarantine`) and then *merged* (`staging` -> `core`).
Both can be repeated at will, and days can come in any order.
"""

from personapulse.ingest.days import load_history, loaded_days, merge, stage
from personapulse.ingest.source import Source

__all__ = ["Source", "load_history", "loaded_days", "merge", "stage"]

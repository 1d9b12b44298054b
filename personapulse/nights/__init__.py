"""The nights: what has run, how far a day has come, and who is told when it is late.

`ledger` keeps what has run, `standing` says how far a day is, `late` tells people, once.
"""

from personapulse.nights.late import NightIsLateError, claim, demand_published
from personapulse.nights.ledger import Entry, read, write
from personapulse.nights.standing import Standing, look

__all__ = ["Entry", "NightIsLateError", "Standing", "claim", "demand_published", "look", "read", "write"]

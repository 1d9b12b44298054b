"""The doctor: how a warehouse is, read from its own books (`ops`), and what a person has to do.

`facts` reads, `diagnosis` thinks, `screen` shows.
"""

from personapulse.doctor.diagnosis import Advice, advise
from personapulse.doctor.extracts import Extracts, look_at
from personapulse.doctor.facts import Facts, Scope, read_facts

__all__ = ["Advice", "Extracts", "Facts", "Scope", "advise", "look_at", "read_facts"]

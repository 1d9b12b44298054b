"""The doctor: how a warehouse is, read from its own books (`ops`), and what a person has to do.

`facts` reads the books, `diagnosis` thinks about days, `checkup` looks at everything else part by part, `screen` shows.
"""

from personapulse.doctor.checkup import look_over
from personapulse.doctor.diagnosis import Advice, advise
from personapulse.doctor.extracts import Extracts, look_at
from personapulse.doctor.facts import Facts, Scope, read_facts
from personapulse.doctor.findings import Finding

__all__ = ["Advice", "Extracts", "Facts", "Finding", "Scope", "advise", "look_at", "look_over", "read_facts"]

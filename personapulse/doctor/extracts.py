"""What lies at the shop's address, beside what the warehouse has of it."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from personapulse.errors import PersonaPulseError
from personapulse.ingest import Source
from personapulse.settings import ShopSettings


@dataclass(frozen=True)
class Extracts:
    """The shop's extracts as far as they could be looked at.

    Parameters
    ----------
    days : sequence of datetime.date
        Days that have a folder, oldest first.
    settings : ShopSettings
        Of `source.yaml`; the defaults where it could not be read.
    problem : str, optional
        Why nothing could be looked at.
    """

    days: Sequence[datetime.date] = ()
    settings: ShopSettings = field(default_factory=ShopSettings)
    problem: str | None = None


def look_at(url: str | None) -> Extracts:
    """Look at the folders and the settings at an address; an address that does not answer is a problem, no error."""
    if url is None:
        return Extracts()
    try:
        source = Source(url)
        return Extracts(source.days(), source.settings)
    except (PersonaPulseError, OSError) as error:
        return Extracts(problem=str(error))

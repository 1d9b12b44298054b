"""Reads TMDL, and refuses what Power BI would."""

from personapulse.errors import PersonaPulseError
from personapulse.powerbi.tmdl.nodes import Node


class TmdlError(PersonaPulseError):
    """A document that is no TMDL; the message names the file and the line."""


def read(text: str, file: str = "") -> tuple[Node, ...]:
    """Return the objects of a document."""
    raise NotImplementedError

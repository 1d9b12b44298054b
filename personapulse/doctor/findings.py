"""What one look at one part of the house comes to."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What was found of one part of the house.

    Parameters
    ----------
    part : str
        What was looked at, in a word or two.
    level : str
        `ok`; `warn`: good to know, can wait; `fail`: needs a person.
    found : str
        What is the case.
    means : str
        What follows from it; empty where nothing does.
    do : str
        What to do, or to type; empty where there is nothing to do.
    """

    part: str
    level: Level
    found: str
    means: str = ""
    do: str = ""

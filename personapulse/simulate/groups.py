"""Arrays whose entries belong to groups; entries of a group stand together."""

import numpy as np

from personapulse.simulate.draws import Flags, Whole


def is_first(groups: Whole) -> Flags:
    """Whether each entry is the first of its group (groups are numbered from 0, ascending)."""
    found: Flags = np.diff(groups, prepend=-1) != 0
    return found


def places_within(groups: Whole) -> Whole:
    """Count the entries of each group from 0: groups 4 4 4 7 give 0 1 2 0."""
    places = np.arange(len(groups))
    return places - np.maximum.accumulate(np.where(is_first(groups), places, 0))

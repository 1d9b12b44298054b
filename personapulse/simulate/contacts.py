"""Marketing: who is written to on which day."""

import datetime
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from personapulse.simulate import texts
from personapulse.simulate.draws import Draws
from personapulse.simulate.seasons import Season


@dataclass(frozen=True)
class Campaign:
    """A message to many on one day.

    Parameters
    ----------
    name, channel : str
        As delivered.
    reach : float
        What a customer's chance to be written to (`Persona.contact`) is multiplied with.
    """

    name: str
    channel: str
    reach: float


SALE = Campaign("Sale", "email", 1.0)
LETTER = Campaign("Letter", "email", 0.7)
FIND = Campaign("Friday Find", "push", 0.4)


def campaign_on(season: Season, day: int) -> Campaign | None:
    """Give the campaign of a day: a letter every Tuesday, a push every other Friday, a mail when a sale begins."""
    date = season.date(day)
    if season.sale_begins(day):
        return SALE
    if date.weekday() == 1:
        return LETTER
    if date.weekday() == 4 and (date - datetime.date(2024, 1, 5)).days % 14 == 0:
        return FIND
    return None


def contact_rows(user_ids: pa.Array, campaign: Campaign, season: Season, day: int, draws: Draws) -> pa.Table:
    """Write to customers between nine and eleven, as delivered."""
    only = np.zeros(len(user_ids), dtype=np.int64)
    second = np.sort(draws.whole(9 * 3600, 11 * 3600, len(user_ids)))
    return texts.table(
        user_id=user_ids,
        sent_at=texts.times(season.first_day, day, second),
        campaign=texts.pick([campaign.name], only),
        channel=texts.pick([campaign.channel], only),
    )

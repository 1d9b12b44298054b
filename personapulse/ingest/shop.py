"""Which shop a warehouse holds: one, and always the same."""

from typing import Any

import psycopg

from personapulse.errors import PersonaPulseError
from personapulse.ingest.source import Source
from personapulse.settings import ShopSettings


def known_settings(connection: psycopg.Connection[Any]) -> ShopSettings:
    """Return what the shop says of itself, where its extracts lie; the defaults while the warehouse holds none."""
    row = connection.execute("select source_url from ops.shop").fetchone()
    return Source(row[0]).settings if row else ShopSettings()


def claim(connection: psycopg.Connection[Any], source: Source) -> None:
    """Write down whose warehouse this is, or refuse a second shop: their customers would be mixed for good.

    Name and currency follow the shop's `source.yaml`. The time zone stays: a shop day means the same days for ever.

    Raises
    ------
    PersonaPulseError
        If the warehouse holds another source, or this one with another time zone.
    """
    settings = source.settings
    with connection.transaction():
        connection.execute(
            "insert into ops.shop (source_url, name, currency, time_zone) values (%s, %s, %s, %s)"
            " on conflict (is_this_shop) do update set name = excluded.name, currency = excluded.currency",
            (source.url, settings.name, settings.currency, settings.time_zone),
        )
        url, time_zone = connection.execute("select source_url, time_zone from ops.shop").fetchone() or ("", "")
        if url != source.url:
            raise PersonaPulseError(
                f"This home holds the shop at {url}; {source.url} would be mixed into it. Use another home (--home). "
                "If the same shop has moved, put its new address into ops.shop.source_url."
            )
        if time_zone != settings.time_zone:
            raise PersonaPulseError(
                f"{source.url}/source.yaml: time_zone is {settings.time_zone}, but this home's days are days in "
                f"{time_zone}. Put {time_zone} back, or load the shop into another home (--home)."
            )

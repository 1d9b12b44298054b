"""What is known of the profile's columns, from their dictionary page: what they hold and what moves them."""

from dataclasses import dataclass
from functools import cache

import yaml

from personapulse.paths import SQL

PROFILE_PAGE = SQL / "marts" / "customer_profile.yml"


@dataclass(frozen=True)
class Column:
    """A column of `marts.customer_profile`.

    Parameters
    ----------
    name : str
        As in the table.
    kind : str
        `count` (whole, from 0), `amount` (from 0), `share` (0 to 1), `number` (any), `date` or `text`.
    is_optional : bool
        Whether it may be null.
    null_if : str, optional
        Condition under which it is sure to be null.
    moved_by : tuple of str
        Columns that change only when the customer did something; a change of this one without a change of theirs is
        time passing by.
    """

    name: str
    kind: str
    is_optional: bool = True
    null_if: str | None = None
    moved_by: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether it can be counted with."""
        return self.kind not in {"date", "text"}


@cache
def profile_columns() -> dict[str, Column]:
    """Return the columns of `marts.customer_profile` as its dictionary page lists them, by name."""
    page = yaml.safe_load(PROFILE_PAGE.read_text(encoding="utf-8"))
    kinds = {name: kind for kind, names in page["kinds"].items() for name in names}
    return {
        name: Column(
            name,
            kinds[name],
            is_optional=name in page["optional"],
            null_if=page["optional"].get(name),
            moved_by=tuple(page["moved_by"].get(name, [name])),
        )
        for name in page["columns"]
    }

"""docs/privacy.md knows every table, and what in it names people."""

import re
from typing import Any

import psycopg

from personapulse.paths import ROOT
from personapulse.upkeep.columns import KEYS, PERSONAL, QUOTES, columns

PAGE = (ROOT / "docs" / "privacy.md").read_text()


def told(section: str) -> str:
    """Text below a heading."""
    return re.split(r"^## ", PAGE.split(f"## {section}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_the_page_tells_of_each_table_what_names_people_in_it(warehouse: psycopg.Connection[Any]) -> None:
    names: dict[str, set[str]] = {}
    for column in columns(warehouse):
        names.setdefault(column.place, set()).add(column.name)
    rows = [line.split("|")[1:4] for line in told("Tables that name customers").splitlines() if line.startswith("| `")]
    page = {table.strip(" `"): (quoted(keys), quoted(personal)) for table, keys, personal in rows}
    assert page == {
        table: (found & set(KEYS), found & set(PERSONAL)) for table, found in names.items() if found & set(KEYS)
    }
    nobody = {table for table in quoted(told("Tables that name nobody")) if "." in table}
    assert nobody == set(names) - set(page)
    for place in QUOTES:
        table, _, column = place.rpartition(".")
        assert {table, column} <= quoted(told("Tables that name customers"))

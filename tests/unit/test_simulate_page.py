"""The simulator's page says what the code does."""

import re

import pytest

from personapulse.paths import ROOT
from personapulse.simulate import dirt, orders, shop
from personapulse.simulate.payments import PAID_SHARE
from personapulse.simulate.personas import PERSONAS
from personapulse.simulate.seasons import WEEK

PAGE = (ROOT / "docs" / "simulator.md").read_text()
ROWS = {line.split("|")[1].strip(): line for line in PAGE.splitlines() if line.startswith("| ")}


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_each_persona_is_listed_with_its_traits(persona):
    names = "weight rest_days interest decide fade dropout browse search views thrift returns contact response"
    shown = [cell.strip() for cell in ROWS[persona.name].split("|")[2:-1]]
    assert shown.pop(9) == f"{persona.lines[0]}-{persona.lines[1]}"
    assert shown == [f"{getattr(persona, name):g}" for name in names.split()]


def test_shares_are_the_ones_it_draws_with():
    assert f"{PAID_SHARE:.4f}" in PAGE
    assert ", ".join(f"{factor:.2f}" for factor in WEEK) in PAGE
    late = (shop.LATE_VISITS, shop.LATE_ORDERS, shop.LATE_RETURNS, shop.LATE_CONTACTS)
    assert ", ".join(f"{share * 100:g} %" for share in late) in PAGE
    assert f"{dirt.SHARE * 100:g} % of a file, at most {dirt.MOST * 100:g} %" in PAGE
    assert f"{orders.WRONG * 100:g} %" in PAGE


def test_truth_tables_are_listed_with_their_columns():
    for path in sorted((ROOT / "include" / "data" / "truth").glob("*.csv")):
        header = path.read_text().splitlines()[0].split(",")
        described = re.sub(r"\([^)]*\)", "", ROWS[f"`{path.stem}`"].split("|")[3])
        assert [column.strip() for column in described.split(",")] == header

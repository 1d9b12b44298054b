"""The page for shops' engineers says what the code does."""

from dataclasses import fields

import pytest

from personapulse.contract import EVENT_TYPES, EXTRACTS, PAYMENT_STATUSES
from personapulse.paths import ROOT
from personapulse.settings import DEFAULT_THRESHOLD, ShopSettings, parse_settings

PAGE = (ROOT / "docs" / "extract-contract.md").read_text()
ROWS = {line.split("|")[1].strip(): line for line in PAGE.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("extract", EXTRACTS, ids=lambda extract: extract.name)
def test_each_file_is_listed_with_its_columns(extract):
    row = ROWS[f"`{extract.name}`" + (" (optional)" if extract.is_optional else "")]
    cell = row.split("|")[3]
    assert {column for column in extract.columns if f"**{column}**" in cell} == set(extract.required)
    assert [column for column in extract.columns if column not in cell] == []


@pytest.mark.parametrize("setting", fields(ShopSettings), ids=lambda setting: setting.name)
def test_each_setting_is_listed_with_its_default(setting):
    default = getattr(ShopSettings(), setting.name)
    shown = ROWS[f"`{setting.name}`"].split("|")[2].strip()
    assert shown == (str(default) if default else "5 % everywhere" if setting.name == "quarantine" else "none")


def test_the_words_of_the_contract_are_all_named():
    assert [word for word in (*PAYMENT_STATUSES, *EVENT_TYPES) if word not in PAGE] == []
    assert f"more than {DEFAULT_THRESHOLD * 100:.0f} %" in PAGE


def test_the_example_settings_are_ones_the_product_reads():
    example = PAGE.split("```yaml\n")[1].split("```")[0]
    limits = parse_settings(example, "the example").limits("order_items")
    assert limits.rules == {"missing_user_id": 1.0, "missing_unit_price": 1.0}

"""The features a model reads, as their page explains them, and the evenings a training looks ahead from."""

import datetime

import pytest
import sqlglot
import yaml
from hypothesis import given
from hypothesis import strategies as st

from personapulse.errors import PersonaPulseError
from personapulse.intent import features
from personapulse.intent.cut_offs import choose
from personapulse.intent.features import FEATURES, SLICES
from personapulse.paths import SQL

FIRST = datetime.date(2026, 1, 1)
days = st.integers(0, 1000).map(lambda number: FIRST + datetime.timedelta(number))
horizons = st.integers(1, 60)


def test_every_feature_has_words_for_high_and_low_values() -> None:
    assert {feature.kind for feature in FEATURES} == {"number", "category"}
    for feature in FEATURES:
        assert feature.label, feature.name
        if feature.kind == "number":
            assert len({feature.label, feature.more, feature.less, feature.missing}) == 4, feature.name
            assert "{" not in feature.more + feature.less
        else:
            assert feature.more.count("{value}") == feature.less.count("{value}") == 1


def test_the_page_explains_just_the_columns_of_the_select_and_of_the_table_in_their_order() -> None:
    page = yaml.safe_load(features.PAGE.read_text(encoding="utf-8"))
    assert all(len(told["meaning"]) > 3 for told in page["columns"].values())
    text = (SQL / "features" / "customers.sql").read_text().replace("%(", "'").replace(")s", "'")
    tree = sqlglot.parse_one(text, dialect="postgres")
    final = next(cte for cte in tree.ctes if cte.alias == "final")
    created = sqlglot.parse((SQL / "setup" / "0021_features.sql").read_text(), dialect="postgres")[1]
    assert created is not None
    table = [column.name for column in created.find_all(sqlglot.exp.ColumnDef)]
    assert list(page["columns"]) == table == [*final.this.named_selects, "packed"]


def test_slices_are_columns_with_few_texts() -> None:
    assert SLICES == ("persona", "gender", "age_group")
    assert set(SLICES) <= set(features.texts())
    assert [feature.name for feature in FEATURES if feature.kind == "number"] == list(features.numbers())


def test_what_the_module_does_not_have_it_says() -> None:
    with pytest.raises(AttributeError, match="FEATURE"):
        _ = features.FEATURE


@given(days, horizons, st.integers(0, 400))
def test_no_window_reaches_into_the_hold_out_or_past_the_day_and_customers_are_known_for_four_weeks(
    day: datetime.date, horizon: int, age: int
) -> None:
    first = day - datetime.timedelta(age)
    if age + 1 < 28 + 2 * horizon:
        with pytest.raises(PersonaPulseError, match=f"{age + 1} days, and {28 + 2 * horizon} are needed"):
            choose(first, day, horizon)
        return
    found = choose(first, day, horizon)
    window = datetime.timedelta(horizon)
    assert found.hold_out + window == day
    assert found.training[-1] + window == found.hold_out
    assert (found.training[0] - first).days + 1 >= 28
    assert 1 <= len(found.training) <= 26
    steps = {(later - earlier).days for earlier, later in zip(found.training, found.training[1:], strict=False)}
    assert steps <= {7}
    earlier = found.training[0] - datetime.timedelta(7)
    assert len(found.training) == 26 or (earlier - first).days + 1 < 28  # none is left out


def test_eight_weeks_are_just_enough() -> None:
    found = choose(FIRST, FIRST + datetime.timedelta(55), 14)
    assert found.training == (FIRST + datetime.timedelta(27),)  # its 28th day
    with pytest.raises(PersonaPulseError, match="55 days, and 56 are needed"):
        choose(FIRST, FIRST + datetime.timedelta(54), 14)

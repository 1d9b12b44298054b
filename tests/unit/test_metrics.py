"""include/metrics.yaml: every number once, refused where it is wrong, and the pages made from it."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from personapulse.errors import PersonaPulseError
from personapulse.metrics import Catalogue, load_metrics, pages, screen
from personapulse.metrics.loading import METRICS_FILE
from personapulse.paths import ROOT
from personapulse.wording import MINUS, NO_BREAK, THIN_SPACE

POPULATION = {"grain": "order", "definition": "Orders.", "rows": "select order_id, user_id from core.order_facts"}
METRIC = {
    "label": "Orders",
    "group": "All",
    "unit": "orders",
    "format": "integer",
    "definition": "Orders placed.",
    "rows": "orders",
    "sql": "select count(*) from rows",
}


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_metrics()


def load(tmp_path: Path, metric: dict[str, Any] | None = None, **population: Any) -> Catalogue:
    """Load a file of one metric over one population, with some keys changed; a key of None is left out."""
    bodies = {"populations": {"orders": POPULATION | population}, "metrics": {"placed": METRIC | (metric or {})}}
    for section in bodies.values():
        for name, body in section.items():
            section[name] = {key: value for key, value in body.items() if value is not None}
    file = tmp_path / "metrics.yaml"
    file.write_text(yaml.safe_dump(bodies))
    return load_metrics(file)


def test_every_number_people_ask_for_is_there(shipped: Catalogue) -> None:
    of_a_day = {"users", "buyers", "orders", "paid_orders", "gross_revenue", "returns_amount", "net_revenue"}
    ratios = {"average_order_value", "repeat_rate", "return_rate", "persona_share"}
    means = {"average_recency_days", "average_frequency", "average_monetary", "average_historic_ltv"}
    others = {"prospects", "customers", "average_monthly_value", "revenue_per_customer", "repeat_buyers_to_date"}
    assert set(shipped.metrics) >= of_a_day | {f"{name}_to_date" for name in of_a_day} | ratios | means | others


def test_every_figure_of_the_daily_row_is_a_metric(shipped: Catalogue) -> None:
    columns = yaml.safe_load((ROOT / "include/sql/marts/kpi_daily.yml").read_text())["columns"]
    stored = {place.column for metric in shipped.metrics.values() for place in metric.stored if place.is_column}
    assert stored >= set(columns) - {"as_of_date"}


def test_a_metric_has_room_for_its_twin_in_dax(tmp_path: Path) -> None:
    assert load(tmp_path, {"dax": "COUNTROWS('orders')"}).metrics["placed"].dax == "COUNTROWS('orders')"


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ({"label": None}, "metrics.yaml: metric placed has no label."),
        ({"sql": None}, "metric placed has no sql."),
        ({"colour": "red"}, "metric placed: unknown key 'colour'."),
        ({"lable": "Orders"}, "unknown key 'lable'. Did you mean label?"),
        ({"definition": "One.\nTwo."}, "metric placed: definition must be one line"),
        ({"unit": "euro"}, "metric placed: unit must be one of currency, orders,"),
        ({"unit": "share"}, "metric placed: format must be percent N (N digits) for the unit share, got 'integer'."),
        ({"format": "decimal"}, "format must be integer or decimal N (N digits) for the unit orders, got 'decimal'."),
        ({"rows": "order"}, "metric placed: rows: no population is called 'order'. Did you mean orders?"),
        ({"rows": None}, "metric placed: sql reads rows, but the metric has none"),
        ({"sql": "select count(amount) from rows"}, "sql: unknown column 'amount'. Known are: order_id, user_id."),
        ({"sql": "select count(*), 1 from rows"}, "metric placed: sql must select one number, not 2 columns."),
        ({"sql": "select 1; select 2"}, "metric placed: sql must be one select, and nothing else."),
        ({"sql": "delete from core.orders"}, "sql must be one select"),
        ({"sql": "select count(*) as n into x from rows"}, "'INTO x' is not allowed; a metric only reads."),
        ({"sql": "select count( from rows"}, "metric placed: sql: "),
        ({"sql": "select count(*) from rows where user_id = %(whom)s"}, "unknown parameter %(whom)s. Known are:"),
        ({"sql": "select count(*) from core.odrers"}, "no table or reading function is called 'core.odrers'"),
        ({"sql": "select count(*) from ops.shop"}, "no table or reading function is called 'ops.shop'"),
        ({"needs_persona": True}, "needs_persona is true, but neither sql nor rows read %(persona)s."),
        ({"stored": "rfm"}, "stored must be mart.column or an aggregate such as avg(rfm.frequency)"),
        ({"stored": "rmf.frequency"}, "stored: no mart is called 'rmf'. Did you mean rfm?"),
        ({"stored": "avg(rfm.frequncy)"}, "marts.rfm has no column 'frequncy'. Did you mean frequency?"),
        ({"stored": "count(rfm.user_id) where frequencies > 1"}, "stored: unknown column 'frequencies'."),
    ],
)
def test_a_broken_metric_is_refused_by_name_and_key(tmp_path: Path, metric: dict[str, Any], message: str) -> None:
    with pytest.raises(PersonaPulseError) as error:
        load(tmp_path, metric)
    assert message in str(error.value)
    assert str(error.value).startswith("metrics.yaml: metric placed")


@pytest.mark.parametrize(
    ("population", "message"),
    [
        ({"grain": None}, "metrics.yaml: population orders has no grain."),
        ({"rows": "select * from core.order_facts"}, "population orders: rows: name the columns it selects"),
        ({"rows": "select user_id from core.order_facts for update"}, "is not allowed; a metric only reads."),
        (
            {"rows": "with gone as (delete from core.orders returning user_id) select user_id from gone"},
            "is not allowed; a metric only reads.",
        ),
    ],
)
def test_a_broken_population_is_refused_by_name_and_key(
    tmp_path: Path, population: dict[str, Any], message: str
) -> None:
    with pytest.raises(PersonaPulseError) as error:
        load(tmp_path, **population)
    assert message in str(error.value)


def test_a_population_nobody_counts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PersonaPulseError, match="population orders: no metric's rows name it"):
        load(tmp_path, {"rows": None, "sql": "select count(*) from marts.rfm"})


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "metrics.yaml").write_text("metrics: [")
    with pytest.raises(PersonaPulseError, match=r"metrics\.yaml is not valid YAML"):
        load_metrics(tmp_path / "metrics.yaml")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("gross_revenu", "gross_revenue"),
        ("repeat_rate_to_date", "repeat_rate"),
        ("average order value", "average_order_value"),
    ],
)
def test_an_unknown_metric_is_answered_with_what_comes_close(shipped: Catalogue, asked: str, meant: str) -> None:
    with pytest.raises(PersonaPulseError, match=f"No metric is called '{asked}'. Did you mean {meant}"):
        shipped.metric(asked)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("gross_revenue", Decimal("1234.5"), f"EUR{NO_BREAK}1{THIN_SPACE}234.50"),
        ("net_revenue", Decimal(-7), f"EUR{NO_BREAK}{MINUS}7.00"),
        ("repeat_rate", Decimal("0.31449"), f"31.4{NO_BREAK}%"),
        ("average_frequency", Decimal("1.005"), "1.00"),
        ("orders", 1234, f"1{THIN_SPACE}234"),
        ("average_order_value", None, "none"),
    ],
)
def test_a_number_is_written_in_its_unit(shipped: Catalogue, name: str, value: Any, text: str) -> None:
    assert screen.written(value, shipped.metrics[name], "EUR") == text


def test_the_pages_say_what_the_metrics_say(shipped: Catalogue) -> None:
    """If this fails: `make docs`."""
    for file, text in pages.pages(shipped).items():
        assert file.read_text(encoding="utf-8") == text, f"{file.relative_to(ROOT)} is not up to date: make docs"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what pages are written into."""
    shutil.copytree(ROOT / "include" / "sql" / "marts", tmp_path / "include" / "sql" / "marts")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "definitions.md", tmp_path / "docs")
    return tmp_path


def test_a_definition_changed_in_one_place_is_changed_on_every_page(checkout: Path) -> None:
    old, new = "Users with a paid order on this day.", "Whoever bought: today, #1."
    file = checkout / "metrics.yaml"
    file.write_text(METRICS_FILE.read_text().replace(f"definition: {old}", f"definition: '{new}'"))
    written = pages.write(load_metrics(file), checkout)
    assert {page.name for page in written} == {"definitions.md", "kpi_daily.yml"}
    before = yaml.safe_load((ROOT / "include/sql/marts/kpi_daily.yml").read_text())
    after = yaml.safe_load((checkout / "include/sql/marts/kpi_daily.yml").read_text())
    assert after == before | {"columns": before["columns"] | {"buyers": new}}
    page = (checkout / "docs" / "definitions.md").read_text()
    assert new in page
    assert old not in page


def test_writing_the_pages_again_changes_nothing(checkout: Path, shipped: Catalogue) -> None:
    assert pages.write(shipped, checkout) == []
    (checkout / "docs" / "definitions.md").write_text("old")
    assert pages.write(shipped, checkout) == [checkout / "docs" / "definitions.md"]
    assert pages.write(shipped, checkout) == []


def test_a_column_whose_text_was_broken_into_lines_is_replaced_whole(shipped: Catalogue) -> None:
    text = "columns:\n  users: >-\n    Some\n    thing.\n  buyers: Else.\n"
    page = pages.dictionary_page(text, {"users": shipped.metrics["users"]})
    assert yaml.safe_load(page)["columns"] == {"users": shipped.metrics["users"].definition, "buyers": "Else."}


def test_an_installed_package_has_no_pages_to_write(tmp_path: Path, shipped: Catalogue) -> None:
    with pytest.raises(PersonaPulseError, match="is no checkout"):
        pages.write(shipped, tmp_path)


def test_every_metric_has_its_place_on_the_page(shipped: Catalogue) -> None:
    page = (ROOT / "docs" / "definitions.md").read_text()
    for metric in shipped.metrics.values():
        assert f"\n### {metric.name}\n" in page
        assert f"personapulse metric {metric.name} --as-of" in page
        assert " ".join(metric.definition.split()) in page
    anchors = {line[4:].replace(" ", "-") for line in page.splitlines() if line.startswith("### ")}
    linked = {part.split(")")[0] for part in page.split("](#")[1:]}
    assert linked == anchors

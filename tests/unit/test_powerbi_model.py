"""The Power BI model as text: what is committed is what is generated, and every way to break it is caught and named."""

import re
from pathlib import Path

import pytest
import yaml

from personapulse.errors import PersonaPulseError
from personapulse.metrics import load_metrics
from personapulse.powerbi import load_design
from personapulse.powerbi.design import POWERBI_FILE, Design
from personapulse.powerbi.documents import documents
from personapulse.powerbi.files import POWERBI, stale, write
from personapulse.powerbi.model_checks import faults
from personapulse.powerbi.tmdl import Node, Property, read
from personapulse.powerbi.tmdl import write as tmdl

MODEL = POWERBI / "PersonaPulse.SemanticModel"
DEFINITION = MODEL / "definition"
FILES = sorted(DEFINITION.rglob("*.tmdl"))


@pytest.fixture(scope="module")
def design() -> Design:
    return load_design()


# ---------------------------------------------------------------- generated


def test_what_is_committed_is_what_is_generated(design: Design) -> None:
    assert [str(file) for file in stale(design)] == []


def test_writing_twice_changes_nothing_and_what_is_surplus_goes(tmp_path: Path, design: Design) -> None:
    (tmp_path / "include").mkdir()
    folder = tmp_path / "powerbi"
    assert len(write(design, folder)) == len(documents(design))
    assert write(design, folder) == []
    former, table = DEFINITION / "tables" / "Former.tmdl", DEFINITION / "tables" / "Sales.tmdl"
    there = {file: folder / file.relative_to(POWERBI) for file in (former, table)}
    there[former].write_text("table Former\n")
    there[table].write_text(there[table].read_text() + "\n")
    assert write(design, folder) == [there[former], there[table]]
    assert not there[former].exists()
    assert there[table].read_bytes() == table.read_bytes()


def test_an_installed_package_has_nowhere_to_write(tmp_path: Path, design: Design) -> None:
    with pytest.raises(PersonaPulseError, match="is no checkout"):
        write(design, tmp_path / "powerbi")


def renamed(tmp_path: Path, old: str, new: str) -> dict[str, str]:
    text = POWERBI_FILE.read_text()
    assert old in text
    (tmp_path / "powerbi.yaml").write_text(text.replace(old, new, 1))
    return documents(load_design(tmp_path / "powerbi.yaml"))


def tags(texts: dict[str, str]) -> set[str]:
    return {tag for text in texts.values() for tag in re.findall(r"lineageTag: (\S+)", text)}


def test_a_new_name_keeps_its_identity(tmp_path: Path, design: Design) -> None:
    """Power BI follows a column by its tag: reports keep what they show when a label is bettered."""
    before = documents(design)
    after = renamed(tmp_path, "Tenure months: [tenure_months", "Months as a buyer: [tenure_months")
    assert tags(after) == tags(before)
    assert [path for path in before if before[path] != after[path]] == [
        "PersonaPulse.SemanticModel/definition/tables/Buyers.tmdl"
    ]
    assert tags(renamed(tmp_path, "name: Buyer count", "name: Buyers in view")) == tags(before)


def test_the_order_of_the_model_is_that_of_the_design(design: Design) -> None:
    model = (DEFINITION / "model.tmdl").read_text()
    assert re.findall(r"^ref table '?(.+?)'?$", model, re.MULTILINE) == [table.name for table in design.tables]


# ---------------------------------------------------------------- the design


def test_every_metric_has_its_twin_in_dax(design: Design) -> None:
    assert [metric.name for metric in load_metrics().metrics.values() if not metric.dax] == []
    assert [measure.name for measure in design.measures if not (measure.sql or measure.metric)] == []


def test_every_name_is_explained(design: Design) -> None:
    assert [table.name for table in design.tables if len(table.description) < 10] == []
    assert [column.name for table in design.tables for column in table.columns if len(column.description) < 4] == []
    assert [measure.name for measure in design.measures if len(measure.description) < 10] == []


def test_nothing_imported_names_a_person(design: Design) -> None:
    sources = {column.source for table in design.tables for column in table.columns}
    assert not sources & {"user_id", "age", "location", "order_id", "session_id"}
    buyers = design.table("Buyers")
    assert {column.source for column in buyers.columns if column.is_key} == {"buyer"}


def test_only_tables_that_keep_every_day_are_refreshed_day_by_day(design: Design) -> None:
    incremental = [table for table in design.tables if table.is_incremental]
    assert [table.name for table in incremental] == ["Key figures", "Persona movement"]
    assert all("as_of_date" in {column.source for column in table.columns} for table in incremental)
    for table in design.tables:
        policies = read((DEFINITION / "tables" / f"{table.name}.tmdl").read_text())[0].all("refreshPolicy")
        assert len(policies) == table.is_incremental


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mart: rfm\n", "mart: rmf\n", "table Buyers: no mart is called 'rmf'"),
        ("Year: [year, whole]", "Year: [year, hole]", "column Year: no kind is called 'hole'. Known are key"),
        ("Year: [year, whole]", "Year: [jahr, whole]", "column Year: nothing explains 'jahr'; add it to describe"),
        ("Products: {Category: Categories}", "Products: {Category: Kinds}", r"\[Category\] -> Kinds: no such table"),
        ("Products: {Category: ", "Products: {Kind: ", r"Products\[Kind\] -> Categories: Products has no such column"),
        ("Products: {Category: Categories}", "Products: {Category: Sales}", "Sales has no key"),
    ],
)
def test_a_mistake_in_the_design_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PersonaPulseError, match=said):
        renamed(tmp_path, old, new)


def test_the_design_is_yaml_that_names_nothing_twice() -> None:
    """PyYAML keeps the second of two equal keys in silence."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[object, object]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return {
            key: loader.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)
        }

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    yaml.load(POWERBI_FILE.read_text(), Strict)


# ---------------------------------------------------------------- the reader


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_read_can_be_written_again(file: Path) -> None:
    assert tmdl(read(file.read_text())) == file.read_text()


def test_a_document_is_read_as_people_read_it() -> None:
    text = (
        "/// What is sold.\n"
        "table 'Sales of ''26'\n"
        "\tlineageTag: 8b5474d7-7f11-53e9-a229-d8631e4fd346\n\n"
        "\t/// The sum,\n\t/// of all.\n"
        "\tmeasure Revenue =\n\t\t\tSUM(\n\n\t\t\t    Sales[Amount]\n\t\t\t)\n"
        "\t\tformatString: #,0.00\n"
        "\t\tisHidden\n"
        "\t\tlineageTag: 8b5474d7-7f11-53e9-a229-d8631e4fd347\n"
    )
    tag = "8b5474d7-7f11-53e9-a229-d8631e4fd34"
    assert read(text) == (
        Node(
            "table",
            "Sales of '26",
            description="What is sold.",
            properties=(Property("lineageTag", f"{tag}6"),),
            children=(
                Node(
                    "measure",
                    "Revenue",
                    "SUM(\n\n    Sales[Amount]\n)",
                    "The sum,\nof all.",
                    (Property("formatString", "#,0.00"), Property("isHidden"), Property("lineageTag", f"{tag}7")),
                ),
            ),
        ),
    )
    assert read(text)[0].all("measure")[0].line == 7


def test_nothing_is_wrong_with_the_model() -> None:
    assert len(FILES) > 30
    assert faults(MODEL) == []

"""Every way to break the Power BI model's text is caught and named: its grammar, and what hangs together."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from personapulse.powerbi.files import POWERBI
from personapulse.powerbi.model_checks import faults
from personapulse.powerbi.tmdl import TmdlError, read

MODEL = POWERBI / "PersonaPulse.SemanticModel"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The model's definition, to be broken."""
    shutil.copytree(MODEL, tmp_path / MODEL.name)
    return tmp_path / MODEL.name / "definition"


SALES, KEY_FIGURES, DATE, MEASURES = (f"tables/{name}.tmdl" for name in ("Sales", "Key figures", "Date", "Measures"))
ROLE = "roles/Viewers.tmdl"
# what is broken: file, text, what stands there instead, what is said of it
BROKEN_GRAMMAR = {
    "a property is misspelt": (
        SALES,
        "\t\tdataType: string",
        "\t\tdatatype: string",
        "line 19: column has no property 'datatype'; it may be misspelt",
    ),
    "a keyword is misspelt": (SALES, "\tcolumn Persona", "\tcolunm Persona", "neither a known object nor a property"),
    "indented by blanks": (SALES, "\tcolumn Persona", "    column Persona", "indent with tabs only"),
    "indented too far": (SALES, "\tcolumn Persona", "\t\tcolumn Persona", "column does not belong in column"),
    "indented further than anything": (
        SALES,
        "\t\tsummarizeBy: sum",
        "\t\t\t\t\tsummarizeBy: sum",
        "indented by 5 tabs",
    ),
    "not indented": (SALES, "\tcolumn Persona", "column Persona", "column does not belong in a document of its own"),
    "a type there is not": (SALES, "dataType: int64", "dataType: integer", "dataType must be one of string, int64"),
    "an aggregation there is not": (SALES, "summarizeBy: sum", "summarizeBy: total", "summarizeBy must be one of"),
    "a property twice": (
        SALES,
        "\t\tsummarizeBy: sum",
        "\t\tsummarizeBy: sum\n\t\tsummarizeBy: none",
        "is given twice",
    ),
    "a column twice": (SALES, "\tcolumn 'Age group'", "\tcolumn Persona", "a second column is called 'Persona'"),
    "no source": (SALES, "\t\tsourceColumn: persona\n", "", "column 'Persona' has no sourceColumn"),
    "no tag": (SALES, re.compile(r"\t\tlineageTag: .*\n"), "", "has no lineageTag"),
    "a tag that is none": (SALES, "lineageTag: ", "lineageTag: x", "lineageTag must be a guid"),
    "a name without quotes": (SALES, "'Age group'", "Age group", "stands in single quotes"),
    "quotes not closed": (SALES, "'Age group'", "'Age group", "stands in single quotes"),
    "a flag with a word": (SALES, "\t\tisHidden", "\t\tisHidden: yes", "isHidden must be a flag, not 'yes'"),
    "an expression behind a colon": (SALES, "source =", "source: x", "source needs an equals sign"),
    "a value behind an equals sign": (SALES, "mode: import", "mode = import", "mode is given behind a colon"),
    "nothing behind a colon": (SALES, "mode: import", "mode:", "neither a known object nor a property"),
    "blanks at the end": (SALES, "mode: import", "mode: import ", "blanks at the end of a line"),
    "DirectQuery": (SALES, "mode: import", "mode: directQuery", "mode must be one of import"),
    "a query that is not indented": (
        SALES,
        "\t\tsource =\n\t\t\t\tlet",
        "\t\tsource =\n\t\tlet",
        "must follow, indented by 3",
    ),
    "a description of nothing": (SALES, "\tcolumn Persona", "\t/// Lost.\n\n\tcolumn Persona", "right above an object"),
    "a description at the end": (SALES, re.compile(r"\Z"), "/// Lost.\n", "right above an object"),
    "a description of a property": (SALES, "\t\tmode", "\t\t/// Lost.\n\t\tmode", "right above an object"),
    "a property behind children": (
        SALES,
        "\tannotation PBI_ResultType = Table",
        "\tannotation PBI_ResultType = Table\n\tisHidden",
        "isHidden must stand before what belongs to table",
    ),
    "a measure of nothing": (
        MEASURES,
        re.compile(r"(measure 'New users') = .*"),
        r"\1",
        "measure needs an equals sign",
    ),
    "a measure without a name": (MEASURES, "measure 'New users' =", "measure =", "measure must have a name"),
    "a policy with a name": (KEY_FIGURES, "refreshPolicy", "refreshPolicy Days", "refreshPolicy must not have a name"),
    "a policy of weeks": (
        KEY_FIGURES,
        "incrementalGranularity: day",
        "incrementalGranularity: week",
        "must be one of day",
    ),
    "a policy of some days": (KEY_FIGURES, "incrementalPeriods: 62", "incrementalPeriods: some", "must be a whole"),
    "a level without a column": (DATE, "\t\t\tcolumn: Year\n", "", "level 'Year' has no column"),
    "a role that may write": (ROLE, "modelPermission: read", "modelPermission: administrator", "must be one of read"),
    "a relationship of a table": (
        "relationships.tmdl",
        re.compile(r"fromColumn: .*"),
        "fromColumn: Sales",
        "must be a path",
    ),
}
BROKEN_MODEL = {
    "a column renamed in one place": (
        SALES,
        "column 'Paid orders'",
        "column 'Paid'",
        "Orders (92 days)' reads Sales[Paid orders]",
    ),
    "a relationship that dangles": (
        "relationships.tmdl",
        "toColumn: Personas.Persona",
        "toColumn: Personas.Name",
        "Personas[Name] is not there",
    ),
    "a relationship of no table": (
        "relationships.tmdl",
        "toColumn: Personas.",
        "toColumn: People.",
        "People[Persona] is not there",
    ),
    "a relationship of texts with days": (
        "relationships.tmdl",
        "fromColumn: Sales.Day",
        "fromColumn: Sales.Gender",
        "Sales[Gender] -> Date[Date]: string is joined with dateTime",
    ),
    "a relationship with no key": ("tables/Personas.tmdl", "\t\tisKey\n", "", "the one side is no key"),
    "two ways to filter": (
        "relationships.tmdl",
        "fromColumn: 'Model accuracy'.'Served on'",
        "fromColumn: 'Gate decisions'.'Decided for'",
        "2 relationships lead from Gate decisions to Date",
    ),
    "a filter that goes on": (
        "relationships.tmdl",
        "fromColumn: Products.Category",
        "fromColumn: Personas.Persona",
        "Personas filters Sales and is filtered itself",
    ),
    "a table nobody names": ("model.tmdl", "ref table Sales\n", "", "model.tmdl has no `ref table Sales`"),
    "a table that is not there": (
        "model.tmdl",
        "ref table Sales\n",
        "ref table Sale\n",
        "names the table 'Sale', which no file",
    ),
    "a role that is not there": ("model.tmdl", "ref role Viewers", "ref role Readers", "names the role 'Readers'"),
    "a table in a file of another name": (
        SALES,
        "table Sales",
        "table Sold",
        "tables/Sales.tmdl must hold the table of its name",
    ),
    "a tag of somebody else": (
        SALES,
        re.compile(r"(column Day\n(?:.*\n)*?\t\tlineageTag: )\S+((?:.*\n)*?\t\tlineageTag: )(\S+)"),
        r"\1\3\2\3",
        "stands 2 times",
    ),
    "sorted by nothing": (DATE, "sortByColumn: 'Month start'", "sortByColumn: 'Month end'", "is sorted by 'Month end'"),
    "a level of no column": (DATE, "\t\t\tcolumn: Year\n", "\t\t\tcolumn: Years\n", "has no column 'Years'"),
    "a measure of no measure": (
        MEASURES,
        "DIVIDE([Returned orders (92 days)]",
        "DIVIDE([Returned orders]",
        "which is no measure",
    ),
    "a measure of no table": (MEASURES, "COUNTROWS('Buyers')", "COUNTROWS('Buyer')", "reads the table 'Buyer'"),
    "a measure of itself": (
        MEASURES,
        "measure 'Return rate (92 days)' = DIVIDE([Returned",
        "measure 'Return rate (92 days)' = DIVIDE([Return rate (92 days)] + [Returned",
        "made of each other: Return rate (92 days) -> Return rate (92 days)",
    ),
    "a bracket not closed": (MEASURES, "COUNTROWS('Buyers')", "COUNTROWS('Buyers'", "opens 1 brackets and closes 0"),
    "a variable named as a table": (
        MEASURES,
        "VAR Here = ",
        "VAR Date = ",
        "has a variable called Date, as a table is",
    ),
    "a measure named as a column": (
        MEASURES,
        "measure 'New users'",
        "measure 'Newest day'",
        "has a column and a measure called",
    ),
    "a query that forgets a column": (SALES, '"gender", ', "", "does not select just the columns' sources"),
    "a column its query forgets": (
        SALES,
        "sourceColumn: gender",
        "sourceColumn: sex",
        "does not select just the columns' sources",
    ),
    "a type the query does not give": (
        SALES,
        "dataType: int64",
        "dataType: double",
        "does not give every column its type",
    ),
    "a query with a bracket open": (
        SALES,
        "PostgreSQL.Database(Server, Database)",
        "PostgreSQL.Database(Server, Database",
        "not closed",
    ),
    "a server written down": (
        SALES,
        "Database(Server,",
        'Database("shop.example.org",',
        "its query does not read Server",
    ),
    "a parameter that is not there": (
        "expressions.tmdl",
        "expression RangeStart",
        "expression Start",
        "reads the parameter RangeStart",
    ),
    "a policy that reads all days": (
        KEY_FIGURES,
        " and [as_of_date] < Date.From(RangeEnd)",
        "",
        "does not read RangeEnd",
    ),
    "no culture": ("model.tmdl", "ref cultureInfo en-GB\n", "", "has no `ref cultureInfo en-GB`"),
}
Mistake = tuple[str, str | re.Pattern[str], str, str]


def break_it(definition: Path, mistake: Mistake) -> str:
    file, old, new, said = mistake
    text = (definition / file).read_text()
    pattern = old if isinstance(old, re.Pattern) else re.compile(re.escape(old))
    replacement: str | Callable[[re.Match[str]], str] = new if isinstance(old, re.Pattern) else lambda _: new
    broken = pattern.sub(replacement, text, count=1)
    assert broken != text
    (definition / file).write_text(broken)
    return said


@pytest.mark.parametrize("what", BROKEN_GRAMMAR)
def test_a_document_that_is_no_tmdl_is_refused(copy: Path, what: str) -> None:
    mistake = BROKEN_GRAMMAR[what]
    said = break_it(copy, mistake)
    with pytest.raises(TmdlError, match=re.escape(said)) as error:
        read((copy / mistake[0]).read_text(), mistake[0])
    assert str(error.value).startswith(f"{mistake[0]}, line ")
    assert faults(copy.parent) == [str(error.value)]


@pytest.mark.parametrize("what", BROKEN_MODEL)
def test_a_model_that_does_not_hold_together_is_caught(copy: Path, what: str) -> None:
    said = break_it(copy, BROKEN_MODEL[what])
    found = faults(copy.parent)
    assert any(said in fault for fault in found), found


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "database.tmdl").unlink()
    (copy / "tables" / "Sales.tmdl").unlink()
    assert faults(copy.parent)[:2] == [
        "model.tmdl names the table 'Sales', which no file declares",
        "database.tmdl is missing",
    ]

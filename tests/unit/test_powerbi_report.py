"""The Power BI report fits the model, Microsoft's schemas and itself; and what does not is caught."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from personapulse.errors import PersonaPulseError
from personapulse.powerbi.report.model import Model, read_model
from personapulse.powerbi.report.reading import read_report
from personapulse.powerbi.report.upkeep import MODEL, PICTURES, REPORT, bring_up_to_date, check, sketches
from tests.unit.powerbi_copies import Copy, Json, setting

SCHEMAS = Path(__file__).parents[1] / "data" / "pbir-schemas"
ADDRESS = "https://developer.microsoft.com/json-schemas/"


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model(MODEL)


@pytest.fixture(scope="module")
def one_copy(tmp_path_factory: pytest.TempPathFactory, model: Model) -> Copy:
    return Copy(tmp_path_factory.mktemp("powerbi"), model)


@pytest.fixture
def copy(one_copy: Copy) -> Iterator[Copy]:
    yield one_copy
    one_copy.mend()


# ---------------------------------------------------------------- the report as it is


def test_nothing_is_wrong_with_the_report() -> None:
    assert check() == []


def test_there_is_a_report_to_look_at(model: Model) -> None:
    report = read_report(REPORT)
    assert [len(page.visuals) for page in report.pages] == [9, 9, 10, 10, 11, 13, 1]
    assert len(model.measures["Measures"]) > 40
    assert len(model.one_sides) > 10


def test_painting_and_drawing_twice_changes_nothing(tmp_path: Path, model: Model) -> None:
    copy = Copy(tmp_path, model)
    assert bring_up_to_date(copy.folder, tmp_path / "pictures") == [
        tmp_path / "pictures" / f"{name}.svg" for name in sorted(PAGES)
    ]
    assert bring_up_to_date(copy.folder, tmp_path / "pictures") == []


def test_the_pictures_in_the_documentation_are_of_the_pages() -> None:
    drawn = {path.name: path.read_text() for path in PICTURES.glob("*.svg")}
    assert drawn == sketches(read_report(REPORT))


# ---------------------------------------------------------------- Microsoft's schemas


@pytest.fixture(scope="session")
def schemas() -> tuple[Registry, dict[str, Json]]:
    """Microsoft's schemas, by their address and by their `$id`, which is another one for those that are embedded."""
    known = {}
    for path in SCHEMAS.rglob("schema*.json"):
        schema = json.loads(path.read_text("utf-8-sig"))
        known[ADDRESS + path.relative_to(SCHEMAS).as_posix()] = known[schema["$id"]] = schema
    resources = [(address, Resource(schema, DRAFT7)) for address, schema in known.items()]
    return Registry().with_resources(resources), known


def invalid(path: Path, schemas: tuple[Registry, dict[str, Json]]) -> list[str]:
    registry, known = schemas
    document = json.loads(path.read_text("utf-8-sig"))
    validator = Draft7Validator(known[document["$schema"]], registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def documents(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in {".json", ".pbir", ".pbism", ".pbip"} or path.name == ".platform"
        if "StaticResources" not in path.parts  # themes have a schema of their own, which is not at hand
    )


def test_every_file_of_the_project_is_as_its_schema_says(schemas: tuple[Registry, dict[str, Json]]) -> None:
    files = documents(REPORT.parent)
    assert len(files) > 70
    assert {path.relative_to(REPORT.parent).as_posix(): invalid(path, schemas) for path in files} == {
        path.relative_to(REPORT.parent).as_posix(): [] for path in files
    }


@pytest.mark.parametrize(
    ("file", "edit", "said"),
    [
        ("definition/report.json", lambda d: d.pop("themeCollection"), "'themeCollection' is a required property"),
        ("definition/pages/pages.json", lambda d: d.update(pageOrder="all"), "is not of type 'array'"),
        ("definition/pages/buyer-intent/page.json", lambda d: d.update(displayOption="Fit"), "'Fit' is not valid"),
        (
            "definition/pages/buyer-intent/visuals/pages/visual.json",
            lambda d: d.update(visuals=[]),
            "Additional properties are not allowed ('visuals' was unexpected)",
        ),
        (
            "definition/pages/buyer-intent/visuals/gate-history/visual.json",
            lambda d: d["visual"]["query"]["sortDefinition"]["sort"][0].update(direction="Down"),
            "'Down' is not valid",
        ),
        (
            "definition/pages/buyer-intent/visuals/gate-history/visual.json",
            lambda d: d["visual"]["visualContainerObjects"]["title"][0]["properties"].update(words={}),
            "Additional properties are not allowed ('words' was unexpected)",
        ),
        ("definition.pbir", lambda d: d.update(version=4), "4 is not of type 'string'"),
    ],
)
def test_a_file_that_is_not_as_its_schema_says_is_caught(
    copy: Copy, schemas: tuple[Registry, dict[str, Json]], file: str, edit: Callable[[Json], object], said: str
) -> None:
    copy.change(copy.folder / file, edit)
    assert said in "\n".join(invalid(copy.folder / file, schemas))


# ---------------------------------------------------------------- what is broken on purpose

EXECUTIVE, BEHAVIOR, PRODUCTS = "executive-summary", "behavioral-insights", "product-and-returns"
SEGMENTATION, LIFETIME, INTENT = "customer-segmentation", "lifetime-value", "buyer-intent"
PAGES = (EXECUTIVE, BEHAVIOR, PRODUCTS, SEGMENTATION, LIFETIME, INTENT)
TIP = "persona-tooltip"


def query(document: Json) -> Json:
    return document["visual"]["query"]["queryState"]


def first(document: Json, role: str) -> Json:
    return query(document)[role]["projections"][0]


def measure(name: str) -> Json:
    return {"Measure": {"Expression": {"SourceRef": {"Entity": "Measures"}}, "Property": name}}


MISFITS: dict[str, tuple[str, str, Callable[[Json], object], str]] = {
    "a misspelt measure": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Y")["field"]["Measure"].update(Property="Convertion"),
        "the model has no measure Measures[Convertion] (did you mean 'Conversion'?).",
    ),
    "a misspelt column": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Category")["field"]["Column"].update(Property="Personas"),
        "the model has no column Personas[Personas] (did you mean 'Persona'?).",
    ),
    "a misspelt table": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Category")["field"]["Column"]["Expression"]["SourceRef"].update(Entity="Persona"),
        "the model has no table 'Persona' (did you mean 'Personas'?).",
    ),
    "a column taken for a measure": (
        BEHAVIOR,
        "funnel",
        lambda d: first(d, "Category").update(field={"Measure": first(d, "Category")["field"]["Column"]}),
        "the model has no measure Funnel steps[Step].",
    ),
    "a name in other letters": (
        BEHAVIOR,
        "conversion-by-persona",
        lambda d: first(d, "Y")["field"]["Measure"].update(Property="conversion"),
        "the model has no measure Measures[conversion] (did you mean 'Conversion'?).",
    ),
    "a visual type that is none": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"].update(visualType="clusterdBarChart"),
        "'clusterdBarChart' is no visual type this report may use (did you mean 'clusteredBarChart'?).",
    ),
    "a role that is none": (
        SEGMENTATION,
        "monetary-by-recency",
        lambda d: query(d).update(Details=query(d).pop("Category")),
        "a scatterChart has no role 'Details'",
    ),
    "a column where a measure belongs": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: query(d).update(Y=query(d)["Category"]),
        "the role 'Y' takes a measure, and Personas[Persona] is none.",
    ),
    "a measure where a column belongs": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: query(d).update(Category=query(d)["Y"]),
        "the role 'Category' groups by a column, and Measures[Revenue (92 days)] is a measure.",
    ),
    "a persona as another table knows it": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: first(d, "Category")["field"]["Column"]["Expression"]["SourceRef"].update(Entity="Customers"),
        "Customers[Persona] is hidden; show a measure, or the column of the table that filters by it.",
    ),
    "text on a scale": (
        SEGMENTATION,
        "monetary-by-recency",
        lambda d: query(d).update(Y=query(d)["Series"]),
        "the role 'Y' takes numbers, and Personas[Persona] is of type string.",
    ),
    "words on a scale": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: first(d, "Y").update(field=measure("Peak order month"), queryRef="Measures.Peak order month"),
        "the role 'Y' takes numbers, and Measures[Peak order month] is of type string.",
    ),
    "a column summed by the visual": (
        SEGMENTATION,
        "monetary-by-recency",
        lambda d: query(d)["Y"]["projections"].__setitem__(
            0,
            {
                "field": {
                    "Aggregation": {
                        "Expression": {
                            "Column": {"Expression": {"SourceRef": {"Entity": "Buyers"}}, "Property": "Monetary"}
                        },
                        "Function": 0,
                    }
                },
                "queryRef": "Sum(Buyers.Monetary)",
            },
        ),
        "Buyers[Monetary] is summed up by the visual; show a measure of the model, which says what may be summed.",
    ),
    "nothing to show": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: query(d)["Y"].update(projections=[]),
        "a lineChart shows nothing without a field in its role 'Y'.",
    ),
    "two measures and a legend": (
        INTENT,
        "bands-by-persona",
        lambda d: query(d)["Y"]["projections"].append(query(d)["Tooltips"]["projections"][0]),
        "with a field in the role 'Series' only one measure can be shown in 'Y'.",
    ),
    "a reference to something else": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: first(d, "Y").update(queryRef="Measures.Orders"),
        "Measures[Orders by month] is referred to as 'Measures.Orders'; write queryRef 'Measures.Orders by month'.",
    ),
    "an order by what is not shown": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["query"]["sortDefinition"]["sort"][0]["field"]["Column"].update(Property="Year"),
        "it is sorted by Date[Year], which it does not show.",
    ),
    "colours of what is not shown": (
        SEGMENTATION,
        "recency-frequency-matrix",
        lambda d: d["visual"]["objects"]["values"][0]["selector"].update(metadata="Measures.Buyers"),
        "formatting speaks of 'Measures.Buyers', which the visual does not show (did you mean 'Measures.Buyer count'",
    ),
    "colours by a measure that is none": (
        SEGMENTATION,
        "recency-frequency-matrix",
        lambda d: d["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]["expr"]["FillRule"][
            "Input"
        ]["Measure"].update(Property="Buyer counts"),
        "the model has no measure Measures[Buyer counts] (did you mean 'Buyer count'?).",
    ),
    "formatting that is none": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["objects"].update(lineStyle=[]),
        "a lineChart has no formatting 'lineStyle' (did you mean 'lineStyles'?).",
    ),
    "a setting that is none": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["objects"]["legend"][0]["properties"].update(shown=setting("true")),
        "legend has no setting 'shown' (did you mean 'show'?).",
    ),
    "a choice that is none": (
        PRODUCTS,
        "slicer-date",
        lambda d: d["visual"]["objects"]["data"][0]["properties"].update(mode=setting("'Betwen'")),
        "data.mode cannot be 'Betwen'; it takes ['VerticalList'",
    ),
    "text for yes or no": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["objects"]["legend"][0]["properties"].update(show=setting("'true'")),
        "legend.show cannot be 'true'; it takes bool.",
    ),
    "a number without its type": (
        EXECUTIVE,
        "key-figures",
        lambda d: d["visual"]["objects"]["layout"][0]["properties"].update(maxTiles=setting("5")),
        "layout.maxTiles cannot be 5; it takes integer.",
    ),
    "a state that is none": (
        EXECUTIVE,
        "as-of",
        lambda d: d["visual"]["objects"]["value"][0].update(selector={"id": "hover"}),
        "value has no state 'hover'.",
    ),
    "a tooltip of an older way of writing": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"]["visualContainerObjects"]["visualTooltip"][0]["properties"].update(
            type=setting("'ReportPage'")
        ),
        "visualTooltip.type cannot be 'ReportPage'; it takes ['Default', 'Canvas'].",
    ),
    "a tooltip that is no tooltip": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"]["visualContainerObjects"]["visualTooltip"][0]["properties"].update(
            section=setting("'buyer-intent'")
        ),
        "its tooltip is the page 'buyer-intent', which is no tooltip page.",
    ),
    "no alt text": (
        LIFETIME,
        "lifetime-value-matrix",
        lambda d: d["visual"]["visualContainerObjects"].pop("general"),
        "lifetime-value-matrix has no alt text: a screen reader would say nothing of it.",
    ),
    "an alt text that is cut off": (
        LIFETIME,
        "lifetime-value-matrix",
        lambda d: d["visual"]["visualContainerObjects"]["general"][0]["properties"].update(
            altText=setting(f"'{'word ' * 60}'")
        ),
        "has 300 characters, and Power BI keeps 250.",
    ),
    "the alt text of another": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["visual"]["visualContainerObjects"]["general"][0]["properties"].update(
            altText=setting("'Narrows this page, and all others with this slicer, to one persona or several.'")
        ),
        "2 visuals have the alt text",
    ),
    "no title": (
        LIFETIME,
        "value-by-month",
        lambda d: d["visual"]["visualContainerObjects"].pop("title"),
        "value-by-month has no title.",
    ),
    "a title that is switched off": (
        LIFETIME,
        "value-by-month",
        lambda d: d["visual"]["visualContainerObjects"]["title"][0]["properties"].update(show=setting("false")),
        "value-by-month has no title.",
    ),
    "a slicer without a word": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["visual"]["objects"]["header"][0]["properties"].update(text=setting("''")),
        "slicer-gender has no header that says what it filters by.",
    ),
    "a visual over the edge": (
        LIFETIME,
        "insights",
        lambda d: d["position"].update(width=500),
        "insights reaches over the edge of the page.",
    ),
    "a slicer that is too low": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["position"].update(height=60),
        "slicer-gender is 60 high, too low for its header; it takes 76.",
    ),
    "a visual on another": (
        LIFETIME,
        "value-by-month",
        lambda d: d["position"].update(width=430),
        "value-by-month and insights lie on one another.",
    ),
    "a keyboard that jumps": (
        LIFETIME,
        "insights",
        lambda d: d["position"].update(tabOrder=150),
        "by keyboard insights comes where the eye reads",
    ),
    "two visuals of one turn": (
        LIFETIME,
        "insights",
        lambda d: d["position"].update(tabOrder=100),
        "its visuals do not each have a tabOrder of their own.",
    ),
    "a renamed visual": (
        LIFETIME,
        "insights",
        lambda d: d.update(name="insight"),
        "insight: its folder is called 'insights'.",
    ),
    "slicers that move one another": (
        EXECUTIVE,
        "slicer-gender",
        lambda d: d["visual"]["syncGroup"].update(groupName="persona"),
        "slicers of the group 'persona' move together, and are of Genders[Gender] and Personas[Persona].",
    ),
    "a persona in another colour": (
        EXECUTIVE,
        "revenue-by-persona",
        lambda d: d["visual"]["objects"]["dataPoint"].pop(),
        "its colours are not those of include/colours.yaml; run make powerbi.",
    ),
    "a heat map in another colour": (
        LIFETIME,
        "lifetime-value-matrix",
        lambda d: d["visual"]["objects"]["values"][0]["properties"]["backColor"]["solid"]["color"]["expr"]["FillRule"][
            "FillRule"
        ]["linearGradient2"]["max"].update(color={"Literal": {"Value": "'#FF0000'"}}),
        "its colours are not those of include/colours.yaml; run make powerbi.",
    ),
    "a slicer that does nothing unsaid": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["visualContainerObjects"]["subTitle"][0]["properties"].update(text=setting("'All time'")),
        "the slicer Category does not narrow it; say so in its subtitle (not by category).",
    ),
    "a slicer that is said to do nothing": (
        EXECUTIVE,
        "orders-by-month",
        lambda d: d["visual"]["visualContainerObjects"]["subTitle"][0]["properties"].update(
            text=setting("'Not by category, persona'")
        ),
        "its subtitle says not by persona, and that slicer does narrow it.",
    ),
}


@pytest.mark.parametrize("mistake", MISFITS)
def test_a_broken_visual_is_caught_and_named(copy: Copy, mistake: str) -> None:
    page, name, edit, said = MISFITS[mistake]
    copy.change(copy.visual(page, name), edit)
    caught = [fault for fault in copy.faults() if said in fault]
    assert len(caught) == 1, copy.faults()
    assert name in caught[0] or page in caught[0] or "group" in caught[0]


def test_a_filter_on_a_field_that_is_none_is_caught(copy: Copy) -> None:
    column = {"Column": {"Expression": {"SourceRef": {"Source": "i"}}, "Property": "Prioriti"}}
    condition = {"In": {"Expressions": [column], "Values": [[{"Literal": {"Value": "'act'"}}]]}}
    filtered = {
        "name": "acted",
        "type": "Categorical",
        "filter": {
            "Version": 2,
            "From": [{"Name": "i", "Entity": "Insights", "Type": 0}],
            "Where": [{"Condition": condition}],
        },
    }
    copy.change(copy.page(LIFETIME), lambda d: d.update(filterConfig={"filters": [filtered]}))
    assert copy.faults() == [
        f"{REPORT.name}/definition/pages/lifetime-value/page.json: the model has no column Insights[Prioriti]"
        " (did you mean 'Priority'?)."
    ]


@pytest.mark.parametrize(
    ("file", "edit", "said"),
    [
        ("pages.json", lambda d: d["pageOrder"].remove(INTENT), "pageOrder does not list 'buyer-intent'"),
        ("pages.json", lambda d: d["pageOrder"].append("weather"), "pageOrder lists 'weather', and there is no such"),
        ("pages.json", lambda d: d.update(activePageName=INTENT), "does not open on its first page"),
        (f"{TIP}/page.json", lambda d: d.pop("visibility"), "a tooltip page is hidden when the report is read"),
        (f"{INTENT}/page.json", lambda d: d.update(name="intent"), "its folder is called 'buyer-intent'"),
        (f"{INTENT}/visuals/pages/visual.json", lambda d: d["visual"].update(visualType="shape"), "no page navigator"),
    ],
)
def test_a_page_one_cannot_get_to_is_caught(copy: Copy, file: str, edit: Callable[[Json], object], said: str) -> None:
    copy.change(copy.folder / "definition" / "pages" / file, edit)
    assert said in "\n".join(copy.faults())


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda d: d.update(name="PersonaPulse"),
            "it calls itself 'PersonaPulse'; Power BI looks for",
        ),
        (lambda d: d["dataColors"].reverse(), "its colours are not those of include/colours.yaml"),
        (lambda d: d["textClasses"]["title"].update(color="#777777"), "its colours are not those of"),
        (
            lambda d: (
                d["visualStyles"].update(slicr={"*": {}}) or d["visualStyles"]["slicr"].update({"*": {"items": [{}]}})
            ),
            "'slicr' is no visual type this report may use (did you mean 'slicer'?).",
        ),
        (
            lambda d: d["visualStyles"]["slicer"]["*"].update(itemz=[{"textSize": 11}]),
            "visualStyles.slicer: there is no formatting 'itemz'.",
        ),
        (
            lambda d: d["visualStyles"]["slicer"]["*"]["items"][0].update(textsize=11),
            "items has no setting 'textsize' (did you mean 'textSize'?).",
        ),
    ],
)
def test_a_broken_theme_is_caught(copy: Copy, edit: Callable[[Json], object], said: str) -> None:
    copy.change(copy.folder / "StaticResources" / "RegisteredResources" / "PersonaPulse.json", edit)
    assert said in "\n".join(copy.faults())


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d["resourcePackages"][0]["items"][0].update(path="BaseThemes/CY.json"), "there is no such file"),
        (
            lambda d: d["resourcePackages"][1]["items"][0].update(name="Other.json"),
            "is not among the RegisteredResources",
        ),
        (lambda d: d["themeCollection"].pop("customTheme"), "it has no theme of its own (customTheme)."),
        (
            lambda d: d["resourcePackages"][1]["items"][0].update(path="Persona Pulse.json"),
            "'Persona Pulse.json' has a space in its name, and Desktop cannot save such a report.",
        ),
    ],
)
def test_a_theme_that_is_not_brought_along_is_caught(copy: Copy, edit: Callable[[Json], object], said: str) -> None:
    copy.change(copy.folder / "definition" / "report.json", edit)
    assert said in "\n".join(copy.faults())


@pytest.mark.parametrize(
    ("file", "edit", "said"),
    [
        (
            "definition.pbir",
            lambda d: d["datasetReference"]["byPath"].update(path="../Personapulse.SemanticModel"),
            "definition.pbir: there is no semantic model at '../Personapulse.SemanticModel'.",
        ),
        (".platform", lambda d: d["metadata"].update(type="SemanticModel"), "its type is not Report"),
    ],
)
def test_a_report_that_belongs_to_nothing_is_caught(
    copy: Copy, file: str, edit: Callable[[Json], object], said: str
) -> None:
    copy.change(copy.folder / file, edit)
    assert said in "\n".join(copy.faults())


def test_a_file_that_is_no_json_is_named(copy: Copy) -> None:
    path = copy.visual(EXECUTIVE, "key-figures")
    copy.keep(path)
    path.write_text("{")
    with pytest.raises(PersonaPulseError, match=re.escape(f"{path} is no JSON")):
        copy.faults()


def test_a_missing_file_is_named(copy: Copy) -> None:
    path = copy.folder / "definition" / "report.json"
    copy.keep(path)
    path.unlink()
    with pytest.raises(PersonaPulseError, match=re.escape(f"{path} is missing")):
        copy.faults()

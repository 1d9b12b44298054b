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
from tests.unit.powerbi_copies import Copy, Json
from tests.unit.powerbi_misfits import (
    EXECUTIVE,
    INTENT,
    LIFETIME,
    PAGES,
    TIP,
    WRONG_FIELDS,
)
from tests.unit.powerbi_misfits_looks import WRONG_LOOKS

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

MISFITS = WRONG_FIELDS | WRONG_LOOKS


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

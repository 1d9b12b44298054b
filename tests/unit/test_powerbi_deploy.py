"""What a deployment would send, made by fabric-cicd itself and sent to nobody."""

import json
import socket

import pytest

from personapulse.errors import PersonaPulseError
from personapulse.paths import ROOT
from personapulse.powerbi_service import __main__ as command
from personapulse.powerbi_service import deploying
from personapulse.powerbi_service.deploying import deploy, dry_run
from personapulse.powerbi_service.environments import NOBODYS, Environment, read_environment

WORKSPACE = "f089354e-8366-4e18-aea3-4cb4a3a50b48"
SHIPPED = ROOT / "powerbi" / "environments.yaml"
PLACE = Environment("production", WORKSPACE, "shop.example.org:5433", "warehouse")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whoever opens a connection fails."""

    def refuse(*_, **__):
        raise AssertionError("a dry run talks to nobody")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def project(tmp_path):
    """A model of one parameter file and a report of one page, as small as fabric-cicd takes them."""
    model, report = tmp_path / "Tiny.SemanticModel", tmp_path / "Tiny.Report"
    (model / "definition").mkdir(parents=True)
    (report / "definition").mkdir(parents=True)
    for folder, kind, number in ((model, "SemanticModel", 1), (report, "Report", 2)):
        platform = {
            "metadata": {"type": kind, "displayName": "Tiny"},
            "config": {"version": "2.0", "logicalId": f"00000000-0000-0000-0000-00000000000{number}"},
        }
        (folder / ".platform").write_text(json.dumps(platform))
    (model / "definition" / "expressions.tmdl").write_text(
        'expression Server = "localhost" meta [IsParameterQuery=true]\n\n'
        'expression Database = "personapulse" meta [IsParameterQuery=true]\n'
    )
    (report / "definition.pbir").write_text(
        json.dumps({"version": "4.0", "datasetReference": {"byPath": {"path": "../Tiny.SemanticModel"}}})
    )
    (report / "definition" / "report.json").write_text("{}")
    (tmp_path / "environments.yaml").write_text(
        f"production:\n  workspace: {WORKSPACE}\n  server: shop.example.org:5433\n  database: warehouse\n"
    )
    return tmp_path


def content(parts, name):
    (found,) = (part.content for part in parts if part.path.endswith(name))
    return found


def test_the_model_is_told_where_the_environments_warehouse_is(project):
    expressions = content(dry_run(project, PLACE), "expressions.tmdl")
    assert 'expression Server = "shop.example.org:5433" meta' in expressions
    assert 'expression Database = "warehouse" meta' in expressions


def test_the_report_is_bound_to_the_model_that_was_deployed_before_it(project):
    parts = dry_run(project, PLACE)
    assert [part.item for part in parts] == ["SemanticModel"] * 2 + ["Report"] * 3
    reference = json.loads(content(parts, "definition.pbir"))["datasetReference"]
    assert set(reference) == {"byConnection"}
    assert len(reference["byConnection"]["pbiModelDatabaseName"]) == 36


def test_the_project_itself_is_left_as_it_is(project):
    before = {file: file.read_bytes() for file in project.rglob("*") if file.is_file()}
    dry_run(project, PLACE)
    assert {file: file.read_bytes() for file in project.rglob("*") if file.is_file()} == before


def test_a_model_whose_parameter_has_another_name_is_refused_before_anything_is_sent(project, monkeypatch):
    file = project / "Tiny.SemanticModel" / "definition" / "expressions.tmdl"
    file.write_text(file.read_text().replace("expression Server", "expression Host"))
    monkeypatch.setattr(deploying, "_sign_in", lambda: pytest.fail("it signed in"))
    with pytest.raises(PersonaPulseError, match=r"parameter Server is not shop\.example\.org:5433"):
        deploy(project, PLACE)


def test_a_project_without_its_report_is_refused(project):
    (project / "Tiny.Report" / ".platform").unlink()
    with pytest.raises(PersonaPulseError, match="has no Report"):
        dry_run(project, PLACE)


def test_a_report_that_names_another_model_is_refused_in_fabrics_words(project):
    file = project / "Tiny.Report" / "definition.pbir"
    file.write_text(file.read_text().replace("../Tiny", "../Other"))
    with pytest.raises(PersonaPulseError, match="Semantic model not found in the repository"):
        dry_run(project, PLACE)


def test_the_connection_is_bound_where_one_is_named():
    bound = Environment("test", WORKSPACE, "s", "d", connection=WORKSPACE).parameters()
    assert bound["semantic_model_binding"] == {"default": {"connection_id": {"test": WORKSPACE}}}
    assert "semantic_model_binding" not in PLACE.parameters()


@pytest.mark.parametrize("name", ["test", "production"])
def test_what_ships_is_nobodys_workspace_and_is_never_deployed_to(project, name):
    shipped = read_environment(SHIPPED, name)
    assert shipped.workspace == NOBODYS
    with pytest.raises(PersonaPulseError, match=f"{name!r} has no workspace of yours yet"):
        deploy(project, shipped)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("test: {}", "no environment 'production'; it has test"),
        ("production: {workspace: x, server: s, database: d}", "workspace: 'x' cannot be used"),
        (f"production: {{workspace: {WORKSPACE}, server: s}}", "'database' is missing"),
        (f"production: {{workspace: {WORKSPACE}, server: s, database: d, host: h}}", "'host' is missing or unknown"),
        (f"production: {{workspace: {WORKSPACE}, server: 's\" & x', database: d}}", "server: .* cannot be used"),
        (f"production: {{workspace: {WORKSPACE}, server: s, database: 5}}", "database: 5 cannot be used"),
    ],
)
def test_a_wrong_environment_is_named(tmp_path, text, words):
    (tmp_path / "environments.yaml").write_text(text)
    with pytest.raises(PersonaPulseError, match=words):
        read_environment(tmp_path / "environments.yaml", "production")


def test_half_a_sign_in_is_refused(project, monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "t")
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(PersonaPulseError, match="AZURE_CLIENT_ID is not set"):
        deploy(project, PLACE)


def test_the_command_shows_what_would_be_sent(project, tmp_path, capsys):
    out = tmp_path / "out"
    code = command.main(["production", "--dry-run", "--out", str(out), "--project", str(project)])
    assert code == 0
    said = capsys.readouterr().out
    assert "SemanticModel: 2 files" in said
    assert "Nothing was sent." in said
    assert "shop.example.org" in (out / "SemanticModel" / "definition" / "expressions.tmdl").read_text()


def test_the_command_says_what_is_wrong_and_fails(project, capsys):
    assert command.main(["nowhere", "--dry-run", "--project", str(project)]) == 1
    assert "no environment 'nowhere'" in capsys.readouterr().err


@pytest.mark.skipif(
    not (ROOT / "powerbi" / "PersonaPulse.Report").exists(), reason="the report is not part of this tree"
)
@pytest.mark.parametrize("name", ["test", "production"])
def test_the_whole_report_can_be_deployed(name):
    shipped = read_environment(SHIPPED, name)
    parts = dry_run(ROOT / "powerbi", shipped)
    assert f'expression Server = "{shipped.server}"' in content(parts, "expressions.tmdl")
    assert sum(part.path.endswith("visual.json") for part in parts) > 20


def test_who_installs_the_extra_gets_what_the_command_uses():
    project_file = (ROOT / "pyproject.toml").read_text()
    assert 'powerbi = ["fabric-cicd>=1.4"]' in project_file
    assert "\nfabric-cicd>=1.4\n" in (ROOT / "requirements-powerbi.in").read_text()

"""Rules of the house that nobody should have to argue about."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlglot
import yaml
from sqlglot import exp

from personapulse import marts
from personapulse.contract import EXTRACTS
from personapulse.personas import load_rule_sets
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect

from .conftest import FIRST, turn_of

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / "personapulse").rglob("*.py"))
SQL_FILES = sorted((ROOT / "include" / "sql").rglob("*.sql"))
MARTS = ROOT / "include" / "sql" / "marts"
PEOPLE = ROOT / "include" / "sql" / "parts" / "people.sql"  # stands in marts for a placeholder
BELOW = {
    "marts": {"marts", "core"},
    "core": {"core", "staging"},
    "checks": {"marts", "core", "staging", "ops", "ml"},
    "staging": {"staging", "ops"},  # who has been erased
    "features": {"core"},
    "insights": {"marts", "core"},
    "dashboard": {"marts"},
    "audiences": {"marts", "ops"},
    "parts": {"marts"},
}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(file: Path) -> set[str]:
    """Top-level names of what a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@cache  # two rules look at each file
def statements(file: Path) -> list[exp.Expression]:
    """Parse a SQL file as PostgreSQL; placeholders stand for values."""
    text = file.read_text()
    for name, fragment in {
        "persona_conditions": "true as is_1",
        "persona_cuts": "count(*) as n",
        "threshold_quantiles": "count(*) as n",
        "persona_eve_cuts": "count(*) as n",
        "persona_sides": "true",
        "profile_of_eve": "(select 1 as user_id)",
        "people": f"({PEOPLE.read_text().rstrip().rstrip(';')})",
        **dict.fromkeys(("quantile_rows", "threshold_rows", "persona_rules", "persona_comparisons"), "(values (1))"),
    }.items():
        text = text.replace(f"%({name})s", fragment)
    text = re.sub(r"%\(\w+\)s", "'2026-03-01'", text).replace("%%", "%")
    return [statement for statement in sqlglot.parse(text, dialect="postgres") if statement]


def test_there_is_something_to_look_at() -> None:
    assert len(PACKAGE) > 20
    assert len(SQL_FILES) > 40


@pytest.mark.parametrize("file", PACKAGE, ids=relative)
def test_the_package_does_not_know_airflow(file: Path) -> None:
    assert not imports(file) & {"airflow", "personapulse_airflow"}


@pytest.mark.parametrize("file", SQL_FILES, ids=relative)
def test_sql_parses_and_starts_with_what_it_is(file: Path) -> None:
    assert statements(file)
    assert file.read_text().startswith("-- ")
    if file.parent.name != "setup":
        assert "\n-- grain    " in file.read_text()


@pytest.mark.parametrize(
    "file", [f for f in SQL_FILES if f.parts[-2] in BELOW or f.parts[-3] == "checks"], ids=relative
)
def test_sql_reads_only_the_layer_below(file: Path) -> None:
    layer = "checks" if file.parts[-3] == "checks" else file.parts[-2]
    tables = {table.db for statement in statements(file) for table in statement.find_all(exp.Table)} - {""}
    assert tables <= BELOW[layer]


@pytest.mark.parametrize("file", SQL_FILES, ids=relative)
def test_sql_has_no_clock_but_the_day_it_is_given(file: Path) -> None:
    clocks = {"current_date", "current_timestamp", "now(", "localtimestamp", "'today'", "'now'"}
    text = file.read_text().lower()
    assert not {clock for clock in clocks if clock in text}


@pytest.mark.parametrize("file", [f for f in SQL_FILES if f.parent == MARTS], ids=relative)
def test_a_mart_needs_just_the_marts_it_reads(file: Path) -> None:
    # the numbers Python's part of a mart asks for lie in a folder of the mart's name
    files = [file, *sorted((MARTS.parent / file.stem).glob("*.sql"))]
    read = {
        table.name
        for part in files
        for statement in statements(part)
        for table in statement.find_all(exp.Table)
        if table.db == "marts"
    }
    reference = {"rfm_segments"}  # made by setup, the same on every day
    assert read - {file.stem} - reference == set(marts.NEEDS[file.stem])


def test_every_mart_has_a_file_and_a_place_in_the_order() -> None:
    assert {file.stem for file in MARTS.glob("*.sql")} == set(marts.NAMES)
    for place, name in enumerate(marts.NAMES):
        assert set(marts.NEEDS[name]) <= set(marts.NAMES[:place])


WRITTEN_BY_PYTHON = ("purchase_intent",)  # marts without a select


@pytest.mark.parametrize("name", [*marts.NAMES, *WRITTEN_BY_PYTHON])
def test_a_dictionary_page_explains_just_the_marts_columns(postgres: EmbeddedPostgres, name: str) -> None:
    page: dict[str, Any] = yaml.safe_load((MARTS / f"{name}.yml").read_text())
    with connect(postgres.conninfo(DATABASE)) as connection:
        columns = _columns(connection, "marts", name)
    assert list(page["columns"]) == columns
    assert page["description"]
    grain = f"-- grain    {page['grain']}" if name in WRITTEN_BY_PYTHON else (MARTS / f"{name}.sql").read_text()
    assert "-- grain    one row per" in grain
    assert all(len(meaning) > 10 for meaning in page["columns"].values())


@pytest.mark.parametrize("extract", EXTRACTS, ids=lambda extract: extract.name)
def test_a_staging_table_has_the_columns_of_the_contract(postgres: EmbeddedPostgres, extract: Any) -> None:
    with connect(postgres.conninfo(DATABASE)) as connection:
        columns = _columns(connection, "staging", extract.name)
    stored = {extract.stored_as(column) for column in extract.columns}
    # an event's staging table becomes a partition of core, and brings its end along
    assert set(columns) == {"known_from", "row_no", *stored} | ({"known_to"} if extract.is_event else set())


def _columns(connection: psycopg.Connection[Any], schema: str, table: str) -> list[str]:
    found = connection.execute(
        "select column_name from information_schema.columns where table_schema = %s and table_name = %s"
        " order by ordinal_position",
        (schema, table),
    )
    return [name for (name,) in found]


def test_both_rule_sets_ship_and_end_with_others() -> None:
    rule_sets = load_rule_sets()
    assert set(rule_sets) == {"default", "classic"}
    assert {rules.personas[-1] for rules in rule_sets.values()} == {"Others"}


def test_locks_pin_everything_by_hash_and_name_no_address() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert text.count("--hash=sha256:") > text.count("==")


@pytest.mark.parametrize("file", [*PACKAGE, *SQL_FILES, *sorted((ROOT / "dags").glob("*.py"))], ids=relative)
def test_rooms_are_small(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 300
    if file.suffix == ".py":
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - (
                    node.body[0].end_lineno or 0 if ast.get_docstring(node) else node.lineno
                )
                assert lines <= 40, node.name


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))], ids=relative)
def test_no_page_has_a_gap_that_was_to_be_filled(page: Path) -> None:
    assert re.findall(r"^[A-Z]{4,}$|\b(?:TODO|TBD|FIXME)\b", page.read_text(), re.MULTILINE) == []


def test_a_newcomers_make_help_lists_run_and_test() -> None:
    menu = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "make run" in menu
    assert "make test" in menu


def test_the_longest_files_of_tests_come_first(request: pytest.FixtureRequest) -> None:
    """Else one of them runs alone at the end, while the other process has nothing left to do."""
    assert [start for start in FIRST if not (ROOT / start).exists()] == []
    turns = [turn_of(item.nodeid) for item in request.session.items]
    assert turns == sorted(turns)

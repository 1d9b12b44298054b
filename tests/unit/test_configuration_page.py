"""docs/configuration.md says what the code reads: all of it, and nothing else."""

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path

import pytest

from personapulse.paths import ROOT
from personapulse.reference import collecting, page
from personapulse.settings import ACCEPTED, ShopSettings

ADD = "Say what it is in personapulse/reference/known.yaml, then `make docs`."
CODE = ("personapulse", "plugins", "dags", "tests", "benchmarks", "notebooks", "deploy", ".ci")
OUTSIDE = ("Makefile", "docker-compose.yaml", "Dockerfile", ".env.example")
# names that read alike and are no settings: folders of plugins, the dashboard's role, and what tests make up
NO_SETTINGS = {
    "personapulse_ledger",
    "personapulse_airflow",
    "personapulse_dashboard",
    "personapulse_nights",
    "personapulse_preload",
}


@cache
def sources(*folders: str) -> dict[Path, str]:
    """Text of every file of the repository below the folders, and of what starts it."""
    kinds = {".py", ".yaml", ".yml", ".ipynb", ".sql", ".sh"}
    inside = [file for folder in folders for file in (ROOT / folder).rglob("*") if file.suffix in kinds]
    return {file: file.read_text() for file in [*inside, *(ROOT / name for name in OUTSIDE)] if file.is_file()}


@cache
def strings(*folders: str) -> set[str]:
    """Every string that stands in Python code."""
    return {
        node.value
        for file, text in sources(*folders).items()
        if file.suffix == ".py"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def names(kind: str) -> set[str]:
    return set(collecting.known()[kind])


def test_the_page_is_up_to_date():
    for file, text in page.pages().items():
        assert file.exists(), "Run `make docs`."
        assert file.read_text() == text, f"{file.name} is not what the code says. Run `make docs`."


def test_every_environment_variable_of_ours_is_told():
    found = {
        name
        for file, text in sources(*CODE).items()
        if file.name not in {"known.yaml", Path(__file__).name}
        for name in re.findall(r"(?<![A-Z_])PERSONAPULSE_[A-Z_]*[A-Z]", text)
    }
    assert "PERSONAPULSE_TIME_ZONE" in found
    assert found - names("environment") == set(), ADD


def test_every_airflow_variable_is_told():
    found = {text for text in strings("plugins", "dags", "personapulse") if re.fullmatch(r"personapulse_[a-z_]+", text)}
    assert "personapulse_wait_hours" in found
    assert found - NO_SETTINGS - names("variables") == set(), ADD


def test_every_connection_is_told():
    ids = re.compile(r"shop_[a-z]+|[a-z]+_default|[a-z]+_webhook")
    found = {text for text in strings("plugins", "dags", "personapulse") if ids.fullmatch(text)}
    assert {"shop_warehouse", "smtp_default"} <= found
    assert found - names("connections") == set(), ADD


@pytest.mark.parametrize("kind", ["environment", "variables", "connections", "files", "make"])
def test_what_is_told_is_read_where_it_says(kind):
    for name, said in collecting.known()[kind].items():
        text = (ROOT / said["read_in"]).read_text()
        # the names of a webhook's variables are made of its connection's
        looked_for = {"PERSONAPULSE_AUDIENCE_WEBHOOK_URL": "_URL", "PERSONAPULSE_AUDIENCE_WEBHOOK_SECRET": "_SECRET"}
        assert looked_for.get(name, name.rpartition("/")[2]) in text, f"{name} is not read in {said['read_in']}. {ADD}"


def test_every_setting_of_a_shop_says_what_it_takes():
    assert list(ACCEPTED) == [field.name for field in dataclasses.fields(ShopSettings)]
    for setting in collecting.of_shop():
        assert len(setting.does) > 10
        assert setting.read_in


def test_every_file_of_settings_is_told():
    here = {f"include/{file.name}" for file in (ROOT / "include").glob("*.yaml")}
    assert here - names("files") == set(), ADD

"""A scheduler loads what its tasks will need, once, and nobody else does."""

import ast
import importlib.util
import json
import subprocess
import sys

import pytest

from personapulse.paths import DAGS, PLUGINS

# What each kind of program has loaded of ours once it started, one after the other in one process.
START = """
import json, os, sys
from airflow.jobs.job import Job

told = {}
starts = ("triggerer", "LocalExecutor"), ("scheduler", "CeleryExecutor"), ("scheduler", "LocalExecutor")
for program, executor in starts:
    os.environ["AIRFLOW__CORE__EXECUTOR"] = executor
    sys.argv = ["airflow", program]
    Job()
    told[f"{program} {executor}"] = [name for name in sys.modules if name.startswith(("personapulse", "sklearn"))]
from personapulse.personas.reading import _over_the_profile
print(json.dumps(told | {"rules": _over_the_profile.cache_info().currsize}))
"""


@pytest.fixture(scope="module")
def started():
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def imported_inside_functions():
    """Our modules that dags and their shared modules load only when a task runs."""
    for file in (*DAGS.glob("*.py"), *(PLUGINS / "personapulse_airflow").glob("*.py")):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and node.module.startswith("personapulse"):
                        yield from (module_of(node.module, name.name) for name in node.names)


def module_of(package, name):
    is_package = importlib.util.find_spec(package).submodule_search_locations
    return f"{package}.{name}" if is_package and importlib.util.find_spec(f"{package}.{name}") else package


def test_nothing_is_loaded_where_tasks_are_no_forks(started):
    for program in ("triggerer LocalExecutor", "scheduler CeleryExecutor"):
        assert sorted(started[program]) == ["personapulse_ledger", "personapulse_nights", "personapulse_preload"]


def test_a_scheduler_has_loaded_whatever_a_task_would_load(started):
    wanted = set(imported_inside_functions())
    assert len(wanted) > 10
    assert wanted - set(started["scheduler LocalExecutor"]) == set()
    assert "sklearn" in started["scheduler LocalExecutor"]


def test_a_scheduler_has_proven_the_rules(started):
    assert started["rules"] == 1

"""What docker-compose.yaml tells Airflow, as Airflow with its Celery and FAB providers understands it."""

import json
import shlex
import subprocess

import pytest

from tests.compose_file import services

from .deployment import ENVIRONMENT

SERVICES = services()
ASK = """
import json, sys
from airflow.configuration import conf
from airflow.cli.cli_parser import get_parser
from airflow.utils.providers_configuration_loader import providers_configuration_loaded
@providers_configuration_loaded
def options():
    known = conf.configuration_description
    return [f"AIRFLOW__{name}__{option}".upper() for name in known for option in known[name]["options"]]
print(json.dumps(options()))
"""
PARSE = "import sys; from airflow.cli.cli_parser import get_parser; get_parser().parse_args(sys.argv[1:])"


def ask(*command: str) -> str:
    told = {"PATH": f"{ENVIRONMENT / 'bin'}:/usr/bin:/bin", "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor"}
    told["AIRFLOW__CORE__AUTH_MANAGER"] = SERVICES["api-server"]["environment"]["AIRFLOW__CORE__AUTH_MANAGER"]
    done = subprocess.run([ENVIRONMENT / "bin" / "python", "-c", *command], env=told, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_setting_is_an_option() -> None:
    known = set(json.loads(ask(ASK).splitlines()[-1]))
    told = {setting for service in SERVICES.values() for setting in service.get("environment", {})}
    assert {setting for setting in told if setting.startswith("AIRFLOW__CELERY")}
    ours = {setting.removesuffix("_CMD") for setting in told if setting.startswith("AIRFLOW__")}
    assert ours - known == set()


@pytest.mark.parametrize("name", ["worker"])
def test_a_command_in_a_shell_is_one_of_airflows(name: str) -> None:
    program, *words = shlex.split(SERVICES[name]["command"][2].removeprefix("exec "))
    assert program == "airflow"
    ask(PARSE, *words)


def test_the_lock_has_a_celery_its_provider_can_work_with() -> None:
    ask("import airflow.providers.celery.executors.celery_executor")

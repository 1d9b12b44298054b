"""docker-compose.yaml is what Compose takes, and each service is as safe and as watched as docs/deployment.md says."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.compose_file import FILE, ROOT, Service, binary, compose, services

SCHEMA = ROOT / "tests" / "data" / "compose-spec" / "compose-spec.json"
SERVICES = services()
ONCE = {name for name, service in SERVICES.items() if service["restart"] == "no"}
BY_HAND = {name for name, service in SERVICES.items() if service.get("profiles") == ["tools"]}
OPEN = {"api-server"}  # whom people reach
FOLDER_OF_SECRETS = "/run/secrets/"

every_service = pytest.mark.parametrize("name", SERVICES)


def test_it_is_what_the_specification_says() -> None:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(compose({"WORKERS": "2"}) | numbers())


def numbers() -> dict[str, Any]:
    """Compose makes a number of what a variable brings; the schema sees the text."""
    content = compose({"WORKERS": "2"})
    content["services"]["worker"]["deploy"]["replicas"] = 2
    return {"services": content["services"]}


def test_compose_itself_reads_it_as_these_tests_do() -> None:
    program = binary()
    if not program:
        pytest.skip("No docker-compose here.")
    asked = [program, "--project-directory", str(ROOT), "--file", str(FILE), "--env-file", "/dev/null"]
    done = subprocess.run([*asked, "config", "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    every = subprocess.run([*asked, "--profile", "*", "config", "--quiet"], capture_output=True, text=True)
    assert (every.returncode, every.stderr) == (0, "")
    read = json.loads(done.stdout.replace("$$", "$"))["services"]
    assert set(read) == {name for name, service in SERVICES.items() if "profiles" not in service}
    for name, service in read.items():
        assert service["command"] == SERVICES[name]["command"], name
        told = SERVICES[name].get("environment", {})
        assert service.get("environment", {}) == {key: str(value) for key, value in told.items()}, name


@every_service
def test_a_service_is_no_root_and_cannot_write_to_itself(name: str) -> None:
    service = SERVICES[name]
    assert service["user"].split(":")[0] not in {"", "0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")


@every_service
def test_a_service_is_bounded_and_comes_back(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert float(limits["cpus"]) > 0
    assert re.fullmatch(r"\d+[MG]", limits["memory"])
    assert SERVICES[name]["restart"] == "unless-stopped" or name in ONCE
    assert SERVICES[name]["logging"]["options"].keys() >= {"max-size", "max-file"}


@every_service
def test_a_service_is_watched(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    if name in ONCE:
        assert check == {"disable": True}
    if name in ONCE - BY_HAND:
        waited_for = [needs.get(name, {}).get("condition") for needs in map(needs_of, SERVICES)]
        assert "service_completed_successfully" in waited_for
    if name not in ONCE:
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert check["retries"] > 1


def needs_of(name: str) -> dict[str, Any]:
    needs: dict[str, Any] = SERVICES[name].get("depends_on", {})
    return needs


@every_service
def test_what_a_service_needs_is_there_and_waited_for(name: str) -> None:
    for needed, how in needs_of(name).items():
        wanted = "service_completed_successfully" if needed in ONCE else "service_healthy"
        assert how["condition"] == wanted, needed
        # Compose waits for nobody of a profile that is not asked for, where it is told so
        assert how.get("required", True) == ("profiles" not in SERVICES[needed] or "profiles" in SERVICES[name])


@every_service
def test_a_service_gets_the_secrets_it_reads_and_no_others(name: str) -> None:
    service = SERVICES[name]
    read = set(re.findall(rf"{FOLDER_OF_SECRETS}([\w.]+)", json.dumps(own_texts(name, service))))
    given = set(service.get("secrets", []))
    assert given <= set(compose()["secrets"])
    # a setting that many services share names secrets this one never asks for
    shared = {"celery_broker_url", "connections.json"}
    assert given - read == set()
    assert read - given <= shared


def own_texts(name: str, service: Service) -> list[Any]:
    return [service[part] for part in ("command", "environment", "healthcheck") if part in service]


def test_every_secret_is_made(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    files = {Path(secret["file"]) for secret in compose()["secrets"].values()}
    assert {file.parent for file in files} == {Path("deploy/secrets")}
    assert {file.name for file in files} == {file.name for file in (tmp_path / "secrets").iterdir()}


def make_secrets(folder: Path) -> str:
    command = ["python3", str(ROOT / "deploy" / "make_secrets.py"), "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_secrets_are_made_once_for_their_owner_and_fit_together(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder)
    before = {file.name: file.read_text() for file in folder.iterdir()}
    assert "has every secret already" in make_secrets(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o444}
    roles = json.loads(before["roles.json"])
    assert f"airflow:{roles['airflow']}@postgres" in before["airflow_database_url"]
    logins = {one["login"]: one["password"] for one in json.loads(before["connections.json"]).values()}
    assert {role: roles[role] for role in logins} == logins
    assert not {text for text in before.values() if text != text.strip()}

    (folder / "redis_password").unlink()
    for name in ("redis_users.acl", "celery_broker_url"):
        (folder / name).unlink()
    assert make_secrets(folder).count(",") == 2
    after = {file.name: file.read_text() for file in folder.iterdir()}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"redis_password", "redis_users.acl", "celery_broker_url"}


def test_no_secret_stands_in_the_file_or_in_the_environment() -> None:
    suspicious = re.compile(r"(?i)password|secret|token|fernet|_key|conn\b|broker_url|result_backend")
    for name, service in SERVICES.items():
        for setting, value in service.get("environment", {}).items():
            empty = value == "sqlite:////tmp/airflow.db"
            if suspicious.search(setting) and not setting.startswith("AIRFLOW__SECRETS__") and not empty:
                assert FOLDER_OF_SECRETS in value, f"{name}: {setting}"
                assert setting.endswith(("_CMD", "_FILE")), f"{name}: {setting}"
    assert not re.search(r"://[^/\s]+:[^/\s]+@", FILE.read_text())


def test_only_the_pages_are_open_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == OPEN
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)
    content = compose()
    assert content["networks"]["data"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["data"]


def test_machines_of_a_cluster_trust_only_their_own_network() -> None:
    networks = compose()["networks"]
    assert networks["citus"]["internal"] is True
    (subnet,) = [part["subnet"] for part in networks["citus"]["ipam"]["config"]]
    on_it = {name for name, service in SERVICES.items() if "citus" in service["networks"]}
    assert on_it == {name for name, service in SERVICES.items() if service.get("profiles") == ["citus"]}
    trusting = {name for name in on_it if "POSTGRES_HOST_AUTH_METHOD" in SERVICES[name].get("environment", {})}
    assert {tuple(SERVICES[name]["networks"]) for name in trusting} == {("citus",)}
    rules = [line.split() for line in (ROOT / "deploy" / "citus_hba.conf").read_text().splitlines() if line[0] != "#"]
    assert {rule[3] for rule in rules if rule[0] == "host" and rule[4] == "trust"} == {"127.0.0.1/32", subnet}
    assert rules[-1] == ["host", "all", "all", "all", "scram-sha-256"]


def test_the_shop_is_mounted_to_be_read_and_data_lie_in_volumes() -> None:
    content = compose()
    mounted = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounted if not mount.startswith(".")}
    assert named == set(content["volumes"])
    from_here = {mount for mount in mounted if mount.startswith(".")}
    assert "./shop:/shop:ro" in from_here
    for mount in from_here - {"./shop:/shop:ro"}:
        assert mount.endswith(":ro")
        assert (ROOT / mount.split(":")[0]).is_file()


def test_the_example_of_an_env_names_what_the_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    told = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert told == asked


# Airflow's own word on settings, commands and health checks.


def test_every_setting_is_one_of_airflows() -> None:
    """Those of the Celery provider, which is not installed here, are looked at by `make test-celery`."""
    from airflow.configuration import conf  # noqa: PLC0415 - only these tests need it

    known = {
        f"AIRFLOW__{name}__{option}".upper()
        for name, section in conf.configuration_description.items()
        for option in section["options"]
    }
    told = {setting for service in SERVICES.values() for setting in service.get("environment", {})}
    ours = {setting.removesuffix("_CMD") for setting in told if setting.startswith("AIRFLOW__")}
    assert len(ours) > 20
    assert {setting for setting in ours - known if not setting.startswith("AIRFLOW__CELERY")} == set()


@pytest.mark.parametrize("name", [name for name in SERVICES if SERVICES[name]["command"][0] == "airflow"])
def test_a_command_is_one_of_airflows(name: str) -> None:
    from airflow.cli.cli_parser import get_parser  # noqa: PLC0415

    get_parser().parse_args(SERVICES[name]["command"][1:])


@every_service
def test_a_health_check_asks_a_program_its_image_has(name: str) -> None:
    if name in ONCE:
        return
    kind, *words = SERVICES[name]["healthcheck"]["test"]
    program = words[0].split()[0] if kind == "CMD" else re.sub(r'^\w+="[^"]*" ', "", words[0]).split()[0]
    assert program in {"airflow", "celery", "curl", "pg_isready", "redis-cli"}
    if program == "airflow":
        from airflow.cli.cli_parser import get_parser  # noqa: PLC0415

        get_parser().parse_args(words[1:])


def test_the_worker_pings_itself_by_the_name_it_takes() -> None:
    (script,) = SERVICES["worker"]["command"][2:]
    said = shlex.split(script)
    name = said[said.index("--celery-hostname") + 1]
    asked = shlex.split(SERVICES["worker"]["healthcheck"]["test"][1])
    assert asked[asked.index("--destination") + 1] == name == "worker@$HOSTNAME"

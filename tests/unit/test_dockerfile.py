"""The image: from Airflow's own of the version we lock, everything by hash, nothing but what is needed, and no root."""

import fnmatch
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements-deploy.lock"


def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with what they are told, line ends and comments removed."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, told) for name, _, told in (line.partition(" ") for line in joined.splitlines() if line.strip())]


STEPS = steps()
COPIED = [
    source
    for name, told in STEPS
    if name == "COPY"
    for source in [word for word in told.split() if not word.startswith("--")][:-1]
]


def test_the_base_is_airflows_image_of_the_version_we_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (version,) = [name.split("==")[1] for name in project["dependencies"] if name.startswith("apache-airflow==")]
    (image,) = [told for name, told in STEPS if name == "ARG"]
    assert image == f"AIRFLOW_IMAGE=apache/airflow:slim-{version}-python3.12"
    assert {told.split(" AS ")[0] for name, told in STEPS if name == "FROM"} == {"${AIRFLOW_IMAGE}", "libraries"}
    assert f"apache-airflow=={version} " in LOCK.read_text()


def test_nobody_is_root_at_any_time() -> None:
    users = [told for name, told in STEPS if name == "USER"]
    assert users == ["airflow"]
    assert STEPS[-1] == ("USER", "airflow")


def test_what_is_installed_has_a_hash_or_is_our_own_wheel() -> None:
    installs = [told for name, told in STEPS if name == "RUN" and "pip install" in told]
    assert len(installs) == 2
    for told in installs:
        assert "--require-hashes" in told or {"--no-index", "--no-deps"} <= set(told.split())
    assert not [told for name, told in STEPS if "curl" in told or "wget" in told or name == "ADD"]


def test_the_lock_brings_what_builds_the_wheel_and_what_the_compose_file_asks_for() -> None:
    locked = set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE))
    assert {"hatchling", "redis", "celery", "apache-airflow-providers-celery", "apache-airflow-providers-fab"} <= locked


@pytest.mark.parametrize("source", COPIED)
def test_what_is_copied_is_there_and_let_in(source: str) -> None:
    assert (ROOT / source).exists()
    assert let_in(source)


def let_in(source: str) -> bool:
    """What .dockerignore makes of a path: the last line that fits decides."""
    verdict = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if line and not line.startswith("#") and (fnmatch.fnmatch(source, pattern) or source.startswith(f"{pattern}/")):
            verdict = line.startswith("!")
    return verdict


@pytest.mark.parametrize("source", [".env", "deploy/secrets/fernet_key", "shop/2026-01-01", ".git", ".personapulse"])
def test_secrets_and_data_stay_outside(source: str) -> None:
    assert not let_in(source)
    assert source.split("/", maxsplit=1)[0] not in {copied.split("/")[0] for copied in COPIED} - {"deploy"}


def test_a_bind_in_a_step_is_let_in_too() -> None:
    bound = re.findall(r"--mount=type=bind,source=([\w.-]+)", (ROOT / "Dockerfile").read_text())
    assert bound == [LOCK.name]
    assert let_in(LOCK.name)

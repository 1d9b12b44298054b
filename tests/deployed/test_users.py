"""Logins are FAB's: who may read may not start, and who is nobody may nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from personapulse.service.airflow import CHAIN
from tests.compose_file import ROOT

from .conftest import Live

PASSWORD = "only for this test"
CREATE = "airflow users create --username vera --role Viewer --firstname Vera --lastname View --email vera@example.org"


@contextmanager
def client(live: Live, login: str | None = None, password: str = "") -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.api.address, timeout=120, trust_env=False) as browser:
        if login:
            answer = browser.post("/auth/token", json={"username": login, "password": password})
            assert answer.status_code == 201, answer.text
            browser.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield browser


@pytest.fixture(scope="module")
def viewer(live: Live) -> Iterator[httpx.Client]:
    made = live.deployment.run("api-server", CREATE.split(), said=f"{PASSWORD}\n{PASSWORD}\n")
    assert 'User "vera" created with role "Viewer"' in made.stdout, made.stdout + made.stderr
    with client(live, "vera", PASSWORD) as viewer:
        yield viewer


def answers(browser: httpx.Client) -> dict[str, int]:
    day = {"logical_date": None, "partition_key": "2026-01-31"}
    return {
        "dags": browser.get("/api/v2/dags").status_code,
        "runs": browser.get(f"/api/v2/dags/{CHAIN[0]}/dagRuns").status_code,
        "dashboard": browser.get("/personapulse/api/days").status_code,
        "connections": browser.get("/api/v2/connections").status_code,
        "pause": browser.patch(f"/api/v2/dags/{CHAIN[0]}", json={"is_paused": False}).status_code,
        "start": browser.post(f"/api/v2/dags/{CHAIN[2]}/dagRuns", json=day).status_code,
    }


def test_a_viewer_reads_and_starts_nothing(viewer: httpx.Client) -> None:
    read = dict.fromkeys(("dags", "runs", "dashboard"), 200)
    assert answers(viewer) == read | dict.fromkeys(("connections", "pause", "start"), 403)


def test_an_admin_may(live: Live) -> None:
    with client(live, "admin", live.deployment.secret("airflow_admin_password")) as admin:
        assert set(answers(admin).values()) == {200}


def test_nobody_may_nothing(live: Live) -> None:
    with client(live) as nobody:
        assert set(answers(nobody).values()) == {401}
        wrong = nobody.post("/auth/token", json={"username": "vera", "password": "wrong"})
        assert wrong.status_code == 401


def test_the_documented_command_is_the_one_tried() -> None:
    assert f"docker compose exec api-server {CREATE}" in (ROOT / "docs" / "deployment.md").read_text()

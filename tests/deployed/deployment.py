"""docker-compose.yaml without containers: its own commands and environments, on this machine's ports and folders.

What is replaced: hosts and ports (every service has 127.0.0.1 and a free one), `/opt/airflow`, `/shop` and
`/run/secrets` (a folder for each service that holds just the secrets it is given). What is added: ports to listen on,
and waiting times of seconds instead of minutes.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from personapulse.home import Home
from personapulse.service.processes import Processes
from tests.compose_file import ROOT, services
from tests.deployed.own_postgres import OwnPostgres

ENVIRONMENT = ROOT / ".venv-celery"
KEEPERS = ("api-server", "scheduler", "dag-processor", "triggerer")
SOON = {
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",  # longer than a busy machine keeps a heartbeat back
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
}


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


class Deployment:
    """Everything docker-compose.yaml starts, in a folder of its own.

    Parameters
    ----------
    folder : Path
        Gets a folder for each volume, and each service's secrets.
    shop : Path
        The extracts.
    """

    def __init__(self, folder: Path, shop: Path) -> None:
        self.folder = folder
        self.shop = shop
        self.airflow = folder / "airflow"
        self.services = services({"PERSONAPULSE_TIME_ZONE": "Asia/Tokyo", "PERSONAPULSE_FIRST_NIGHT": "2999-01-01"})
        self.web, self.database, self.broker, self._scheduler_health = free_ports(4)
        self._secrets = folder / "secrets"
        self._make_folders()
        self.processes = Processes(folder / "processes.json")
        postgres = self.services["postgres"]
        self.postgres = OwnPostgres(Home.open(folder / "pg"), self.database, postgres, self.secret("postgres_password"))

    def _make_folders(self) -> None:
        for name in ("logs", "models", "report"):
            (self.airflow / name).mkdir(parents=True)
        for name in ("airflow.cfg", "init.sh"):
            (self.airflow / name).write_bytes((ROOT / "deploy" / name).read_bytes())
        python = ENVIRONMENT / "bin" / "python"
        root = subprocess.run(
            [python, "-c", "from personapulse.paths import ROOT; print(ROOT)"],
            cwd=self.folder, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        (self.airflow / "personapulse").symlink_to(root)
        subprocess.run([sys.executable, ROOT / "deploy" / "make_secrets.py", "--folder", self._secrets], check=True)
        for file in self._secrets.iterdir():
            file.chmod(0o644)
            text = re.sub(r"@postgres:5432|\"host\": \"postgres\"", self._at_home, file.read_text())
            text = text.replace('"port": 5432', f'"port": {self.database}').replace(
                "@redis:6379", f"@127.0.0.1:{self.broker}"
            )
            file.write_text(text)
            file.chmod(0o444)
        for name, service in self.services.items():
            given = self.folder / "given" / name
            given.mkdir(parents=True)
            (self.folder / "tmp" / name).mkdir(parents=True)
            for secret in service.get("secrets", []):
                (given / secret).symlink_to(self._secrets / secret)

    def _at_home(self, found: re.Match[str]) -> str:
        return f"@127.0.0.1:{self.database}" if found[0].startswith("@") else '"host": "127.0.0.1"'

    def secret(self, name: str) -> str:
        return (self._secrets / name).read_text().strip()

    def secrets(self) -> dict[str, str]:
        return {file.name: file.read_text() for file in self._secrets.iterdir()}

    def _here(self, name: str, text: str) -> str:
        """A text of docker-compose.yaml with this machine's places in it."""
        for there, here in (
            ("/tmp/", f"{self.folder}/tmp/{name}/"),  # first: what comes in below may lie in there, too
            ("/opt/airflow", str(self.airflow)),
            ("/run/secrets", str(self.folder / "given" / name)),
            ("file:///shop", self.shop.as_uri()),
            ("http://api-server:8080", f"http://127.0.0.1:{self.web}"),
            ("http://localhost:8080", f"http://127.0.0.1:{self.web}"),
            ("http://127.0.0.1:8080", f"http://127.0.0.1:{self.web}"),
            ("http://127.0.0.1:8974", f"http://127.0.0.1:{self._scheduler_health}"),
            ("host=postgres", f"host=127.0.0.1 port={self.database}"),
        ):
            text = text.replace(there, here)
        return text

    def environment(self, name: str, host: str = "") -> dict[str, str]:
        told: Mapping[str, Any] = self.services[name].get("environment", {})
        path = f"{ENVIRONMENT / 'bin'}:{os.environ['PATH']}"
        around = {
            "PATH": path, "HOME": str(self.folder / "tmp"), "HOSTNAME": host or name, "LANG": "C.UTF-8",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.web),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self._scheduler_health),
        }  # fmt: skip
        return {setting: self._here(name, str(value)) for setting, value in told.items()} | around | SOON

    def command(self, name: str) -> list[str]:
        return [self._here(name, str(word)) for word in self.services[name]["command"]]

    def run(self, name: str, command: list[str] | None = None, said: str = "") -> subprocess.CompletedProcess[str]:
        """Run a service, or a command in one, to its end."""
        return subprocess.run(
            command or self.command(name), env=self.environment(name), cwd=self.airflow, input=said,
            capture_output=True, text=True, start_new_session=True, timeout=600,
        )  # fmt: skip

    def start(self, name: str, host: str = "") -> None:
        """Start a service that stays; of a service with replicas, the one whose container is called `host`."""
        added = {"redis": ["--port", str(self.broker), "--bind", "127.0.0.1", "--dir", str(self.folder / "redis")]}
        (self.folder / "redis").mkdir(exist_ok=True)
        self.processes.start(
            host or name,
            [*self.command(name), *added.get(name, [])],
            environment=self.environment(name, host),
            folder=self.airflow,
            log=self.folder / "output" / f"{host or name}.log",
        )

    def is_healthy(self, name: str, host: str = "") -> bool:
        """What the service's own health check says."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        command = ["sh", "-c", *words] if kind == "CMD-SHELL" else words
        added = {"redis": {"REDISCLI_AUTH": self.secret("redis_password")}}  # its check has no port of its own
        done = subprocess.run(
            [self._here(name, word).replace("redis-cli ping", f"redis-cli -p {self.broker} ping") for word in command],
            env=self.environment(name, host) | added.get(name, {}), cwd=self.airflow, capture_output=True, timeout=60,
        )  # fmt: skip
        return done.returncode == 0

    def session(self, host: str) -> list[psutil.Process]:
        """Every process of a service that was started."""
        return next(session.members() for session in self.processes.leftovers() if session.name == host)

    def kill(self, host: str) -> None:
        """Kill a service with everything it started, as a machine that goes down does."""
        for process in self.session(host):
            process.kill()

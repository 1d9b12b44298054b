"""Everything Airflow is told, as environment variables: no airflow.cfg, nothing outside the home folder."""

import base64
import datetime
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from personapulse import paths, roles, warehouse
from personapulse.home import Home
from personapulse.postgres import PORT, SUPERUSER, EmbeddedPostgres
from personapulse.settings import ShopSettings

LOGIN = "admin"
DASHBOARD_ROLE = "personapulse_dashboard"  # made by migration 0024; reads published documents and nothing else
PARALLELISM = 4  # tasks at once: two cores, and tasks that mostly wait for PostgreSQL
REREAD_SECONDS = 300  # a dag that changed is read at once; the others, whose rules may have changed, this often
NEVER = datetime.date(2999, 1, 1)

# How its programs wait for each other, on a machine with few cores.
_MANNERS: dict[str, dict[str, object]] = {
    "scheduler": {
        "scheduler_idle_sleep_time": 0.3,
        # a killed scheduler's tasks are taken up again this soon
        "scheduler_health_check_threshold": 15,
        "orphaned_tasks_check_interval": 10,
    },
    "dag_processor": {"refresh_interval": 30, "parsing_processes": 2, "min_file_process_interval": REREAD_SECONDS},
    "workers": {
        # a worker may miss the end of its task and then sleeps this long (5 seconds by default)
        "min_heartbeat_interval": 1,
        # A task that gets no answer fails, and is tried again only minutes later. A server that has just started
        # answers late (5 seconds are allowed by default), and while one starts beside a scheduler that finds an
        # interrupted run's tasks, nobody answers for half a minute (15 seconds); minutes are allowed here.
        "execution_api_timeout": 30,
        "execution_api_retries": 60,
        "execution_api_retry_wait_max": 5,
    },
}


@dataclass(frozen=True)
class Shop:
    """What the dags must know about the shop.

    Parameters
    ----------
    url : str
        Address of the extracts.
    time_zone : str
        IANA zone in which a shop day runs from midnight to midnight.
    first_night : datetime.date
        Before midnight of this date no nightly run starts; `NEVER` for a shop that delivers no more days.
    deadline : str or None
        Time of day by which a day must be published; None if nobody waits for it.
    """

    url: str
    time_zone: str
    first_night: datetime.date
    deadline: str | None = ShopSettings.deadline


@dataclass(frozen=True)
class Credentials:
    """Keys and password of one home, made once and readable by their owner only."""

    fernet_key: str
    jwt_secret: str
    api_secret: str
    password: str
    password_file: Path

    @classmethod
    def of(cls, home: Home) -> "Credentials":
        """Read them from the home folder; make them if there are none."""
        keys_file, password_file = home.root / "keys.json", home.root / "login.json"
        if not keys_file.exists():
            names = ("fernet_key", "jwt_secret", "api_secret")
            _write_private(keys_file, {name: _new_key() for name in names})
        if not password_file.exists():
            _write_private(password_file, {LOGIN: secrets.token_urlsafe(12)})
        password = json.loads(password_file.read_text())[LOGIN]
        return cls(**json.loads(keys_file.read_text()), password=password, password_file=password_file)


def airflow_environment(home: Home, postgres: EmbeddedPostgres, shop: Shop, port: int) -> dict[str, str]:
    """Return the environment of every Airflow process of this home.

    What the caller's environment says is kept (connections, SMTP settings, proxies), but ours wins.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | settings_of_airflow(home, postgres, port) | _shop_settings(home, postgres, shop)


def settings_of_airflow(home: Home, postgres: EmbeddedPostgres, port: int) -> dict[str, str]:
    """Return what Airflow is told about itself; personapulse/reference/known.yaml says why."""
    credentials = Credentials.of(home)
    database = f"{SUPERUSER}@/{warehouse.AIRFLOW_DATABASE}?host={quote(str(postgres.socket_folder))}&port={PORT}"
    settings: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": paths.DAGS,
            "plugins_folder": paths.PLUGINS,
            "executor": "LocalExecutor",
            "parallelism": PARALLELISM,
            "load_examples": False,
            "fernet_key": credentials.fernet_key,
            **_login(credentials),
            "execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
            "min_serialized_dag_update_interval": 5,
            # A failed task tells people, with pictures, over a mail server that may be slow. One that takes longer than
            # this (20 seconds by default) is killed, tried again whatever its policy says, and tells them again.
            "task_success_overtime": 300,
        },
        "api": {
            "host": "127.0.0.1",
            "port": port,
            "workers": 1,
            "base_url": f"http://127.0.0.1:{port}",
            "secret_key": credentials.api_secret,
            "instance_name": "PersonaPulse",
        },
        "api_auth": {"jwt_secret": credentials.jwt_secret},
        "database": {
            "sql_alchemy_conn": f"postgresql+psycopg2://{database}",
            "sql_alchemy_conn_async": f"postgresql+asyncpg://{database}",
        },
        "logging": {"base_log_folder": home.airflow / "logs", "colored_console_log": False},
        **_MANNERS,
    }
    return {"AIRFLOW_HOME": str(home.airflow)} | _as_variables(settings)


def _as_variables(settings: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    return {
        f"AIRFLOW__{section.upper()}__{name.upper()}": str(value)
        for section, values in settings.items()
        for name, value in values.items()
    }


def _login(credentials: Credentials) -> dict[str, object]:
    return {
        "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "simple_auth_manager_users": f"{LOGIN}:admin",
        "simple_auth_manager_passwords_file": credentials.password_file,
        "simple_auth_manager_all_admins": False,
    }


def _shop_settings(home: Home, postgres: EmbeddedPostgres, shop: Shop) -> dict[str, str]:
    connection = {
        "conn_type": "postgres",
        "host": str(postgres.socket_folder),
        "port": PORT,
        "schema": warehouse.DATABASE,
    }
    logins = {"warehouse": SUPERUSER, "dashboard": DASHBOARD_ROLE} | roles.CONNECTIONS
    return {
        **{f"AIRFLOW_CONN_SHOP_{name.upper()}": json.dumps(connection | {"login": logins[name]}) for name in logins},
        "AIRFLOW_VAR_PERSONAPULSE_SOURCE": shop.url,
        "AIRFLOW_VAR_PERSONAPULSE_REPORT": str(home.report),
        "AIRFLOW_VAR_PERSONAPULSE_MODELS": str(home.models),
        "PERSONAPULSE_TIME_ZONE": shop.time_zone,
        "PERSONAPULSE_FIRST_NIGHT": shop.first_night.isoformat(),
        "PERSONAPULSE_DEADLINE": shop.deadline or "off",
    }


def _new_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _write_private(path: Path, content: dict[str, str]) -> None:
    """Write a file only its owner can read; a reader never sees half of it."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    half.replace(path)

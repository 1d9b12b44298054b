"""Make the secrets docker-compose.yaml names, each once: `python3 deploy/make_secrets.py`. Needs only Python.

Files that are there already are left alone: to change a secret, delete its file and those that hold it too
(docs/deployment.md#secrets), and run this again. Only its owner can enter the folder; any user of a container can read
those files that the container is given, since PostgreSQL, Redis and Airflow run as users of their own there.
"""

import argparse
import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"
WAREHOUSE_ROLES = ("pp_loader", "pp_modeler", "pp_reader", "pp_auditor", "pp_admin", "personapulse_dashboard")
# Airflow's connections to the warehouse, and the role each logs in as. None logs in as the owner of the server.
CONNECTIONS = {
    "shop_loader": "pp_loader",
    "shop_modeler": "pp_modeler",
    "shop_admin": "pp_admin",
    "shop_dashboard": "personapulse_dashboard",
}


def password() -> str:
    """Return a password that needs no quoting in an address."""
    return secrets.token_urlsafe(24)


def key() -> str:
    """Return 32 random bytes, as Fernet wants them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def signature() -> str:
    """Return a secret of the length that HMAC with SHA-512 asks for."""
    return secrets.token_urlsafe(64)


class Secrets:
    """A folder with one file per secret."""

    def __init__(self, folder: Path, warehouse: str) -> None:
        self._folder = folder
        self._warehouse = warehouse
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def make(self) -> list[str]:
        """Make what is missing; return its names."""
        made = [name for name, content in self._alone().items() if self._write(name, content)]
        return made + [name for name, content in self._of_others().items() if self._write(name, content)]

    def _alone(self) -> dict[str, Callable[[], str]]:
        roles = (*WAREHOUSE_ROLES, "airflow")
        return {
            "postgres_password": password,
            "redis_password": password,
            "airflow_admin_password": password,
            "fernet_key": key,
            "jwt_secret": signature,
            "api_secret_key": signature,
            "roles.json": lambda: json.dumps({role: password() for role in roles}, indent=2),
        }

    def _of_others(self) -> dict[str, Callable[[], str]]:
        return {
            "airflow_database_url": lambda: (
                f"postgresql+psycopg2://airflow:{self._role('airflow')}@{self._warehouse}:5432/airflow"
            ),
            "celery_broker_url": lambda: f"redis://:{self._read('redis_password')}@redis:6379/0",
            "redis_users.acl": self._redis_users,
            "connections.json": self._connections,
        }

    def _redis_users(self) -> str:
        digest = hashlib.sha256(self._read("redis_password").encode()).hexdigest()
        return f"user default on #{digest} ~* &* +@all"

    def _connections(self) -> str:
        address = {"conn_type": "postgres", "host": self._warehouse, "port": 5432, "schema": "personapulse"}
        logins = {name: {"login": role, "password": self._role(role)} for name, role in CONNECTIONS.items()}
        return json.dumps({name: address | login for name, login in logins.items()}, indent=2)

    def _role(self, role: str) -> str:
        return str(json.loads(self._read("roles.json"))[role])

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text().strip()

    def _write(self, name: str, content: Callable[[], str]) -> bool:
        file = self._folder / name
        if file.exists():
            return False
        text = content()
        file.touch(mode=0o600)
        file.write_text(text)  # without an end of line: it would be part of the secret
        file.chmod(0o444)
        return True


def main() -> None:
    """Read the command line and say what was made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to (default: deploy/secrets)")
    parser.add_argument(
        "--warehouse", default="postgres", help="host of the databases (citus-coordinator for the profile citus)"
    )
    arguments = parser.parse_args()
    made = Secrets(arguments.folder, arguments.warehouse).make()
    print(
        f"Made in {arguments.folder}: {', '.join(made)}." if made else f"{arguments.folder} has every secret already."
    )


if __name__ == "__main__":
    main()

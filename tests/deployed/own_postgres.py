"""A PostgreSQL that listens on this machine's network and wants passwords, as the image `postgres` starts one."""

import re
import shlex
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from personapulse.home import Home
from personapulse.postgres import SUPERUSER, EmbeddedPostgres

TRUSTED = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


class OwnPostgres(EmbeddedPostgres):
    """The wheel's binaries with a service's settings."""

    def __init__(self, home: Home, port: int, service: dict[str, Any], password: str) -> None:
        super().__init__(home)
        self.port = port
        self._service = service
        self._password = password

    def start(self) -> bool:
        is_new = super().start()
        (self.data / "pg_hba.conf").write_text(TRUSTED)
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"alter role {SUPERUSER} password '{self._password}'".encode())
            connection.execute("select pg_reload_conf()")
        return is_new

    def conninfo(self, database: str, role: str = SUPERUSER) -> str:
        """Through the socket, which trusts: for the test itself."""
        return make_conninfo(host=str(self.socket_folder), port=self.port, user=role, dbname=database)

    def _settings(self) -> dict[str, str]:
        told = dict(re.findall(r"-c (\w+)=(\S+)", shlex.join(self._service["command"])))
        return told | {
            "unix_socket_directories": str(self.socket_folder),
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
        }

    def _command(self, program: str, *arguments: str) -> None:
        if program == "initdb":
            told = shlex.split(self._service["environment"]["POSTGRES_INITDB_ARGS"])
            arguments = (*told, "--auth=trust", f"--username={SUPERUSER}")
        super()._command(program, *arguments)

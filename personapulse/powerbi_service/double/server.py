"""The double's https server."""

import json
import re
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from personapulse.powerbi_service.double.certificate import make_certificate
from personapulse.powerbi_service.double.model import (
    CLIENT,
    DATASET,
    SECRET,
    TENANT,
    WORKSPACE,
    Fault,
    PowerBIModel,
    Scripted,
)

HOST = "127.0.0.1"
RECORD = "powerbi-double.json"  # where one that runs by itself says how to reach it
API = f"/v1.0/myorg/groups/{WORKSPACE}/datasets/{DATASET}/refreshes"


class PowerBIDouble:
    """The double while it runs; a context manager.

    Parameters
    ----------
    folder : Path
        Where its certificate and key are written.
    tell : callable, optional
        Is told of each request; without it nobody is.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None] | None = None) -> None:
        self.model = PowerBIModel()
        self.certificate, key = make_certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        self._server = _Server((HOST, 0), _Handler)
        self._server.model = self.model
        self._server.tokens = set()
        self._server.tell = tell
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )  # the handshake is left to the request's own thread

    @property
    def address(self) -> str:
        """Such as `https://127.0.0.1:50123`."""
        return f"https://{HOST}:{self._server.server_port}"

    def connection(self, **changed: Any) -> str:
        """Return the Airflow connection to it, as JSON; `changed` overrides its parts."""
        extra = {
            "tenant_id": TENANT,
            "base_url": f"{self.address}/v1.0/",
            "authority": f"{HOST}:{self._server.server_port}",
            "allowed_hosts": HOST,
            "disable_instance_discovery": True,
            "verify": str(self.certificate),
        }
        return json.dumps({"conn_type": "powerbi", "login": CLIENT, "password": SECRET, "extra": extra} | changed)

    def settings(self, **changed: Any) -> str:
        """Return the Airflow Variable that names its semantic model, as JSON; it is looked at often."""
        return json.dumps({"workspace": WORKSPACE, "dataset": DATASET, "check_seconds": 1} | changed)

    def environment(self) -> dict[str, str]:
        """Return what tells Airflow of it."""
        return {"AIRFLOW_CONN_POWERBI_DEFAULT": self.connection(), "AIRFLOW_VAR_PERSONAPULSE_POWERBI": self.settings()}

    def serve(self) -> None:
        """Answer until stopped."""
        self._server.serve_forever(poll_interval=0.05)

    def forget_tokens(self) -> None:
        """Let every token that was given expire."""
        self._server.tokens.clear()

    def __enter__(self) -> "PowerBIDouble":
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: PowerBIModel
    tokens: set[str]
    tell: Callable[[str], None] | None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away, or do not trust the certificate."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _double(self) -> _Server:
        return cast("_Server", self.server)

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, {"refreshes": self._double.model.history()})
        else:
            self._serve("GET", self._look)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._body = self.rfile.read(length)
        if self.path == "/double/next":
            self._answer(*self._take_script())
        elif self.path.endswith("/oauth2/v2.0/token"):
            self._serve("TOKEN", self._token)
        else:
            self._serve("POST", self._start)

    def do_DELETE(self) -> None:
        self._serve("DELETE", self._cancel)

    def _serve(self, method: str, do: Any) -> None:
        model = self._double.model
        with model.lock:
            model.requests.append((method, self.path))
        if self._double.tell:
            self._double.tell(f"{method} {self.path}")
        fault = model.take_fault(method)
        if fault:
            time.sleep(fault.seconds)
        if method != "TOKEN" and not self._is_known():
            self._answer(403, {"error": {"code": "TokenExpired", "message": "Access token has expired"}})
            return
        if fault is None or fault.takes_effect:
            answer = do()
        if fault:
            self._fail(fault)
        else:
            self._answer(*answer)

    def _take_script(self) -> tuple[int, dict[str, Any]]:
        try:
            self._double.model.script.append(Scripted(**json.loads(self._body)))
        except (TypeError, ValueError) as error:
            return 400, {"error": f"{error}; say for example " + json.dumps({"status": "Failed", "seconds": 5})}
        return 200, {"next": [vars(one) for one in self._double.model.script]}

    def _is_known(self) -> bool:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") in self._double.tokens

    def _token(self) -> tuple[int, dict[str, Any]]:
        told = parse_qs(self._body.decode())
        if told.get("client_secret") != [SECRET]:
            words = "AADSTS7000215: Invalid client secret provided."
            return 401, {"error": "invalid_client", "error_description": words}
        token = secrets.token_hex(16)
        self._double.tokens.add(token)
        return 200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token}

    def _look(self) -> tuple[int, dict[str, Any]]:
        url = urlsplit(self.path)
        lists = {
            "/v1.0/myorg/groups": [{"id": WORKSPACE, "name": "The double"}],
            f"/v1.0/myorg/groups/{WORKSPACE}/datasets": [{"id": DATASET, "name": "PersonaPulse"}],
        }
        if url.path in lists:
            return 200, {"value": lists[url.path]}
        if url.path != API:
            return _not_found()
        top = parse_qs(url.query).get("$top")
        return 200, {"value": self._double.model.history(int(top[0]) if top else None)}

    def _start(self) -> tuple[int, dict[str, Any], dict[str, str]] | tuple[int, dict[str, Any]]:
        if urlsplit(self.path).path != API:
            return _not_found()
        status, answer, refresh = self._double.model.start(json.loads(self._body) if self._body else None)
        return status, answer, {"RequestId": refresh.request_id} if refresh else {}

    def _cancel(self) -> tuple[int, dict[str, Any]]:
        found = re.fullmatch(re.escape(API) + "/([^/]+)", self.path)
        return (self._double.model.cancel(found[1]), {}) if found else _not_found()

    def _fail(self, fault: Fault) -> None:
        if fault.status is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(fault.status, fault.body or {}, fault.headers)

    def _answer(self, status: int, answer: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        """Answer; a refresh that was accepted has no body, only its headers."""
        body = b"" if status == 202 else json.dumps(answer).encode()
        self.send_response_only(status)
        for name, value in {"Date": format_datetime(self._double.model.now(), usegmt=True), **(headers or {})}.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by http.server
        """Say nothing: what was asked is remembered."""


def _not_found() -> tuple[int, dict[str, Any]]:
    return 404, {"error": {"code": "ItemNotFound", "message": "Dataset is not found! please verify datasetId"}}

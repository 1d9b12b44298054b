"""A receiver of webhooks on loopback, which verifies each as docs/audiences.md says, and answers as a test wants."""

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from personapulse.paths import ROOT

SECRET = "whsec_bWFya2VkLXNlY3JldC1vZi1hLXdlYmhvb2s="
TOKEN = "marked-token-in-the-url"


def documented() -> dict[str, Any]:
    """What the page's Python defines."""
    page = (ROOT / "docs" / "audiences.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    return names


@dataclass(frozen=True)
class Request:
    """A request as it came in: header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    is_genuine: bool


@dataclass
class Inbox:
    """A running receiver.

    `answers` are used up one by one: a status, a status with headers, or `drop` to close the connection without a word;
    when none is left, 200.
    """

    answers: list[Any] = field(default_factory=list)
    received: list[Request] = field(default_factory=list)

    def __enter__(self) -> "Inbox":
        inbox, is_genuine = self, documented()["is_genuine"]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                inbox.received.append(Request(self.path, headers, body, is_genuine(headers, body, SECRET)))
                answer = inbox.answers.pop(0) if inbox.answers else 200
                if answer == "drop":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                status, told = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in told.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

            def finish(self) -> None:
                with contextlib.suppress(OSError):  # of a connection that was dropped
                    super().finish()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks/{TOKEN}"

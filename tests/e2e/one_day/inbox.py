"""Where alerts arrive: a mail server and a web hook on loopback, which keep what they are sent."""

import json
import socket
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

MAIL_PASSWORD, HOOK_PASSWORD = "marked-mail-password", "marked-hook-password"


class Mails:
    """A mail server that takes everything of who knows its password."""

    def __init__(self):
        self.received = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            authenticator=self._is_known,
            auth_required=True,
            auth_require_tls=False,
        )

    @staticmethod
    def _is_known(server, session, envelope, mechanism, told):
        return AuthResult(success=told.password == MAIL_PASSWORD.encode())

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - named by aiosmtpd
        self.received.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"

    def about(self, words):
        """Return recipients and mail of each whose subject has the words."""
        return [(to, mail) for to, mail in self.received if words in mail["subject"]]

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    @property
    def connection(self):
        """The Airflow connection to it."""
        extra = {"from_email": "personapulse@example.org", "disable_ssl": True, "disable_tls": True}
        who = {"conn_type": "smtp", "login": "personapulse", "password": MAIL_PASSWORD}
        return json.dumps(who | {"host": "127.0.0.1", "port": self.port, "extra": extra})


class Hook:
    """A web hook, as chat programs have them; Apprise sends to it as `json://`."""

    def __init__(self):
        self.received = received = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def connection(self):
        """The Airflow connection to it."""
        path = f"json://personapulse:{HOOK_PASSWORD}@127.0.0.1:{self._server.server_port}"
        return json.dumps({"conn_type": "apprise", "extra": {"config": {"path": path, "tag": "all"}}})

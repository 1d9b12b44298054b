"""Who listens to a run from outside: a StatsD server on loopback."""

import socket
import threading


class Meter:
    """Keeps the metrics it is sent."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._received = []

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _listen(self):
        while True:
            try:
                self._received.append(self._socket.recv(65_536).decode())
            except OSError:  # closed
                return

    def metrics(self):
        """Name and value of each, in the order they came."""
        return [tuple(line.rsplit("|", 1)[0].split(":", 1)) for text in self._received for line in text.splitlines()]

    @property
    def environment(self):
        """What lets Airflow send here."""
        settings = {"STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PREFIX": "shop"}
        settings["STATSD_PORT"] = str(self._socket.getsockname()[1])
        return {f"AIRFLOW__METRICS__{name}": value for name, value in settings.items()}

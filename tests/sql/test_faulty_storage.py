"""Object storage that is slow, or drops what it sends: no day is half there, and once it is well all of it is."""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from personapulse import ingest
from personapulse.errors import UnreachableError

from .conftest import Shop, date
from .test_object_storage import DAYS, SHOP, bucket, deliver, server, upload, upload_settings  # noqa: F401 - fixtures

DAY = date(DAYS[0])
LARGE = 400_000  # bytes of a file that does not arrive in one piece


class Wire:
    """A wire between the store and us, which can be made slow, or cut after so many bytes of an answer."""

    def __init__(self, host: str, port: int) -> None:
        self.pause, self.cut_after = 0.0, 1 << 40
        wire = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection((host, port)) as store:
                    threading.Thread(target=pump, args=(self.request, store), daemon=True).start()
                    pump(store, self.request, slow=True)

        def pump(source: socket.socket, target: socket.socket, *, slow: bool = False) -> None:
            sent = 0
            with contextlib.suppress(OSError):
                while data := source.recv(16_384):
                    if slow:
                        time.sleep(wire.pause)
                    sent += len(data)
                    if slow and sent > wire.cut_after:
                        break
                    target.sendall(data)
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Wire":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def wire(
    shop: Shop,
    bucket: Any,  # noqa: F811
    server: ThreadedMotoServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Wire]:
    """The shop in a bucket, at the other end of a wire."""
    deliver(shop)
    folder = shop.folder / DAYS[0]
    with (folder / "users.csv").open("a") as users:
        users.writelines(f"more{number}{'x' * 80},,\n" for number in range(LARGE // 90))
    upload(bucket, folder)
    upload_settings(bucket, shop)
    with Wire(*server.get_host_and_port()) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL", wire.address)
        S3FileSystem.clear_instance_cache()
        yield wire


def loaded(shop: Shop) -> tuple[int, int]:
    """How many users core has, and how many files of the day count as loaded."""
    return shop.rows(
        "select (select count(*) from core.users), (select count(*) from ops.loads where state = 'loaded')"
    )[0]


def test_a_slow_store_takes_its_time_and_loses_nothing(shop: Shop, wire: Wire) -> None:
    wire.pause = 0.02
    source = ingest.Source(SHOP)
    ingest.stage(shop.warehouse, source, DAY)
    ingest.merge(shop.warehouse, source, DAY)
    assert loaded(shop)[0] > LARGE // 90


def test_a_file_cut_off_once_is_fetched_to_its_end(shop: Shop, wire: Wire) -> None:
    source = ingest.Source(SHOP)
    wire.cut_after = LARGE // 2
    ingest.stage(shop.warehouse, source, DAY)
    ingest.merge(shop.warehouse, source, DAY)
    assert loaded(shop)[0] > LARGE // 90


def test_a_file_cut_off_again_and_again_is_no_file_and_tried_again_later(shop: Shop, wire: Wire) -> None:
    source = ingest.Source(SHOP)
    assert source.missing(DAY) == []
    wire.cut_after = LARGE // 20
    with pytest.raises(UnreachableError, match=rf"{SHOP}/{DAYS[0]}/users\.csv cannot be reached: "):
        ingest.stage(shop.warehouse, source, DAY)
    assert loaded(shop) == (0, 0)
    wire.cut_after = 1 << 40
    ingest.stage(shop.warehouse, source, DAY)
    ingest.merge(shop.warehouse, source, DAY)
    assert loaded(shop)[0] > LARGE // 90

"""The server's disk is full in the middle of a day: the day fails in the server's words, and with room again goes on.

The disk is a small file system in memory. To mount one takes root; who is not root is told so.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_house import CrashHouse
from ingesting import LOST

from personapulse.warehouse import connect, prepare
from tests.servers import server_folder

ROOM = 700 << 20  # bytes
LEFT = 1 << 20  # bytes, when it is full


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("Only root may mount a small disk to fill.")
    with server_folder("disk") as folder:
        disk = folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=755", "tmpfs", disk], capture_output=True, text=True
        )
        if mounted.returncode:
            pytest.skip(f"No small disk can be mounted here: {mounted.stderr.strip()}")
        try:
            yield disk
        finally:
            subprocess.run(["umount", disk], check=True)


@pytest.fixture(scope="module")
def house(disk: Path) -> Iterator[CrashHouse]:
    house = CrashHouse(disk)
    with house.postgres:
        prepare(house.postgres)
        yield house


@pytest.mark.parametrize("way", ["days", "history"])
def test_a_day_that_meets_a_full_disk_is_whole_once_there_is_room(house: CrashHouse, disk: Path, way: str) -> None:
    conninfo = house.new_warehouse()
    house.worker(conninfo, way).go().finish()
    undisturbed = house.result(conninfo)

    conninfo = house.new_warehouse()
    worker = house.worker(conninfo, way)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - LEFT)
    code, said = worker.go().end()
    assert code == LOST, said
    assert "No space left on device" in said + house.postgres.log.read_text()

    ballast.unlink()
    house.recover()
    with connect(conninfo) as connection:
        loaded = connection.execute(
            "select count(distinct source_day) from ops.loads where state = 'loaded'"
        ).fetchone()
    assert loaded
    assert loaded[0] < len(undisturbed["loads"]) / 3
    house.worker(conninfo, way).go().finish()
    assert house.result(conninfo) == undisturbed

"""What crash tests need: workers in processes of their own, and a server that may be killed under them."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
from crowd import make_crowd
from psycopg import sql

from personapulse import marts
from personapulse.home import Home
from personapulse.ingest import Source
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect
from tests.sql.deliveries import write_day, write_settings
from tests.sql.worlds import fingerprint

PATIENCE = 60  # seconds
STORY, DELIVERED = make_crowd(seed=7)


class Worker:
    """A process that loads a source, ready to go."""

    def __init__(self, conninfo: str, source: Path, way: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("ingesting.py"), conninfo, source, way],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        first_line = self._output.readline()
        assert first_line.strip().isdecimal(), first_line + self._output.read()
        self.session = psutil.Process(int(first_line))

    @property
    def _output(self) -> Any:
        assert self.process.stdout
        return self.process.stdout

    def go(self) -> "Worker":
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self

    def ends_within(self, seconds: float) -> bool:
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> tuple[int, str]:
        """Wait; return exit code and what it said."""
        said, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said

    def finish(self) -> None:
        code, said = self.end()
        assert code == 0, said


class CrashHouse:
    """A server that may be killed, the crowd's source, and one warehouse after another."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(Home.open(folder / "home"))
        self.source = folder / "shop"
        self.source.mkdir()
        self._count = 0
        write_settings(self.source, STORY)
        for day, content in DELIVERED.items():
            write_day(self.source, day, content)

    def new_warehouse(self) -> str:
        """Make an empty warehouse; return how to reach it."""
        self.recover()  # from what an earlier test did
        self._count += 1
        name = f"round_{self._count}"
        with psycopg.connect(self.postgres.conninfo("postgres"), autocommit=True) as server:
            statement = sql.SQL("create database {} template {}")
            server.execute(statement.format(sql.Identifier(name), sql.Identifier(DATABASE)))
        return self.postgres.conninfo(name)

    def worker(self, conninfo: str, way: str) -> Worker:
        return Worker(conninfo, self.source, way)

    def server_process(self) -> psutil.Process:
        process = self.postgres.process()
        assert process
        return process

    def recover(self) -> None:
        """Start the server unless it runs, and wait until it lets people in again."""
        self.postgres.start()
        end = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.postgres.conninfo("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.05)
            else:
                return

    def result(self, conninfo: str) -> dict[str, Any]:
        """All that must not depend on crashes: every row of core and the marts, the quarantine, the books."""
        with connect(conninfo) as connection:
            settings = Source(str(self.source)).settings
            for name in marts.NAMES:
                marts.build(connection, name, STORY.last, settings)
            quarantine = "select source_day, file, line_no, rule, raw from ops.quarantine order by 1, 2, 3"
            loads = (
                "select source_day, file, row_count, staged_count, quarantined_count, sha256, state from ops.loads"
                " order by 1, 2"
            )
            return fingerprint(connection) | {
                "quarantine": connection.execute(quarantine).fetchall(),
                "loads": connection.execute(loads).fetchall(),
            }

"""The command line in processes of its own, as people use it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from personapulse import warehouse
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.service.api import AirflowApi
from personapulse.service.environment import LOGIN, Credentials
from tests.servers import server_folder

COMMAND = Path(sys.executable).with_name("personapulse")
PATIENCE = 240  # seconds


class Command:
    """One running `personapulse` command, its output in a file."""

    def __init__(self, log, *arguments, env):
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [COMMAND, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"COLUMNS": "200"} | env,
            )

    @property
    def output(self):
        return self.log.read_text()

    def wait_for(self, text, patience=PATIENCE):
        end = time.monotonic() + patience
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, self.output
            time.sleep(0.05)

    def wait(self, patience=PATIENCE):
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {patience} seconds:\n{self.output}") from None

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.wait()


class House:
    """A home, and what is in its warehouse."""

    def __init__(self, folder):
        self.home = Home.open(folder / "a home")
        self._logs = folder
        self._count = 0

    def start(self, *arguments, env=None):
        self._count += 1
        log = self._logs / f"command-{self._count}.log"
        return Command(log, "--home", str(self.home.root), *arguments, env=env or {})

    def run(self, *arguments, patience=PATIENCE):
        command = self.start(*arguments)
        return command.wait(patience), command.output

    @contextlib.contextmanager
    def warehouse(self):
        with (
            EmbeddedPostgres(self.home) as postgres,
            warehouse.connect(postgres.conninfo(warehouse.DATABASE)) as connection,
        ):
            yield connection

    def query(self, text):
        with self.warehouse() as connection:
            return connection.execute(text).fetchall()

    def hashes(self, schema, until="infinity"):
        """One hash for each table of a schema, whatever the order of its rows; of marts, of days up to `until`."""
        with self.warehouse() as connection:
            # a partition's rows are those of its table
            tables = connection.execute(
                "select relname, exists (select from pg_attribute where attrelid = c.oid and attname = 'as_of_date')"
                " from pg_class as c where relnamespace = %s::regnamespace"
                " and relkind in ('r', 'p') and not relispartition",
                [schema],
            ).fetchall()
            return {
                name: connection.execute(
                    f"select md5(string_agg(t::text, '|' order by t::text)) from {schema}.{name} as t"
                    + (" where as_of_date <= %s" if is_of_days else ""),
                    [until] if is_of_days else None,
                ).fetchone()[0]
                for name, is_of_days in tables
            }

    def api(self, command):
        """Return a client of the Airflow a staying `up` has told the address of."""
        address = re.search(r"^Airflow +(\S+)", command.output, re.MULTILINE)[1]
        return AirflowApi(address, LOGIN, Credentials.of(self.home).password)

    def processes(self):
        """Every process that works in this home: Airflow's, by their folder, and the database server."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and (
                    process.cwd() == str(self.home.airflow) or str(self.home.postgres) in process.cmdline()
                ):
                    found.append(process)
            except psutil.Error:
                continue
        return found


@contextlib.contextmanager
def new_house():
    # not pytest's own folder: each pytest session shuts that one to others, and under root the server is another user
    with server_folder("house") as folder:
        house = House(folder)
        yield house
        house.run("down")
        assert house.processes() == []

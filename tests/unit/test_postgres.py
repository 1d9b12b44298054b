"""The embedded server: started once, shared, stopped by its last user, and started again whatever happened before."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres


@pytest.fixture
def home() -> Iterator[Home]:
    # not below pytest's own folder: it shuts that against other users, and under root the server is one
    with tempfile.TemporaryDirectory(prefix="pp-postgres-") as folder:
        yield Home.open(Path(folder) / "home")


def answers(server: EmbeddedPostgres) -> bool:
    with psycopg.connect(server.conninfo("postgres")) as connection:
        return connection.execute("select 1").fetchone() == (1,)


def test_the_last_to_leave_stops_the_server(home: Home) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    assert first.start() is True
    assert second.start() is False
    first.stop()
    assert answers(second)
    second.stop()
    assert not second.is_running()
    second.stop()  # leaving twice is no harm


def test_a_killed_user_does_not_keep_the_server(home: Home) -> None:
    program = (
        "import sys, time; from pathlib import Path; from personapulse.home import Home;"
        "from personapulse.postgres import EmbeddedPostgres;"
        f"EmbeddedPostgres(Home.open(Path({str(home.root)!r}))).start(); print('up', flush=True); time.sleep(600)"
    )
    user = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert user.stdout
    assert user.stdout.readline() == "up\n"
    user.kill()
    user.wait()
    with EmbeddedPostgres(home) as server:
        assert answers(server)
    assert not server.is_running()


def test_it_starts_again_after_the_server_was_killed(home: Home) -> None:
    with EmbeddedPostgres(home) as server:
        number = int((home.postgres / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)
        while server.is_running():
            pass
        assert server.start() is True
        assert answers(server)


def test_a_stale_record_naming_another_process_is_not_taken_for_the_server(home: Home) -> None:
    with EmbeddedPostgres(home):
        pass
    record = home.postgres / "postmaster.pid"
    record.write_text(f"{os.getpid()}\n{home.postgres}\n")
    with EmbeddedPostgres(home) as server:
        assert answers(server)
        assert record.read_text().split()[0] != str(os.getpid())


def test_a_long_home_gets_a_short_socket(home: Home) -> None:
    with EmbeddedPostgres(Home.open(home.root / ("deep/" * 30))) as server:
        assert len(str(server.socket_folder)) < 80
        assert answers(server)
        assert server.socket_folder.stat().st_mode & 0o077 == 0


def test_a_server_that_cannot_start_says_why(home: Home) -> None:
    with EmbeddedPostgres(home):
        pass
    with (home.postgres / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = lots\n")
    with pytest.raises(PersonaPulseError, match=r'(?s)pg_ctl failed.*"shared_buffers": "lots"'):
        EmbeddedPostgres(home).start()


def test_a_home_of_a_newer_version_is_refused(home: Home) -> None:
    (home.root / "home.json").write_text('{"layout": 99, "version": "9.0.0"}')
    with pytest.raises(PersonaPulseError, match=r"last used by a newer PersonaPulse \(layout 99"):
        Home.open(home.root)


@pytest.mark.parametrize("text", ["", "[]", '{"layout": "two"}'])
def test_a_damaged_home_is_refused(home: Home, text: str) -> None:
    (home.root / "home.json").write_text(text)
    with pytest.raises(PersonaPulseError, match=r"home\.json is damaged"):
        Home.open(home.root)


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PersonaPulseError, match=r"Cannot use .*file/home as home: Not a directory"):
        Home.open(tmp_path / "file" / "home")

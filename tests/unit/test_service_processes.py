import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace

import psutil
import pytest

from personapulse.errors import PersonaPulseError
from personapulse.service import processes
from personapulse.service.memory import memory_of
from personapulse.service.processes import Processes, Session

# Starts a child in a process group of its own, as Airflow's tasks do, says its number, and then ignores SIGTERM or not.
PARENT = """
import os, signal, subprocess, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def book(tmp_path):
    """The record of what runs; whatever a failed test leaves running is killed."""
    book = Processes(tmp_path / "processes.json")
    yield book
    book.hurry.set()
    with suppress(PersonaPulseError):
        book.stop()


def start(book, folder, *arguments):
    """Start the parent; return its child's process once it runs."""
    log = folder / "parent.log"
    book.start("parent", [sys.executable, "-c", PARENT, *arguments], environment=os.environ, folder=folder, log=log)
    return psutil.Process(int(wait_for(lambda: log.read_text().strip())))


def wait_for(found, seconds=10):
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return value


def is_gone(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_stopping_reaches_children_in_process_groups_of_their_own(book, tmp_path):
    child = start(book, tmp_path)
    assert os.getpgid(child.pid) == child.pid
    assert child in book.members()
    book.stop()
    assert is_gone(child)
    assert book.members() == []


def test_what_does_not_listen_is_killed(book, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE", (0.2, 0.2, 10.0))
    child = start(book, tmp_path, "stubborn")
    book.stop()
    assert is_gone(child)


def test_in_a_hurry_nothing_is_waited_for(book, tmp_path):
    child = start(book, tmp_path, "stubborn")
    book.hurry.set()
    begin = time.monotonic()
    book.stop()
    assert is_gone(child)
    assert time.monotonic() - begin < processes.PATIENCE[0]


def test_no_other_process_is_touched(book, tmp_path):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], cwd=tmp_path)
    start(book, tmp_path)
    book.stop()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_program_that_ends_by_itself_is_named(book, tmp_path):
    book.start("short", [sys.executable, "-c", ""], environment=os.environ, folder=tmp_path, log=tmp_path / "log")
    assert wait_for(book.ended) == "short"


def test_what_a_killed_starter_left_is_found_and_stopped(book, tmp_path):
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, sys, time\n"
            "from pathlib import Path\n"
            "from personapulse.service.processes import Processes\n"
            "folder = Path(sys.argv[1])\n"
            "Processes(folder / 'processes.json').start('parent', [sys.executable, '-c', sys.argv[2]],\n"
            "    environment=os.environ, folder=folder, log=folder / 'parent.log')\n"
            "time.sleep(600)\n",
            str(tmp_path),
            PARENT,
        ]
    )
    log = tmp_path / "parent.log"
    child = psutil.Process(int(wait_for(lambda: log.exists() and log.read_text().strip())))
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    assert child.is_running()
    assert book.stop_leftovers() == ["parent"]
    assert is_gone(child)
    assert book.stop_leftovers() == []


def test_a_child_is_found_after_its_parent_was_killed(book, tmp_path):
    child = start(book, tmp_path)
    session = recorded(tmp_path)
    os.kill(session.pid, signal.SIGKILL)
    wait_for(book.ended)
    assert Processes(tmp_path / "processes.json").leftovers() == [session]
    assert book.stop_leftovers() == ["parent"]
    assert is_gone(child)


def test_a_number_that_is_used_again_is_left_alone(book, tmp_path):
    """The record names a living process, but one that began at another time: it is somebody else's."""
    child = start(book, tmp_path)
    session = recorded(tmp_path)
    write(tmp_path, replace(session, created=session.created - 3600))
    assert book.stop_leftovers() == []
    assert child.is_running()


def test_a_session_number_that_is_used_again_is_left_alone(book, tmp_path):
    """The recorded leader is gone and the session with its number belongs to something in another folder."""
    child = start(book, tmp_path)
    session = recorded(tmp_path)
    os.kill(session.pid, signal.SIGKILL)
    wait_for(book.ended)
    write(tmp_path, replace(session, folder="/somewhere/else"))
    assert book.stop_leftovers() == []
    assert child.is_running()
    write(tmp_path, session)
    assert book.stop_leftovers() == ["parent"]


def test_who_listens_on_a_port_is_known(book, tmp_path):
    script = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
    log = tmp_path / "log"
    for name in ("ours", "other"):
        book.start(
            name, [sys.executable, "-c", script + "time.sleep(600)"], environment=os.environ, folder=tmp_path, log=log
        )
        port = int(wait_for(lambda: log.read_text().strip()))
    assert book.listens("other", port)
    assert not book.listens("ours", port)


def test_the_log_of_the_time_before_is_kept(book, tmp_path):
    (tmp_path / "parent.log").write_text("before")
    start(book, tmp_path)
    assert (tmp_path / "parent.log.1").read_text() == "before"


def test_a_damaged_record_says_what_to_do(tmp_path):
    (tmp_path / "processes.json").write_text("{")
    with pytest.raises(PersonaPulseError, match="delete the file"):
        Processes(tmp_path / "processes.json").stop_leftovers()


def test_memory_is_counted_in_bytes():
    own = memory_of(psutil.Process())
    assert 5 * 2**20 < own <= psutil.Process().memory_info().rss * 1.1


def recorded(folder):
    (session,) = json.loads((folder / "processes.json").read_text())
    return Session(**session)


def write(folder, session):
    (folder / "processes.json").write_text(json.dumps([asdict(session)]))

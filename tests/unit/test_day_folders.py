"""The shared writer of daily folders: complete or not there at all, and careful with what lies there already."""

import datetime
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from personapulse.day_folders import DayFolders, new_source
from personapulse.errors import PersonaPulseError

FIRST, LAST = datetime.date(2026, 2, 27), datetime.date(2026, 3, 2)


def listing(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def earlier_output(folder: Path) -> Path:
    (folder / "2026-01-01").mkdir(parents=True)
    (folder / "2026-01-01" / "orders.csv").write_text("order_id\n")
    (folder / "source.yaml").write_text("name: Before\n")
    return folder


def test_every_day_has_every_file_and_a_quiet_day_has_headers_only(tmp_path):
    folders = DayFolders(tmp_path)
    orders = pd.DataFrame({"order_id": ["1", "2"], "note": ['says "hi", twice', ""]})
    folders.add_table("orders", orders, pd.Series(["2026-03-02", "2026-02-28"]))
    folders.declare("users", "user_id")
    assert folders.complete(FIRST, LAST) == 4
    found = {path: (tmp_path / path).read_bytes() for path in listing(tmp_path) if path.endswith(".csv")}
    empty = {f"2026-0{day}/orders.csv": b"order_id,note\n" for day in ("2-27", "3-01")}
    users = {f"2026-0{day}/users.csv": b"user_id\n" for day in ("2-27", "2-28", "3-01", "3-02")}
    assert found == empty | users | {
        "2026-02-28/orders.csv": b"order_id,note\n2,\n",
        "2026-03-02/orders.csv": b'order_id,note\n1,"says ""hi"", twice"\n',
    }


def test_rows_added_later_come_after_earlier_ones_below_one_header(tmp_path):
    folders = DayFolders(tmp_path)
    folders.declare("orders", "order_id")
    folders.append("orders", {"2026-03-01": "1\n"})
    folders.append("orders", {"2026-03-01": "ü\n"})
    assert (tmp_path / "2026-03-01" / "orders.csv").read_bytes() == "order_id\n1\nü\n".encode()


def test_an_error_leaves_nothing_behind(tmp_path):
    def fail_half_way() -> None:
        with new_source(tmp_path / "out") as root:
            (root / "2026-03-01").mkdir()
            raise PersonaPulseError("half way")

    with pytest.raises(PersonaPulseError, match="half way"):
        fail_half_way()
    assert listing(tmp_path) == []


def test_a_killed_writer_leaves_no_folder_that_looks_finished(tmp_path):
    script = (
        "import sys; from pathlib import Path; from personapulse.day_folders import new_source\n"
        "with new_source(Path(sys.argv[1])) as root:\n"
        "    (root / '2026-03-01').mkdir(); print('half way', flush=True); sys.stdin.read()\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "out")], **pipes) as writer:
        assert writer.stdout.readline() == b"half way\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert [path for path in listing(tmp_path) if not path.startswith(".out.unfinished-")] == []
    with new_source(tmp_path / "out") as root:
        (root / "2026-03-01").mkdir()
    assert listing(tmp_path / "out") == ["2026-03-01"]


def test_an_empty_folder_is_used(tmp_path):
    (tmp_path / "out").mkdir()
    with new_source(tmp_path / "out") as root:
        (root / "source.yaml").touch()
    assert listing(tmp_path) == ["out", "out/source.yaml"]


def test_an_earlier_output_is_kept_unless_it_may_be_replaced(tmp_path):
    out = earlier_output(tmp_path / "out")
    with pytest.raises(PersonaPulseError, match=r"holds extracts already.*--replace"), new_source(out):
        pass
    assert (out / "2026-01-01" / "orders.csv").exists()
    with new_source(out, replace=True) as root:
        (root / "2026-03-01").mkdir()
    assert listing(tmp_path) == ["out", "out/2026-03-01"]


@pytest.mark.parametrize("foreign", ["thesis.doc", "2026-01-01-backup"])
def test_what_no_command_wrote_is_never_replaced(tmp_path, foreign):
    out = earlier_output(tmp_path / "out")
    (out / foreign).touch()
    with pytest.raises(PersonaPulseError, match=f"found {foreign}"), new_source(out, replace=True):
        pass
    assert (out / foreign).exists()


def test_days_without_settings_are_no_earlier_output(tmp_path):
    out = earlier_output(tmp_path / "out")
    (out / "source.yaml").unlink()
    with pytest.raises(PersonaPulseError, match=r"found no source\.yaml"), new_source(out, replace=True):
        pass


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(PersonaPulseError, match="out is a file"), new_source(tmp_path / "out"):
        pass

"""`personapulse audience`: what it prints, sends, and says when it cannot."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from personapulse import roles
from personapulse.cli import application
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect, prepare

from ..receivers import SECRET, TOKEN, Inbox
from ..servers import server_folder
from .audience_shop import DAY, fill

IDS = [f"u{number}" for number in range(20)]


@pytest.fixture(scope="module")
def home() -> Iterator[EmbeddedPostgres]:
    """A home whose newest day has twenty Loyalists of the segment At Risk."""
    with server_folder("audience") as folder, EmbeddedPostgres(Home.open(folder / "home")) as postgres:
        prepare(postgres)
        with connect(postgres.conninfo(DATABASE)) as connection:
            fill(connection, IDS)
        yield postgres


def audience(home: EmbeddedPostgres, *arguments: str, **env: str) -> Result:
    given = ["--home", str(home.data.parent), "audience", *arguments]
    return CliRunner(env={"COLUMNS": "200", "USER": "ada", "LOGNAME": "ada", **env}).invoke(application, given)


def printed(home: EmbeddedPostgres, *arguments: str, **env: str) -> str:
    result = audience(home, *arguments, **env)
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result.stdout


def asked(home: EmbeddedPostgres, query: str) -> list[tuple[Any, ...]]:
    with connect(home.conninfo(DATABASE, roles.ADMIN)) as connection:
        return connection.execute(query.encode()).fetchall()


def test_the_list_says_who_is_in_each_and_where_it_goes(home: EmbeddedPostgres) -> None:
    listed = printed(home, "list")
    assert "segment At Risk or Can't Lose Them" in listed
    assert "20%" in listed
    assert "folder, webhook audience_webhook" in listed


def test_an_audience_is_shown_with_its_numbers_and_leaves_nothing(home: EmbeddedPostgres) -> None:
    shown = printed(home, "show", "loyalists")
    (line,) = [line for line in shown.splitlines() if line.startswith("As of 2026-05-31: ")]
    leaving, held_out, suppressed = [int(word) for word in line.replace(",", "").split() if word.isdigit()]
    assert (leaving + held_out, suppressed) == (20, 0)
    assert "Nothing was exported yet." in shown
    assert asked(home, "select count(*) from ops.audience_exports") == [(0,)]


def test_suppressed_customers_stay_until_they_are_let_go(home: EmbeddedPostgres, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("u1\nu2\n")
    assert "2 suppressed, 0 were" in printed(home, "suppress", str(file), "--reason", "asked")
    assert "1 suppressed, 0 were" in printed(home, "suppress", "--reason", "asked", "--", "-5")
    told = printed(home, "suppress", "u1", "--reason", "again")
    assert "0 suppressed, 1 were suppressed already" in told
    assert asked(home, "select user_id, reason from ops.suppressed_customers order by 1") == [
        ("-5", "asked"), ("u1", "asked"), ("u2", "asked"),
    ]  # fmt: skip
    assert "2 are suppressed" in printed(home, "show", "loyalists")
    assert "2 taken off the list, 0 were not on it" in printed(home, "unsuppress", str(file))
    assert "0 are suppressed" in printed(home, "show", "loyalists")


def test_an_export_goes_to_the_folder_named_and_nowhere_else(home: EmbeddedPostgres, tmp_path: Path) -> None:
    with Inbox() as inbox:
        around = {
            "PERSONAPULSE_AUDIENCES": str(tmp_path / "house"),
            "PERSONAPULSE_AUDIENCE_WEBHOOK_URL": inbox.url,
            "PERSONAPULSE_AUDIENCE_WEBHOOK_SECRET": SECRET,
        }
        told = printed(home, "export", "loyalists", "--out", str(tmp_path / "out"), **around)
        assert "customers as of 2026-05-31 to" in told
        assert inbox.received == []
        assert [file.name for file in tmp_path.rglob("*.csv")] == ["loyalists.csv"]
        assert (tmp_path / "out" / str(DAY) / "loyalists.csv").exists()
        told = printed(home, "export", **around)
        assert "unlikely-to-buy: 6 customers" in told
        assert [request.is_genuine for request in inbox.received] == [True] * 7
        assert TOKEN not in told
        assert "already exported" in printed(home, "export", "loyalists", **around)
        printed(home, "export", "loyalists", "--again", **around)
        assert len(inbox.received) == 8
    written = printed(home, "history", "loyalists")
    assert written.count("exported") == 5
    assert " ada " in written


def test_where_nothing_is_set_up_it_is_said_and_is_no_failure(home: EmbeddedPostgres) -> None:
    told = printed(home, "export", "champions")
    assert "champions: folder is not set up, so it was skipped" in told
    assert "champions: webhook audience_webhook is not set up" in told


def test_a_failure_is_said_and_is_in_the_exit_code(home: EmbeddedPostgres, tmp_path: Path) -> None:
    with Inbox(answers=[410]) as inbox:
        around = {"PERSONAPULSE_AUDIENCE_WEBHOOK_URL": inbox.url, "PERSONAPULSE_AUDIENCE_WEBHOOK_SECRET": SECRET}
        result = audience(home, "export", "win-back", **around)
        assert (result.exit_code, "it answered 410" in result.stderr) == (1, True)
        result = audience(home, "export", "win-back", PERSONAPULSE_AUDIENCE_WEBHOOK_URL=inbox.url)
        assert (result.exit_code, "nothing is sent unsigned" in result.stderr) == (1, True)
        assert len(inbox.received) == 1
    assert "failed: " in printed(home, "history", "win-back")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("show", "nobody"), "No audience is called 'nobody'. There are: champions, "),
        (("export", "nobody", "--out", "x"), "No audience is called 'nobody'"),
        (("suppress", "u1", "--reason", " "), "Say why with --reason"),
        (("suppress", " ", "--reason", "asked"), "Name a user_id, or a file"),
    ],
)
def test_what_cannot_be_done_is_said(home: EmbeddedPostgres, arguments: tuple[str, ...], reason: str) -> None:
    error = audience(home, *arguments).exception
    assert isinstance(error, PersonaPulseError)
    assert reason in str(error)

"""A server of one's own: `personapulse prepare-server` makes it ready, and gives each role its password."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from personapulse import own_server, warehouse
from personapulse.cli import application
from personapulse.postgres import EmbeddedPostgres

OURS = ("pp_reader", "personapulse_dashboard", "airflow")


@pytest.fixture
def server(postgres: EmbeddedPostgres) -> Iterator[EmbeddedPostgres]:
    """The session's server, whose Airflow database and passwords are gone again afterwards."""
    yield postgres
    with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as connection:
        for role in OURS:
            connection.execute(sql.SQL("alter role {} password null").format(sql.Identifier(role)))
        connection.execute("alter database airflow owner to postgres")
        connection.execute("grant connect, temporary on database airflow to public")
        connection.execute("drop role airflow")


def prepared(server: EmbeddedPostgres, *more: str) -> tuple[int, str]:
    address = f"host={server.socket_folder} user=postgres"
    done = CliRunner().invoke(application, ["prepare-server", address, *more])
    return done.exit_code, done.output + (str(done.exception) if done.exception else "")


def test_databases_roles_and_passwords_are_there_however_often_it_is_run(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    roles = tmp_path / "roles.json"
    roles.write_text(json.dumps(dict.fromkeys(OURS, "first")))
    assert prepared(server, "--roles-file", str(roles)) == (0, "The warehouse is up to date.\n")
    first = verifiers(server)
    assert set(first) == set(OURS)
    assert all(kept.startswith("SCRAM-SHA-256$") for kept in first.values())
    assert owner_and_rights(server) == ("airflow", False, True)

    roles.write_text(json.dumps({"pp_reader": "second"}))
    assert prepared(server, "--roles-file", str(roles)) == (0, "The warehouse is up to date.\n")
    second = verifiers(server)
    assert {role for role in OURS if second[role] != first[role]} == {"pp_reader"}


def verifiers(server: EmbeddedPostgres) -> dict[str, str]:
    with psycopg.connect(server.conninfo("postgres")) as connection:
        kept = connection.execute("select rolname, rolpassword from pg_authid where rolpassword is not null").fetchall()
    return dict(kept)


def owner_and_rights(server: EmbeddedPostgres) -> tuple[str, bool, bool]:
    """Who owns Airflow's database, and whether a loader and Airflow may connect to it."""
    with psycopg.connect(server.conninfo("postgres")) as connection:
        row = connection.execute(
            "select pg_get_userbyid(datdba)::text, has_database_privilege('pp_loader', datname, 'connect'),"
            " has_database_privilege('airflow', datname, 'connect') from pg_database where datname = %s",
            (warehouse.AIRFLOW_DATABASE,),
        ).fetchone()
    assert row
    return row


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"pp_looser": "x"}', "No role of PersonaPulse is called pp_looser. They are: pp_loader, "),
        ('{"pp_loader": ""}', "roles.json must give each role a password"),
        ("pp_loader=x", "roles.json is no JSON"),
    ],
)
def test_passwords_for_nobody_are_refused_before_anything_is_done(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "roles.json"
    file.write_text(content)
    done = CliRunner().invoke(application, ["prepare-server", "host=/nowhere", "--roles-file", str(file)])
    assert done.exit_code == 1
    assert said in str(done.exception)


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("verysecret\n")
    done = CliRunner().invoke(application, ["prepare-server", "host=/nowhere", "--password-file", str(password)])
    assert done.exit_code == 1
    assert "The server at 'host=/nowhere' refused" in str(done.exception)
    assert "verysecret" not in str(done.exception)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("select current_user", "current_user\npp_reader\n"),
        ("select count(*) from core.orders", "permission denied for schema core"),
    ],
)
def test_commands_ask_a_server_of_ones_own_as_the_role_they_need(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    roles = tmp_path / "roles.json"
    roles.write_text('{"pp_reader": "of no matter to a socket that trusts"}')
    monkeypatch.setenv("PERSONAPULSE_SERVER", f"host={postgres.socket_folder}")
    monkeypatch.setenv("PERSONAPULSE_ROLES_FILE", str(roles))
    done = CliRunner().invoke(application, ["--home", str(tmp_path / "home"), "query", command])
    assert said in done.output + str(done.exception)


@pytest.mark.parametrize("content", ["", "{}", "[]"])
def test_a_role_without_a_password_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    roles = tmp_path / "roles.json"
    roles.write_text(content)
    monkeypatch.setenv("PERSONAPULSE_SERVER", "host=/nowhere")
    monkeypatch.setenv("PERSONAPULSE_ROLES_FILE", str(roles))
    done = CliRunner().invoke(application, ["--home", str(tmp_path / "home"), "doctor"])
    assert "PERSONAPULSE_ROLES_FILE must name a JSON file with the password of pp_admin" in str(done.exception)


def test_an_old_server_is_refused(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_server, "OLDEST", 99)
    code, said = prepared(postgres)
    assert code == 1
    assert "PersonaPulse needs 99 or newer" in said

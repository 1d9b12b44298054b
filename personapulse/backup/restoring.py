"""Bringing a backup back: aside first, put in place in one step; what goes wrong before that changes nothing."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from personapulse import roles
from personapulse.audiences.suppression import suppress
from personapulse.backup.making import DATABASES, JOBS, MODELS, PRIVATE, ROLES
from personapulse.backup.manifest import Manifest, read_checked
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.ingest.erased import Erased
from personapulse.postgres import EmbeddedPostgres, run_client
from personapulse.service.lock import HomeLock
from personapulse.upkeep import erasure
from personapulse.warehouse import DATABASE, connect, migrate, migrations

ASIDE, BEFORE = "{}_restored", "{}_before"
KEEPER = "personapulse restore"  # who asks for what is carried over


@dataclass(frozen=True)
class Restored:
    """What was brought back.

    Parameters
    ----------
    manifest : Manifest
        Of the backup.
    migrations : list of str
        Setup files its warehouse had not seen yet.
    erased : int
        Customers in it who had been erased, or had asked to be, since it was made: erased again.
    suppressed : int
        Customers in it who must not be exported since: so they are.
    """

    manifest: Manifest
    migrations: list[str]
    erased: int
    suppressed: int


def restore(home: Home, folder: Path, tell: Callable[[str], None], *, replace: bool = False) -> Restored:
    """Bring a backup back into a home.

    Parameters
    ----------
    home : Home
        An empty one is made into a home like the one that was backed up; the server's version may be newer.
    folder : Path
        From `personapulse.backup.making.make`, by this version or an earlier one.
    tell : callable
        Told what is being done.
    replace : bool, default=False
        Whether what the home holds may be lost. What customers have asked for since (to be erased, not to be written
        to) is carried over.

    Raises
    ------
    PersonaPulseError
        If the backup is damaged or newer, PersonaPulse is running for the home, or the home is not empty; it is as
        before then.
    """
    tell("checksums")
    manifest = read_checked(folder)
    _refuse_newer(folder, manifest)
    tell("starting PostgreSQL")
    with HomeLock(home), EmbeddedPostgres(home) as postgres, _server(postgres) as server:
        if server.info.server_version // 10_000 < manifest.postgres:
            raise PersonaPulseError(f"{folder} is of PostgreSQL {manifest.postgres}, newer than the server here.")
        is_loaded = _holds_something(server, postgres)
        if is_loaded and not replace:
            raise PersonaPulseError(
                f"{home.root} holds a shop already. Restore into an empty home (--home), or lose this one: --replace."
            )
        try:
            _make_roles(server, (folder / ROLES).read_text(encoding="utf-8"))
            for database in DATABASES:
                tell(f"database {database}")
                _load(server, postgres, folder / database)
            tell("rights and people's wishes")
            restored = Restored(manifest, *_bring_up_to_date(postgres, is_loaded=is_loaded))
            if (folder / MODELS).is_dir():  # beside those that are there: a version's bytes never change
                shutil.copytree(folder / MODELS, home.models, dirs_exist_ok=True)
            tell("putting in place")
            _put_in_place(server)
        finally:
            for database in DATABASES:
                _drop(server, ASIDE.format(database))
        _bring_files(home, folder)
        for database in DATABASES:
            _drop(server, BEFORE.format(database))
    return restored


def _refuse_newer(folder: Path, manifest: Manifest) -> None:
    if manifest.migration > max(migrations()):
        raise PersonaPulseError(
            f"{folder} was made by a newer PersonaPulse: it has migration {manifest.migration}, this version knows up "
            f"to {max(migrations())}. Restore it with {manifest.version} or later."
        )


def _server(postgres: EmbeddedPostgres) -> psycopg.Connection[Any]:
    return psycopg.connect(postgres.conninfo("postgres"), autocommit=True)


def _holds_something(server: psycopg.Connection[Any], postgres: EmbeddedPostgres) -> bool:
    """Whether there is a warehouse with a day in it."""
    if not server.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
        return False
    with connect(postgres.conninfo(DATABASE)) as connection:
        if connection.execute("select to_regclass('ops.loads')").fetchone() == (None,):
            return False
        return connection.execute("select 1 from ops.loads limit 1").fetchone() is not None


def _make_roles(server: psycopg.Connection[Any], text: str) -> None:
    """Make the roles a backup names where they are missing, one statement on a line; others stay as they are."""
    made = {name for (name,) in server.execute("select format('%I', rolname) from pg_roles")}
    for line in text.splitlines():
        match line.rstrip(";").split():
            case ["CREATE" | "ALTER", "ROLE", name, *_] if name not in made:
                server.execute(line.encode())
            case ["GRANT", *_]:
                server.execute(line.encode())
            case _:  # a comment, a setting, or of a role that is there
                pass


def _load(server: psycopg.Connection[Any], postgres: EmbeddedPostgres, folder: Path) -> None:
    """Load a database's dump into a database beside it."""
    aside = ASIDE.format(folder.name)
    _drop(server, aside)
    server.execute(sql.SQL("create database {}").format(sql.Identifier(aside)))
    run_client("pg_restore", "--exit-on-error", f"--jobs={JOBS}", f"--dbname={postgres.conninfo(aside)}", str(folder))


def _bring_up_to_date(postgres: EmbeddedPostgres, *, is_loaded: bool) -> tuple[list[str], int, int]:
    """Migrate what was loaded, give roles their rights, and carry over what customers have asked for since."""
    with connect(postgres.conninfo(ASIDE.format(DATABASE))) as restored:
        run = migrate(restored)
        with restored.transaction():
            roles.grant(restored, is_changed=True)  # rights on the database itself are in no dump
        if not is_loaded:
            return run, 0, 0
        with connect(postgres.conninfo(DATABASE)) as present:
            migrate(present)
            return run, _erase_again(present, restored), _suppress_again(present, restored)


def _erase_again(present: psycopg.Connection[Any], restored: psycopg.Connection[Any]) -> int:
    """Erase who asked for it since the backup was made, and recognise them when they are delivered again."""
    erased, asked = (
        Erased.of(present),
        {name for (name,) in present.execute("select user_id from ops.erasure_requests")},
    )
    known = {
        name for (name,) in restored.execute("select user_id from core.users union select user_id from core.user_days")
    }
    again = sorted(user_id for user_id in known if user_id in asked or erased.has(user_id))
    erasure.request(restored, sorted(asked.union(again)), KEEPER)
    erasure.erase_requested(restored)
    if erased.salt == Erased.of(restored).salt:  # else the backup is of another shop, which knows nobody of this one
        restored.execute(
            "insert into ops.erased_customers (id_hash) select unnest(%s::text[]) on conflict do nothing",
            (sorted(erased.hashes),),
        )
    return len(again)


def _suppress_again(present: psycopg.Connection[Any], restored: psycopg.Connection[Any]) -> int:
    rows = present.execute("select user_id, reason from ops.suppressed_customers").fetchall()
    return sum(suppress(restored, [user_id], reason) for user_id, reason in rows)


def _put_in_place(server: psycopg.Connection[Any]) -> None:
    """Let the databases that were loaded take the place of those there are, all in one step."""
    there = {name for (name,) in server.execute("select datname from pg_database")}
    for database in DATABASES:
        _drop(server, BEFORE.format(database))  # of a restore that was killed just before its end
    server.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = any(%s)",
        ([*DATABASES, *map(ASIDE.format, DATABASES)],),
    )
    with server.transaction():
        for database in DATABASES:
            if database in there:
                _rename(server, database, BEFORE.format(database))
            _rename(server, ASIDE.format(database), database)


def _bring_files(home: Home, folder: Path) -> None:
    """Bring back the keys that belong to Airflow's database; let go of a dashboard that may show days of before."""
    for name in PRIVATE:
        if (folder / name).exists():
            shutil.copy2(folder / name, home.root / name)
    shutil.rmtree(home.report / "latest", ignore_errors=True)


def _drop(server: psycopg.Connection[Any], database: str) -> None:
    server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))


def _rename(server: psycopg.Connection[Any], before: str, after: str) -> None:
    server.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(before), sql.Identifier(after)))

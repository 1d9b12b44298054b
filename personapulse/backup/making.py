"""Making a backup, also while days are on their way."""

import datetime
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg

from personapulse import __version__
from personapulse.backup.manifest import FORMAT, Manifest, checksums
from personapulse.day_folders import new_source
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.postgres import SUPERUSER, EmbeddedPostgres, run_client
from personapulse.warehouse import AIRFLOW_DATABASE, DATABASE

JOBS = "2"
ROLES = "roles.sql"
MODELS = "models"
PRIVATE = ("keys.json", "login.json")  # Airflow's connections are encrypted with a key of the first

# Airflow's first: a run it does not know to be done is only done again, a day it thinks done would be missing.
DATABASES = (AIRFLOW_DATABASE, DATABASE)


def make(home: Home, out: Path, tell: Callable[[str], None]) -> Manifest:
    """Back a home up into a folder, which is there whole or not at all.

    Parameters
    ----------
    home : Home
        What is running may go on: each database is read as it was at one moment.
    out : Path
        A folder that is not there, or empty. Only its owner can open it: keys and customers are in it.
    tell : callable
        Told what is being saved.

    Raises
    ------
    PersonaPulseError
        If there is no shop yet, or `out` is not empty or cannot be written.
    """
    postgres = EmbeddedPostgres(home)
    if not (postgres.data / "PG_VERSION").exists():
        raise PersonaPulseError(f"{home.root} holds no shop yet: there is nothing to back up.")
    with new_source(out) as folder, postgres:
        folder.chmod(0o700)
        for database in DATABASES:
            tell(f"database {database}")
            dump(postgres.conninfo(database), folder / database)
        tell("roles")
        # a database's dump names roles, and does not make them
        run_client(
            "pg_dumpall", "--roles-only", f"--dbname={postgres.conninfo('postgres')}", f"--file={folder / ROLES}"
        )
        tell("models and keys")
        # after the warehouse, which knows a model only when its artifact is there
        if home.models.is_dir():
            shutil.copytree(home.models, folder / MODELS)
        for name in PRIVATE:
            if (home.root / name).exists():
                shutil.copy2(home.root / name, folder / name)
        tell("checksums")
        manifest = _manifest(postgres, folder)
        manifest.write(folder)
    return manifest


def dump(conninfo: str, folder: Path) -> None:
    """Dump a database as it is at this moment, packed, a file for each table; `folder` is made."""
    run_client("pg_dump", "--format=directory", f"--jobs={JOBS}", f"--file={folder}", f"--dbname={conninfo}")


def _manifest(postgres: EmbeddedPostgres, folder: Path) -> Manifest:
    with psycopg.connect(postgres.conninfo(DATABASE, SUPERUSER)) as connection:
        ((migration, newest),) = connection.execute(
            "select (select max(number) from ops.migrations),"
            " (select max(source_day)::text from ops.loads where state = 'loaded')"
        ).fetchall()
        major = connection.info.server_version // 10_000
    made_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Manifest(FORMAT, __version__, major, migration, newest, made_at, checksums(folder))

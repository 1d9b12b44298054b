"""What a run wrote down holds no secret: Airflow's logs, the warehouse, the report, the terminal."""

from personapulse.powerbi_service.double.model import SECRET
from personapulse.service.environment import Credentials

from .inbox import HOOK_PASSWORD, MAIL_PASSWORD


def secrets_of(house):
    """Every secret the run was given, or made."""
    made = Credentials.of(house.home)
    return {
        "mail": MAIL_PASSWORD,
        "hook": HOOK_PASSWORD,
        "power bi": SECRET,
        "login": made.password,
        "fernet": made.fernet_key,
        "jwt": made.jwt_secret,
        "api": made.api_secret,
    }


def told_in(files, secrets):
    """Return which secrets stand in which files."""
    return {
        (name, file.name) for file in files for name, secret in secrets.items() if secret.encode() in file.read_bytes()
    }


def test_no_log_and_no_report_holds_a_secret(house, up):
    logs = [file for file in (house.home.airflow / "logs").rglob("*") if file.is_file()]
    reports = [file for file in house.home.report.rglob("*") if file.is_file()]
    assert len(logs) > 20
    assert reports
    assert told_in([*logs, *reports, house.home.run / "postgres.log"], secrets_of(house)) == set()


def test_the_terminal_shows_the_login_to_who_started_it_and_no_other_secret(house, up):
    secrets = secrets_of(house)
    assert {name for name, secret in secrets.items() if secret in up.output} == {"login"}


def test_the_warehouse_holds_no_secret(house, up):
    secrets = secrets_of(house)
    with house.warehouse() as connection:
        books = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('ops', 'ml')"
        ).fetchall()
        assert len(books) > 10
        for (table,) in books:
            told = connection.execute(f"select coalesce(string_agg(r::text, ''), '') from {table} as r".encode())
            text = told.fetchone()[0]
            assert not {name for name, secret in secrets.items() if secret in text}, table

"""`personapulse metric`: what it prints, and what it says when it cannot."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from personapulse.cli import application
from personapulse.errors import PersonaPulseError
from personapulse.home import Home
from personapulse.metrics import load_metrics
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect, prepare

from .conftest import Shop
from .four_customers import DAY, FEBRUARY, LATE, MARCH, fill

CATALOGUE = load_metrics()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A home whose warehouse holds the small shop, with its newest day built and one before."""
    folder = tmp_path_factory.mktemp("house")
    for parent in (folder, folder.parent):
        parent.chmod(0o755)  # under root the server runs as another user
    with EmbeddedPostgres(Home.open(folder)) as postgres:
        prepare(postgres)
        with connect(postgres.conninfo(DATABASE)) as connection:
            shop = Shop(tmp_path_factory.mktemp("extracts"), connection)
            fill(shop, {"2026-02-27": FEBRUARY, DAY: MARCH, "2026-03-02": LATE})
            for day in ("2026-02-27", DAY):
                shop.build(day)
        yield postgres


def metric(home: EmbeddedPostgres, *arguments: str) -> Result:
    given = ["--home", str(home.data.parent), "metric", *arguments]
    return CliRunner(env={"COLUMNS": "100"}).invoke(application, given)


def printed(home: EmbeddedPostgres, *arguments: str) -> str:
    result = metric(home, *arguments)
    assert (result.exit_code, result.exception) == (0, None), result.output
    return result.stdout.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_command_without_a_name_lists_every_metric(tmp_path: Path) -> None:
    listed = CliRunner(env={"COLUMNS": "200"}).invoke(application, ["--home", str(tmp_path), "metric"]).stdout
    assert [
        one.name for one in CATALOGUE.metrics.values() if f"{one.name} " not in listed or one.definition not in listed
    ] == []


def test_the_command_says_the_number_what_it_means_and_what_was_counted(home: EmbeddedPostgres) -> None:
    text = printed(home, "gross_revenue")
    assert text.splitlines()[:2] == ["Gross revenue: GBP 60.00", "gross_revenue as of 2026-03-01, as known that night"]
    assert CATALOGUE.metrics["gross_revenue"].definition in text.replace("\n", " ")
    assert "Counted: 2 paid orders. Paid orders placed on the day." in text
    assert "The same as marts.kpi_daily.gross_revenue." in text
    assert "o3" not in text


def test_the_command_shows_the_rows_and_says_what_it_left_out(home: EmbeddedPostgres) -> None:
    text = printed(home, "gross_revenue", "--show-rows")
    assert [line.split() for line in text.splitlines()[-2:]] == [
        ["2026-03-01", "o3", "ann", "Paid", "20.00"],
        ["2026-03-01", "o4", "bob", "Refunded", "40.00"],
    ]
    text = printed(home, "gross_revenue", "--show-rows", "--limit", "1")
    assert "o4" not in text
    assert "1 of 2 rows" in text


def test_the_command_knows_the_shops_windows(home: EmbeddedPostgres) -> None:
    text = printed(home, "matured_return_rate")
    assert "Matured return rate: 50.0 %" in text
    assert "The same as marts.returns.matured_return_rate where dimension = 'all'." in text


def test_the_command_takes_a_day_a_persona_and_what_came_later(home: EmbeddedPostgres) -> None:
    assert "Paid orders: 1\n" in printed(home, "paid_orders", "--as-of", "2026-02-27")
    assert "Gross revenue: GBP 40.00\n" in printed(home, "gross_revenue", "--persona", "Others")
    text = printed(home, "gross_revenue", "--restated")
    assert "Gross revenue: GBP 67.00\n" in text
    assert "as restated by all that came later" in text
    assert "marts.kpi_daily.gross_revenue is GBP 60.00: the day as it was built." in text


def test_the_command_writes_rows_as_csv_that_add_up_to_the_number(home: EmbeddedPostgres) -> None:
    rows = list(csv.DictReader(io.StringIO(metric(home, "net_revenue_to_date", "--csv").stdout)))
    assert sum(Decimal(row["amount"]) for row in rows) == 92


def test_the_command_speaks_json(home: EmbeddedPostgres) -> None:
    told = json.loads(metric(home, "repeat_rate", "--json", "--show-rows").stdout)
    assert told["value"] == pytest.approx(1 / 3)
    assert told["counted"] == {"grain": "buyer", "rows": 3}
    assert told["stored"][0] | {"value": None} == {
        "where": "marts.kpi_daily.repeat_rate_to_date", "value": None, "is_same": True,
    }  # fmt: skip
    assert told["rows"][0] == {
        "user_id": "ann", "last_paid_on": DAY, "recency_days": 0, "frequency": 2, "monetary": 25,
    }  # fmt: skip
    assert json.loads(metric(home, "gross_revenue", "--json").stdout)["value"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gros_revenue"], "No metric is called 'gros_revenue'. Did you mean gross_revenue"),
        (["orders", "--as-of", "2026-03-02"], "2026-03-02 has not been built. Built: 2026-02-27, 2026-03-01."),
        (
            ["orders", "--persona", "Other"],
            "Nobody is called 'Other' on 2026-03-01. Did you mean Others?",
        ),
        (["persona_share"], "name it with --persona. Known are: Abandoner, Frequent Returner, Others."),
        (["funnel_paid", "--show-rows"], "funnel_paid is computed from marts; it has no rows to show."),
        (["customers", "--restated"], "Build the day as restated (a parameter of the dag build_segments)"),
        (["orders", "--csv", "--json"], "Choose one of --csv and --json."),
        (["--csv"], "Rows are shown of one metric"),
    ],
)
def test_the_command_says_what_it_can_do_instead(home: EmbeddedPostgres, arguments: list[str], message: str) -> None:
    result = metric(home, *arguments)
    assert isinstance(result.exception, PersonaPulseError), result.output
    assert message in str(result.exception)


def test_the_command_can_change_nothing(home: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    def vandal(connection: psycopg.Connection[Any], *given: Any, **options: Any) -> None:
        connection.execute("delete from marts.kpi_daily")

    monkeypatch.setattr("personapulse.commands.metric.answer", vandal)
    assert isinstance(metric(home, "orders").exception, psycopg.errors.ReadOnlySqlTransaction)

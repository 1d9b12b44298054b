"""SQL that stands in a cell, a header, a folder's name or a parameter stays what it is: text."""

import csv
import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from personapulse import ingest, marts
from personapulse.cli import application
from personapulse.contract import EXTRACTS, Extract
from personapulse.errors import PersonaPulseError
from personapulse.postgres import EmbeddedPostgres
from personapulse.warehouse import DATABASE, connect

DAY = datetime.date(2026, 3, 1)
HOSTILE = [
    "'; drop table core.users; --",
    '"; drop table core.users; --',
    "$$; drop table core.users; $$",
    "\\'; drop table core.users; --",
    "\\.",  # ends COPY's text
    "%s %(as_of_date)s %% {0} {name}",
    "') ; select pg_sleep(60); --",
    'one, "two"; drop table core.users',
]
TYPED = {
    "signup_date": "2026-01-01",
    "age": "30",
    "price": "9.50",
    "rating": "4",
    "order_date": "2026-03-01 10:00:00",
    "payment_status": "Paid",
    "amount": "9.50",
    "line_no": "1",
    "quantity": "1",
    "unit_price": "9.50",
    "returned_at": "2026-03-01 12:00:00",
    "timestamp": "2026-03-01 09:00:00",
    "event_type": "view",
    "sent_at": "2026-03-01 08:00:00",
}


def tables(connection: psycopg.Connection[Any]) -> int:
    counted = connection.execute("select count(*) from pg_tables where schemaname in ('ops', 'core', 'marts', 'ml')")
    return int((counted.fetchone() or (0,))[0])


def write(folder: Path, extract: Extract) -> None:
    """One row for each hostile text, which stands in every column of text; and a column nobody knows, named by it."""
    with (folder / f"{extract.name}.csv").open("w", encoding="utf-8", newline="") as stream:
        file = csv.writer(stream)
        columns = [
            c for c in extract.columns if (extract.name, c) not in {("orders", "product_id"), ("orders", "amount")}
        ]
        file.writerow([*columns, *HOSTILE])
        for text in HOSTILE:
            file.writerow([*(TYPED.get(column, text) for column in columns), *HOSTILE])


@pytest.fixture(params=["'; drop table core.users; --", 'a "day" of %s {0}'], ids=["quote", "placeholders"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> ingest.Source:
    """A shop in a folder of a hostile name, which calls itself by it, and whose every text is hostile."""
    shop = tmp_path / request.param
    (shop / str(DAY)).mkdir(parents=True)
    name = request.param.replace("'", "''")
    (shop / "source.yaml").write_text(f"name: '{name}'\ncurrency: EUR\n", encoding="utf-8")
    for extract in EXTRACTS:
        write(shop / str(DAY), extract)
    return ingest.Source(str(shop))


def test_texts_of_the_extracts_are_kept_as_they_are(warehouse: psycopg.Connection[Any], source: ingest.Source) -> None:
    before = tables(warehouse)
    for _ in range(2):  # the second time as a correction of the first
        ingest.stage(warehouse, source, DAY)
        ingest.merge(warehouse, source, DAY)
    for mart in marts.NAMES:
        marts.build(warehouse, mart, DAY, source.settings)
    assert tables(warehouse) >= before
    assert warehouse.execute("select count(*) from ops.quarantine").fetchone() == (0,)
    for column in (
        "core.users.user_id",
        "core.users.location",
        "core.products.name",
        "core.orders.order_id",
        "core.return_facts.return_reason",
        "core.contacts.campaign",
        "marts.customer_profile.user_id",
        "marts.product_performance.product_id",
        "ops.ignored_columns.column_name",
    ):
        table, _, name = column.rpartition(".")
        kept = {text for (text,) in warehouse.execute(f"select {name} from {table}".encode())}
        assert set(HOSTILE) <= kept, column
    assert warehouse.execute("select name from ops.shop").fetchone() == (source.settings.name,)


def test_a_bad_row_of_hostile_text_is_set_aside_as_it_is(
    warehouse: psycopg.Connection[Any], source: ingest.Source
) -> None:
    (Path(source.url) / str(DAY) / "users.csv").write_text(
        "user_id,age\nu1,30\n" + "".join(f'"{text.replace(chr(34), chr(34) * 2)}",thirty\n' for text in HOSTILE)
    )
    with pytest.raises(PersonaPulseError, match="quarantine"):
        ingest.stage(warehouse, source, DAY)
    raw = [text for (text,) in warehouse.execute("select raw from ops.quarantine order by line_no")]
    assert [next(csv.reader([line]))[0] for line in raw] == HOSTILE


def told(postgres: EmbeddedPostgres, *arguments: str) -> str:
    """What a command says, by itself or as the error that ends it."""
    result = CliRunner().invoke(application, ["--home", str(postgres.data.parent), *arguments])
    assert isinstance(result.exception, PersonaPulseError | SystemExit | None), result.exception
    return result.output + str(result.exception or "")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "command",
    [
        ("metric", "{}"),
        ("metric", "net_revenue_to_date", "--persona", "{}"),
        ("metric", "net_revenue_to_date", "--as-of", "{}"),
        ("insights", "--as-of", "{}"),
        ("model", "explain", "{}"),
        ("model", "promote", "{}", "--reason", "{}", "--by", "{}"),
        ("model", "rollback", "--reason", "{}", "--by", "{}"),
        ("report", "--out", "/dev/null/x", "--day", "{}"),
    ],
    ids=" ".join,
)
def test_a_parameter_is_never_a_part_of_the_statement(
    postgres: EmbeddedPostgres, command: tuple[str, ...], text: str
) -> None:
    answer = told(postgres, *(part.replace("{}", text) for part in command))
    assert "syntax error" not in answer
    with connect(postgres.conninfo(DATABASE)) as connection:
        assert connection.execute("select to_regclass('core.users')").fetchone() == ("core.users",)
        assert connection.execute("select count(*) from ml.promotions").fetchone() == (0,)

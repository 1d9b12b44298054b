"""The dashboard's document: every number is the marts', nobody is named, and its role reads nothing else."""

import datetime
import json
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest

from personapulse.dashboard import store
from personapulse.dashboard.digest import week_figures, write_digest
from personapulse.dashboard.document import Document, make_document
from personapulse.dashboard.folder import write_folder
from personapulse.dashboard.tables import decode
from personapulse.dashboard.workbook import SHEETS, write_workbook
from personapulse.errors import PersonaPulseError

from .dashboard_day import DAY, built, document
from .sample_shop import LAST, SOURCE, for_the_moment

__all__ = ["built", "document"]  # fixtures


@pytest.fixture(scope="module")
def tables(document: Document) -> dict[str, list[dict[str, Any]]]:
    return {name: decode(table) for name, table in document.read()["tables"].items()}


def total(rows: list[dict[str, Any]], column: str, **only: Any) -> float:
    kept = [row for row in rows if all(row[name] == value for name, value in only.items())]
    return float(round(sum(row[column] for row in kept), 2))


# What the browser adds up, and what the marts say one customer, day or order at a time.
SUMS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "customers": (
        "customers",
        "customers",
        {},
        "select count(*) from marts.customer_profile where as_of_date = %(day)s",
    ),
    "buyers": ("customers", "buyers", {}, "select buyers_to_date from marts.kpi_daily where as_of_date = %(day)s"),
    "net revenue": (
        "customers",
        "net_revenue",
        {},
        "select net_revenue_to_date from marts.kpi_daily where as_of_date = %(day)s",
    ),
    "Loyalists": (
        "customers",
        "customers",
        {"persona": "Loyalist"},
        "select count(*) from marts.personas where as_of_date = %(day)s and persona = 'Loyalist'",
    ),
    "revenue of women": (
        "customers",
        "net_revenue",
        {"gender": "female"},
        "select sum(net_revenue) from marts.customer_profile where as_of_date = %(day)s and gender = 'female'",
    ),
    "the day's orders": (
        "days",
        "paid_orders",
        {"on_day": "2026-04-12", "category": "(all)"},
        "select paid_orders from marts.kpi_daily where as_of_date = %(day)s",
    ),
    "the day's orders by people": (
        "days_people",
        "paid_orders",
        {"on_day": "2026-04-12"},
        "select paid_orders from marts.kpi_daily where as_of_date = %(day)s",
    ),
    "days by people": (
        "days_people",
        "net_revenue",
        {},
        "select sum(net_revenue) from marts.dashboard_cube_days where as_of_date = %(day)s and category = '(all)'",
    ),
    "months": (
        "months",
        "paid_orders",
        {},
        "select sum(paid_orders) from marts.kpi_monthly where as_of_date = %(day)s",
    ),
    "scored buyers": ("buyers", "buyers", {}, "select count(*) from marts.rfm where as_of_date = %(day)s"),
    "monetary": ("buyers", "monetary", {}, "select sum(monetary) from marts.rfm where as_of_date = %(day)s"),
    "best recency": (
        "buyers",
        "buyers",
        {"r_score": 5},
        "select count(*) from marts.rfm where as_of_date = %(day)s and r_score = 5",
    ),
    "points": ("recency_monetary", "buyers", {}, "select count(*) from marts.rfm where as_of_date = %(day)s"),
    "lifetime value": (
        "lifetime_values",
        "net_revenue",
        {},
        "select sum(net_revenue) from marts.ltv where as_of_date = %(day)s and paid_orders > 0",
    ),
    "expected value": (
        "lifetime_values",
        "expected_value_12_months",
        {},
        "select sum(expected_value_12_months) from marts.ltv_predicted where as_of_date = %(day)s",
    ),
    "expected buyers": (
        "intent_bands",
        "expected_buyers",
        {},
        "select sum(probability::double precision) from marts.purchase_intent where as_of_date = %(day)s",
    ),
    "top band": (
        "intent_bands",
        "customers",
        {"band": 10},
        "select count(*) from marts.purchase_intent where as_of_date = %(day)s and band = 10",
    ),
    "reasons": (
        "intent_reasons",
        "customers",
        {"reason": "bought lately"},
        "select count(*) from marts.personas where as_of_date = %(day)s",
    ),
    "who moved": (
        "movement_kinds",
        "customers",
        {"span": "day"},
        "select count(*) from marts.persona_changes where as_of_date = %(day)s and span = 'day'",
    ),
    "those who viewed": (
        "funnel",
        "users",
        {"persona": "(all)", "category": "(all)", "step": "view"},
        "select users from marts.funnel where as_of_date = %(day)s and persona = '(all)' and category = '(all)'"
        " and step = 'view'",
    ),
    "recent viewers": (
        "reach",
        "viewers",
        {"period_days": 28, "category": "(all)"},
        "select count(distinct user_id) from core.user_days where on_day > %(day)s::date - 28 and on_day <= %(day)s"
        " and views > 0 and known_from <= %(day)s and %(day)s < known_to",
    ),
    "products": (
        "products",
        "gross_revenue",
        {},
        "select sum(gross_revenue) from marts.product_performance where as_of_date = %(day)s",
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_what_the_browser_adds_up_is_what_the_marts_say(
    built: psycopg.Connection[Any], tables: dict[str, list[dict[str, Any]]], name: str
) -> None:
    table, column, only, query = SUMS[name]
    row = built.execute(query.encode(), DAY).fetchone()
    assert row
    assert total(tables[table], column, **only) == pytest.approx(float(row[0] or 0), abs=0.006)
    if name != "who moved":
        assert row[0], "an empty sum shows nothing"


def test_a_document_names_nobody(built: psycopg.Connection[Any], document: Document) -> None:
    text = json.dumps(document.read()["tables"])
    users = [user for (user,) in built.execute("select distinct user_id from core.users")]
    assert len(users) > 200
    assert [user for user in users if f'"{user}"' in text] == []
    assert not {"user_id", "sample_keys", "raw", "location"} & {
        column for table in document.read()["tables"].values() for column in table["columns"]
    }


def test_the_same_data_give_the_same_bytes_and_other_data_others(
    built: psycopg.Connection[Any], document: Document
) -> None:
    assert make_document(built, LAST, SOURCE.settings) == document
    with for_the_moment(built):
        built.execute(
            "update marts.dashboard_cube_customers set customers = customers + 1 where as_of_date = %(day)s", DAY
        )
        assert make_document(built, LAST, SOURCE.settings).etag != document.etag


def test_days_are_summed_over_age_groups_and_genders_and_keep_their_order(document: Document) -> None:
    days = [(row["on_day"], row["persona"], row["category"]) for row in decode(document.read()["tables"]["days"])]
    assert (days, len(days) > 92) == (sorted(set(days)), True)


def test_a_day_built_with_what_was_learned_later_is_shown_so(built: psycopg.Connection[Any]) -> None:
    with for_the_moment(built):
        built.execute(
            "update core.user_days set known_from = '2026-05-01' where on_day = '2026-04-10' and paid_orders > 0"
            " and known_to = 'infinity'"
        )
        known = decode(make_document(built, LAST, SOURCE.settings).read()["tables"]["days_people"])
    shop = [
        row
        for (row,) in built.execute(
            "select sum(net_revenue) from marts.dashboard_cube_days where as_of_date = %(day)s and category = '(all)'",
            DAY,
        )
    ]
    assert total(known, "net_revenue") == pytest.approx(float(shop[0]), abs=0.006)


def test_beyond_the_limit_buyers_are_counted_in_bins(
    built: psycopg.Connection[Any], document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = decode(document.read()["tables"]["recency_monetary"])
    monkeypatch.setattr("personapulse.dashboard.tables.POINTS", 10)
    bins = decode(make_document(built, LAST, SOURCE.settings).read()["tables"]["recency_monetary"])
    assert total(bins, "buyers") == total(points, "buyers")
    assert {row["gender"] for row in bins} == {"(all)"}
    assert len(bins) < len(points) / 1.5


def test_a_day_that_is_not_built_is_refused_with_those_that_are(built: psycopg.Connection[Any]) -> None:
    with pytest.raises(PersonaPulseError, match=r"2027-01-01 has not been built. Built: .*2026-04-12"):
        make_document(built, datetime.date(2027, 1, 1), SOURCE.settings)


def test_a_document_is_kept_once_and_comes_back_as_it_was(built: psycopg.Connection[Any], document: Document) -> None:
    with for_the_moment(built):
        eve = Document(LAST - datetime.timedelta(days=1), b"eve", "e")
        assert store.keep(built, eve)
        assert [store.keep(built, document), store.keep(built, document)] == [True, False]
        assert store.kept(built, LAST) == document
        assert list(store.kept_before(built, LAST)) == [eve]
        built.execute("update ops.loads set state = 'refused' where source_day = '2026-04-12' and file = 'orders'")
        assert store.index(built) == {
            "days": ["2026-04-11", "2026-04-12"],
            "refused": ["2026-04-12"],
            "newest_loaded": "2026-04-12",
        }


@pytest.mark.parametrize(
    "forbidden",
    [
        "select * from marts.customer_profile",
        "select * from core.users",
        "select * from ops.quarantine",
        "delete from ops.dashboards",
        "create table ops.mine (n integer)",
    ],
)
def test_the_dashboards_role_reads_documents_and_nothing_else(built: psycopg.Connection[Any], forbidden: str) -> None:
    with for_the_moment(built):
        built.execute("set local role personapulse_dashboard")
        store.index(built)
        store.kept(built, LAST)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            built.execute(forbidden.encode())


def test_a_workbook_has_the_documents_tables_with_formats(document: Document, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_workbook(document, tmp_path / "new" / "shop.xlsx"))
    assert book.sheetnames == [sheet.name for sheet in SHEETS]
    sheet = book["Customers"]
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    net = rows[0].index("Net revenue")
    told = decode(document.read()["tables"]["customers"])
    assert sum(row[net] for row in rows[1:]) == pytest.approx(sum(row["net_revenue"] for row in told))
    assert (sheet.freeze_panes, sheet.cell(4, net + 1).number_format) == ("A4", "#,##0.00")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["shop.xlsx"]
    with pytest.raises(PersonaPulseError, match="--xlsx"):
        write_workbook(document, tmp_path / "new" / "shop.xlsx" / "below.xlsx")


def test_a_folder_holds_as_many_days_as_fit(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [Document(LAST - datetime.timedelta(days=n), document.packed, "x") for n in range(4)]
    (tmp_path / "notes.txt").write_text("mine")
    write_folder(days, tmp_path)
    monkeypatch.setattr("personapulse.dashboard.folder.MOST_BYTES", len(document.packed) * 3)
    assert write_folder(days, tmp_path) == tmp_path / "index.html"
    assert sorted(file.name for file in (tmp_path / "data").iterdir()) == ["2026-04-11.js", "2026-04-12.js", "days.js"]
    assert "http" not in (tmp_path / "index.html").read_text()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_a_digest_tells_the_week_as_its_days_add_up(built: psycopg.Connection[Any], document: Document) -> None:
    figures = {one.label: one for one in week_figures(document.read())}
    for ago, told in ((0, figures["Net revenue"].now), (7, figures["Net revenue"].before)):
        (week,) = built.execute(
            "select sum(net_revenue) from marts.dashboard_cube_days where as_of_date = %(day)s and category = '(all)'"
            " and on_day > %(day)s::date - 7 - %(ago)s and on_day <= %(day)s::date - %(ago)s",
            DAY | {"ago": ago},
        ).fetchone() or (0,)
        assert told == pytest.approx(float(week))
    assert figures["Net revenue"].change.endswith("against the week before")
    page = write_digest(document)
    assert page.startswith(b"%PDF")
    assert page == write_digest(document)

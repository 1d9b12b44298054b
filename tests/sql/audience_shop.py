"""A day's marts with customers whose audiences a reader can name, without a shop behind them."""

import csv
import datetime
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from personapulse.audiences import Audience, Audiences, Folder, Webhook, exports
from personapulse.audiences.books import Who
from personapulse.audiences.exports import Outcome, SetUp
from personapulse.audiences.receivers import Receiver
from personapulse.audiences.webhook import Patience

from ..receivers import SECRET, Inbox

DAY = datetime.date(2026, 5, 31)
WHO = Who("ada")
QUICK = Patience(attempts=2, first_wait=0.01, longest_wait=1, timeout=5)
SALT = "salt"
IDS = [f"u{number:04d}" for number in range(1000)]
LATER = DAY.replace(month=6, day=1)
MARTS = ("personas", "rfm", "ltv_predicted", "purchase_intent")


def fill(connection: psycopg.Connection[Any], ids: list[str], day: datetime.date = DAY) -> None:
    """Make ids customers of a day: Loyalists of the segment At Risk, in bands 1 to 10 in turn."""
    for mart in MARTS:
        name = f"{mart}_{day:%Y%m%d}"
        connection.execute(f"create table marts.{name} partition of marts.{mart} for values in ('{day}')".encode())
    connection.execute(
        """
        insert into marts.personas (as_of_date, user_id, rule_set, persona)
        select %(day)s, user_id, 'default', 'Loyalist' from unnest(%(ids)s::text[]) as user_id;
        insert into marts.rfm (as_of_date, user_id, recency_days, frequency, monetary, segment)
        select %(day)s, user_id, 71, 6, 512.4, 'At Risk' from unnest(%(ids)s::text[]) as user_id;
        insert into marts.ltv_predicted (
            as_of_date, user_id, method, paid_orders, gross_revenue, lifetime_value, expected_value_12_months
        ) select %(day)s, user_id, 'bg_nbd_gamma_gamma', 6, 600, 680, 80.126 from unnest(%(ids)s::text[]) as user_id;
        insert into marts.purchase_intent (as_of_date, user_id, probability, band, model_version)
        select %(day)s, user_id, 0.04712, 1 + place %% 10, 'a-model'
        from unnest(%(ids)s::text[]) with ordinality as ids (user_id, place);
        insert into ml.model_versions (
            model_version, trained_for, horizon_days, seed, cut_offs, hold_out, rows_trained, parameters, libraries,
            artifact_url, artifact_sha256, artifact_bytes
        ) values ('a-model', %(day)s, 14, 1, '{2026-03-01}', '2026-03-15', 9, '{}', '{}', 'x', 'x', 1)
        on conflict do nothing;
        insert into ml.scored_days (as_of_date, model_version, customers) values (%(day)s, 'a-model', 9);
        insert into ops.loads (
            source_day, file, address, byte_count, sha256, rules_sha256, row_count, staged_count, quarantined_count,
            state
        ) values (%(day)s, 'orders', 'x', 1, 'x', 'x', 1, 1, 0, 'loaded');
        """,
        {"day": day, "ids": ids},
    )


def audience(*destinations: Folder | Webhook, hold_out: float = 0, **chosen: Any) -> Audience:
    """An audience; everybody of `fill` unless it is chosen otherwise."""
    return Audience(
        name=chosen.pop("name", "win-back"),
        description="Slipping away.",
        personas=chosen.pop("personas", ("Loyalist",)),
        segments=chosen.pop("segments", ()),
        intent_bands=chosen.pop("intent_bands", ()),
        hold_out=hold_out,
        destinations=destinations or (Folder(),),
    )


def set_up(folder: Path | None = None, inbox: Inbox | None = None) -> SetUp:
    def receiver(connection: str) -> Receiver | None:
        return Receiver(connection, inbox.url, SECRET) if inbox else None

    return SetUp(str(folder) if folder else None, receiver, QUICK)


@contextmanager
def someone_else(connection: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """Another connection to the same warehouse."""
    with psycopg.connect(connection.info.dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as other:
        yield other


def export(warehouse: psycopg.Connection[Any], one: Any, around: Any, day: Any = DAY, **options: Any) -> list[Outcome]:
    return exports.export(warehouse, Audiences(SALT, {}), one, day, set_up=around, who=WHO, **options)


def exported(folder: Path, name: str = "win-back", day: Any = DAY) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / str(day) / f"{name}.csv").read_text(encoding="utf-8"))))


def ids_in(folder: Path, **which: Any) -> list[str]:
    return [row["user_id"] for row in exported(folder, **which)]


def held_out(warehouse: psycopg.Connection[Any], name: str = "win-back") -> set[str]:
    rows = warehouse.execute("select user_id from ops.audience_members where is_held_out and audience = %s", (name,))
    return {user_id for (user_id,) in rows}


def books_of(warehouse: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        "select audience, destination, customers, held_out, suppressed, state"
        " from ops.audience_exports order by export_no"
    ).fetchall()

"""Erasing customers: their facts stay in the sums, under a key that leads to nobody; what they were as persons goes.

Every column that names a customer gets a new key, drawn by lot and written down nowhere, so revenue, returns and counts
of past days stay as they are, also when a day is built again. Gender, age and place of residence are emptied, and so
are texts that quote a row or an id. The id itself is kept as a salted hash only, so that a delivery that names the
customer again is recognised and refused (`personapulse.ingest.erased`).
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from personapulse import marts
from personapulse.ingest.erased import REASON, RULE
from personapulse.upkeep.columns import COMPOSED, KEYS, QUOTES, REQUESTS, Column, columns, of_people
from personapulse.warehouse import take_lock

log = logging.getLogger(__name__)
PREFIX = "erased-"
COMPOSED_WITH = sql.SQL("case when starts_with({column}, '[') then {column}::jsonb ->> 1 end = any(%s)")


@dataclass(frozen=True)
class Erasure:
    """What became of a request.

    Parameters
    ----------
    customers : int
        Ids that were asked for, known or not.
    found : mapping of str to int
        Values erased, by table and column.
    left_over : mapping of str to int
        Values found afterwards where customers are named or quoted; empty, or something is wrong.
    elsewhere : mapping of str to int
        Values of all other columns that read the same, such as an order whose number is the customer's.
    models : list of str
        Versions that learned from them and are to be trained anew.
    """

    customers: int
    found: Mapping[str, int]
    left_over: Mapping[str, int]
    elsewhere: Mapping[str, int]
    models: list[str]


def request(connection: psycopg.Connection[Any], user_ids: Sequence[str], requested_by: str) -> int:
    """Write down who is to be erased; return how many were not asked for already."""
    with connection.transaction():
        return sum(
            connection.execute(
                "insert into ops.erasure_requests (user_id, requested_by) values (%s, %s) on conflict do nothing",
                (user_id, requested_by),
            ).rowcount
            for user_id in user_ids
        )


def erase_requested(connection: psycopg.Connection[Any]) -> Erasure | None:
    """Erase everybody who is to be, all or nobody, while no day is on its way in or being built.

    Parameters
    ----------
    connection : psycopg.Connection
        From `personapulse.warehouse.connect`, as the owner or `pp_admin`, outside a transaction.

    Returns
    -------
    Erasure or None
        None if nobody is to be erased.

    Raises
    ------
    PersonaPulseError
        Never: what is left over is told, not raised, and stays in `ops.erasures`.
    """
    with connection.transaction():
        _take_turn(connection)
        ids = [user_id for (user_id,) in connection.execute("delete from ops.erasure_requests returning user_id")]
        if not ids:
            return None
        models = _flag_models(connection, ids)
        found = _rekey(connection, ids) | _compose_anew(connection, ids) | _empty_quotes(connection, ids)
        connection.execute(
            "insert into ops.erased_customers (id_hash) select ops.id_hash(gone) from unnest(%s::text[]) as gone"
            " on conflict do nothing",
            (ids,),
        )
        left_over, elsewhere = search(connection, ids)
        connection.execute(
            "insert into ops.erasures (customers, found, left_over, elsewhere) values (%s, %s, %s, %s)",
            (len(ids), *map(json.dumps, (found, left_over, elsewhere))),
        )
    return Erasure(len(ids), found, left_over, elsewhere, models)


def _take_turn(connection: psycopg.Connection[Any]) -> None:
    for name in ("core", *(f"marts.{mart}" for mart in (*marts.NAMES, "purchase_intent")), "ml.features"):
        take_lock(connection, name)
    for layer in ("staging", "core", "marts", "scores"):
        take_lock(connection, f"checks.{layer}")


def _rekey(connection: psycopg.Connection[Any], ids: Sequence[str]) -> dict[str, int]:
    """Give each customer another key, everywhere, and empty what stands beside it of them as a person."""
    keys = [f"{PREFIX}{uuid.uuid4().hex}" for _ in ids]
    found: dict[str, int] = {}
    for key, personal in of_people(connection):
        emptied = [sql.SQL(", {} = null").format(sql.Identifier(one.name)) for one in personal if not one.is_required]
        update = sql.SQL(
            "update {table} set {column} = keys.after{emptied}"
            " from unnest(%s::text[], %s::text[]) as keys (before, after) where {table}.{column} = keys.before"
        ).format(**key.identifiers, emptied=sql.Composed(emptied))
        if count := connection.execute(update, (list(ids), keys)).rowcount:
            found[key.path] = count
    return found


def _compose_anew(connection: psycopg.Connection[Any], ids: Sequence[str]) -> dict[str, int]:
    """Give what is told apart by a customer's id another key, the same in every table; nobody can find back from it."""
    secret = uuid.uuid4().hex
    found: dict[str, int] = {}
    for column in columns(connection, "text"):
        if column.name == COMPOSED:
            update = sql.SQL(
                "update {table} set {column} = %s || encode(sha256(convert_to(%s || {column}, 'UTF8')), 'hex')"
                " where {condition}"
            ).format(**column.identifiers, condition=COMPOSED_WITH.format(column=column.identifiers["column"]))
            if count := connection.execute(update, (PREFIX, secret, list(ids))).rowcount:
                found[column.path] = count
    return found


def _empty_quotes(connection: psycopg.Connection[Any], ids: Sequence[str]) -> dict[str, int]:
    """Empty what quotes a customer: rows that were set aside, and keys that checks found."""
    quoting = _quoting(ids)
    counts = {
        "ops.quarantine.raw": connection.execute(
            "update ops.quarantine set rule = %s, reason = %s, raw = '' where raw ~ %s or reason ~ %s",
            (RULE, REASON, quoting, quoting),
        ).rowcount,
        "ops.data_quality.sample_keys": connection.execute(
            "update ops.data_quality set sample_keys = array(select case when key ~ %s then %s else key end"
            " from unnest(sample_keys) as key) where array_to_string(sample_keys, E'\\n') ~ %s",
            (quoting, REASON, quoting),
        ).rowcount,
    }
    return {place: count for place, count in counts.items() if count}


def _quoting(ids: Sequence[str]) -> str:
    """Regular expression for texts in which an id stands by itself, and is no part of a longer word."""
    return rf"(^|[^\w-])({'|'.join(map(re.escape, ids))})($|[^\w-])"


def _flag_models(connection: psycopg.Connection[Any], ids: Sequence[str]) -> list[str]:
    """Flag the models that learned from a day on which one of them was known."""
    flagged = connection.execute(
        "insert into ml.retraining (model_version) select model_version from ml.model_versions where exists"
        " (select from core.users where user_id = any(%s) and known_from <= any(cut_offs || hold_out))"
        " or exists (select from core.user_days where user_id = any(%s) and known_from <= any(cut_offs || hold_out))"
        " on conflict do nothing returning model_version",
        (list(ids), list(ids)),
    )
    return sorted(version for (version,) in flagged)


def search(connection: psycopg.Connection[Any], ids: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Count where ids stand, in every column of texts of every table.

    Returns
    -------
    left_over : dict of str to int
        Rows by table and column, of columns that name customers or quote what names them; empty if they are nowhere.
    elsewhere : dict of str to int
        Rows of all other columns that hold the same text: an id may be the number of an order, too.
    """
    left_over: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    for column in columns(connection, "text", "text[]", "character varying", "jsonb", "json"):
        is_known = column.name in (*KEYS, COMPOSED) or column.path in QUOTES
        if column.place != REQUESTS and (count := _count(connection, column, ids)):
            (left_over if is_known else elsewhere)[column.path] = count
    return left_over, elsewhere


def _count(connection: psycopg.Connection[Any], column: Column, ids: Sequence[str]) -> int:
    is_key = column.name in (*KEYS, COMPOSED)
    named, quoted = sql.SQL("{column} = any(%s)"), sql.SQL("{column}::text ~ %s")
    condition = COMPOSED_WITH if column.name == COMPOSED else named if is_key else quoted
    query = sql.SQL("select count(*) from {table} where {condition}").format(
        table=column.identifiers["table"], condition=condition.format(column=column.identifiers["column"])
    )
    ((count,),) = connection.execute(query, (list(ids) if is_key else _quoting(ids),)).fetchall()
    return int(count)

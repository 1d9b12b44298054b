"""The check-up: every part of the house, one finding each."""

from typing import Any

import psycopg

from personapulse.doctor.extracts import Extracts
from personapulse.doctor.facts import Facts
from personapulse.doctor.findings import Finding
from personapulse.doctor.house import look_at_house
from personapulse.doctor.nights import look_at_nights
from personapulse.doctor.warehouse import look_at_warehouse
from personapulse.home import Home


def look_over(connection: psycopg.Connection[Any], home: Home, facts: Facts, extracts: Extracts) -> list[Finding]:
    """Look at every part of the house; nothing is changed.

    Parameters
    ----------
    connection : psycopg.Connection
        As the owner of the warehouse, outside a transaction.
    home : Home
        Whose disk and Airflow are looked at.
    facts : Facts
        What the books say.
    extracts : Extracts
        What lies at the shop's address.
    """
    return [
        *look_at_nights(connection, facts, extracts),
        *look_at_house(connection, home),
        *look_at_warehouse(connection, facts, extracts.settings),
    ]

"""Rows of customers who have been erased: counted, and nothing of them is kept."""

import csv
import hashlib
from dataclasses import dataclass
from typing import Any

import psycopg

from personapulse.ingest.explaining import Rejection
from personapulse.ingest.files import ExtractFile

RULE = "erased_customer"
REASON = "the customer has been erased"


@dataclass(frozen=True)
class Erased:
    """Who has been erased, as hashes of their ids.

    Parameters
    ----------
    salt : str
        What an id is hashed with.
    hashes : frozenset of str
        SHA-256, hexadecimal, of salt and id.
    """

    salt: str
    hashes: frozenset[str]

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> "Erased":
        """Read them from the warehouse."""
        query = "select salt, array(select id_hash from ops.erased_customers) from ops.erasure_salt"
        ((salt, hashes),) = connection.execute(query).fetchall()
        return cls(salt, frozenset(hashes))

    def names_one(self, file: ExtractFile, raw: str) -> bool:
        """Whether a row's text names one of them in any field, or in a field that could not be taken apart."""
        fields = next(csv.reader([raw]), []) if "user_id" in file.header else []
        return any(self.has(field.strip()) for field in (*fields, *raw.split(",")))

    def has(self, user_id: str) -> bool:
        """Whether a customer is one of them."""
        return hashlib.sha256((self.salt + user_id).encode()).hexdigest() in self.hashes

    def without_text(self, file: ExtractFile, rejection: Rejection) -> Rejection:
        """Return the rejection; without reason and text of its own if it tells of one of them."""
        if not self.hashes or not (rejection.rule == RULE or self.names_one(file, rejection.raw)):
            return rejection
        return Rejection(rejection.line_no, RULE, REASON, "")

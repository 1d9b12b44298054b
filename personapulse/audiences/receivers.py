"""Who receives an audience over the network, and how it is known that we sent it.

Requests are signed as Standard Webhooks are: HMAC-SHA256 of `<webhook-id>.<webhook-timestamp>.<body>`, in base64 behind
`v1,` in the header `webhook-signature`. docs/audiences.md shows a receiver how to verify it.
"""

import base64
import binascii
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field

import httpx

from personapulse.errors import PersonaPulseError

LEAST_SECRET = 16  # bytes; shorter ones can be guessed


@dataclass(frozen=True)
class Receiver:
    """Where a webhook goes, and what it is signed with.

    Parameters
    ----------
    name : str
        Of the Airflow connection, for people.
    url : str
        Whole address; https, or http on this machine. It may hold a token, so it is told to nobody.
    secret : str
        16 bytes or more; `whsec_` and base64, or any text. Two, separated by a space, while it is being changed:
        each request is then signed with both.

    Raises
    ------
    PersonaPulseError
        If the address is none that can be sent to safely, or a secret is too short; the message tells neither.
    """

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be sent to, or not safely."""
        try:
            url = httpx.URL(self.url.strip())
        except (httpx.InvalidURL, TypeError):
            raise self._wrong("its URL is none") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise self._wrong("its URL must begin with https:// and name a host")
        if url.scheme == "http" and not _is_this_machine(url.host):
            raise self._wrong("its URL must begin with https://, as customers would travel in the open")
        for key in self.signing_keys() or (b"",):
            if len(key) < LEAST_SECRET:
                raise self._wrong(f"it needs a secret of {LEAST_SECRET} bytes or more to sign with")

    @property
    def label(self) -> str:
        """Name and host, as the books keep it."""
        url = httpx.URL(self.url.strip())
        port = f":{url.port}" if url.port else ""
        return f"{self.name} ({url.scheme}://{url.host}{port})"

    def signing_keys(self) -> tuple[bytes, ...]:
        """Return what requests are signed with."""
        return tuple(_key(secret) for secret in self.secret.split())

    def _wrong(self, what: str) -> PersonaPulseError:
        return PersonaPulseError(
            f"The webhook {self.name} cannot be used: {what}. docs/audiences.md says how it is set up."
        )


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign a request.

    Parameters
    ----------
    secret : bytes
        What both sides know.
    message_id : str
        The header `webhook-id`.
    timestamp : int
        The header `webhook-timestamp`: Unix time in seconds.
    body : bytes
        As sent.

    Returns
    -------
    str
        `v1,` and base64.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    """Return the bytes of a secret; those of Standard Webhooks are base64 after `whsec_`."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            return b""
    return secret.encode()


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

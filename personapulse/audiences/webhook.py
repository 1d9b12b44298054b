"""Sending an audience to a receiver on the network: in order, again where it may help, and known again if it was."""

import json
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import tenacity

from personapulse.audiences.content import Content
from personapulse.audiences.receivers import Receiver, signature
from personapulse.audiences.settings import Webhook
from personapulse.errors import PersonaPulseError, UnreachableError

log = logging.getLogger(__name__)

Headers = dict[str, str]

AGAIN = {408, 425, 429, 500, 502, 503, 504}
NO_ANSWER = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


@dataclass(frozen=True)
class Patience:
    """How long a receiver is tried.

    Parameters
    ----------
    attempts : int
        Of one request.
    first_wait, longest_wait : float
        Seconds between two attempts: the first wait, doubled each time with some chance in it, up to the longest. A
        receiver that asks for more than the longest (`Retry-After`) is not tried again.
    timeout : float
        Seconds until an answer is given up.
    """

    attempts: int = 6
    first_wait: float = 1
    longest_wait: float = 300
    timeout: float = 60


class _RefusedError(Exception):
    """An answer after which trying again is of no use."""


class _AgainError(Exception):
    """An answer, or the lack of one, after which trying again may help."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


def send(content: Content, webhook: Webhook, receiver: Receiver, patience: Patience | None = None) -> int:
    """Send an audience, request after request; return how many it took.

    A request is sent again when no answer came, or 408, 425, 429 or 5xx; any other answer but 2xx ends it at once.

    Raises
    ------
    PersonaPulseError
        If a request was refused; `UnreachableError` if there was none, or the receiver was busy, at every attempt. The
        message says which request, and what was answered, but not the URL.
    """
    patience = patience or Patience()
    count = 1 if webhook.format == "csv" else max(1, math.ceil(content.customers / webhook.batch_size))
    bodies = [content.file.read_bytes()] if webhook.format == "csv" else _json_bodies(content, webhook, count)
    kind = "text/csv; charset=utf-8" if webhook.format == "csv" else "application/json"
    with _without_logs(), httpx.Client(timeout=patience.timeout) as client:
        for number, body in enumerate(bodies, 1):
            headers = {
                "Content-Type": kind,
                "Idempotency-Key": f"{content.idempotency_key}-{number}",
                "X-PersonaPulse-Audience": content.audience,
                "X-PersonaPulse-Day": str(content.as_of_date),
            }
            try:
                _deliver(client, receiver, body, headers, patience)
            except (_AgainError, _RefusedError) as error:
                what = f"request {number} of {count}" if count > 1 else "the request"
                kind_of_error = UnreachableError if isinstance(error, _AgainError) else PersonaPulseError
                raise kind_of_error(f"{receiver.label} did not take {what}: {error}") from None
    return count


def _json_bodies(content: Content, webhook: Webhook, count: int) -> Iterator[bytes]:
    for number, batch in enumerate(content.batches(webhook.batch_size), 1):
        body = {
            "audience": content.audience,
            "as_of_date": str(content.as_of_date),
            "sha256": content.sha256,
            "batch": number,
            "batches": count,
            "customers_in_all": content.customers,
            "customers": batch,
        }
        yield json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _deliver(client: httpx.Client, receiver: Receiver, body: bytes, headers: Headers, patience: Patience) -> None:
    """Send one request until it is taken, refused, or tried often enough."""
    doubling = tenacity.wait_random_exponential(multiplier=patience.first_wait, max=patience.longest_wait)

    def pause(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, _AgainError) else None
        return max(asked or 0, doubling(state))

    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_AgainError),
        stop=tenacity.stop_after_attempt(patience.attempts),
        wait=pause,
        before_sleep=_tell,
        reraise=True,
    ):
        with attempt:
            _try(client, receiver, body, headers, patience)


def _try(client: httpx.Client, receiver: Receiver, body: bytes, headers: Headers, patience: Patience) -> None:
    message_id, timestamp = headers["Idempotency-Key"], int(time.time())  # signed anew: receivers refuse an old time
    signed = {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in receiver.signing_keys()),
    }
    try:
        answer = client.post(receiver.url.strip(), content=body, headers=headers | signed)
    except NO_ANSWER as error:
        raise _AgainError(f"no answer ({type(error).__name__})") from None  # its text may hold the URL
    except httpx.HTTPError as error:
        raise _RefusedError(f"it cannot be sent ({type(error).__name__})") from None
    if answer.is_success:
        return
    if answer.is_redirect:
        raise _RefusedError(f"it answered {answer.status_code}, another address. Set the connection's URL to that one.")
    said = f"it answered {answer.status_code} {answer.reason_phrase}".strip()
    if answer.status_code not in AGAIN:
        raise _RefusedError(f"{said}. What it refuses once it refuses again, so it was not tried again.")
    wait = _asked_to_wait(answer)
    if wait is not None and wait > patience.longest_wait:
        raise _RefusedError(f"{said}, and asks to wait {wait:.0f} seconds. Export it again after that.")
    raise _AgainError(said, wait)


def _asked_to_wait(answer: httpx.Response) -> float | None:
    """Return the seconds of `Retry-After`, a number or a date; None without one that can be read."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _tell(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    wait = state.next_action.sleep if state.next_action else 0
    log.warning("Attempt %d: %s. Trying again in %.0f seconds.", state.attempt_number, error, wait)


@contextmanager
def _without_logs() -> Iterator[None]:
    """Keep the HTTP library from logging the URL of every request."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

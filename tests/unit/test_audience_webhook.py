"""A webhook arrives signed, comes again when that may help and not otherwise, and tells nobody where it went."""

import datetime
import hashlib
import json
import logging
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

import pytest

from personapulse.audiences import Webhook
from personapulse.audiences.content import COLUMNS, Content
from personapulse.audiences.receivers import Receiver, signature
from personapulse.audiences.webhook import Patience, send
from personapulse.errors import PersonaPulseError, UnreachableError
from tests.receivers import SECRET, TOKEN, Inbox, documented

DAY = datetime.date(2026, 5, 31)
QUICK = Patience(attempts=4, first_wait=0.01, longest_wait=2, timeout=2)
CELLS = "Loyalist,At Risk,71,6,512.40,80.13,0.0471,3"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


@pytest.fixture
def content(tmp_path: Path) -> Content:
    """Five customers."""
    return made(tmp_path, [f"u{number}" for number in range(5)])


def made(folder: Path, ids: list[str]) -> Content:
    file = folder / "win-back.csv"
    lines = [",".join(COLUMNS), *(f"win-back,{DAY},{user_id},{CELLS}" for user_id in ids)]
    file.write_text("\n".join(lines) + "\n")
    return Content("win-back", DAY, file, len(ids), 1, 0, 0, hashlib.sha256(file.read_bytes()).hexdigest())


def receiver(inbox: Inbox, secret: str = SECRET) -> Receiver:
    return Receiver("audience_webhook", inbox.url, secret)


def test_every_batch_is_signed_and_together_they_are_the_audience(inbox: Inbox, content: Content) -> None:
    assert send(content, Webhook(batch_size=2), receiver(inbox), QUICK) == 3
    assert [request.is_genuine for request in inbox.received] == [True] * 3
    bodies = [json.loads(request.body) for request in inbox.received]
    assert [(body["batch"], body["batches"], body["customers_in_all"]) for body in bodies] == [
        (n, 3, 5) for n in (1, 2, 3)
    ]
    customers = [customer for body in bodies for customer in body["customers"]]
    assert [customer["user_id"] for customer in customers] == ["u0", "u1", "u2", "u3", "u4"]
    assert customers[0] | {"user_id": ""} == {
        "audience": "win-back", "as_of_date": "2026-05-31", "user_id": "", "persona": "Loyalist", "segment": "At Risk",
        "recency_days": 71, "frequency": 6, "monetary": 512.4, "expected_value_12_months": 80.13,
        "intent_probability": 0.0471, "intent_band": 3,
    }  # fmt: skip
    assert {(body["audience"], body["as_of_date"], body["sha256"]) for body in bodies} == {
        ("win-back", "2026-05-31", content.sha256)
    }


def test_an_audience_of_whole_batches_has_no_empty_one_and_an_empty_audience_is_told(
    inbox: Inbox, tmp_path: Path
) -> None:
    assert send(made(tmp_path, ["a", "b"]), Webhook(batch_size=2), receiver(inbox), QUICK) == 1
    assert send(made(tmp_path, []), Webhook(), receiver(inbox), QUICK) == 1
    assert [len(json.loads(request.body)["customers"]) for request in inbox.received] == [2, 0]


def test_the_csv_arrives_as_it_is(inbox: Inbox, content: Content) -> None:
    send(content, Webhook(format="csv"), receiver(inbox), QUICK)
    (request,) = inbox.received
    assert request.is_genuine
    assert request.body == content.file.read_bytes()
    assert request.headers["content-type"].startswith("text/csv")


def test_a_key_is_the_same_for_the_same_audience_day_and_content_and_no_other(
    inbox: Inbox, content: Content, tmp_path: Path
) -> None:
    for _ in range(2):
        send(content, Webhook(batch_size=3), receiver(inbox), QUICK)
    first, second, *again = [request.headers["idempotency-key"] for request in inbox.received]
    assert [first, second] == again
    assert first != second
    assert [request.headers["webhook-id"] for request in inbox.received] == [first, second, first, second]
    assert made(tmp_path, ["another"]).idempotency_key != first.rpartition("-")[0]


@pytest.mark.parametrize("trouble", ["drop", 500, 503, 429, 408], ids=str)
def test_a_receiver_in_trouble_is_tried_again_with_the_same_key(
    inbox: Inbox, content: Content, trouble: object
) -> None:
    inbox.answers = [trouble, trouble]
    send(content, Webhook(), receiver(inbox), QUICK)
    assert len(inbox.received) == 3
    assert all(request.is_genuine for request in inbox.received)
    assert len({(request.headers["idempotency-key"], request.body) for request in inbox.received}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422])
def test_what_a_receiver_refuses_is_not_tried_again(inbox: Inbox, content: Content, status: int) -> None:
    inbox.answers = [200, status]
    with pytest.raises(
        PersonaPulseError, match=rf"did not take request 2 of 3: it answered {status} .* not tried again"
    ):
        send(content, Webhook(batch_size=2), receiver(inbox), QUICK)
    assert len(inbox.received) == 2


def test_a_redirect_is_not_followed(inbox: Inbox, content: Content) -> None:
    inbox.answers = [(307, {"Location": inbox.url})]
    with pytest.raises(PersonaPulseError, match="307, another address"):
        send(content, Webhook(), receiver(inbox), QUICK)
    assert len(inbox.received) == 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_receiver_that_asks_for_time_gets_it(inbox: Inbox, content: Content, form: str) -> None:
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
    inbox.answers = [(429, {"Retry-After": "1" if form == "seconds" else format_datetime(later, usegmt=True)})]
    began = datetime.datetime.now(datetime.UTC)
    send(content, Webhook(), receiver(inbox), QUICK)
    assert (datetime.datetime.now(datetime.UTC) - began).total_seconds() > 0.9  # without it, 0.01
    assert len(inbox.received) == 2


def test_a_receiver_that_asks_for_too_much_time_is_left_alone(inbox: Inbox, content: Content) -> None:
    inbox.answers = [(503, {"Retry-After": "7200"})]
    with pytest.raises(PersonaPulseError, match="asks to wait 7200 seconds"):
        send(content, Webhook(), receiver(inbox), QUICK)
    assert len(inbox.received) == 1


def test_patience_ends(inbox: Inbox, content: Content) -> None:
    inbox.answers = [500] * 9
    with pytest.raises(UnreachableError, match="did not take the request: it answered 500"):
        send(content, Webhook(), receiver(inbox), QUICK)
    assert len(inbox.received) == 4


def test_no_receiver_at_all_is_said_without_its_address(content: Content, caplog: pytest.LogCaptureFixture) -> None:
    with Inbox() as gone:
        away = receiver(gone)
    with caplog.at_level(logging.DEBUG), pytest.raises(UnreachableError, match=r"no answer \(ConnectError\)") as error:
        send(content, Webhook(), away, QUICK)
    assert "audience_webhook (http://127.0.0.1" in str(error.value)
    assert not {word for word in (TOKEN, SECRET) if word in str(error.value) + caplog.text + repr(away)}
    assert "Trying again" in caplog.text


def test_neither_address_nor_secret_is_logged(inbox: Inbox, content: Content, caplog: pytest.LogCaptureFixture) -> None:
    inbox.answers = [500]
    with caplog.at_level(logging.DEBUG):
        send(content, Webhook(), receiver(inbox), QUICK)
    assert "it answered 500" in caplog.text
    assert TOKEN not in caplog.text
    assert SECRET not in caplog.text


def test_while_a_secret_is_changed_receivers_with_either_are_served(inbox: Inbox, content: Content) -> None:
    send(content, Webhook(), receiver(inbox, f"the-new-secret-is-longer {SECRET}"), QUICK)
    send(content, Webhook(), receiver(inbox, "another-secret-altogether"), QUICK)
    assert [request.is_genuine for request in inbox.received] == [True, False]


def test_the_documented_check_refuses_what_was_changed_or_is_old(inbox: Inbox, content: Content) -> None:
    send(content, Webhook(), receiver(inbox), QUICK)
    (request,) = inbox.received
    is_genuine, now = documented()["is_genuine"], int(request.headers["webhook-timestamp"])
    assert is_genuine(request.headers, request.body, SECRET, now=now + 299)
    assert not is_genuine(request.headers, request.body, SECRET, now=now + 301)
    assert not is_genuine(request.headers, request.body + b" ", SECRET)
    for header in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        sent = request.headers[header]
        changed = sent[:-1] + ("1" if sent.endswith("0") else "0")
        assert not is_genuine(request.headers | {header: changed}, request.body, SECRET)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    # worked out with: openssl dgst -sha256 -hmac 0123456789abcdef -binary | base64
    assert (
        signature(b"0123456789abcdef", "msg_1", 1700000000, b'{"a":1}')
        == "v1,41C4mdfM4X7k7EqLRBhc2OjUAQFwQVsqMUoL0CbTfxc="
    )


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("http://crm.example.com/x", SECRET, "https://"),
        ("ftp://crm.example.com/x", SECRET, "https://"),
        ("crm.example.com", SECRET, "https://"),
        ("https:///x", SECRET, "name a host"),
        ("https://crm.example.com:port/x", SECRET, "its URL is none"),
        ("https://crm.example.com/x", "short", "16 bytes or more"),
        ("https://crm.example.com/x", "", "16 bytes or more"),
        ("https://crm.example.com/x", f"{SECRET} short", "16 bytes or more"),
        ("https://crm.example.com/x", "whsec_no base64 at all", "16 bytes or more"),
    ],
)
def test_a_receiver_that_would_not_be_safe_is_refused(url: str, secret: str, reason: str) -> None:
    with pytest.raises(PersonaPulseError, match=reason) as error:
        Receiver("audience_webhook", url, secret)
    assert "crm.example" not in str(error.value)

"""What is retried, by the operation's retry class and the failure: through a book, in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from crossbook_wire.vercom import models
from fakes import reply
from runs import DOWN, FOUND, LOST, REFUSED, Run

from crossbook import (
    AuthError,
    ConnectError,
    InvalidResponseError,
    NoResponseError,
    NotFoundError,
    RateLimitError,
    RejectedError,
    VendorUnavailableError,
)
from crossbook._http.error_mapping import parse_retry_after
from crossbook._http.request import TransportFailure

DONE = reply({"meta": {}, "data": [{"id": "1"}]})
GONE = reply({"errors": [{"title": "no such contact", "code": "E-1"}], "meta": {}}, 404)
BUSY = reply(b"", 429)
WORKING = reply({"meta": {}, "data": []}, 202, retry_after="1")

# One operation of each retry class.
CALLS: dict[str, Callable[[Any], Any]] = {
    "safe": lambda book: book.wire.segments.get_segment("1"),
    "idempotent": lambda book: book.wire.contacts.delete_contacts(models.ContactIds(id=[1])),
    "create_with_lookup": lambda book: book.wire.contacts.create_contacts([models.NewContact(email="a@example.com")]),
    "create_no_lookup": lambda book: book.wire.groups.create_groups([models.NewGroup(name="New", externalId="1")]),
}
CREATES = ("create_with_lookup", "create_no_lookup")
ALL = tuple(CALLS)
REST = tuple(name for name in CALLS if name not in CREATES)

# Each failure: the classes that retry it, the error if it lasts, and its `sent`.
TABLE: dict[str, tuple[Any, tuple[str, ...], type[Exception], str]] = {
    "refused": (REFUSED, ALL, ConnectError, "no"),
    "no room": (TransportFailure("busy", "no", "PoolTimeout"), ALL, ConnectError, "no"),
    "lost, and never sent": (TransportFailure("lost", "no", "WriteError"), ALL, NoResponseError, "no"),
    "lost": (LOST, REST, NoResponseError, "maybe"),
    "cut in the body": (TransportFailure("lost", "maybe", "ReadError", 200), REST, NoResponseError, "maybe"),
    "429": (BUSY, ALL, RateLimitError, "yes"),
    "500": (reply(b"", 500), REST, VendorUnavailableError, "yes"),
    "502 in HTML": (reply(b"<html>", 502, content_type="text/html"), REST, VendorUnavailableError, "yes"),
    "503": (DOWN, REST, VendorUnavailableError, "yes"),
    "520": (reply(b"", 520), REST, VendorUnavailableError, "yes"),
    "408": (reply(b"", 408), REST, VendorUnavailableError, "yes"),
    "cut JSON": (reply(b'{"data":['), REST, InvalidResponseError, "yes"),
    "JSON of another API": (reply({"hello": 1}), REST, InvalidResponseError, "yes"),
    "the vendor's refusal": (reply({"errors": [{"title": "no"}], "meta": {}}, 422), (), RejectedError, "yes"),
    "its refusal with 200": (reply({"errors": [{"title": "no"}], "meta": {}}), (), RejectedError, "yes"),
    "401": (reply(b"", 401), (), AuthError, "yes"),
    "404": (GONE, (), NotFoundError, "yes"),
    "a redirect": (reply(b"", 302, location="/"), (), InvalidResponseError, "yes"),
    "too large": (TransportFailure("too_large", "yes", "cap"), (), InvalidResponseError, "yes"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", TABLE)
def test_retry_by_class_and_error(call: str, trouble: str) -> None:
    answer, repeated, kind, sent = TABLE[trouble]
    run = Run(answer, act=CALLS[call], max_attempts=3)
    made = 3 if call in repeated else 1
    assert isinstance(run.error, kind)
    assert (run.error.sent, run.error.attempts, len(run.transport.sent)) == (sent, made, made)
    assert [attempt.number for attempt in run.seen] == list(range(1, made + 1))
    assert [attempt.sent for attempt in run.seen] == [sent] * made


@pytest.mark.parametrize("call", CALLS)
def test_empty_success_repeats_reads_only(call: str) -> None:
    """A write that may have an empty success (`allows_empty`, here Vercom's) is read back instead of sent again."""
    run = Run(reply(b""), act=CALLS[call], max_attempts=3)
    assert isinstance(run.error, InvalidResponseError)
    assert ("empty" in run.error.message, run.error.sent) == (True, "yes")
    assert len(run.transport.sent) == (3 if call == "safe" else 1)


@pytest.mark.parametrize("call", REST)
def test_202_is_polled(call: str) -> None:
    run = Run(WORKING, WORKING, DONE, act=CALLS[call], max_attempts=1)
    assert run.error is None
    assert len(run.transport.sent) == 3
    assert run.seconds >= 2


@pytest.mark.parametrize("call", CREATES)
def test_create_with_202_is_neither_retried_nor_done(call: str) -> None:
    run = Run(WORKING, DONE, act=CALLS[call])
    assert isinstance(run.error, VendorUnavailableError)
    assert (run.error.status, run.error.sent, len(run.transport.sent)) == (202, "yes", 1)


def test_polling_costs_no_attempt_and_keeps_a_delay() -> None:
    now = reply(b"", 202, retry_after="0")
    run = Run(now, now, DOWN, FOUND, act=CALLS["safe"], max_attempts=2)
    assert run.error is None, "the 503 is the first attempt that failed"
    run = Run(now, act=CALLS["safe"], timeout=10)
    assert isinstance(run.error, VendorUnavailableError)
    assert len(run.transport.sent) <= 20


def test_repeats_of_one_call_are_bounded_by_the_quota() -> None:
    """The quota of 100 retries does not apply while the vendor is still processing."""
    refused = Run(reply(b"", 429, retry_after="0"), act=CALLS["safe"], max_attempts=200, timeout=10_000)
    assert len(refused.transport.sent) == 101
    working = Run(*[reply(b"", 202, retry_after="0")] * 150, FOUND, act=CALLS["safe"], timeout=10_000)
    assert working.error is None


def test_write_with_bare_202_counts_as_attempt() -> None:
    run = Run(reply(b"{", 202), act=CALLS["idempotent"], max_attempts=2)
    assert isinstance(run.error, InvalidResponseError)
    assert len(run.transport.sent) == 2


def test_full_jitter() -> None:
    """Each delay is drawn from its whole range: up to 0.5 s, doubled each time, up to 8 s."""
    random.seed(1)
    parts: list[float] = []
    for _ in range(40):
        run = Run(DOWN, max_attempts=7, timeout=1000)
        waits = [attempt.wait for attempt in run.seen if attempt.wait is not None]
        assert len(waits) == 6
        parts += [wait / most for wait, most in zip(waits, (0.5, 1, 2, 4, 8, 8), strict=True)]
    assert 0 <= min(parts) < 0.05
    assert 0.95 < max(parts) <= 1
    assert sum(parts) / len(parts) == pytest.approx(0.5, abs=0.05)


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "7"}, 7, 7.1),
        ({"retry_after": "1.5"}, 1.5, 1.6),
        ({"retry_after": in_seconds(3600), "date": in_seconds(3590)}, 9, 11.1),
        ({"retry_after": in_seconds(-3600)}, 0, 0.1),
        ({"retry_after": "soon"}, 0, 0.5),
        ({}, 0, 0.5),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, dict) else str(value),
)
def test_retry_after_is_honoured(status: int, headers: dict[str, str], least: float, most: float) -> None:
    busy = [FOUND] * 20  # so that the rate that the limiter learned does not matter
    run = Run(*busy, reply(b"", status, **headers), FOUND, act=twenty_one)
    assert run.error is None
    waits = [attempt.wait for attempt in run.seen if attempt.wait is not None]
    assert len(waits) == 1
    assert least <= waits[0] <= most
    assert run.seconds >= waits[0]


async def twenty_one(book: Any) -> None:
    for _ in range(21):
        await book.contacts.get("1")


def test_retry_after_date_uses_the_vendors_clock() -> None:
    ours = in_seconds(30)
    assert parse_retry_after({"retry-after": in_seconds(100), "date": in_seconds(40)}) == pytest.approx(60, abs=1)
    assert parse_retry_after({"retry-after": ours, "date": "nonsense"}) == pytest.approx(30, abs=1.1)
    for form in ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT"):
        assert parse_retry_after({"retry-after": form, "date": "Sun, 06 Nov 1994 08:49:27 GMT"}) == 10
    for endless in ("9" * 20, "9" * 5000):
        assert parse_retry_after({"retry-after": endless}) == 1e9

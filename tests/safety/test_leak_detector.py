"""The leak detector works: planted values are found, and a protection that is removed on purpose is noticed."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import canaries
import httpx
import msgspec
import pytest
from crossbook_wire.http import Model
from flood import KINDS, flood, given_up_unanswered
from relay import Relay
from sinks import Sinks
from telemetry import Spans

from crossbook import Contact, CrossbookError, InvalidInputError, Vercom, _redaction, _tracebacks
from crossbook._batch import assemble
from crossbook._batch.fingerprint import KeyedHash
from crossbook._http import client
from crossbook._http.options import Attempt
from crossbook._http.request import PreparedRequest
from crossbook._http.session import Session
from crossbook._redaction import Secret

PLANTED = [canaries.PHONE, canaries.EMAIL, canaries.LAST, *canaries.SECRETS[:3]]


def _raise(error: BaseException, secret: str = "") -> BaseException:
    try:
        raise error
    except BaseException as raised:
        return raised


def _caused(secret: str) -> BaseException:
    error = ValueError("plain")
    error.__cause__ = KeyError(secret)
    return error


def _noted(secret: str) -> BaseException:
    error = ValueError("plain")
    error.add_note(secret)
    return error


def _with(name: str, secret: str) -> BaseException:
    error = CrossbookError("plain")
    setattr(error, name, secret)
    return error


def _span(sinks: Sinks, secret: str) -> None:
    with httpx.Client(transport=httpx.HTTPTransport()) as client, suppress(httpx.ConnectError):
        client.get("http://127.0.0.1:9/", params={"q": secret})


PLACES: dict[str, tuple[set[str], Callable[[Sinks, str], object]]] = {
    "a log's text": ({"log some"}, lambda _, it: logging.getLogger("some.library").debug("sent %s", it)),
    "a log's extra": ({"log some"}, lambda _, it: logging.getLogger("some").info("sent", extra={"aside": it})),
    "a warning": ({"warnings"}, lambda _, it: warnings.warn(it, ResourceWarning, stacklevel=1)),
    "stdout": ({"stdout"}, lambda _, it: sys.stdout.write(it)),
    "stderr": ({"stderr"}, lambda _, it: sys.stderr.write(it)),
    "a span": ({"spans"}, _span),
    "the hook": ({"hook"}, lambda sinks, it: sinks.attempt(Attempt("atom", it, 1, 0.1, 200, "yes", None, None))),
    "a repr": ({"objects"}, lambda sinks, it: sinks.object([it])),
    "an error's text": ({"exceptions", "pickles", "traceback"}, lambda sinks, it: sinks.error(ValueError(it))),
    "an error's cause": ({"exceptions", "pickles", "traceback"}, lambda sinks, it: sinks.error(_caused(it))),
    "an error's note": ({"exceptions", "traceback"}, lambda sinks, it: sinks.error(_noted(it))),
    "an error's code": ({"exceptions", "pickles"}, lambda sinks, it: sinks.error(_with("code", it))),
    "an error's own slot": ({"exceptions", "pickles"}, lambda sinks, it: sinks.error(_with("unheard_of", it))),
    "a local": ({"traceback", "rich"}, lambda sinks, it: sinks.error(_raise(ValueError("plain"), it))),
    "a cancellation's local": ({"traceback", "rich"}, lambda sinks, it: sinks.error(_raise(KeyboardInterrupt(), it))),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", PLANTED, ids=["phone", "email", "name", "user", "password", "token"])
def test_planted_values_are_found(place: str, secret: str, spans: Spans) -> None:
    sinks, (expected, plant) = Sinks(), PLACES[place]
    with sinks.watching(spans):
        plant(sinks, secret)
    assert set(sinks.hits(canaries.Detector())) >= expected


@pytest.mark.parametrize("secret", [canaries.PHONE, canaries.EMAIL, canaries.LAST, *canaries.SECRETS])
def test_every_form_of_a_secret_is_found(secret: str) -> None:
    detector = canaries.Detector()
    missed = [form for form in canaries.forms(secret) if not detector.hits(f"<{form}>")]
    assert missed == []
    assert detector.hits("+48******00 s***@e*** *** Secret(***) 1001 00d928f759") == set()


# Each removed protection: the account, the transport, the fault, and the places where the leak must show.
def _token_in_the_url(patch: pytest.MonkeyPatch) -> None:
    real = client.prepare_request

    def replaced(*args: Any) -> PreparedRequest:
        call = real(*args)
        return msgspec.structs.replace(call, path=call.target.decode())

    patch.setattr(client, "prepare_request", replaced)


LEAKS: dict[str, tuple[str, str, str, set[str], Callable[[pytest.MonkeyPatch], None]]] = {
    "the token in the URL": (
        "filemail", "a client of httpx", "ok", {"log httpx", "spans"}, _token_in_the_url,
    ),
    "a repr that shows the phone": (
        "vercom", "httpx", "ok", {"objects"},
        lambda patch: patch.setattr(Contact, "__repr__", lambda self: f"Contact({self.phone})"),
    ),
    "messages as they come": (
        "vercom", "httpx2", "the vendor refuses", {"exceptions", "pickles", "objects"},
        lambda patch: (
            patch.setattr(_redaction, "mask_text", str),
            patch.setattr(_redaction, "mask_request_values", lambda text, *_: text),
        ),
    ),
    "messages with the password": (
        "serwersms", "httpx", "the vendor refuses", {"exceptions", "pickles"},
        lambda patch: patch.setattr(_redaction, "mask_request_values", lambda text, *_: text),
    ),
    "errors with their frames": (
        "vercom", "httpx", "500", {"traceback", "rich"},
        lambda patch: patch.setattr(_tracebacks, "strip_traceback", lambda error: error),
    ),
    "phones in our log": (
        "serwersms", "httpx", "ok", {"log crossbook"}, lambda patch: patch.setattr(_redaction, "find_identifiers", str),
    ),
    "models that rich looks into": (
        "vercom", "httpx2", "ok", {"objects"},
        lambda patch: (
            patch.setattr(Model, "__repr__", object.__repr__), patch.setattr(Model, "__rich_repr__", lambda self: None),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_leak_is_found(leak: str, relay: Relay, spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, transport, fault, expected, break_it = LEAKS[leak]
    sinks = Sinks()
    break_it(monkeypatch)
    with sinks.watching(spans):
        anyio.run(flood, sinks, relay, KINDS[kind], transport, {fault})
    assert set(sinks.hits(canaries.Detector(relay.tokens))) >= expected


NAMED: dict[str, tuple[str, str, Callable[[pytest.MonkeyPatch], None]]] = {
    "a repr that shows the account": (
        canaries.ACCOUNT, "objects",
        lambda patch: patch.setattr(Session, "__repr__", lambda self: f"<Session of {self.identity.reveal()}>"),
    ),
    "an account in the journal": (
        canaries.ACCOUNT, "journal", lambda patch: patch.setattr(KeyedHash, "digest", lambda self, text: text),
    ),
    "a repr that shows the journal's key": (
        canaries.JOURNAL_KEY, "rich",
        lambda patch: (
            patch.setattr(Secret, "__repr__", lambda self: self.reveal()),
            patch.setattr(_tracebacks, "strip_traceback", lambda error: error),
        ),
    ),
    "the journal's key in a message": (
        canaries.JOURNAL_KEY, "exceptions",
        lambda patch: patch.setattr(assemble, "make_journal_key", _refused_aloud),
    ),
}  # fmt: skip


def _refused_aloud(given: object) -> None:
    raise InvalidInputError(f"{given} is no key", field="journal_key")


@pytest.mark.parametrize("leak", NAMED)
def test_leak_of_account_or_key_is_found(
    leak: str, relay: Relay, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, place, break_it = NAMED[leak]
    sinks = Sinks()
    break_it(monkeypatch)
    with sinks.watching(spans):
        anyio.run(flood, sinks, relay, KINDS["vercom"], "httpx", {"ok"})
    hits = sinks.hits(canaries.Detector(relay.tokens)).get(place, set())
    assert [hit for hit in hits if hit.startswith(repr(secret))]


def test_leak_of_a_cancelled_call_is_found(relay: Relay, spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    sinks = Sinks()
    monkeypatch.setattr(_tracebacks, "_drop_frames", lambda error: error)
    with sinks.watching(spans):
        anyio.run(given_up_unanswered, sinks, relay, KINDS["vercom"], "httpx")
    assert set(sinks.hits(canaries.Detector(relay.tokens))) >= {"traceback", "rich"}


def test_leak_of_a_constructor_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sinks = Sinks()
    monkeypatch.setattr(_tracebacks, "strip_traceback", lambda error: error)
    monkeypatch.setattr(Vercom, "__repr__", object.__repr__)
    with pytest.raises(InvalidInputError) as caught:
        Vercom(canaries.BROKEN, "key")
    sinks.error(caught.value)
    assert set(sinks.hits(canaries.Detector())) >= {"traceback", "rich"}

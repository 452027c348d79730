"""Only the vendor sees credentials and people: no log, error, repr, span or file shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import anyio
import canaries
import pytest
from crossbook_wire.http import Request, Response
from crossbook_wire.vercom import models as vercom
from faults import faults
from flood import KINDS, Kind, flood, given_up_unanswered, given_up_unread
from recorder import Recorder
from relay import Relay
from sinks import Sinks
from telemetry import Spans

import crossbook
from crossbook import ExternalId, Page, RawResponse, WriteResult
from crossbook._http.client import SuccessResponse
from crossbook._http.request import Credentials, PreparedRequest, TransportResponse
from crossbook._redaction import Secret
from crossbook.registry import load_vendor

VENDORS = ("serwersms", "atom", "filemail", "vercom")
LIBRARIES = ("httpx", "httpx2", "aiohttp")
BOOKS = [(kind, transport) for kind in VENDORS for transport in LIBRARIES] + [
    ("serwersms by token", "httpx"), ("filemail at login", "httpx2"), ("filemail at login", "a client of httpx"),
    ("serwersms", "a client of httpx"), ("atom", "a client of httpx2"), ("filemail", "a client of httpx"),
    ("vercom", "a client of httpx2"), ("filemail", "a client of aiohttp"),
]  # fmt: skip
EVERYWHERE = {
    "log asyncio", "log crossbook", "exceptions", "pickles", "traceback", "rich", "objects", "hook", "stdout", "stderr",
    "logging", "sentry", "journal",
}  # fmt: skip
ERRORS = {
    "AuthError", "InvalidResponseError", "InvalidInputError", "JournalMismatchError", "NoResponseError", "RuntimeError",
    "UnsupportedError", "VendorUnavailableError",
}  # fmt: skip


# Faults that an HTTP library reads, logs or raises itself.
OF_LIBRARIES = (
    "ok", "302", "307 elsewhere", "401", "time-out", "reset", "cut", "no HTTP", "odd type", "odd encoding", "no gzip",
)  # fmt: skip


def share(kind: str, transport: str) -> set[str]:
    """Return the faults of one case: those of the libraries, and a third of the others.

    The three libraries together give each vendor every fault, and most faults come over each library.
    """
    others = [name for name in faults("vercom") if name not in OF_LIBRARIES]
    if kind not in VENDORS:
        return {*OF_LIBRARIES, *others}
    return {*OF_LIBRARIES, *others[(VENDORS.index(kind) + LIBRARIES.index(transport.rpartition(" ")[2])) % 3 :: 3]}


def test_shares_give_each_vendor_every_fault() -> None:
    for kind in VENDORS:
        assert set().union(*(share(kind, library) for library in LIBRARIES)) == set(faults(kind))


@pytest.mark.parametrize(("kind", "transport"), BOOKS)
def test_no_sink_shows_secrets_or_people(kind: str, transport: str, relay: Relay, spans: Spans) -> None:
    sinks = Sinks()
    relay.seen.clear()
    with sinks.watching(spans):
        debug = (kind, transport) in [("filemail", library) for library in LIBRARIES]
        work = partial(flood, sinks, relay, KINDS[kind], transport, share(kind, transport))
        anyio.run(work, backend_options={"debug": debug})
    assert sinks.hits(canaries.Detector(relay.tokens)) == {}

    # All kinds of errors occurred.
    assert sinks.errors >= ERRORS
    library = transport.rpartition(" ")[2]
    # aiohttp traces in its ClientSession, which we do not use (test_aiohttp.py), and logs nothing.
    above = {"spans", f"log {library.replace('httpx', 'httpcore')}"} if library != "aiohttp" else set[str]()
    if library in transport.removeprefix(library) and library != "aiohttp":
        above.add(f"log {library}")
    assert set(sinks.texts) >= EVERYWHERE | above
    _assert_sent(KINDS[kind], relay)


def _assert_sent(kind: Kind, relay: Relay) -> None:
    wire = canaries.Detector(relay.tokens[-1:]).hits("\n".join(f"{each.head!r} {each.body!r}" for each in relay.seen))
    sent = {canaries.CREDENTIALS[kind.vendor][name] for name in kind.credentials} - {"redlink"}
    if kind.vendor == "filemail":
        sent |= set(relay.tokens[-1:])
    if not kind.spoil_login:
        sent |= {canaries.PHONES[0]}
    assert {secret for secret in sent if not any(hit.startswith(repr(secret)) for hit in wire)} == set()
    # What never leaves this process.
    assert not [hit for hit in wire if hit.startswith((repr(canaries.ACCOUNT), repr(canaries.JOURNAL_KEY)))]


@pytest.mark.parametrize(
    ("kind", "transport"), [*((kind, "httpx") for kind in VENDORS), ("filemail at login", "aiohttp")]
)
def test_own_telemetry_shows_no_secrets(kind: str, transport: str, relay: Relay, own_telemetry: Recorder) -> None:
    """Spans, metrics, and the log at every level next to them: the records of a span's call name the span."""
    sinks = Sinks()
    relay.seen.clear()
    with sinks.watching(own_telemetry.exporter):
        anyio.run(partial(flood, sinks, relay, KINDS[kind], transport, share(kind, transport)))
        sinks.telemetry(own_telemetry)
    assert sinks.hits(canaries.Detector(relay.tokens)) == {}
    raw = {"raw responses"} if kind in VENDORS else set[str]()
    assert set(sinks.texts) >= {"own spans", "own metrics", "log crossbook", "objects"} | raw


@pytest.mark.parametrize(
    ("kind", "transport"),
    [
        *((kind, transport) for kind in VENDORS for transport in ("httpx", "httpx2", "aiohttp")),
        ("filemail", "a client of httpx"),
    ],
)
def test_no_sink_shows_secrets_of_cancelled_calls(kind: str, transport: str, relay: Relay, spans: Spans) -> None:
    sinks = Sinks()
    with sinks.watching(spans):
        anyio.run(given_up_unanswered, sinks, relay, KINDS[kind], transport)
        anyio.run(given_up_unread, sinks, relay, KINDS[kind], transport)
    assert sinks.hits(canaries.Detector(relay.tokens)) == {}
    assert "TimeoutError" in sinks.errors


def test_no_sink_shows_secrets_on_trio(relay: Relay, spans: Spans) -> None:
    sinks = Sinks()
    with sinks.watching(spans):
        anyio.run(flood, sinks, relay, KINDS["filemail"], "httpx", share("filemail", "httpx"), backend="trio")
    assert sinks.hits(canaries.Detector(relay.tokens)) == {}
    assert sinks.errors >= ERRORS


def test_request_parts_show_no_secrets() -> None:
    sinks = Sinks()
    secret, person = canaries.SECRETS[0], f"{canaries.PHONE} {canaries.EMAIL}"
    for part in (
        Secret(secret),
        Credentials(headers=((b"A", secret.encode()),), members=secret.encode(), query=secret, secrets=(secret,)),
        Request("createContact", "GET", person, person, person.encode(), "application/json"),
        Response(200, {"location": person}, person.encode()),
        SuccessResponse(200, {"location": person}, person.encode(), "atom", "createContact"),
        PreparedRequest(
            "GET", "https://host", "/", person.encode(), ((b"A", secret.encode()),), person.encode(), 1, 1, 1
        ),
        TransportResponse(200, {"location": person}, person.encode()), ExternalId(person),
        RawResponse("getContact", 200, {"location": person}, person.encode(), None, 1, canaries.person("vercom")),
        canaries.person("vercom"), canaries.person("filemail"),
        vercom.NewContact(email=canaries.EMAIL, phoneNumber=canaries.PHONE, firstName=canaries.FIRST),
        WriteResult(id="1", status="created", contact=canaries.person("atom")),
        Page((canaries.person("atom"),), "cursor"),
    ):  # fmt: skip
        sinks.object(part)
        sinks.object({"part": [part]})
    assert sinks.hits(canaries.Detector()) == {}


CREATIONS: dict[str, Callable[[], object]] = {
    "serwersms password": lambda: crossbook.SerwerSMS(canaries.SECRETS[0], canaries.BROKEN),
    "serwersms user": lambda: crossbook.SerwerSMS(canaries.BROKEN, canaries.SECRETS[0]),
    "serwersms token": lambda: crossbook.SerwerSMS(token=canaries.BROKEN),
    "serwersms both": lambda: crossbook.SerwerSMS(canaries.SECRETS[0], token=canaries.SECRETS[1]),
    "serwersms number": lambda: crossbook.SerwerSMS(canaries.SECRETS[0], int(canaries.PHONES[0])),  # type: ignore[arg-type]
    "atom token": lambda: crossbook.Atom(canaries.BROKEN, base_url="https://sms.example.com"),
    "atom no address": lambda: crossbook.Atom(canaries.SECRETS[0]),
    "atom bad address": lambda: crossbook.Atom("token", base_url=f"https://u:{canaries.BROKEN}@sms.example.com"),
    "atom no address at all": lambda: crossbook.Atom("token", base_url=f"https://u:{canaries.BROKEN}@sms⑥[.example.com"),
    "filemail user": lambda: crossbook.Filemail(canaries.BROKEN, canaries.SECRETS[0]),
    "filemail password": lambda: crossbook.Filemail(canaries.EMAIL, canaries.BROKEN),
    "filemail half of a character": lambda: crossbook.Filemail(canaries.EMAIL, canaries.SECRETS[0] + "\ud800"),
    "filemail key": lambda: crossbook.Filemail(canaries.EMAIL, canaries.SECRETS[0], api_key=canaries.BROKEN),
    "vercom authorization": lambda: crossbook.Vercom(canaries.BROKEN, canaries.SECRETS[0]),
    "vercom key": lambda: crossbook.Vercom("authorization", canaries.BROKEN),
    "vercom not ASCII": lambda: crossbook.Vercom("authorization", "wróbel-broken"),
    "vercom brand": lambda: crossbook.Vercom(canaries.EMAIL, "key", brand=canaries.SECRETS[0]),  # type: ignore[arg-type]
    "vercom account": lambda: crossbook.Vercom(canaries.EMAIL, "key", account=canaries.ACCOUNT + "\ud800"),
    "atom account": lambda: crossbook.Atom("token", base_url="https://sms.example.com", account=[canaries.ACCOUNT]),  # type: ignore[arg-type]
    "atom account in open": lambda: crossbook.open("atom", account=canaries.ACCOUNT),  # type: ignore[call-arg]
    "atom address in open": lambda: crossbook.open("atom", base_url=f"https://u:{canaries.BROKEN}@sms.example.com"),
    "vercom option": lambda: crossbook.Vercom(canaries.EMAIL, "key", timeout=-1),
    "vercom transport": lambda: crossbook.Vercom(canaries.EMAIL, "key", transport="carrier"),  # type: ignore[arg-type]
    "vercom no such word": lambda: crossbook.Vercom(canaries.EMAIL, key=canaries.BROKEN),  # type: ignore[call-arg]
    "serwersms environment": lambda: crossbook.open("serwersms"),
    "atom environment": lambda: crossbook.open("atom"),
    "filemail environment": lambda: crossbook.open("filemail"),
    "vercom environment": lambda: crossbook.open("vercom"),
}  # fmt: skip


@pytest.mark.parametrize("creation", CREATIONS)
def test_failed_constructor_shows_no_secrets(creation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VENDORS:
        for variable in load_vendor(name).profile.environment.values():
            monkeypatch.setenv(variable, canaries.BROKEN)
    sinks = Sinks()
    try:
        CREATIONS[creation]()
    except (crossbook.InvalidInputError, TypeError) as error:
        sinks.error(error)
    assert sinks.errors == {"TypeError" if creation == "vercom no such word" else "InvalidInputError"}
    assert sinks.hits(canaries.Detector()) == {}

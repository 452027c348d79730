"""Failures on the network, and what each transport reports: whether the request left is never guessed."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import trustme
from prepared_requests import Make, answered, call, failed
from server import LONGEST, OK, Behaviour, Peer, answering, closed_port, reply, serve

pytestmark = pytest.mark.anyio

ZIPPED = ("200 OK", "Content-Encoding: gzip", "Connection: close")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def first(misbehave: Callable[[Peer], object]) -> Behaviour:
    """The first connection gets this behaviour, every later one a healthy server."""
    good = answering()

    def behave(peer: Peer) -> None:
        if peer.server.accepted > 1:
            good(peer)
        elif peer.request() is not None:
            misbehave(peer)

    return behave


def says(data: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.send(data)


def says_and_resets(data: bytes) -> Callable[[Peer], None]:
    def behave(peer: Peer) -> None:
        peer.send(data)
        peer.reset()

    return behave


def says_and_waits(data: bytes) -> Callable[[Peer], None]:
    def behave(peer: Peer) -> None:
        peer.send(data)
        peer.until_gone()

    return behave


LOST: dict[str, Callable[[Peer], object]] = {
    "reset before a byte": Peer.reset,
    "closed before a byte": says(b""),
    "reset in the headers": says_and_resets(HEAD),
    "closed in the headers": says(HEAD),
    "closed in the status line": says(b"HTTP/1.1 2"),
    "reset in the body": says_and_resets(HEAD + b"Content-Length: 100\r\n\r\n{"),
    "cut body": says(HEAD + b"Content-Length: 100\r\n\r\n{"),
    "cut chunk": says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "no last chunk": says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    "cut gzip": says(reply(gzip.compress(OK * 99)[:20], *ZIPPED)),
    "cut gzip header": says(reply(gzip.compress(OK)[:5], *ZIPPED)),
    "garbage": says(b"\0\x01\x02 this is not HTTP \xff\r\n\r\n"),
    "a response of another protocol": says(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"),
    "an invalid status": says(b"HTTP/1.1 banana Split\r\n\r\n"),
    "an invalid chunk size": says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n"),
    "two lengths": says(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a negative length": says(HEAD + b"Content-Length: -2\r\n\r\n{}"),
    "an unknown transfer encoding": says(HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n"),
    "a header of 200 KiB": says(HEAD + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n{}"),
    "silence": says_and_waits(b""),
    "silence in the headers": says_and_waits(HEAD),
    "silence in the body": says_and_waits(HEAD + b"Content-Length: 100\r\n\r\n{"),
}


IN_THE_BODY = {"reset in the body", "cut body", "cut chunk", "no last chunk", "silence in the body"}


@pytest.mark.parametrize("fault", LOST)
async def test_request_without_response_is_lost_and_sent_once(make: Make, fault: str) -> None:
    with serve(first(LOST[fault])) as server:
        transport = make(server.origin)
        request = call(server.origin, method="POST", body=b"{}", read_timeout=0.1 if "silence" in fault else LONGEST)
        failure = failed(await transport.send(request))
        assert (failure.kind, failure.sent) == ("lost", "maybe"), failure
        if fault in IN_THE_BODY:
            assert failure.status == 200
        assert server.wait_seen(1)
        assert len(server.seen) == 1
        for _ in range(3):
            assert answered(await transport.send(call(server.origin))).content == OK
        assert len(server.seen) == 4


CUT_ERRORS = {
    "503, cut": b"HTTP/1.1 503 No\r\nRetry-After: 3\r\nContent-Length: 100\r\n\r\n<html>",
    "429, cut in a chunk": b"HTTP/1.1 429 No\r\nRetry-After: 3\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<html>",
}


@pytest.mark.parametrize("case", CUT_ERRORS)
async def test_error_with_cut_body_keeps_its_status(make: Make, case: str) -> None:
    with serve(first(says(CUT_ERRORS[case]))) as server:
        transport = make(server.origin)
        answer = answered(await transport.send(call(server.origin)))
        assert (str(answer.status), answer.headers["retry-after"]) == (case[:3], "3")
        assert answered(await transport.send(call(server.origin))).content == OK


async def test_connection_closed_by_the_server_is_not_used(make: Make) -> None:
    with serve(lambda peer: peer.request() and peer.send(reply())) as server:
        transport = make(server.origin)
        for count in range(1, 5):
            assert answered(await transport.send(call(server.origin))).content == OK
            assert server.wait_open(0)
            assert (server.accepted, len(server.seen)) == (count, count)


async def test_connection_that_dies_loses_request_sent_once(make: Make) -> None:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.send(reply())
        peer.request()
        peer.reset()

    with serve(behave) as server:
        transport = make(server.origin)
        answered(await transport.send(call(server.origin)))
        failure = failed(await transport.send(call(server.origin, method="POST", body=b"{}")))
        assert (failure.kind, failure.sent) == ("lost", "maybe")
        assert len(server.seen) == 2


NOWHERE = {
    "refused": lambda: f"http://127.0.0.1:{closed_port()}",
    "refused, with TLS": lambda: f"https://127.0.0.1:{closed_port()}",
    "an unknown name": lambda: "http://unknown.invalid",
    "a name that is too long": lambda: f"http://{'x' * 70}.invalid",
}
WHY = {
    "refused": "{host}, connection refused",
    "refused, with TLS": "{host}, connection refused",
    "an unknown name": "unknown.invalid:80, name not known",
}


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver knows addresses only, so that no test uses the network."""
    real = socket.getaddrinfo

    def resolve(host: Any, *args: Any, **settings: Any) -> Any:
        if not set(host if isinstance(host, str) else host.decode()) <= set("0123456789."):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *args, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.usefixtures("no_names")
@pytest.mark.parametrize("case", NOWHERE)
async def test_no_connection_means_never_sent(make: Make, case: str) -> None:
    origin = NOWHERE[case]()
    transport = make(origin, 1)
    for _ in range(10):  # more often than a pool has slots
        failure = failed(await transport.send(call(origin, method="POST", body=b"{}")))
        assert (failure.kind, failure.sent) == ("connect", "no"), failure
        assert failure.why == WHY.get(case, failure.why).format(host=origin.partition("://")[2])


@pytest.fixture
def self_signed() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def of_another_name(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("vendor.example.com").configure_cert(context)
    return context


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("certificate", ["self_signed", "of_another_name"])
async def test_server_with_invalid_certificate_gets_nothing(
    make: Make, certificate: str, request: pytest.FixtureRequest
) -> None:
    with serve(answering(), request.getfixturevalue(certificate)) as server:
        transport = make(server.origin, 1)
        for _ in range(10):
            failure = failed(await transport.send(call(server.origin)))
            assert (failure.kind, failure.sent) == ("connect", "no"), failure
            assert failure.why.startswith(f"{server.origin.partition('://')[2]}, certificate refused: ")
        assert not server.seen
        assert server.wait_open(0)


HANDSHAKES: dict[str, Behaviour] = {
    "reset": Peer.reset,
    "closed": lambda peer: None,
    "garbage": lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9),
    "silence": Peer.until_gone,
}
WHY_NO_TLS = {
    "reset": ".*",  # reading may notice it first, or writing
    "closed": ".*",  # the libraries have different names for it
    "garbage": "no TLS: wrong version number",
    "silence": "timed out",
}


@pytest.mark.parametrize("handshake", HANDSHAKES)
async def test_failed_handshake_means_never_sent(make: Make, handshake: str) -> None:
    with serve(HANDSHAKES[handshake]) as server:
        origin = server.origin.replace("http:", "https:")
        transport = make(origin, 1)
        for _ in range(3):
            request = call(origin, connect_timeout=0.1 if handshake == "silence" else LONGEST)
            failure = failed(await transport.send(request))
            assert (failure.kind, failure.sent) == ("connect", "no"), failure
            assert re.fullmatch(WHY_NO_TLS[handshake], failure.why.removeprefix(f"{origin.partition('://')[2]}, "))
        assert server.wait_open(0)


@pytest.mark.usefixtures("trusted")
async def test_server_with_valid_certificate(make: Make, certified: ssl.SSLContext) -> None:
    with serve(answering(), certified) as server:
        transport = make(server.origin)
        for _ in range(3):
            answered(await transport.send(call(server.origin, b"/things?logintoken=secret")))
        assert [seen.target for seen in server.seen] == [b"/things?logintoken=secret"] * 3
        assert server.accepted == 1


async def test_invalid_header_is_never_sent(make: Make) -> None:
    with serve(answering()) as server:
        transport = make(server.origin, 1)
        for value in (b"a\r\nInjected: b", b"a\n", b"a\0b"):
            failure = failed(await transport.send(call(server.origin, headers=((b"Authorization", value),))))
            assert (failure.kind, failure.sent) == ("connect", "no"), failure
        assert answered(await transport.send(call(server.origin)))
        assert len(server.seen) == 1

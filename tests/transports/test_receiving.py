"""Responses of any status are complete, decompressed and capped. Redirects are not followed."""

from __future__ import annotations

import gzip
import socket
import ssl
import zlib

import pytest
from prepared_requests import Make, answered, call, failed
from server import OK, Peer, answering, reply, serve

from crossbook._http.request import Transport

pytestmark = pytest.mark.anyio

DOCUMENT = b'{"data":[' + b",".join(b'{"id":"%d","email":"anna@example.com"}' % number for number in range(500)) + b"]}"


def chunked(body: bytes, size: int, *headers: bytes) -> bytes:
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    head = b"\r\n".join((b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *headers))
    return head + b"\r\n\r\n" + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


WHOLE = {
    "plain": reply(DOCUMENT),
    "gzip": reply(gzip.compress(DOCUMENT), "200 OK", "Content-Encoding: gzip"),
    "x-gzip": reply(gzip.compress(DOCUMENT), "200 OK", "Content-Encoding: X-GZip"),
    "identity": reply(DOCUMENT, "200 OK", "Content-Encoding: identity"),
    "gzip with something behind it": reply(gzip.compress(DOCUMENT) + b"\0" * 99, "200 OK", "Content-Encoding: gzip"),
    "chunked": chunked(DOCUMENT, 1000),
    "chunked gzip, byte by byte": chunked(gzip.compress(DOCUMENT), 1, b"Content-Encoding: gzip"),
    "after 100 and 103": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
    + reply(DOCUMENT),
}


@pytest.mark.parametrize("case", WHOLE)
async def test_body_is_complete(make: Make, case: str) -> None:
    with serve(answering(WHOLE[case])) as server:
        transport = make(server.origin)
        for _ in range(2):
            assert answered(await transport.send(call(server.origin))).content == DOCUMENT


async def test_body_may_end_with_the_connection(make: Make) -> None:
    with serve(lambda peer: peer.request() and peer.send(b"HTTP/1.0 200 OK\r\n\r\n" + DOCUMENT)) as server:
        assert answered(await make(server.origin).send(call(server.origin))).content == DOCUMENT


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_response_without_a_body(make: Make, status: str) -> None:
    with serve(answering(f"HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\n\r\n".encode())) as server:
        transport = make(server.origin)
        for _ in range(2):
            assert answered(await transport.send(call(server.origin))).content == b""


async def test_headers_are_lower_case_and_joined(make: Make) -> None:
    with serve(
        answering(reply(OK, "429 Slow Down", "Retry-After: 7", "X-Many: a", "x-many: b", "X-Odd: \xff"))
    ) as server:
        answer = answered(await make(server.origin).send(call(server.origin)))
    assert (answer.status, answer.content) == (429, OK)
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-many"] == "a, b"
    assert answer.headers["x-odd"] == "\xff"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed(make: Make, status: int) -> None:
    with serve(answering()) as elsewhere:
        moved = reply(b"", f"{status} Moved", f"Location: {elsewhere.origin}/other")
        with serve(answering(moved)) as server:
            answer = answered(await make(server.origin).send(call(server.origin, method="POST", body=b"{}")))
            assert (answer.status, len(server.seen)) == (status, 1)
        assert not elsewhere.accepted


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_cap_counts_decompressed_bytes(make: Make, packed: bool) -> None:
    body = b"x" * 3_000_000
    answer = reply(gzip.compress(body), "200 OK", "Content-Encoding: gzip") if packed else reply(body)
    with serve(answering(answer)) as server:
        transport = make(server.origin)
        for _ in range(2):
            assert answered(await transport.send(call(server.origin, max_response_bytes=len(body)))).content == body
            failure = failed(await transport.send(call(server.origin, max_response_bytes=len(body) - 1)))
            assert (failure.kind, failure.sent) == ("too_large", "yes")


UNASKED = {
    "br": (b"\x0b\x02\x80data\x03", "br"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "zstd"),
    "deflate": (zlib.compress(DOCUMENT), "deflate"),
    "gzip over gzip": (gzip.compress(gzip.compress(DOCUMENT)), "gzip, gzip"),
    "gzip over gzip, in two headers": (gzip.compress(gzip.compress(DOCUMENT)), "gzip\r\nContent-Encoding: gzip"),
    "no gzip at all": (DOCUMENT, "gzip"),
    "broken gzip": (gzip.compress(DOCUMENT)[:-8] + b"\0" * 8, "gzip"),
}


@pytest.mark.parametrize("case", UNASKED)
async def test_unrequested_encoding_is_a_failure(make: Make, case: str) -> None:
    body, encoding = UNASKED[case]
    with serve(answering(reply(body, "200 OK", f"Content-Encoding: {encoding}"), reply())) as server:
        transport = make(server.origin)
        failure = failed(await transport.send(call(server.origin)))
        assert (failure.kind, failure.sent) == ("encoding", "yes")
        assert answered(await transport.send(call(server.origin))).content == OK


@pytest.mark.parametrize("status", [302, 429, 503])
async def test_error_keeps_its_status_without_its_body(make: Make, status: int) -> None:
    bodies = [reply(b"?", f"{status} No", "Retry-After: 9", "Content-Encoding: br"), reply(b"x" * 2000, f"{status} No")]
    with serve(answering(*bodies)) as server:
        transport = make(server.origin)
        unread = answered(await transport.send(call(server.origin)))
        assert (unread.status, unread.content, unread.headers["retry-after"]) == (status, b"", "9")
        large = answered(await transport.send(call(server.origin, max_response_bytes=1000)))
        assert (large.status, large.content) == (status, b"")


def one_too_many(peer: Peer) -> None:
    """Send two responses to the first request of a connection."""
    for number, _ in enumerate(peer.requests()):
        peer.send(reply(b'{"first":1}') + reply(b'{"whose":0}') if number == 0 else reply(b'{"later":1}'))


def one_too_many_in_records(peer: Peer) -> None:
    """Each response is a TLS record of its own, and both come at once."""
    for number, _ in enumerate(peer.requests()):
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        for body in (b'{"first":1}', b'{"whose":0}') if number == 0 else (b'{"later":1}',):
            peer.send(reply(body))
        peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


async def only_the_first_is_taken(transport: Transport, origin: str) -> None:
    for _ in range(3):
        assert b"whose" not in answered(await transport.send(call(origin))).content


async def test_surplus_response_is_never_matched(make_own: Make) -> None:
    """Matched to the next request, it would show another person's contact."""
    with serve(one_too_many) as server:
        await only_the_first_is_taken(make_own(server.origin), server.origin)


# Sent separately, the surplus may come after the next request, and look like its response.
@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="only Linux lets two records be sent at once for sure")
@pytest.mark.usefixtures("trusted")
async def test_surplus_response_is_never_matched_with_tls(make_own: Make, certified: ssl.SSLContext) -> None:
    with serve(one_too_many_in_records, certified) as server:
        await only_the_first_is_taken(make_own(server.origin), server.origin)


@pytest.mark.usefixtures("trusted")
async def test_connection_is_kept_with_tls(make_own: Make, certified: ssl.SSLContext) -> None:
    """The check for unread data does not harm the connection."""
    with serve(answering(), certified) as server:
        transport = make_own(server.origin)
        for _ in range(4):
            answered(await transport.send(call(server.origin)))
        assert server.accepted == 1

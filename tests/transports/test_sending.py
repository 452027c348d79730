"""Requests are sent byte for byte; secrets are on the wire and nowhere else."""

from __future__ import annotations

import logging

import pytest
from prepared_requests import Make, answered, call, failed
from server import Peer, answering, serve

pytestmark = pytest.mark.anyio

SECRET = "0123456789abcdef0123456789abcdef"
HEADERS = (
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"gzip"),
    (b"User-Agent", b"crossbook"),
    (b"Authorization", SECRET.encode()),
    (b"Application-Key", b"key-" + SECRET.encode()),
)
TARGETS = (
    b"/api/contacts/get?logintoken=" + SECRET.encode(),
    b"/v2.1/contact?limit=100&offset=0&email=a%2Bb%40example.com",
    b"/v2.1/contact?phoneNumber=%2B48500600700&externalId=%C5%81%c3%b3d%C5%BA",
    b"/contacts/index.json?search=a%20b+c&x=%2e%2E%2F..%2f&y=~!$'()*,;:@/?",
    b"/v2.1/contact/12/group",
    b"/a//b/~c?",
    b"/?",
)


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
async def test_target_is_sent_byte_for_byte(make: Make, target: bytes) -> None:
    with serve(answering()) as server:
        answered(await make(server.origin).send(call(server.origin, target)))
        assert [seen.target for seen in server.seen] == [target]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_any_method_sends_a_body(make: Make, method: str) -> None:
    body = b'{"id":[1]}'
    with serve(answering()) as server:
        headers = (*HEADERS, (b"Content-Type", b"application/json"))
        answered(await make(server.origin).send(call(server.origin, method=method, headers=headers, body=body)))
        (seen,) = server.seen
    assert (seen.method, seen.body) == (method.encode(), body)
    assert seen.header(b"content-length") == b"10"
    assert seen.header(b"transfer-encoding") is None


@pytest.mark.parametrize(("method", "length"), [("GET", None), ("DELETE", None), ("POST", b"0"), ("PUT", b"0")])
async def test_missing_body_sends_length_where_expected(make: Make, method: str, length: bytes | None) -> None:
    with serve(answering()) as server:
        answered(await make(server.origin).send(call(server.origin, method=method)))
        (seen,) = server.seen
    assert (seen.body, seen.header(b"content-length")) == (b"", length)


async def test_large_body_is_sent_completely(make: Make) -> None:
    body = bytes(range(256)) * 8192
    with serve(answering()) as server:
        answered(await make(server.origin).send(call(server.origin, method="POST", body=body)))
        assert server.seen[0].body == body


async def test_exactly_our_headers_are_sent(make_own: Make) -> None:
    with serve(answering()) as server:
        answered(await make_own(server.origin).send(call(server.origin, headers=HEADERS)))
        (seen,) = server.seen
    assert seen.headers == ((b"Host", server.origin.removeprefix("http://").encode()), *HEADERS)


async def test_our_headers_override_those_of_a_user_client(make: Make) -> None:
    with serve(answering()) as server:
        answered(await make(server.origin).send(call(server.origin, headers=HEADERS)))
        (seen,) = server.seen
    for name, value in HEADERS:
        assert [found for key, found in seen.headers if key.lower() == name.lower()] == [value]


async def test_cookies_are_not_kept(make_own: Make) -> None:
    with serve(answering(b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1; Path=/\r\nContent-Length: 0\r\n\r\n")) as server:
        transport = make_own(server.origin)
        for _ in range(3):
            answered(await transport.send(call(server.origin)))
        assert [seen.header(b"cookie") for seen in server.seen] == [None] * 3


@pytest.mark.parametrize("fails", [False, True], ids=["answered", "lost"])
async def test_logs_and_failures_show_no_secrets(
    make: Make, kind: str, caplog: pytest.LogCaptureFixture, fails: bool
) -> None:
    def close(peer: Peer) -> None:
        peer.request()

    target = b"/api/contacts/get?logintoken=" + SECRET.encode()
    with serve(close if fails else answering()) as server, caplog.at_level(logging.DEBUG):
        request = call(server.origin, target, method="POST", headers=HEADERS, body=SECRET.encode())
        outcome = await make(server.origin).send(request)
        assert server.seen[0].target == target
    shown = [record.getMessage() + repr(record.__dict__) for record in caplog.records] + [repr(outcome), repr(request)]
    assert any(record.name.startswith("httpcore") for record in caplog.records) == kind.startswith("httpx")
    assert not [text for text in shown if SECRET in text]
    assert (failed if fails else answered)(outcome)


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (b"/things HTTP/1.1", b"x"),
        (b"/things\r\nX-Other: 1", b"x"),
        (b"/things", b"x\r\nX-Other: 1"),
        (b"/things", b"x\0"),
    ],
)
async def test_line_end_is_never_sent(make: Make, target: bytes, value: bytes) -> None:
    with serve(answering()) as server:
        outcome = failed(await make(server.origin).send(call(server.origin, target, headers=((b"X-Value", value),))))
        assert outcome.sent == "no"
        assert not server.seen


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
async def test_other_users_of_the_library_keep_their_log(
    library: str, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    other = pytest.importorskip(library)
    with serve(answering(b"HTTP/1.1 200 OK\r\nX-Value: told\r\nContent-Length: 0\r\n\r\n")) as server:
        answered(await make(server.origin).send(call(server.origin)))
        with caplog.at_level(logging.DEBUG):
            async with other.AsyncClient(trust_env=False) as client:
                await client.get(server.origin)
    assert "X-Value" in caplog.text

"""`http_client=`: the user's client keeps its settings, as long as it sends the request unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

import pytest
from prepared_requests import Make, answered, call, failed
from server import answering, reply, serve
from transport_kinds import needs

from crossbook import _transports
from crossbook.errors import InvalidInputError, UsageError

pytestmark = pytest.mark.anyio

TARGET = b"/v2.1/contact?email=anna%40example.com"


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest, anyio_backend_name: str) -> Any:
    needs(request.param, anyio_backend_name)
    return import_module(request.param)


@pytest.fixture
async def client_of(library: Any) -> AsyncIterator[Make]:
    made = []

    def make(**settings: Any) -> Any:
        made.append(library.AsyncClient(**settings))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


def over(client: Any, origin: str) -> Any:
    return _transports.make_transport("httpx", origin, 8, client)


@pytest.mark.parametrize("client", [object(), "httpx", 7], ids=["object", "text", "number"])
def test_object_that_is_no_client_is_refused(client: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        over(client, "http://127.0.0.1:9")
    assert caught.value.field == "http_client"


async def test_session_of_aiohttp_is_refused(anyio_backend_name: str) -> None:
    """Its cookie jar cannot be kept out of a request."""
    needs("aiohttp", anyio_backend_name)
    async with import_module("aiohttp").ClientSession() as session:
        with pytest.raises(InvalidInputError, match="cookies"):
            over(session, "http://127.0.0.1:9")


async def test_sync_client_is_refused(library: Any) -> None:
    with library.Client() as client, pytest.raises(InvalidInputError):
        over(client, "http://127.0.0.1:9")


async def test_user_client_is_named_and_stays_open(library: Any, client_of: Make) -> None:
    with serve(answering()) as server:
        client = client_of()
        transport = over(client, server.origin)
        assert transport.name == f"{library.__name__}, user client"
        answered(await transport.send(call(server.origin)))
        await transport.aclose()
        assert not client.is_closed
        answered(await transport.send(call(server.origin)))
        assert server.accepted == 1


async def test_closed_user_client_sends_nothing(client_of: Make) -> None:
    with serve(answering()) as server:
        client = client_of()
        await client.aclose()
        failure = failed(await over(client, server.origin).send(call(server.origin)))
        assert (failure.kind, failure.sent) == ("connect", "no")
        assert not server.accepted


async def test_followed_redirect_does_not_get_the_query(client_of: Make) -> None:
    with serve(answering()) as elsewhere:
        with serve(answering(reply(b"", "307 Moved", f"Location: {elsewhere.origin}/other?x=1"))) as server:
            transport = over(client_of(follow_redirects=True), server.origin)
            answered(await transport.send(call(server.origin, TARGET)))
            assert [seen.target for seen in server.seen] == [TARGET]
        assert [seen.target for seen in elsewhere.seen] == [b"/other?x=1"]


@pytest.mark.parametrize("jar", [{}, {"own": "1"}], ids=["empty jar", "filled jar"])
async def test_cookie_jar_is_not_sent(client_of: Make, jar: dict[str, str]) -> None:
    client = client_of(cookies=jar)
    with serve(answering(reply(b"", "200 OK", "Set-Cookie: logintoken=1; Path=/"))) as server:
        for _ in range(2):
            answered(await over(client, server.origin).send(call(server.origin)))
        assert client.cookies["logintoken"] == "1"
        assert [seen.header(b"cookie") for seen in server.seen] == [None] * 2


async def test_cookie_jar_is_not_sent_after_a_redirect(client_of: Make) -> None:
    there = reply(b"", "307 Moved", "Location: /there", "Set-Cookie: logintoken=1; Path=/")
    with serve(answering(there, reply(b"", "303 See", "Location: /then"), reply(b"done"))) as server:
        client = client_of(follow_redirects=True, cookies={"own": "1"})
        response = answered(await over(client, server.origin).send(call(server.origin)))
        assert response.content == b"done"
        assert [seen.header(b"cookie") for seen in server.seen] == [None] * 3


async def test_cookie_header_of_user_client_is_sent(client_of: Make) -> None:
    with serve(answering(reply(b"", "200 OK", "Set-Cookie: logintoken=1; Path=/"))) as server:
        client = client_of(headers={"Cookie": "gateway=7"}, cookies={"own": "1"})
        for _ in range(2):
            answered(await over(client, server.origin).send(call(server.origin)))
        assert [seen.header(b"cookie") for seen in server.seen] == [b"gateway=7"] * 2


async def test_redirect_keeps_method_body_and_authorization_of_user_client(client_of: Make) -> None:
    """Credentials of the client do not reach another origin, as without crossbook."""
    with serve(answering()) as elsewhere:
        away = reply(b"", "307 Moved", f"Location: {elsewhere.origin}/away")
        with serve(answering(reply(b"", "308 Moved", "Location: /here"), away)) as server:
            transport = over(client_of(follow_redirects=True, auth=("user", "password")), server.origin)
            answered(await transport.send(call(server.origin, method="POST", body=b"{}")))
            assert [seen.header(b"authorization") is None for seen in server.seen] == [False, False]
        assert [(seen.method, seen.body) for seen in elsewhere.seen] == [(b"POST", b"{}")]
        assert elsewhere.seen[0].header(b"authorization") is None


async def test_too_many_redirects_are_lost(client_of: Make) -> None:
    with serve(answering(reply(b"", "302 Moved", "Location: /"))) as server:
        client = client_of(follow_redirects=True, max_redirects=3)
        failure = failed(await over(client, server.origin).send(call(server.origin)))
        assert (failure.kind, failure.sent, failure.cause) == ("lost", "maybe", "TooManyRedirects")
        assert len(server.seen) == 4


async def test_user_client_that_drops_the_query_is_refused(library: Any, client_of: Make) -> None:
    client = client_of(transport=library.MockTransport(lambda request: library.Response(200, json=[])))
    transport = over(client, "http://vendor.example.com")
    with pytest.raises(UsageError, match="http_client"):
        await transport.send(call("http://vendor.example.com", TARGET))
    answered(await transport.send(call("http://vendor.example.com", b"/v2.1/contact")))


async def test_user_client_that_sends_twice_is_refused(library: Any, client_of: Make) -> None:
    class Again(library.AsyncHTTPTransport):  # type: ignore[misc]
        async def handle_async_request(self, request: Any) -> Any:
            response = await super().handle_async_request(request)
            if response.status_code == 503:
                await response.aclose()
                response = await super().handle_async_request(request)
            return response

    with serve(answering(reply(b"", "503 No"), reply())) as server:
        transport = over(client_of(transport=Again()), server.origin)
        with pytest.raises(UsageError, match="once"):
            await transport.send(call(server.origin, TARGET))
        answered(await transport.send(call(server.origin, TARGET)))

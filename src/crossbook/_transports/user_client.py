"""The option `http_client=`: send through the user's own client, for a proxy, client certificate or private CA.

It is a client of httpx or httpx2, or a connector of aiohttp. Its pool, redirects and retries are the user's choice, and
the user closes it. The client's cookie jar is never used: accounts may share the client, and a login may set a cookie.
"""

from __future__ import annotations

import sys
from typing import Any

import anyio

from crossbook._http.request import TIMED_OUT, PreparedRequest, Transport, TransportFailure, TransportResponse
from crossbook._transports.httpx import RequestTrace, exchange, stream_class
from crossbook.errors import InvalidInputError, UsageError


def make_user_transport(client: Any, origin: str, concurrency: int) -> Transport:
    """Return a transport that sends through the user's own client or connector.

    Raises:
        InvalidInputError: requests cannot be sent with such an object.
    """
    library: Any
    for name in ("httpx", "httpx2"):
        library = sys.modules.get(name)
        if library is not None and isinstance(client, library.AsyncClient):
            return UserClientTransport(client, library)
    library = sys.modules.get("aiohttp")
    if library is not None and isinstance(client, library.BaseConnector):
        from crossbook._transports.aiohttp import AiohttpTransport

        return AiohttpTransport(origin, concurrency, client)
    reason = "http_client must be an AsyncClient of httpx or httpx2, or a connector of aiohttp: TCPConnector(ssl=…)"
    if library is not None and isinstance(client, library.ClientSession):
        reason = (
            "a ClientSession sends its cookies with every request: pass a connector of aiohttp: TCPConnector(ssl=…)"
        )
    raise InvalidInputError(reason, field="http_client")


class UserClientTransport:
    """A transport that sends through the user's own `AsyncClient` of httpx or httpx2."""

    def __init__(self, client: Any, library: Any) -> None:
        self._library = library
        self._client = client
        self.name = f"{library.__name__}, user client"

    async def send(self, request: PreparedRequest) -> TransportResponse | TransportFailure:
        if self._client.is_closed:
            return TransportFailure("connect", "no", "http_client is closed")
        trace, complete = RequestTrace(), True

        async def send(built: Any) -> Any:
            nonlocal complete
            response, redirects = await self._send_following(built)
            dropped = "target" in built.extensions and built.url.raw_path != request.target
            complete = not dropped and trace.sends <= 1 + redirects
            return response

        outcome: TransportResponse | TransportFailure = TIMED_OUT
        with anyio.CancelScope(deadline=request.deadline):
            outcome = await exchange(self._library, self._build, send, request, trace)
        if isinstance(outcome, TransportResponse) and not complete:
            # The query is in an extension, for one request through httpcore. Another transport would drop it, and so
            # would a second attempt. Such a response does not belong to the request.
            raise UsageError(
                "http_client dropped the query: it must send a request once, over the library's own transport",
                sent="maybe",
            )
        return outcome

    async def _send_following(self, built: Any) -> tuple[Any, int]:
        """Send the request, and follow redirects if the client does. Return the last response and the redirect count.

        The client would add the cookies of its jar to each redirected request. So it does not follow redirects itself,
        but builds the next request, which is sent without them. The client's `auth` was applied to the first request;
        the client keeps or removes it when it builds the next one.
        """
        redirects = 0
        response = await self._client.send(built, stream=True, follow_redirects=False)
        while self._client.follow_redirects and response.next_request is not None:
            await response.aclose()
            redirects += 1
            if redirects > self._client.max_redirects:
                raise self._library.TooManyRedirects("too many redirects", request=built)
            following = response.next_request
            following.headers.pop("Cookie", None)
            response = await self._client.send(following, stream=True, follow_redirects=False, auth=None)
        return response, redirects

    def _build(self, request: PreparedRequest) -> Any:
        url, headers = request.origin + request.path, list(request.headers)
        built = self._client.build_request(request.method, url, headers=headers, content=request.body or None)
        if "Cookie" not in self._client.headers:  # then it is from the jar, which does not replace a header
            built.headers.pop("Cookie", None)
        built.stream = stream_class(self._library)(request.body)
        return built

    async def aclose(self) -> None:
        """Do nothing, since the user closes their own client."""

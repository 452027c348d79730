"""`http_client=`: what the user brings for proxies, client certificates or a CA of its own.

A client of httpx or httpx2, or a connector of aiohttp. Its pool, cookies, redirects and retries are its owner's affair;
so is closing it.
"""

from __future__ import annotations

import sys
from typing import Any

from crossbook._http.request import PreparedRequest, Transport, TransportFailure, TransportResponse
from crossbook._transports.httpx import RequestTrace, exchange, library_of, stream_class
from crossbook.errors import InvalidInputError, UsageError


def brought(client: object, origin: str, concurrency: int) -> Transport:
    """The transport over it.

    Raises:
        InvalidInputError: it is nothing that requests can be sent with.
    """
    library = library_of(client)
    if library is not None:
        return UserClientTransport(client, library)
    loaded: Any = sys.modules.get("aiohttp")
    if loaded is not None and isinstance(client, loaded.BaseConnector):
        from crossbook._transports.aiohttp import Aiohttp

        connector: Any = client
        return Aiohttp(origin, concurrency, connector)
    raise InvalidInputError(
        "http_client is an AsyncClient of httpx or httpx2, or a connector of aiohttp: TCPConnector(ssl=…)",
        field="http_client",
    )


class UserClientTransport:
    """Sends through somebody else's `AsyncClient`."""

    def __init__(self, client: Any, library: Any) -> None:
        self._library = library
        self.name = f"{self._library.__name__}, brought"
        self._client = client

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        if self._client.is_closed:
            return TransportFailure("connect", "no", "http_client is closed")
        trail, whole = RequestTrace(), True

        async def send(request: Any) -> Any:
            nonlocal whole
            response = await self._client.send(request, stream=True)
            dropped = "target" in request.extensions and request.url.raw_path != call.target
            whole = not dropped and trail.sends <= 1 + len(response.history)
            return response

        outcome = await exchange(self._library, self._request, send, call, trail)
        if isinstance(outcome, TransportResponse) and not whole:
            # The query travels beside the URL, for one request through httpcore: another transport would drop it, and
            # so would a second try. What came back is no answer to what was asked.
            raise UsageError(
                "http_client must send a request once, over the library's own transport: it dropped the query",
                sent="maybe",
            )
        return outcome

    def _request(self, call: PreparedRequest) -> Any:
        url, headers = call.origin + call.path, list(call.headers)
        request = self._client.build_request(call.method, url, headers=headers, content=call.body or None)
        request.stream = stream_class(self._library)(call.body)
        return request

    async def aclose(self) -> None:
        """Not ours to close."""

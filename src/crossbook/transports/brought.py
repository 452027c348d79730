"""`http_client=`: a client of httpx or httpx2 that the user brings, for its proxies, client certificates or CA.

Its pool, time-outs of its own, cookies and redirects are its owner's affair; so is closing it.
"""

from __future__ import annotations

from typing import Any

import anyio

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.errors import InvalidInput
from crossbook.transports.pools import extensions, failures, library_of, read


class Brought:
    """Sends through somebody else's `AsyncClient`."""

    def __init__(self, client: Any) -> None:
        library = library_of(client)
        if library is None:
            raise InvalidInput("http_client is an AsyncClient of httpx or httpx2", field="http_client")
        self.name = f"{library.__name__}, brought"
        self._client = client
        self._failure = failures(library)

    async def send(self, call: Outgoing) -> Reply | Failure:
        request = self._client.build_request(
            call.method,
            call.origin + call.path,
            headers=list(call.headers),
            content=call.body or None,
            extensions=extensions(call),
        )
        try:
            response = await self._client.send(request, stream=True)
            try:
                return await read(response, call.max_body)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        except Exception as error:
            return self._failure(error)

    async def aclose(self) -> None:
        """Not ours to close."""

"""`http_client=`: a client of httpx or httpx2 that the user brings, for its proxies, client certificates or CA.

Its pool, cookies, redirects and retries are its owner's affair; so is closing it.
"""

from __future__ import annotations

from typing import Any

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.errors import InvalidInput, UsageError
from crossbook.transports.library import exchange, library_of
from crossbook.transports.trail import Trail


class Brought:
    """Sends through somebody else's `AsyncClient`.

    Raises:
        InvalidInput: it is no such client.
    """

    def __init__(self, client: Any) -> None:
        self._library = library_of(client)
        if self._library is None:
            raise InvalidInput("http_client is an AsyncClient of httpx or httpx2", field="http_client")
        self.name = f"{self._library.__name__}, brought"
        self._client = client

    async def send(self, call: Outgoing) -> Reply | Failure:
        if self._client.is_closed:
            return Failure("connect", "no", "http_client is closed")
        trail, whole = Trail(), True

        async def send(request: Any) -> Any:
            nonlocal whole
            response = await self._client.send(request, stream=True)
            dropped = "target" in request.extensions and request.url.raw_path != call.target
            whole = not dropped and trail.sends <= 1 + len(response.history)
            return response

        outcome = await exchange(self._library, self._client.build_request, send, call, trail)
        if isinstance(outcome, Reply) and not whole:
            # The query travels beside the URL, for one request through httpcore: another transport would drop it, and
            # so would a second try. What came back is no answer to what was asked.
            raise UsageError(
                "http_client must send a request once, over the library's own transport: it dropped the query",
                sent="maybe",
            )
        return outcome

    async def aclose(self) -> None:
        """Not ours to close."""

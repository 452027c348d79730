"""The floor: the least that a client in Python can do, an asyncio.Protocol and httptools. No time-outs, no errors."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools


class FloorClient(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[bytes] | None = None
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none by inheritance.
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        assert self._answered is not None
        self._answered.set_result(b"".join(self._body))

    async def request(self, raw: bytes) -> bytes:
        """Sends the bytes of a request and gives the body of the answer."""
        self._body.clear()
        self._parser = httptools.HttpResponseParser(self)
        self._answered = self._loop.create_future()
        self._transport.write(raw)
        return await self._answered

    def close(self) -> None:
        self._transport.close()

"""The floor: the fastest compared client, of asyncio.Protocol and httptools, without time-outs and error handling."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools


class FloorClient(asyncio.Protocol):
    """A client with one connection, which sends one request at a time."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[bytes] | None = None
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport does not inherit from asyncio.Transport.
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
        """Send the bytes of a request and return the body of the response."""
        self._body.clear()
        self._parser = httptools.HttpResponseParser(self)
        self._answered = self._loop.create_future()
        self._transport.write(raw)
        return await self._answered

    def close(self) -> None:
        self._transport.close()

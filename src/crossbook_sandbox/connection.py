"""Send one response through ASGI, or break the connection at its socket, which ASGI cannot do."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Receive, Scope, Send

from .vendor import Response

TRANSPORT = "crossbook_sandbox.transport"


class Connection:
    """The client's connection on which one request arrived: send its response, a part of it, or drop the connection."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport | None = scope.get("state", {}).get(TRANSPORT)

    @property
    def has_socket(self) -> bool:
        """Whether the connection has a socket: false if the application runs inside the client's process."""
        return self._transport is not None

    async def send(self, response: Response) -> None:
        """Send a whole response: its head and its body."""
        await self.start(response, len(response.body))
        await self.send_part(response.body, last=True)

    async def start(self, response: Response, length: int) -> None:
        """Send the head of a response and announce `length` bytes of body."""
        names = {"content-type": response.content_type, "content-length": str(length), **response.headers}
        if response.status in (204, 304):
            names.pop("content-length")
        headers = [(name.encode(), text.encode("latin-1", "replace")) for name, text in names.items()]
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})

    async def send_part(self, body: bytes, *, last: bool = False) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def send_half(self, response: Response, length: int) -> None:
        """Send the head, which announces `length` bytes of body, and half of the body."""
        await self.start(response, length)
        await self.send_part(response.body[: len(response.body) // 2])

    async def drop(self, *, reset: bool) -> None:
        """End the connection without sending another byte of the response, by TCP RST or FIN.

        Raises:
            ConnectionResetError, ConnectionAbortedError: There is no socket. The errors stand for RST and FIN.
        """
        if self._transport is None:
            kind = ConnectionResetError if reset else ConnectionAbortedError
            raise kind("the sandbox drops this connection")
        if reset:
            # With a linger time of 0 the kernel sends RST instead of FIN.
            raw: socket.socket = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
        # If the application returned before the disconnect, uvicorn would send 500 for the missing response.
        while (await self._receive())["type"] != "http.disconnect":
            pass

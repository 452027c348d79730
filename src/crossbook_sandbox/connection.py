"""The way back of one answer: ASGI's `send`, and the socket below it for what ASGI cannot say."""

from __future__ import annotations

import asyncio
import socket
import struct

from starlette.types import Receive, Scope, Send

from .vendor import Reply

TRANSPORT = "crossbook_sandbox.transport"


class Connection:
    """Answers one request, whole or badly."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._transport: asyncio.Transport | None = scope.get("state", {}).get(TRANSPORT)

    @property
    def has_socket(self) -> bool:
        """Tell whether there is a socket: not if the application runs inside its client's process."""
        return self._transport is not None

    async def reply(self, reply: Reply) -> None:
        """Send an answer whole."""
        await self.start(reply, len(reply.body))
        await self._send({"type": "http.response.body", "body": reply.body})

    async def start(self, reply: Reply, length: int) -> None:
        """Send the head of an answer and announce so many bytes of body."""
        names = {"content-type": reply.content_type, "content-length": str(length), **reply.headers}
        if reply.status in (204, 304):
            names.pop("content-length")
        headers = [(name.encode(), text.encode("latin-1", "replace")) for name, text in names.items()]
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def part(self, body: bytes, *, last: bool = False) -> None:
        """Send a piece of the body."""
        await self._send({"type": "http.response.body", "body": body, "more_body": not last})

    async def drop(self, *, reset: bool) -> None:
        """End the connection without another byte: by a reset, or as if the server had just closed it.

        Raises:
            ConnectionResetError, ConnectionAbortedError: There is no socket, because the application runs inside its
                client's process: the one stands for a reset, the other for a close.
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
        # Until the loss is known, uvicorn would take the missing answer for a fault of the application and send 500.
        while (await self._receive())["type"] != "http.disconnect":
            pass

"""A transport without a socket: the sandbox's application is called in the test's own event loop.

What a socket would tell of a fault is told here in the same values, so that crossbook judges it the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import anyio.lowlevel

from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook._transports.body import Body

Message = MutableMapping[str, Any]
App = Callable[[MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]


class Inside:
    """Sends to an ASGI application.

    Args:
        app: the application.
    """

    name = "the sandbox, in process"

    def __init__(self, app: App) -> None:
        self._app = app

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        await anyio.lowlevel.checkpoint()
        return await _Exchange(call).over(self._app)

    async def aclose(self) -> None:
        """There is nothing to close."""


class _Exchange:
    """One request, and what comes back of it."""

    def __init__(self, call: PreparedRequest) -> None:
        self._call = call
        self._sent = False
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._body = Body("", call.max_response_bytes)
        self._left = 0
        # Pushed on by each byte that comes, as a read time-out is.
        self._patience = anyio.CancelScope()

    async def over(self, app: App) -> TransportResponse | TransportFailure:
        cause = ""
        with self._patience:
            self._come()
            try:
                await app(self._scope(), self._receive, self._send)
            except ConnectionResetError:
                cause = "ReadError"
            except (ConnectionAbortedError, _Enough):
                cause = "RemoteProtocolError"
        if self._patience.cancelled_caught:
            cause = "ReadTimeout"
        if self._body.failure is not None and self._status is not None and self._status < 300:
            kind, why = self._body.failure
            return TransportFailure(kind, "yes", why)
        if self._status is None or (self._status < 300 and (cause or self._left)):
            return TransportFailure("lost", "maybe", cause or "RemoteProtocolError", self._status)
        whole = not cause and self._body.failure is None
        return TransportResponse(self._status, self._headers, (self._body.content() or b"") if whole else b"")

    def _scope(self) -> dict[str, Any]:
        target, _, query = self._call.target.partition(b"?")
        scheme, _, host = self._call.origin.partition("://")
        name, _, port = host.partition(":")
        headers = [(b"host", host.encode()), (b"content-length", str(len(self._call.body)).encode())]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": self._call.method,
            "scheme": scheme, "path": target.decode("ascii"), "raw_path": target, "root_path": "",
            "query_string": query, "headers": [*headers, *((key.lower(), value) for key, value in self._call.headers)],
            "client": ("127.0.0.1", 1), "server": (name, int(port or 80)),
        }  # fmt: skip

    async def _receive(self) -> Message:
        if self._sent:
            await anyio.sleep_forever()
        self._sent = True
        return {"type": "http.request", "body": self._call.body, "more_body": False}

    async def _send(self, message: Message) -> None:
        self._come()
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {
                key.decode("latin-1").lower(): value.decode("latin-1") for key, value in message["headers"]
            }
            self._left = int(self._headers.get("content-length", 0))
        else:
            self._body.feed(message.get("body", b""))
            self._left -= len(message.get("body", b""))
            if self._body.failure is not None:
                raise _Enough

    def _come(self) -> None:
        self._patience.deadline = anyio.current_time() + self._call.read_timeout


class _Enough(Exception):
    """The body is larger than the caller takes."""

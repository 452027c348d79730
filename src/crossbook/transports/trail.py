"""What became of one request inside the library, told by its `trace` extension: whether it left, what it left open."""

from __future__ import annotations

from typing import Any

import anyio

from crossbook.core.exchange import Failure
from crossbook.transports.obstacle import obstacle


class Trail:
    """Follows one request.

    Attributes:
        sends: how often its headers went out, a proxy's CONNECT aside.

    Args:
        once: it cannot leave twice, so that httpcore need not tell what follows: that would be most of its steps.
    """

    def __init__(self, *, once: bool = False) -> None:
        self.sends = 0
        self._once = once
        self._began = False
        self._headers_out = False
        self._opened: Any = None
        self._host: str | None = None
        self._port: int | None = None

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore for every step. Unknown steps are none of ours."""
        if event == "connection.connect_tcp.started":
            self._began = True
            self._host, self._port = info.get("host"), info.get("port")
        elif event == "connection.connect_tcp.complete":
            self._opened = info["return_value"]
        elif event.endswith(".send_request_headers.started"):
            request = info["request"]
            if request.method != b"CONNECT":
                self.sends += 1
                self._opened = None
                if self._once:
                    request.extensions.pop("trace", None)
        elif event.endswith(".send_request_headers.complete"):
            self._headers_out = self.sends > 0

    async def close(self) -> None:
        """Closes a connection that was opened for nothing: cancelled in the TLS handshake, a library forgets it."""
        if self._opened is not None:
            with anyio.CancelScope(shield=True):
                await self._opened.aclose()

    def failure(self, error: Exception, library: Any, status: int | None = None) -> Failure:
        """What an exception of the library means. It is never raised on, since its frames hold headers."""
        name = type(error).__name__
        if isinstance(error, library.PoolTimeout):
            return Failure("busy", "no", name)
        never_left = (library.ConnectError, library.ConnectTimeout, library.ProxyError, library.UnsupportedProtocol)
        refused_by_us = isinstance(error, library.LocalProtocolError) and not self._headers_out
        if isinstance(error, never_left) or refused_by_us or (self._began and not self.sends):
            return Failure("connect", "no", name, why=obstacle(error, self._host, self._port))
        # Whatever else: it may have left.
        return Failure("lost", "maybe", name, status)

"""One request through httpx or httpx2, whether over the library's transport or over somebody's client."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from typing import Any

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.transports import quiet
from crossbook.transports.body import Body
from crossbook.transports.head import read_headers
from crossbook.transports.trail import Trail

Builder = Callable[[Outgoing], Any]  # gives the library's `Request`
Sender = Callable[[Any], Awaitable[Any]]


class Extensions(dict[str, Any]):
    """What a request carries for httpcore beside what HTTP knows.

    `target` is what goes on the wire in place of the URL's path, which is all that the library's logs, errors and
    spans can show. It is read once: a proxy's CONNECT and a redirect's request, which are made with the same
    extensions, must not get it.
    """

    def __init__(self, call: Outgoing, trail: Trail) -> None:
        timeout = {
            "connect": call.connect_timeout,
            "read": call.read_timeout,
            "write": call.read_timeout,
            "pool": call.connect_timeout,
        }
        super().__init__(target=call.target, timeout=timeout, trace=trail)

    def __getitem__(self, name: str) -> Any:
        return self.pop(name) if name == "target" else super().__getitem__(name)


class _Pieces:
    """What is sent, piece by piece, and no generator.

    Interrupted while it writes, httpcore (1.0.9) leaves the library's own generator in its middle, and trio warns of
    that one.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


@cache
def stream_class(library: Any) -> Any:
    """The library's stream of a body that is there whole, which may be left in the middle."""

    def pieces(stream: Any) -> _Pieces:
        return _Pieces(iter(stream))

    return type("Stream", (library.ByteStream,), {"__aiter__": pieces})


async def exchange(library: Any, build: Builder, send: Sender, call: Outgoing, trail: Trail) -> Reply | Failure:
    """Builds the request and sends it, and reads its whole answer or says why there is none."""
    status: int | None = None
    try:
        request = build(call)
        request.extensions = Extensions(call, trail)
    except Exception as error:
        return Failure("connect", "no", type(error).__name__)
    token = quiet.begin()
    try:
        response = await send(request)
        status = response.status_code
        try:
            return await _read(response, call.max_body)
        finally:
            await response.aclose()
    except Exception as error:
        return trail.failure(error, library, status)
    finally:
        quiet.end(token)
        await trail.close()


async def _read(response: Any, cap: int) -> Reply | Failure:
    """The whole answer, in pieces and never more than the cap; of an error without its body the status is enough."""
    status: int = response.status_code
    headers = read_headers(response.headers.raw)
    body = Body(headers.get("content-encoding", ""), cap)
    if body.failure is None:
        try:
            async for piece in response.stream:
                body.feed(piece)
                if body.failure is not None:
                    # Closed under its own generators, which end so; left in the middle, they would warn.
                    await response.aclose()
        except Exception:
            if status >= 300:
                return Reply(status, headers, b"")
            if body.failure is None:
                raise
    return body.reply(status, headers)


def library_of(client: object) -> Any:
    """The library whose client this is, or None."""
    loaded = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    return next((library for library in loaded if isinstance(client, library.AsyncClient)), None)

"""Encode the head of a request, and read a response body in pieces: decompressed, and only up to a size limit."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator
from io import BytesIO
from typing import Literal

from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse

STEP = 1024 * 1024  # decompressed at most at once, so that a bomb is found while it is small
WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})  # methods that send a Content-Length even without a body


class ResponseBody:
    """A response body, collected and decompressed piece by piece. `failure` says why reading must stop, or is None."""

    def __init__(self, encoding: str, cap: int) -> None:
        self._cap = cap
        self._begun = False
        # One buffer and not a list: in a list, a body in pieces of one byte would take fifty times its size.
        self._buffer = BytesIO()
        self.failure: tuple[Literal["too_large", "encoding"], str] | None = None
        name = encoding.strip().lower()
        self._decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16) if name in ("gzip", "x-gzip") else None
        if name not in ("", "identity", "gzip", "x-gzip"):
            # Only gzip was requested. A chain of encodings is how bombs are built. The name itself is the vendor's
            # text, which may contain anything, so it is not shown.
            self.failure = ("encoding", "content-encoding")

    def feed(self, raw: bytes) -> None:
        """Add the next piece of the body. After a failure, ignore further pieces."""
        self._begun = self._begun or bool(raw)
        try:
            for piece in self._decompress(raw):
                if self._buffer.tell() + len(piece) > self._cap:
                    self.failure = ("too_large", f"more than {self._cap:,} bytes")
                    self._buffer = BytesIO()
                if self.failure is not None:
                    return
                self._buffer.write(piece)
        except zlib.error as error:
            self.failure = ("encoding", type(error).__name__)

    def _decompress(self, raw: bytes) -> Iterator[bytes]:
        if self._decompressor is None:
            yield raw
            return
        # Bytes after the end of the stream are not part of the response.
        while raw and not self._decompressor.eof:
            yield self._decompressor.decompress(raw, STEP)
            raw = self._decompressor.unconsumed_tail

    def content(self) -> bytes | None:
        """Return the complete body, or None if the compressed stream was cut off."""
        if self._decompressor is not None and self._begun and not self._decompressor.eof:
            return None
        return self._buffer.getvalue()

    def make_response(self, status: int, headers: dict[str, str]) -> TransportResponse | TransportFailure:
        """Return the response with this body, or a failure. In an error response, an empty body replaces a bad one."""
        content = self.content()
        if self.failure is None and content is not None:
            return TransportResponse(status, headers, content)
        if status >= 300:
            return TransportResponse(status, headers, b"")
        if self.failure is None:
            return TransportFailure("lost", "maybe", "cut gzip stream", status)
        kind, cause = self.failure
        return TransportFailure(kind, "yes", cause)


async def read_response(
    status: int,
    raw_headers: Iterable[tuple[bytes, bytes]],
    pieces: AsyncIterable[bytes],
    cap: int,
    close: Callable[[], Awaitable[None]] | None = None,
) -> TransportResponse | TransportFailure:
    """Read a response to its end and return it. Return a failure if its body is larger than `cap` bytes, or invalid.

    Args:
        close: closes the response after a failure, so that the generators behind `pieces` end. Generators that are left
            in the middle would warn.
    """
    headers = read_headers(raw_headers)
    body = ResponseBody(headers.get("content-encoding", ""), cap)
    if body.failure is None:
        try:
            async for piece in pieces:
                body.feed(piece)
                if body.failure is not None:
                    if close is None:
                        break
                    await close()
        except Exception:
            if status >= 300:
                return TransportResponse(status, headers, b"")
            if body.failure is None:
                raise
    return body.make_response(status, headers)


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers of a response by lower-case name. Values of a repeated header are joined with commas."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def encode_head(request: PreparedRequest, proxy_origin: bytes = b"", credentials: str | None = None) -> bytes:
    """Return the request line and the headers of a request as bytes.

    Args:
        request: the request to send.
        proxy_origin: the origin in front of the path, for a proxy that forwards plain HTTP.
        credentials: the user's credentials for that proxy.

    Raises:
        ValueError: a part contains a line end, which would begin another header.
    """
    lines = [
        b"%b %b%b HTTP/1.1" % (request.method.encode("ascii"), proxy_origin, request.target),
        b"Host: " + request.origin.partition("://")[2].encode("ascii"),
    ]
    lines += [name + b": " + value for name, value in request.headers]
    if request.body or request.method in WITH_LENGTH:
        lines.append(b"Content-Length: %d" % len(request.body))
    if credentials is not None:
        lines.append(b"Proxy-Authorization: " + credentials.encode("latin-1"))
    head = b"\r\n".join(lines)
    ends = len(lines) - 1
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head or lines[0].count(b" ") != 2:
        raise ValueError("invalid request head: a header or the path contains a line end, NUL or space")
    return head + b"\r\n\r\n"

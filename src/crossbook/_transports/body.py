"""A body as it comes in: in pieces, inflated by us, and never larger than the cap, whatever was announced."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Literal

from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse

STEP = 1024 * 1024  # inflated at most in one go, so that a bomb shows while it is small


class Body:
    """Takes raw pieces; `failure` is why to stop reading, if there is a reason."""

    def __init__(self, encoding: str, cap: int) -> None:
        self._cap = cap
        self._begun = False
        # One buffer and no list: a body in pieces of one byte would cost fifty times its size.
        self._buffer = BytesIO()
        self.failure: tuple[Literal["too_large", "encoding"], str] | None = None
        name = encoding.strip().lower()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if name in ("gzip", "x-gzip") else None
        if name not in ("", "identity", "gzip", "x-gzip"):
            # Asked for was gzip alone; a chain of encodings is how bombs are built.
            # Not its name: a header's text is the vendor's, and may say anything.
            self.failure = ("encoding", "content-encoding")

    def feed(self, raw: bytes) -> None:
        """Takes the next piece; what comes after a failure is dropped."""
        self._begun = self._begun or bool(raw)
        try:
            for piece in self._inflated(raw):
                if self._buffer.tell() + len(piece) > self._cap:
                    self.failure = ("too_large", f"more than {self._cap:,} bytes")
                    self._buffer = BytesIO()
                if self.failure is not None:
                    return
                self._buffer.write(piece)
        except zlib.error as error:
            self.failure = ("encoding", type(error).__name__)

    def _inflated(self, raw: bytes) -> Iterator[bytes]:
        if self._inflate is None:
            yield raw
            return
        # What follows the end of the stream is no part of the answer.
        while raw and not self._inflate.eof:
            yield self._inflate.decompress(raw, STEP)
            raw = self._inflate.unconsumed_tail

    def content(self) -> bytes | None:
        """The whole body; None if the compressed stream was cut off."""
        if self._inflate is not None and self._begun and not self._inflate.eof:
            return None
        return self._buffer.getvalue()

    def reply(self, status: int, headers: dict[str, str]) -> TransportResponse | TransportFailure:
        """The answer that this is the body of; of an error without its body the status is enough."""
        content = self.content()
        if self.failure is None and content is not None:
            return TransportResponse(status, headers, content)
        if status >= 300:
            return TransportResponse(status, headers, b"")
        if self.failure is None:
            return TransportFailure("lost", "maybe", "cut gzip stream", status)
        kind, cause = self.failure
        return TransportFailure(kind, "yes", cause)


# Heads: of a request, byte by byte as core framed it; of an answer, as core reads it.

WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})


def head_of(call: PreparedRequest, before: bytes = b"", credentials: str | None = None) -> bytes:
    """Request line and headers.

    Args:
        call: what core framed.
        before: the origin, for a proxy that is asked in clear.
        credentials: ours for that proxy.

    Raises:
        ValueError: something in it would end a line, and so begin one that nobody meant.
    """
    lines = [
        b"%b %b%b HTTP/1.1" % (call.method.encode("ascii"), before, call.target),
        b"Host: " + call.origin.partition("://")[2].encode("ascii"),
    ]
    lines += [name + b": " + value for name, value in call.headers]
    if call.body or call.method in WITH_LENGTH:
        lines.append(b"Content-Length: %d" % len(call.body))
    if credentials is not None:
        lines.append(b"Proxy-Authorization: " + credentials.encode("latin-1"))
    head = b"\r\n".join(lines)
    ends = len(lines) - 1
    if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head or lines[0].count(b" ") != 2:
        raise ValueError("not a head")
    return head + b"\r\n\r\n"


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name; what comes more than once is one value, with commas."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers

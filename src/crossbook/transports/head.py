"""Heads: of a request, byte by byte as core framed it; of an answer, as core reads it."""

from __future__ import annotations

from collections.abc import Iterable

from crossbook.core.exchange import Outgoing

WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})


def head_of(call: Outgoing, before: bytes = b"", credentials: str | None = None) -> bytes:
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

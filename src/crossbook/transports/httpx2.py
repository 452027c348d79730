"""`transport="httpx2"` (extra `httpx2`): httpx's maintained continuation, with the operating system's trust store."""

from __future__ import annotations

from crossbook.transports.pools import Pooled


def make(origin: str, concurrency: int) -> Pooled:
    return Pooled("httpx2", "httpcore2", origin, concurrency=concurrency)

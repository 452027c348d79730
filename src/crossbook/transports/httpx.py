"""`transport="httpx"`, the default."""

from __future__ import annotations

from crossbook.transports.pools import Pooled


def make(origin: str, concurrency: int) -> Pooled:
    return Pooled("httpx", "httpcore", origin, concurrency=concurrency)

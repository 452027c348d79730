"""`transport="httpx"`, the default."""

from __future__ import annotations

from crossbook.transports.pools import Pooled


def make(origin: str, concurrency: int) -> Pooled:
    # Fragile, as measured on httpx 0.28.1 with httpcore 1.0.9 (issues 830 and 1093 there): a task that asyncio cancels
    # loses its place in the pool for good at 2 of the 10 awaits of a new connection and at 1 of the 8 of an old one,
    # and after a storm (a pool of 10, 40 callers, time-outs of 0.5–20 ms, 6 s) 10 of 20 healthy calls found none.
    # With pools that are replaced all 20 did, and so they do on httpx2 2.16 without.
    return Pooled("httpx", "httpcore", origin, concurrency=concurrency, fragile=True)

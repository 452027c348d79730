"""Faults of a call, most of which leave its outcome unknown, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
from local_vendor import LOST, REFUSED, Answer, LocalVendor, Run

from crossbook._http.request import TransportResponse

LATE = 0.4
"""Seconds within which a vendor commits a call whose client is gone."""
SETTLE = 1.0

Fault = Callable[[LocalVendor, Run], Awaitable[Answer]]


async def reset_before(local_vendor: LocalVendor, run: Run) -> Answer:
    return LOST


async def reset_after(local_vendor: LocalVendor, run: Run) -> Answer:
    run()
    return LOST


async def late_commit(local_vendor: LocalVendor, run: Run) -> Answer:
    local_vendor.later(LATE, run)
    return LOST


async def timeout(local_vendor: LocalVendor, run: Run) -> Answer:
    local_vendor.later(LATE, run)
    await anyio.sleep(5)
    return LOST


async def error_before(local_vendor: LocalVendor, run: Run) -> Answer:
    return TransportResponse(503, {"content-type": "text/plain"}, b"busy")


async def error_after(local_vendor: LocalVendor, run: Run) -> Answer:
    run()
    return TransportResponse(500, {"content-type": "text/html"}, b"<html>")


async def truncated(local_vendor: LocalVendor, run: Run) -> Answer:
    reply = run()
    return TransportResponse(reply.status, reply.headers, reply.content[: len(reply.content) // 2])


async def empty(local_vendor: LocalVendor, run: Run) -> Answer:
    run()
    return TransportResponse(200, {"content-type": "application/json"}, b"")


async def unclear(local_vendor: LocalVendor, run: Run) -> Answer:
    """Process a bulk call, and return only the row of another contact."""
    run()
    return TransportResponse(200, {"content-type": "application/json"}, b'{"meta": {}, "data": [{"id": "999"}]}')


async def no_connection(local_vendor: LocalVendor, run: Run) -> Answer:
    return REFUSED


async def too_many(local_vendor: LocalVendor, run: Run) -> Answer:
    return TransportResponse(429, {"content-type": "text/plain", "retry-after": "1"}, b"Too Many Requests")


UNKNOWN: list[Fault] = [
    reset_before, reset_after, late_commit, timeout, error_before, error_after, truncated, empty,
]  # fmt: skip
COMMITTED = [reset_after, late_commit, timeout, error_after, truncated, empty]
HARMLESS: list[Fault] = [no_connection, too_many]


class Every:
    """Apply a fault to some operations: to every nth call, and at most `most` times."""

    def __init__(self, fault: Fault, *operations: str, nth: int = 1, most: int = 10**9) -> None:
        self._fault = fault
        self._operations = operations
        self._nth = nth
        self._most = most
        self.calls = self.applied = 0

    def __call__(self, operation: str) -> Fault | None:
        if operation not in self._operations:
            return None
        self.calls += 1
        if self.calls % self._nth or self.applied >= self._most:
            return None
        self.applied += 1
        return self._fault

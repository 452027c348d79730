"""A vendor that throttles requests, and callers with the real retry loop, in virtual time."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from crossbook_wire.http import Request
from fakes import reply

from crossbook import CrossbookError
from crossbook._http.auth import header_auth
from crossbook._http.client import Client
from crossbook._http.options import Options
from crossbook._http.request import BaseUrl, PreparedRequest, TransportResponse
from crossbook._http.session import Session
from crossbook.vendor import Rate
from crossbook.vendors.vercom.profile import PROFILE

CALL = Request("listGroups", "GET", "/v2.1/group")
OK = reply({"meta": {}, "data": []})
LATENCY = 0.15  # seconds
Call = Callable[[], Coroutine[Any, Any, bool]]
Refusing = Callable[[float], "int | None"]
"""The decision at a time: None accepts, a number refuses with that `Retry-After`, 0 refuses without it."""


def shares(part: float, seed: int) -> Refusing:
    """Refuse a share of the requests at random."""
    dice = random.Random(seed)
    return lambda now: 0 if dice.random() < part else None


def at(*moments: float, retry_after: int = 0) -> Refusing:
    """Refuse the first request after each of these times; `inf` refuses no request."""
    left = deque(sorted(moments))

    def refusing(now: float) -> int | None:
        if left and now >= left[0]:
            left.popleft()
            return retry_after
        return None

    return refusing


class Vendor:
    """A transport whose responses take 0.15 s."""

    name = "vendor"

    def __init__(self, refusing: Refusing) -> None:
        self.accepted: list[float] = []
        self.sent: list[float] = []
        self._refusing = refusing

    async def send(self, call: PreparedRequest) -> TransportResponse:
        self.sent.append(anyio.current_time())
        await anyio.sleep(LATENCY / 2)
        wait = self._refusing(anyio.current_time())
        if wait is None:
            self.accepted.append(anyio.current_time())
        await anyio.sleep(LATENCY / 2)
        if wait is None:
            return OK
        return reply(b"{}", 429, **({"retry_after": str(wait)} if wait else {}))

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def asking(vendor: Vendor, rate: Rate | None = None, places: int = 100, **options: Any) -> AsyncGenerator[Call]:
    """Return a function that makes one call and returns whether it succeeded."""
    base = BaseUrl.parse("https://vendor.example.com", allow_http=False)
    connection = Session(PROFILE, base, header_auth({"Authorization": "fake"}), vendor, rate, places)
    await connection.open()
    wire = Client(connection, Options(**options))

    async def call() -> bool:
        try:
            await wire.send(CALL)
        except CrossbookError:
            return False
        return True

    try:
        yield call
    finally:
        await connection.close()


async def closed_loop(call: Call, rate: float, seconds: float) -> None:
    """Return as many callers as make `rate` calls a second without waits."""

    async def caller() -> None:
        while True:
            await call()

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            for _ in range(round(rate * LATENCY)):
                tasks.start_soon(caller)


async def open_loop(call: Call, rate: float, seconds: float) -> None:
    """Make calls at random times, independent of earlier calls."""
    dice = random.Random(1)
    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            while True:
                await anyio.sleep(dice.expovariate(rate))
                tasks.start_soon(call)


def between(moments: list[float], begin: float, end: float) -> float:
    """Return the calls a second."""
    return sum(begin <= moment < end for moment in moments) / (end - begin)

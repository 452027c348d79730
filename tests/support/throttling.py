"""A vendor that refuses what a test says, and callers who ask it over the real retry loop, in virtual time."""

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
"""At this moment: None accepts, a number refuses with that `Retry-After`, 0 refuses without one."""


def shares(part: float, seed: int) -> Refusing:
    """Refuses a part of the requests at random, whatever the rate."""
    dice = random.Random(seed)
    return lambda now: 0 if dice.random() < part else None


def at(*moments: float, retry_after: int = 0) -> Refusing:
    """Refuses the first request from each of these moments on; `inf` refuses none."""
    left = deque(sorted(moments))

    def refusing(now: float) -> int | None:
        if left and now >= left[0]:
            left.popleft()
            return retry_after
        return None

    return refusing


class Vendor:
    """A transport: an answer takes 0.15 s."""

    name = "vendor"

    def __init__(self, refusing: Refusing) -> None:
        self.accepted: list[float] = []
        self.sent: list[float] = []
        self._item_keyusing = refusing

    async def send(self, call: PreparedRequest) -> TransportResponse:
        self.sent.append(anyio.current_time())
        await anyio.sleep(LATENCY / 2)
        wait = self._item_keyusing(anyio.current_time())
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
    """What makes one call, and says whether it succeeded."""
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
    """As many callers as ask so often a second if nothing holds them up."""

    async def caller() -> None:
        while True:
            await call()

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            for _ in range(round(rate * LATENCY)):
                tasks.start_soon(caller)


async def open_loop(call: Call, rate: float, seconds: float) -> None:
    """Calls that come at random moments, whatever becomes of those before them."""
    dice = random.Random(1)
    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            while True:
                await anyio.sleep(dice.expovariate(rate))
                tasks.start_soon(call)


def between(moments: list[float], begin: float, end: float) -> float:
    """How many a second."""
    return sum(begin <= moment < end for moment in moments) / (end - begin)

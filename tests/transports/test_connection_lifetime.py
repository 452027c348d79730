"""The number of connections, their lifetime, and that all of them are closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

import anyio
import pytest
from prepared_requests import Make, answered, call, failed
from server import LONGEST, Behaviour, Peer, answering, reply, serve

from crossbook._http.request import TIMED_OUT, Transport
from crossbook_testing import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def clock(crossbook_clock: Clock) -> Clock:
    """Time passes when a test says so, and not while the machine is busy."""
    crossbook_clock.autojump = False
    crossbook_clock.install()
    return crossbook_clock


class Rounds:
    """Respond once this number of requests waits, call `then`, and count the peak."""

    def __init__(self, width: int, then: Callable[[], object]) -> None:
        self._full = threading.Barrier(width, then, LONGEST)
        self._count = threading.Lock()
        self._waiting = 0
        self.most = 0

    def __call__(self, peer: Peer) -> None:
        for _ in peer.requests():
            with self._count:
                self._waiting += 1
                self.most = max(self.most, self._waiting)
            self._full.wait()
            with self._count:
                self._waiting -= 1
            peer.send(reply())


def asked(begun: threading.Event) -> Behaviour:
    """Read requests and never respond."""

    def behave(peer: Peer) -> None:
        peer.sock.recv(1)
        begun.set()
        peer.until_gone()

    return behave


async def test_connection_is_reused(make: Make) -> None:
    with serve(answering()) as server:
        transport = make(server.origin)
        for _ in range(10):
            answered(await transport.send(call(server.origin)))
        assert (server.accepted, len(server.seen)) == (1, 10)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
async def test_missing_private_pool_is_tolerated(
    library: str, opened: Callable[[str, str, int], Transport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release without the pool's private attribute sends through its own pool, which is closed after each request."""
    original = import_module(library).AsyncHTTPTransport

    class Renamed:
        def __init__(self, **options: Any) -> None:
            inner = original(**options)
            self.handle_async_request, self.aclose = inner.handle_async_request, inner.aclose

    monkeypatch.setattr(f"{library}.AsyncHTTPTransport", Renamed)
    with serve(answering()) as server:
        transport = opened(library, server.origin, 2)
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(lambda: _check_answered(transport, server.origin))
        assert (server.accepted, len(server.seen)) == (5, 5)
        assert await anyio.to_thread.run_sync(server.wait_open, 0)


async def _check_answered(transport: Transport, origin: str) -> None:
    answered(await transport.send(call(origin)))


async def test_busy_start_does_not_use_connect_timeout(make_own: Make, clock: Clock) -> None:
    """20,000 calls that start at once block the event loop for longer than the connect time-out."""

    async def busy() -> None:
        clock.advance(2 * LONGEST)

    with serve(answering()) as server:
        transport = make_own(server.origin)

        async def ask() -> None:
            answered(await transport.send(call(server.origin)))

        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(ask)
            group.start_soon(busy)
        assert server.accepted == len(server.seen) == 8


@pytest.mark.parametrize("width", [1, 3, 20])
async def test_concurrency_is_bounded_and_all_are_served(make_own: Make, width: int, clock: Clock) -> None:
    """The other requests wait far longer than the connect time-out: no pool's time-out ends their wait."""
    rounds = Rounds(width, lambda: clock.advance(2 * LONGEST))
    with serve(rounds) as server:
        transport = make_own(server.origin, width)

        async def ask() -> None:
            answered(await transport.send(call(server.origin, read_timeout=9 * LONGEST)))

        async with anyio.create_task_group() as group:
            for _ in range(5 * width):
                group.start_soon(ask)
        assert rounds.most == width
        assert len(server.seen) == 5 * width
        assert server.accepted <= 2 * width


async def test_closing_leaves_no_connection(make_own: Make) -> None:
    with serve(answering()) as server:
        transport = make_own(server.origin)
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(transport.send, call(server.origin))
        assert server.open
        await transport.aclose()
        assert server.wait_open(0)
        accepted = server.accepted
        failure = failed(await transport.send(call(server.origin)))
        assert (failure.kind, failure.sent) == ("connect", "no")
        assert server.accepted == accepted


async def test_request_ends_at_its_deadline(make: Make) -> None:
    """Whatever hangs: here the server, and then the wait for capacity."""
    with serve(asked(threading.Event())) as server:
        transport = make(server.origin, 1)
        outcomes = []

        async def ask() -> None:
            outcomes.append(await transport.send(call(server.origin, deadline=anyio.current_time() + 0.2)))

        with anyio.fail_after(LONGEST):
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                group.start_soon(ask)
        assert outcomes == [TIMED_OUT, TIMED_OUT]


@pytest.mark.parametrize("where", ["waiting for an answer", "in the handshake"])
async def test_closing_ends_requests_in_flight(make_own: Make, where: str) -> None:
    begun = threading.Event()
    outcomes = []
    with serve(asked(begun)) as server:
        origin = server.origin.replace("http:", "https:") if where == "in the handshake" else server.origin
        transport = make_own(origin, 1)

        async def ask() -> None:
            outcomes.append(
                failed(await transport.send(call(origin, connect_timeout=9 * LONGEST, read_timeout=9 * LONGEST)))
            )

        with anyio.fail_after(LONGEST):
            async with anyio.create_task_group() as group:
                group.start_soon(ask)
                group.start_soon(ask)  # waits for capacity
                await anyio.to_thread.run_sync(begun.wait)
                await transport.aclose()
        failures = sorted((failure.kind, failure.sent) for failure in outcomes)
        first = ("connect", "no") if where == "in the handshake" else ("lost", "maybe")
        assert failures == sorted([first, ("connect", "no")])
        assert await anyio.to_thread.run_sync(server.wait_open, 0)

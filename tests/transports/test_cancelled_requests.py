"""A request that is cancelled at any await leaves no open socket, no running task, no warning and full capacity."""

from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Awaitable, Callable

import anyio
import pytest
from cancel_at_await import Cancel, by_scope, by_task
from prepared_requests import Make, answered, call
from proxy import proxying
from server import LONGEST, Peer, Server, answering, reply, serve

from crossbook._http.request import Transport

pytestmark = pytest.mark.anyio

ENOUGH = 200  # awaits that no request has
BODY = b"x" * 1_000_000  # comes in several pieces


@pytest.fixture(params=[by_scope, by_task])
def cancel(request: pytest.FixtureRequest, anyio_backend_name: str) -> Cancel:
    if request.param is by_task and anyio_backend_name != "asyncio":
        pytest.skip("only asyncio cancels a task without a scope")
    chosen: Cancel = request.param
    return chosen


async def at_every_await(
    cancel: Cancel,
    server: Server,
    make: Callable[[], Transport],
    before: Callable[[Transport], Awaitable[object]],
    method: str = "GET",
) -> int:
    """Cancel a request at each of its awaits in turn; each time 20 further requests succeed."""
    tasks = len(anyio.get_running_tasks())
    for number in range(ENOUGH):
        transport = make()
        await before(transport)
        met = await cancel(transport.send(call(server.origin, method=method)), number)
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(healthy, transport, server.origin)
        assert server.wait_open(1)
        assert len(anyio.get_running_tasks()) == tasks
        await transport.aclose()
        assert server.wait_open(0), f"a socket is open after a cancellation at await {number}"
        if not met:
            gc.collect()  # an unclosed object warns now, and a warning fails the test
            return number
    raise AssertionError("it never came to its end")


def large_for_a_post(peer: Peer) -> None:
    """Send a large response to a POST and a small one to others."""
    for seen in peer.requests():
        peer.send(reply(BODY) if seen.method == b"POST" else reply())


async def healthy(transport: Transport, origin: str) -> None:
    answered(await transport.send(call(origin)))


async def nothing(transport: Transport) -> None:
    pass


@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "old connection"])
async def test_cancelled_at_every_await(make_own: Make, cancel: Cancel, warm: bool) -> None:
    with serve(large_for_a_post) as server:

        async def before(transport: Transport) -> None:
            if warm:
                await healthy(transport, server.origin)

        assert await at_every_await(cancel, server, lambda: make_own(server.origin, 1), before, "POST") > 4


async def test_cancelled_at_every_await_with_a_body(make: Make, cancel: Cancel) -> None:
    """Also while the body is being sent, and the library's generator is in its middle."""
    with serve(answering()) as server:
        for number in range(ENOUGH):
            transport = make(server.origin, 1)
            met = await cancel(transport.send(call(server.origin, method="POST", body=b"x" * 1_000)), number)
            await healthy(transport, server.origin)
            if not met:
                break
    gc.collect()
    assert 4 < number < ENOUGH - 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("through", ["TLS", "a tunnel"])
async def test_cancelled_at_every_await_with_tls(
    make_own: Make, name: str, cancel: Cancel, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    with serve(answering(), certified) as server, serve(proxying) as proxy:
        if through == "a tunnel":
            monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
        assert await at_every_await(cancel, server, lambda: make_own(server.origin, 1), nothing) > (
            3 if name == "aiohttp" else 6
        )
        assert proxy.wait_open(0)
        assert bool(proxy.seen) == (through == "a tunnel")


async def test_cancelled_while_a_lane_closes(make_own: Make, name: str, cancel: Cancel) -> None:
    """A cancelled request closes its connection, also if it is cancelled again meanwhile."""
    met, number = True, 0
    with serve(answering()) as server:
        while met:
            number += 1
            transport = make_own(server.origin, 1)
            await healthy(transport, server.origin)
            met = await cancel(by_scope(transport.send(call(server.origin)), 1), number)
            await healthy(transport, server.origin)
            assert server.wait_open(1)
            await transport.aclose()
            assert server.wait_open(0), f"a socket is open after a cancellation at await {number}"
    gc.collect()
    assert number > (1 if name == "aiohttp" else 2)


async def test_cancelled_while_the_transport_closes(
    make_own: Make, cancel: Cancel, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(4, timeout=LONGEST)

    def vendor(peer: Peer) -> None:
        for _ in peer.requests():
            together.wait()
            peer.send(reply())

    met, number = True, -1
    with serve(vendor) as server:
        while met:
            number += 1
            transport = make_own(server.origin, 4)
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(transport.send, call(server.origin))
            assert server.open == 4
            met = await cancel(transport.aclose(), number)
            assert server.wait_open(0), f"a socket is open after a cancellation at await {number}"
    assert number > 0

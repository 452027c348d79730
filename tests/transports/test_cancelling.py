"""Cancelled at any await, a request leaves the pool whole, no socket open, no task running and no warning."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Awaitable, Callable

import anyio
import pytest
from anyio.lowlevel import checkpoint
from calls import Make, answered, call
from crossbook.core.exchange import Transport
from crossbook.transports import pools
from proxy import proxying
from server import Peer, Server, answering, reply, serve
from stepping import Cancel, by_scope, by_task

pytestmark = pytest.mark.anyio

ENOUGH = 200  # awaits that no request has
BODY = b"x" * 200_000  # comes in several pieces


@pytest.fixture(params=[by_scope, by_task])
def cancel(request: pytest.FixtureRequest, anyio_backend_name: str) -> Cancel:
    if request.param is by_task and anyio_backend_name != "asyncio":
        pytest.skip("only asyncio cancels a task without a scope")
    chosen: Cancel = request.param
    return chosen


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools so narrow that one lost place is missed at once."""
    monkeypatch.setattr(pools, "WIDTH", 2)


async def at_every_await(
    cancel: Cancel, server: Server, make: Callable[[], Transport], before: Callable[[Transport], Awaitable[object]]
) -> int:
    """Cancels a request at its n-th await, n = 0, 1, 2 … until it has no more; each time 20 further ones succeed."""
    tasks = len(anyio.get_running_tasks())
    for number in range(ENOUGH):
        transport = make()
        await before(transport)
        met = await cancel(transport.send(call(server.origin)), number)

        async def ask() -> None:
            answered(await transport.send(call(server.origin, connect_timeout=2)))

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
        assert server.open <= 2
        assert len(anyio.get_running_tasks()) == tasks
        await transport.aclose()
        assert server.wait_open(0), f"a socket is open after a cancellation at await {number}"
        if not met:
            gc.collect()  # what was dropped unclosed warns now, and a warning fails the test
            return number
    raise AssertionError("it never came to its end")


async def nothing(transport: Transport) -> None:
    pass


@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "old connection"])
async def test_at_every_await(make_own: Make, cancel: Cancel, warm: bool) -> None:
    with serve(answering(reply(BODY))) as server:

        async def before(transport: Transport) -> None:
            if warm:
                answered(await transport.send(call(server.origin)))

        assert await at_every_await(cancel, server, lambda: make_own(server.origin, 2), before) > 4


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("through", ["TLS", "a tunnel"])
async def test_at_every_await_with_tls(
    make_own: Make, cancel: Cancel, certified: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    with serve(answering(), certified) as server, serve(proxying) as proxy:
        if through == "a tunnel":
            monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
        assert await at_every_await(cancel, server, lambda: make_own(server.origin, 2), nothing) > 6
        assert proxy.wait_open(0)
        assert bool(proxy.seen) == (through == "a tunnel")

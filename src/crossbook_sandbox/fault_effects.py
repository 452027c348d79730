"""Apply a fault to one call: decide whether and when the operation runs, and what the client receives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio

from .connection import Connection
from .faults import Fault
from .rewrite import rewrite_response
from .sandbox import Sandbox
from .vendor import Response, Vendor

_HTML = b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call that a fault affects. `run` runs the vendor's operation and returns its true response."""

    run: Callable[[], Response]
    connection: Connection
    vendor: Vendor
    sandbox: Sandbox

    def run_later(self, seconds: float) -> None:
        """Run the operation after this number of seconds."""
        self.sandbox.run_later(self.vendor.key, seconds, self.run)

    def run_if_committed(self, fault: Fault) -> Response:
        """Run the operation if the fault is committed, else make up a response; apply the fault's status."""
        response = self.run() if fault.committed else Response(200, b'{"status":"lost"}')
        return replace(response, status=fault.status or response.status)


async def apply_fault(fault: Fault, exchange: Exchange) -> int | None:
    """Run one call's operation and send the response as the fault says.

    Returns:
        The status that the client received, or None if it received none.
    """
    result = await _EFFECTS[fault.fault](fault, exchange)
    if not isinstance(result, Response):
        return result
    await exchange.connection.send(result)
    return result.status


async def _status(fault: Fault, exchange: Exchange) -> Response:
    if fault.committed:
        exchange.run()
    status = fault.status or 503
    has_wait = fault.retry_after is not None and not isinstance(fault.retry_after, bool)
    headers = {"retry-after": str(fault.retry_after)} if has_wait else {}
    body = b"" if status in (204, 304) else fault.body.encode(errors="replace")
    return Response(status, body, fault.content_type, headers)


async def _delay(fault: Fault, exchange: Exchange) -> Response:
    if fault.when == "before":
        due = anyio.current_time() + fault.seconds
        try:
            await anyio.sleep(fault.seconds)
        except anyio.get_cancelled_exc_class():
            # Without a socket, a client that gives up cancels the server's task. With one, the server continues.
            if not exchange.connection.has_socket:
                exchange.run_later(max(0.0, due - anyio.current_time()))
            raise
        return exchange.run()
    response = exchange.run()
    await anyio.sleep(fault.seconds)
    return response


async def _disconnect(fault: Fault, exchange: Exchange) -> int | None:
    response = None if fault.when == "before" else exchange.run()
    status = None
    if response and fault.when == "body":
        await exchange.connection.send_half(response, len(response.body))
        status = response.status
    await exchange.connection.drop(reset=fault.fault == "reset")
    return status


async def _cut(fault: Fault, exchange: Exchange) -> int:
    response = exchange.run_if_committed(fault)
    await exchange.connection.send_half(response, len(response.body) + 1)
    await exchange.connection.drop(reset=False)
    return response.status


async def _replace_body(fault: Fault, exchange: Exchange) -> Response:
    response = exchange.run_if_committed(fault)
    if fault.fault == "html":
        return replace(response, body=_HTML, content_type="text/html")
    if fault.fault == "garbage":
        return replace(response, body=fault.rng.randbytes(64))
    return replace(response, body=b"" if fault.fault == "empty" else response.body[: len(response.body) // 2])


async def _slow(fault: Fault, exchange: Exchange) -> int:
    response = exchange.run_if_committed(fault)
    await exchange.connection.start(response, len(response.body))
    for position in range(len(response.body)):
        await exchange.connection.send_part(response.body[position : position + 1])
        await anyio.sleep(fault.seconds)
    await exchange.connection.send_part(b"", last=True)
    return response.status


async def _expire_tokens(_fault: Fault, exchange: Exchange) -> Response:
    exchange.vendor.book.expire_tokens()
    return exchange.run()


async def _window(fault: Fault, exchange: Exchange) -> Response:
    wait = fault.take_window_permit(anyio.current_time())
    return exchange.vendor.rate_limit_response(wait if fault.retry_after else None) if wait else exchange.run()


async def _late_commit(fault: Fault, exchange: Exchange) -> None:
    exchange.run_later(fault.rng.uniform(0, fault.seconds))
    await exchange.connection.drop(reset=True)


async def _rewrite(fault: Fault, exchange: Exchange) -> Response:
    return rewrite_response(exchange.run(), fault)


# An effect returns the response to send, or the status of what it has sent by itself.
_EFFECTS: dict[str, Callable[[Fault, Exchange], Awaitable[Response | int | None]]] = {
    "status": _status,
    "delay": _delay,
    "reset": _disconnect,
    "close": _disconnect,
    "cut": _cut,
    "garbage": _replace_body,
    "html": _replace_body,
    "empty": _replace_body,
    "truncated": _replace_body,
    "slow": _slow,
    "expire_tokens": _expire_tokens,
    "window": _window,
    "late_commit": _late_commit,
    "rewrite": _rewrite,
}
